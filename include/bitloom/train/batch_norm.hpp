// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/op/lanes.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/activation.hpp>
#include <bitloom/train/blocks.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// Mean and variance of every channel over a batch.
template <Scalar S>
struct ChannelStatistics {
  Matrix<S> mean;      ///< [channels × 1]
  Matrix<S> variance;  ///< [channels × 1], the sum of squares divided by `count`
  std::int64_t count;  ///< values of a channel: batch · height · width
};

namespace detail {

/// Loops over the channels of all items, and sums over batch and positions.
template <Scalar S>
struct ChannelLoop {
  op::TensorShape shape;
  Eigen::Index batch;
  Eigen::Index positions = shape.height * shape.width;
  Eigen::Index width = block_columns(shape.size());

  /// The [positions] of a channel of an item.
  const S* plane(const Matrix<S>& matrix, Eigen::Index item, Eigen::Index channel) const {
    return matrix.data() + item * matrix.rows() + channel * positions;
  }
  S* plane(Matrix<S>& matrix, Eigen::Index item, Eigen::Index channel) const {
    return matrix.data() + item * matrix.rows() + channel * positions;
  }

  /// Calls body(item, channel) for all.
  template <class Body>
  void for_each_plane(const Tape<S>& tape, Body&& body) const {
    tape.for_each_block(batch, width, [&](Eigen::Index begin, Eigen::Index count) {
      for (auto item = begin; item < begin + count; ++item)
        for (Eigen::Index c = 0; c < shape.channels; ++c) body(item, c);
    });
  }

  /// [N · channels × batch]: what `term(item, channel)` returns, an array of `N` numbers, for all.
  template <std::size_t N, class Term>
  Matrix<S> each(Tape<S>& tape, Term&& term) const {
    Matrix<S> result(static_cast<Eigen::Index>(N) * shape.channels, batch);
    for_each_plane(tape, [&](Eigen::Index item, Eigen::Index c) {
      const std::array<S, N> terms = term(item, c);
      for (std::size_t n = 0; n < N; ++n)
        result(static_cast<Eigen::Index>(N) * c + static_cast<Eigen::Index>(n), item) = terms[n];
    });
    return result;
  }

  /// [channels × N]: the sums of that over the items, in their order.
  template <std::size_t N, class Term>
  Matrix<S> sum(Tape<S>& tape, Term&& term) const {
    const Matrix<S> terms = each<N>(tape, std::forward<Term>(term));
    Matrix<S> total = Matrix<S>::Zero(terms.rows(), 1);
    for (Eigen::Index item = 0; item < batch; ++item) total += terms.col(item);
    return Eigen::Map<const Matrix<S>>(total.data(), static_cast<Eigen::Index>(N), shape.channels)
        .transpose();
  }
};

template <Scalar S>
void check_normalization(const char* name, Value<S> scale, Value<S> shift, std::int64_t channels,
                         double epsilon) {
  check_shape(name, "scale", scale.value(), channels, 1);
  check_shape(name, "shift", shift.value(), channels, 1);
  if (!(epsilon > 0))
    throw RangeError(std::string(name) + ": epsilon " + std::to_string(epsilon) + " has to be above 0");
}

struct OfBatch {};  // statistics that depend on the input
struct Given {};    // statistics that do not

/// activation(scale · (input - mean) / √(variance + epsilon) + shift).
template <class A, class Origin, Scalar S>
Value<S> normalize_channels(Value<S> input, Value<S> scale, Value<S> shift, const ChannelLoop<S>& loop,
                            const Matrix<S>& mean, const Matrix<S>& variance, double epsilon) {
  using Eigen::Index;
  using std::sqrt;
  auto& tape = input.tape();
  auto kept = tape.matrix(loop.shape.channels, 2);
  kept.col(0) = mean;
  kept.col(1) = variance.unaryExpr([&](const S& v) { return S(1) / sqrt(v + S(epsilon)); });
  const auto statistics = tape.constant(std::move(kept));
  auto output = tape.matrix(input.rows(), input.columns());
  const auto& x = input.value();
  const auto positions = loop.positions;
  loop.for_each_plane(tape, [&](Index item, Index c) {
    const S factor = scale.value()(c, 0) * statistics.value()(c, 1);
    const S offset = shift.value()(c, 0) - factor * statistics.value()(c, 0);
    const S* from = loop.plane(x, item, c);
    S* to = loop.plane(output, item, c);
    for (Index i = 0; i < positions; ++i) to[i] = A::apply(from[i] * factor + offset);
  });
  return tape.record(std::move(output), {input, scale, shift}, [=](Value<S> result) {
    const auto& s = statistics.value();
    const auto& y = result.value();
    const auto& gradient = result.gradient();
    const auto& given = input.value();
    // Σ gradient and Σ gradient · normalized input
    const auto sums = loop.template sum<2>(result.tape(), [&](Index item, Index c) {
      const S *g = loop.plane(gradient, item, c), *out = loop.plane(y, item, c),
              *in = loop.plane(given, item, c);
      const S middle = s(c, 0);
      auto terms = op::sum_in_lanes<S, 2>(positions, [=](Index i) {
        const S slope = g[i] * A::derivative(out[i]);
        return std::array<S, 2>{slope, slope * (in[i] - middle)};
      });
      terms[1] *= s(c, 1);
      return terms;
    });
    shift.add_gradient(sums.col(0));
    scale.add_gradient(sums.col(1));
    if (!input.needs_gradient()) return;
    const auto target = input.gradient_target();
    const auto count = S(static_cast<double>(positions * loop.batch));
    loop.for_each_plane(result.tape(), [&](Index item, Index c) {
      const S factor = scale.value()(c, 0) * s(c, 1);
      // the statistics of the batch depend on the input as well
      const S slope = std::same_as<Origin, Given> ? S(0) : S(factor * s(c, 1) * sums(c, 1) / count);
      const S common = std::same_as<Origin, Given> ? S(0) : S(factor * sums(c, 0) / count - slope * s(c, 0));
      const S *g = loop.plane(gradient, item, c), *out = loop.plane(y, item, c),
              *in = loop.plane(given, item, c);
      S* to = loop.plane(target.sum, item, c);
      if (target.fresh)
        for (Index i = 0; i < positions; ++i)
          to[i] = g[i] * A::derivative(out[i]) * factor - (in[i] * slope + common);
      else
        for (Index i = 0; i < positions; ++i)
          to[i] += g[i] * A::derivative(out[i]) * factor - (in[i] * slope + common);
    });
  });
}

}  // namespace detail

