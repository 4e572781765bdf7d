// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/format/concepts.hpp>
#include <bitloom/op/conv2d.hpp>
#include <bitloom/op/pool.hpp>
#include <bitloom/op/relu.hpp>
#include <bitloom/quant/requantize.hpp>
#include <bitloom/quant/symmetric.hpp>

namespace bitloom::net {

/// One stage of a chain of layers: convolution or dense layer, bias, then ReLU and max pooling if asked for.
struct FloatStage {
  std::string name;
  op::ConvGeometry geometry;   ///< a dense layer by op::dense_geometry
  std::vector<float> weights;  ///< [out_channels × patch]
  std::vector<float> bias;     ///< [out_channels]
  bool relu = true;
  std::optional<op::Window> pool{};

  /// Shape after the pooling.
  [[nodiscard]] op::TensorShape output() const {
    return pool ? op::PoolGeometry{geometry.output(), *pool}.output() : geometry.output();
  }
};

namespace detail {

/// Pools every image of a batch [batch × shape] by `pool(geometry, image, result)`, e.g. op::max_pool.
template <class T, class Pool>
std::vector<T> pooled_by(const op::PoolGeometry& geometry, std::int64_t batch, std::span<const T> values,
                         Pool&& pool) {
  const auto in = static_cast<std::size_t>(geometry.input.size());
  const auto out = static_cast<std::size_t>(geometry.output().size());
  std::vector<T> result(static_cast<std::size_t>(batch) * out);
  for (std::size_t n = 0; n < static_cast<std::size_t>(batch); ++n)
    pool(geometry, values.subspan(n * in, in), std::span(result).subspan(n * out, out));
  return result;
}

/// Max-pools a batch [batch × shape]; without a window the values are returned as they are.
template <class T>
std::vector<T> pooled(const op::TensorShape& shape, const std::optional<op::Window>& pool, std::int64_t batch,
                      std::vector<T> values) {
  if (!pool) return values;
  return pooled_by<T>({shape, *pool}, batch, values, op::max_pool<T>);
}

/// Throws ShapeError unless weights and bias of the stages fit their geometries, and each stage the one before.
template <class Stage>
void check_stages(std::span<const Stage> stages) {
  if (stages.empty()) throw ShapeError("network: it has no stage");
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto& s = stages[i];
    auto patch = s.geometry.patch();
    if constexpr (requires { s.groups; }) patch /= s.groups;
    core::check_positive((s.name + " input").c_str(), s.geometry.input.size());
    core::check_equal((s.name + " weights").c_str(), std::ssize(s.weights), "its geometry",
                      s.geometry.out_channels * patch);
    core::check_equal((s.name + " bias").c_str(), std::ssize(s.bias), "its output channels",
                      s.geometry.out_channels);
    if (i > 0)
      core::check_equal((s.name + " input").c_str(), s.geometry.input.size(), "the stage before",
                        stages[i - 1].output().size());
  }
}

/// Throws ShapeError unless the stages fit together and give what the next one takes.
inline void check_chain(std::span<const FloatStage> stages) {
  check_stages(stages);
  for (const auto& s : stages)
    if (!s.relu && &s != &stages.back())
      throw ShapeError(s.name + ": only the last stage may lack the ReLU that makes its output unsigned");
}

}  // namespace detail

/// Runs one float stage on a batch: [batch × input] to [batch × output].
///
/// @param gemm  multiplies floats; with op::QuantizedGemm or op::BlockGemm by way of codes
/// @throws ShapeError  the inputs, weights or bias do not fit the geometry
template <op::Gemm<float, float> G = op::FloatGemm>
std::vector<float> run_float_stage(const FloatStage& stage, std::int64_t batch, std::span<const float> inputs,
                                   const G& gemm = {}) {
  const auto out = stage.geometry.output();
  const auto positions = out.height * out.width;
  core::check_positive("batch", batch);
  core::check_equal("bias", std::ssize(stage.bias), "the output channels", out.channels);
  std::vector<float> sums(static_cast<std::size_t>(batch * out.size()));
  op::conv2d<float, float>(gemm, stage.geometry, batch, stage.weights, inputs, sums);
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] += stage.bias[i / static_cast<std::size_t>(positions) % stage.bias.size()];
  if (stage.relu) op::relu(std::span(sums));
  return detail::pooled(out, stage.pool, batch, std::move(sums));
}

