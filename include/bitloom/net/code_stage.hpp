// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/net/quantized_network.hpp>
#include <bitloom/op/grouped_conv2d.hpp>
#include <bitloom/op/lanes.hpp>
#include <bitloom/op/pool.hpp>
#include <bitloom/op/relu.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::net {

/// z · factor + offset, channel by channel, each of both operations rounded to float: a batch normalization whose
/// statistics are given.
struct AffineStep {
  std::vector<float> factor;  ///< [channels]
  std::vector<float> offset;  ///< [channels]
};

/// max(z, 0).
struct ReluStep {};

/// The largest element under each window.
struct MaxPoolStep {
  op::Window window;
};

/// The mean under each window, padding counted as zero: the sum in the order of op::sum_pool, then times 1 / kernel².
struct AveragePoolStep {
  op::Window window;
};

/// The mean of every channel: the sum in the order of op::sum_in_lanes, then times 1 / elements.
struct ChannelMeanStep {};

/// What is done in float between a product and the codes of the next one.
using CodeStep = std::variant<AffineStep, ReluStep, MaxPoolStep, AveragePoolStep, ChannelMeanStep>;

/// Shape after a step. @throws ShapeError  the window does not fit
[[nodiscard]] inline op::TensorShape step_output(const CodeStep& step, const op::TensorShape& input) {
  if (const auto* max = std::get_if<MaxPoolStep>(&step)) return op::PoolGeometry{input, max->window}.output();
  if (const auto* mean = std::get_if<AveragePoolStep>(&step))
    return op::PoolGeometry{input, mean->window}.output();
  if (std::holds_alternative<ChannelMeanStep>(step)) return {.channels = input.channels};
  return input;
}

/// One stage of a chain on codes: a product of codes and a bias, then steps in float.
///
///     z = float(sum of code products) · (weight scale · input scale) + bias
///
/// in this order, each operation rounded to float.
struct CodeStage {
  std::string name;
  op::ConvGeometry geometry;  ///< a dense layer by op::dense_geometry
  std::int64_t groups = 1;
  std::size_t weight_format{};         ///< its place in the formats of the network
  std::size_t activation_format{};     ///< of the codes that come in
  std::vector<std::uint16_t> weights;  ///< codes, [out_channels × patch / groups]
  std::vector<float> weight_scales;    ///< one, or [out_channels]
  float input_scale = 1;               ///< frozen
  std::vector<float> bias;             ///< [out_channels]
  std::vector<CodeStep> steps{};

  /// Shape after the steps. @throws ShapeError  a window does not fit
  [[nodiscard]] op::TensorShape output() const {
    auto shape = geometry.output();
    for (const auto& step : steps) shape = step_output(step, shape);
    return shape;
  }

  /// Terms of one output's sum.
  [[nodiscard]] std::int64_t terms() const noexcept { return geometry.patch() / groups; }

  /// The matrix product of one group, for `batch` images; the stage is as many as it has groups.
  /// @throws ShapeError  the groups do not divide the channels
  [[nodiscard]] op::MatrixShape product(std::int64_t batch = 1) const {
    return op::product_shape(op::group_geometry(geometry, groups), batch);
  }
};

namespace detail {

/// Calls visit(value, channel) with all values of a batch, [batch × channels × positions].
template <class Visit>
void for_each_in_channels(std::span<float> values, std::size_t channels, std::int64_t batch, Visit&& visit) {
  const auto positions = values.size() / channels / static_cast<std::size_t>(batch);
  float* value = values.data();
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::size_t k = 0; k < channels; ++k)
      for (std::size_t i = 0; i < positions; ++i) visit(*value++, k);
}

inline std::vector<float> channel_means(const op::TensorShape& shape, std::int64_t batch,
                                        std::span<const float> values) {
  const auto positions = shape.height * shape.width;
  const auto share = static_cast<float>(1 / static_cast<double>(positions));
  std::vector<float> means(static_cast<std::size_t>(shape.channels * batch));
  const float* plane = values.data();
  for (auto& mean : means) {
    mean = op::sum_in_lanes(plane, positions) * share;
    plane += positions;
  }
  return means;
}

/// One step on a batch [batch × shape].
inline std::vector<float> run_step(const CodeStep& step, const op::TensorShape& shape, std::int64_t batch,
                                   std::vector<float> values) {
  if (const auto* affine = std::get_if<AffineStep>(&step)) {
    for_each_in_channels(values, affine->factor.size(), batch,
                         [&](float& z, std::size_t k) { z = z * affine->factor[k] + affine->offset[k]; });
  } else if (std::holds_alternative<ReluStep>(step)) {
    op::relu(std::span(values));
  } else if (const auto* max = std::get_if<MaxPoolStep>(&step)) {
    return pooled(shape, max->window, batch, std::move(values));
  } else if (const auto* mean = std::get_if<AveragePoolStep>(&step)) {
    values = pooled_by<float>({shape, mean->window}, batch, values, op::sum_pool<float, float>);
    const auto share = static_cast<float>(1 / static_cast<double>(mean->window.kernel * mean->window.kernel));
    for (auto& z : values) z *= share;
  } else {
    return channel_means(shape, batch, values);
  }
  return values;
}

}  // namespace detail

/// Throws ShapeError unless the stages fit together, and each has scales and factors for its channels.
inline void check_code_stages(std::span<const CodeStage> stages) {
  for (const auto& s : stages) try {
      static_cast<void>(op::group_geometry(s.geometry, s.groups));
      static_cast<void>(s.output());
    } catch (const ShapeError& error) {
      throw ShapeError(s.name + ": " + error.what());
    }
  detail::check_stages(stages);
  for (const auto& s : stages) {
    if (s.weight_scales.size() != 1)
      core::check_equal((s.name + " weight scales").c_str(), std::ssize(s.weight_scales),
                        "its output channels", s.geometry.out_channels);
    auto shape = s.geometry.output();
    for (const auto& step : s.steps) {
      if (const auto* affine = std::get_if<AffineStep>(&step)) {
        core::check_equal((s.name + " factors").c_str(), std::ssize(affine->factor), "its channels",
                          shape.channels);
        core::check_equal((s.name + " offsets").c_str(), std::ssize(affine->offset), "its channels",
                          shape.channels);
      }
      shape = step_output(step, shape);
    }
  }
}

}  // namespace bitloom::net