/// Mean and variance of every channel, without loss where the mean is large.
///
/// @param input  [channels · height · width × batch]
/// @throws ShapeError  the input does not have the shape's number of features, or the batch is empty
template <Scalar S>
ChannelStatistics<S> channel_statistics(Value<S> input, const op::TensorShape& shape) {
  using Eigen::Index;
  detail::check_shape("channel_statistics", "input", input.value(), shape.size(), input.columns());
  const detail::ChannelLoop<S> loop{shape, input.columns()};
  const auto elements = loop.positions * loop.batch;
  core::check_positive("channel_statistics: values of a channel", elements);
  const auto count = S(static_cast<double>(elements)), positions = S(static_cast<double>(loop.positions));
  const auto& x = input.value();
  auto& tape = input.tape();
  // sum of every plane, and of squared distances from its own mean: one pass through memory
  const Matrix<S> terms = loop.template each<2>(tape, [&](Index item, Index c) {
    const S* plane = loop.plane(x, item, c);
    const S sum = op::sum_in_lanes(plane, loop.positions);
    const S middle = sum / positions;
    const auto squares = op::sum_in_lanes<S, 1>(loop.positions, [=](Index i) {
      const S distance = plane[i] - middle;
      return std::array<S, 1>{distance * distance};
    });
    return std::array<S, 2>{sum, squares[0]};
  });
  Matrix<S> mean = Matrix<S>::Zero(shape.channels, 1), variance = mean;
  for (Index item = 0; item < loop.batch; ++item)
    for (Index c = 0; c < shape.channels; ++c) mean(c, 0) += terms(2 * c, item);
  mean /= count;
  for (Index item = 0; item < loop.batch; ++item)
    for (Index c = 0; c < shape.channels; ++c) {
      const S distance = terms(2 * c, item) / positions - mean(c, 0);  // of the plane's mean from that of all
      variance(c, 0) += terms(2 * c + 1, item) + positions * distance * distance;
    }
  variance /= count;
  return {std::move(mean), std::move(variance), elements};
}

/// activation(scale · normalized + shift) with every channel normalized by the mean and variance of this batch.
///
/// @param input    [channels · height · width × batch]
/// @param scale    [channels × 1]
/// @param shift    [channels × 1]
/// @param epsilon  is added to the variance, above 0
/// @param seen     if not null, gets the statistics of the batch
/// @throws ShapeError  a shape does not fit, or a channel has fewer than two values
/// @throws RangeError  epsilon is not positive
/// Source: Ioffe, Szegedy, "Batch normalization", ICML 2015, algorithm 1.
template <class A = Linear, Scalar S>
  requires Activation<A, S> Value<S> batch_norm(Value<S> input, Value<S> scale, Value<S> shift,
                                                const op::TensorShape& shape, double epsilon,
                                                ChannelStatistics<S>* seen = nullptr) {
    detail::check_shape("batch_norm", "input", input.value(), shape.size(), input.columns());
    detail::check_normalization("batch_norm", scale, shift, shape.channels, epsilon);
    const detail::ChannelLoop<S> loop{shape, input.columns()};
    if (loop.positions * loop.batch < 2)
      throw ShapeError("batch_norm: values of a channel: " + std::to_string(loop.positions * loop.batch) +
                       " have to be at least 2");
    auto statistics = channel_statistics(input, shape);
    const auto result = detail::normalize_channels<A, detail::OfBatch>(
        input, scale, shift, loop, statistics.mean, statistics.variance, epsilon);
    if (seen != nullptr) *seen = std::move(statistics);
    return result;
  }

/// The same with a given mean and variance, which get no gradient: batch normalization after the training.
///
/// @param mean      [channels × 1]
/// @param variance  [channels × 1]
/// @throws ShapeError  a shape does not fit
/// @throws RangeError  epsilon is not positive
template <class A = Linear, Scalar S>
  requires Activation<A, S> Value<S> frozen_batch_norm(Value<S> input, Value<S> scale, Value<S> shift,
                                                       Value<S> mean, Value<S> variance,
                                                       const op::TensorShape& shape, double epsilon) {
    constexpr auto name = "frozen_batch_norm";
    detail::check_shape(name, "input", input.value(), shape.size(), input.columns());
    detail::check_normalization(name, scale, shift, shape.channels, epsilon);
    detail::check_shape(name, "mean", mean.value(), shape.channels, 1);
    detail::check_shape(name, "variance", variance.value(), shape.channels, 1);
    const detail::ChannelLoop<S> loop{shape, input.columns()};
    return detail::normalize_channels<A, detail::Given>(input, scale, shift, loop, mean.value(),
                                                        variance.value(), epsilon);
  }

}  // namespace bitloom::train