/// One stage of integers.
template <format::IntegerFormat Weight>
struct QuantizedStage {
  std::string name;
  op::ConvGeometry geometry;
  quant::PackedTensor<Weight> weights;     ///< [out_channels × patch]
  std::vector<std::int32_t> bias;          ///< [out_channels], in units of input scale · weight scale
  std::vector<float> unit;                 ///< [out_channels], that unit: what an accumulator's 1 stands for
  std::vector<quant::DyadicScale> scales;  ///< [out_channels], to the next stage's codes; empty for the last
  bool relu = true;                        ///< false only for the last: codes between stages are unsigned
  std::optional<op::Window> pool{};

  [[nodiscard]] op::TensorShape output() const {
    return pool ? op::PoolGeometry{geometry.output(), *pool}.output() : geometry.output();
  }
};

/// A chain of stages in integers, as hardware runs it: codes of `Activation` between the stages, 32-bit sums inside,
/// requantized with dyadic scales; the last stage gives its sums.
///
/// The network does not know what multiplies: `run` takes any op::Gemm of integers.
template <format::IntegerFormat Weight, format::IntegerFormat Activation>
  requires(Weight::bits <= 16 && Weight::is_signed && Activation::bits <= 15 && !Activation::is_signed)
class QuantizedNetwork {
 public:
  using weight_format = Weight;
  using activation_format = Activation;
  using Stage = QuantizedStage<Weight>;

  /// Quantizes a float chain after training.
  ///
  /// @tparam Granularity  of the weight scales: quant::PerTensor or quant::PerChannel
  /// @tparam Calibration  how scales are found: quant::AbsMax or quant::LeastSquares
  /// @param images  [count × input] non-negative numbers that show the ranges of the activations
  /// @throws ShapeError  stages that do not fit together
  /// @throws RangeError  a scale or bias that integers cannot hold
  template <quant::Granularity Granularity = quant::PerChannel,
            quant::Calibration Calibration = quant::LeastSquares>
  static QuantizedNetwork quantize(std::span<const FloatStage> stages, std::span<const float> images) {
    detail::check_chain(stages);
    const auto input = stages.front().geometry.input.size();
    const auto count = std::ssize(images) / input;
    core::check_positive("calibration images", count);
    core::check_equal("calibration images", std::ssize(images), "whole images", count * input);

    using WeightQuantizer = quant::Symmetric<Weight, Granularity, Calibration>;
    using ActivationQuantizer = quant::Symmetric<Activation, quant::PerTensor, Calibration>;
    const auto scale_of = [](std::span<const float> values) {
      return ActivationQuantizer::scales(values, {std::ssize(values)}).front();
    };
    QuantizedNetwork network;
    std::vector<float> activations(images.begin(), images.end());
    network.input_scale_ = scale_of(activations);
    float input_scale = network.input_scale_;
    for (const auto& s : stages) {
      activations = run_float_stage(s, count, activations);
      auto weights = WeightQuantizer::quantize(s.weights, {s.geometry.out_channels, s.geometry.patch()});
      const bool last = &s == &stages.back();
      const float output_scale = last ? 1.0F : scale_of(activations);
      Stage stage{.name = s.name,
                  .geometry = s.geometry,
                  .weights = std::move(weights.codes),
                  .bias{},
                  .unit{},
                  .scales{},
                  .relu = s.relu,
                  .pool = s.pool};
      for (std::size_t k = 0; k < s.bias.size(); ++k) {
        const double unit =
            static_cast<double>(input_scale) * weights.scales[weights.scales.size() == 1 ? 0 : k];
        if (!std::isnormal(static_cast<float>(unit)))
          throw RangeError(s.name + " channel " + std::to_string(k) +
                           ": input scale times weight scale leaves float");
        stage.bias.push_back(integer_bias(s.name, s.bias[k] / unit, s.geometry.patch()));
        stage.unit.push_back(static_cast<float>(unit));
        if (!last) stage.scales.push_back(quant::DyadicScale::from_real(unit / output_scale));
      }
      network.stages_.push_back(std::move(stage));
      input_scale = output_scale;
    }
    return network;
  }

  [[nodiscard]] std::span<const Stage> stages() const noexcept { return stages_; }
  [[nodiscard]] float input_scale() const noexcept { return input_scale_; }
  [[nodiscard]] std::int64_t input_size() const { return stages_.front().geometry.input.size(); }
  [[nodiscard]] std::int64_t output_size() const { return stages_.back().output().size(); }

  /// Codes of images, as the first stage takes them: [count × input].
  [[nodiscard]] std::vector<std::int16_t> encode(std::span<const float> images) const {
    using Quantizer = quant::Symmetric<Activation>;
    return Quantizer::quantize(images, {std::ssize(images)}, {input_scale_}).codes.integers();
  }

  /// Runs a batch.
  ///
  /// @param gemm    multiplies integers
  /// @param codes   [batch × input], from `encode`
  /// @return sums of the last stage, [batch × output]
  /// @throws ShapeError  the codes are not whole images
  /// @throws RangeError  a number is not a code of `Activation`
  template <op::Gemm<std::int16_t, std::int32_t> G>
  [[nodiscard]] std::vector<std::int32_t> run(G&& gemm, std::span<const std::int16_t> codes) const {
    const auto batch = std::ssize(codes) / input_size();
    core::check_equal("codes", std::ssize(codes), "whole images", batch * input_size());
    for (const auto code : codes) core::check_range("code", code, 0, Activation::range.max);
    std::vector<std::int16_t> activations(codes.begin(), codes.end());
    for (const auto& stage : stages_) {
      const auto out = stage.geometry.output();
      const auto positions = static_cast<std::size_t>(out.height * out.width);
      std::vector<std::int32_t> sums(static_cast<std::size_t>(batch * out.size()));
      op::conv2d<std::int16_t, std::int32_t>(gemm, stage.geometry, batch, stage.weights.integers(),
                                             activations, sums);
      const auto channel = [&](std::size_t i) { return i / positions % stage.bias.size(); };
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += stage.bias[channel(i)];
      if (stage.scales.empty()) {
        if (stage.relu) op::relu(std::span(sums));
        return detail::pooled(out, stage.pool, batch, std::move(sums));
      }
      activations.resize(sums.size());
      for (std::size_t i = 0; i < sums.size(); ++i)  // codes are unsigned: saturating at zero is the ReLU
        activations[i] = static_cast<std::int16_t>(
            Activation::integer(quant::Requantize<Activation>::apply(sums[i], stage.scales[channel(i)])));
      activations = detail::pooled(out, stage.pool, batch, std::move(activations));
    }
    throw ShapeError("network: it has no last stage");
  }

  /// Index of the largest output of each image: [batch]. The first on a tie.
  /// @throws ShapeError  the sums are not those of whole images
  [[nodiscard]] std::vector<int> classify(std::span<const std::int32_t> sums) const {
    const auto& last = stages_.back();
    const auto classes = static_cast<std::size_t>(output_size());
    const auto positions = classes / last.unit.size();
    std::vector<int> result(sums.size() / classes);
    core::check_equal("sums", std::ssize(sums), "whole images", std::ssize(result) * output_size());
    for (std::size_t n = 0; n < result.size(); ++n) {
      std::size_t best = 0;
      const auto value = [&](std::size_t k) {
        return static_cast<double>(sums[n * classes + k]) * last.unit[k / positions];
      };
      for (std::size_t k = 1; k < classes; ++k)
        if (value(k) > value(best)) best = k;
      result[n] = static_cast<int>(best);
    }
    return result;
  }

 private:
  QuantizedNetwork() = default;  // without stages there is nothing to run

  /// The bias in accumulator units; with the largest sum it has to fit 32 bits.
  static std::int32_t integer_bias(const std::string& stage, double bias, std::int64_t patch) {
    const auto largest =
        static_cast<std::int64_t>(std::max(-Weight::lowest(), Weight::max()) * Activation::max());
    const auto room = static_cast<double>(std::int64_t{INT32_MAX} - patch * largest);
    if (!(std::abs(bias) <= room))
      throw RangeError(stage + " bias: " + std::to_string(bias) +
                       " units and the largest sum do not fit 32 bits");
    return static_cast<std::int32_t>(std::lround(bias));
  }

  std::vector<Stage> stages_;
  float input_scale_ = 1.0F;
};

}  // namespace bitloom::net
