// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/op/pool.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/batch_norm.hpp>
#include <bitloom/train/convolution.hpp>
#include <bitloom/train/operations.hpp>
#include <bitloom/train/pooling.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

namespace detail {

/// Throws ShapeError unless an item of the shape that comes in has the size that the layer takes.
inline void check_layer_input(const char* layer, const op::TensorShape& input, std::int64_t size) {
  if (input.size() != size)
    throw ShapeError(std::string(layer) + ": the input is " + op::to_string(input) +
                     ", but the layer takes " + std::to_string(size) + " features");
}

inline void check_layer_input(const char* layer, const op::TensorShape& input,
                              const op::TensorShape& wanted) {
  if (input != wanted)
    throw ShapeError(std::string(layer) + ": the input is " + op::to_string(input) +
                     ", but the layer takes " + op::to_string(wanted));
}

template <Scalar S>
Parameter<S> zero_parameter(const char* name, std::int64_t rows, std::int64_t columns) {
  core::check_positive(name, rows);
  core::check_positive(name, columns);
  return {name, Matrix<S>::Zero(rows, columns), Matrix<S>::Zero(rows, columns)};
}

}  // namespace detail

/// weight · input + bias, a `LearningLayer`. An image is flattened as it is stored.
template <Scalar S>
struct Dense {
  Parameter<S> weight;  ///< [out × in]
  Parameter<S> bias;    ///< [out × 1]

  /// All zero; `Sequential::initialize` draws the weights.
  /// @throws ShapeError  an extent is not positive
  Dense(std::int64_t in, std::int64_t out)
      : weight(detail::zero_parameter<S>("weight", out, in)),
        bias(detail::zero_parameter<S>("bias", out, 1)) {}

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("dense", input, weight.value.cols());
    return {weight.value.rows()};
  }

  /// Records the layer and an activation; if it is const, without gradients for its parameters.
  template <Activation<S> A = Linear>
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    return train::dense<A>(input, tape.parameter(weight), tape.parameter(bias));
  }
  template <Activation<S> A = Linear>
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return train::dense<A>(input, tape.parameter(weight), tape.parameter(bias));
  }

  /// The weight, then the bias.
  [[nodiscard]] std::array<Parameter<S>*, 2> parameters() { return {&weight, &bias}; }
  [[nodiscard]] std::array<const Parameter<S>*, 2> parameters() const { return {&weight, &bias}; }

  /// Inputs of one output.
  [[nodiscard]] std::int64_t fan_in() const { return weight.value.cols(); }
};

/// Convolution with a bias per output channel, a `LearningLayer`. As many groups as channels make it depthwise.
template <Scalar S>
struct Conv2d {
  op::ConvGeometry geometry;
  std::int64_t groups;
  Parameter<S> weight;  ///< [out_channels × channels of a group · kernel · kernel]
  Parameter<S> bias;    ///< [out_channels × 1]

  /// All zero; `Sequential::initialize` draws the weights.
  /// @throws ShapeError  an extent is not positive, the window does not fit the input, or the groups do not divide
  ///                     the channels
  explicit Conv2d(const op::ConvGeometry& conv, std::int64_t group_count = 1)
      : geometry(conv), groups(group_count) {
    const auto shape = conv2d_shape(conv, groups);
    check_conv2d(shape);
    weight = detail::zero_parameter<S>("weight", conv.out_channels, shape.patch());
    bias = detail::zero_parameter<S>("bias", conv.out_channels, 1);
  }

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("conv2d", input, geometry.input);
    return geometry.output();
  }

  /// Records the layer and an activation; if it is const, without gradients for its parameters.
  template <Activation<S> A = Linear>
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    return conv2d<A>(input, tape.parameter(weight), tape.parameter(bias), geometry, groups);
  }
  template <Activation<S> A = Linear>
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return conv2d<A>(input, tape.parameter(weight), tape.parameter(bias), geometry, groups);
  }

  /// The weight, then the bias.
  [[nodiscard]] std::array<Parameter<S>*, 2> parameters() { return {&weight, &bias}; }
  [[nodiscard]] std::array<const Parameter<S>*, 2> parameters() const { return {&weight, &bias}; }

  /// Inputs of one output.
  [[nodiscard]] std::int64_t fan_in() const { return weight.value.cols(); }
};

/// Batch normalization of every channel, a `LearningLayer` and a `StatefulLayer`.
///
/// Not const, it normalizes with the mean and variance of the batch and moves the running ones towards them; const, it
/// normalizes with the running ones.
template <Scalar S>
struct BatchNorm {
  op::TensorShape shape;
  double epsilon = 1e-5;
  double momentum = 0.1;          ///< share of the batch in the running statistics
  Parameter<S> scale;             ///< [channels × 1]
  Parameter<S> shift;             ///< [channels × 1]
  Parameter<S> running_mean;      ///< [channels × 1]
  Parameter<S> running_variance;  ///< [channels × 1], with the divisor count - 1

  /// Scale and variance 1, shift and mean 0.
  /// @throws ShapeError  an extent is not positive
  explicit BatchNorm(const op::TensorShape& input)
      : shape(input),
        scale(detail::zero_parameter<S>("scale", input.channels, 1)),
        shift(detail::zero_parameter<S>("shift", input.channels, 1)),
        running_mean(detail::zero_parameter<S>("running_mean", input.channels, 1)),
        running_variance(detail::zero_parameter<S>("running_variance", input.channels, 1)) {
    core::check_positive("batch_norm: height", input.height);
    core::check_positive("batch_norm: width", input.width);
    reset();
  }

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("batch_norm", input, shape);
    return input;
  }

  /// Records the layer and an activation with the statistics of the batch, and takes note of them.
  template <Activation<S> A = Linear>
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    ChannelStatistics<S> seen;
    const auto result =
        batch_norm<A>(input, tape.parameter(scale), tape.parameter(shift), shape, epsilon, &seen);
    const auto share = S(momentum), rest = S(1 - momentum);
    const auto count = static_cast<double>(seen.count);
    running_mean.value = running_mean.value * rest + seen.mean * share;
    running_variance.value = running_variance.value * rest + seen.variance * (share * S(count / (count - 1)));
    return result;
  }
  /// Records the layer and an activation with the running statistics, without gradients for its parameters.
  template <Activation<S> A = Linear>
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return frozen_batch_norm<A>(input, tape.parameter(scale), tape.parameter(shift),
                                tape.parameter(running_mean), tape.parameter(running_variance), shape,
                                epsilon);
  }

  /// The scale, then the shift.
  [[nodiscard]] std::array<Parameter<S>*, 2> parameters() { return {&scale, &shift}; }
  [[nodiscard]] std::array<const Parameter<S>*, 2> parameters() const { return {&scale, &shift}; }

  /// The running mean, then the running variance.
  [[nodiscard]] std::array<Parameter<S>*, 2> buffers() { return {&running_mean, &running_variance}; }
  [[nodiscard]] std::array<const Parameter<S>*, 2> buffers() const {
    return {&running_mean, &running_variance};
  }

  /// Scale and variance 1, shift and mean 0.
  void reset() {
    scale.value.setOnes();
    shift.value.setZero();
    running_mean.value.setZero();
    running_variance.value.setOnes();
  }
  /// The same: nothing is drawn.
  void initialize(core::Random&) { reset(); }
};

/// max(input, 0), element by element.
struct Relu {
  /// Shape of one item that comes out.
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const { return input; }

  /// Records the layer.
  template <Scalar S>
  Value<S> forward(Tape<S>&, Value<S> input) const {
    return relu(input);
  }
};

/// The largest element under each window.
struct MaxPool {
  op::PoolGeometry geometry;

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("max_pool", input, geometry.input);
    return geometry.output();
  }

  /// Records the layer.
  template <Scalar S>
  Value<S> forward(Tape<S>&, Value<S> input) const {
    return max_pool(input, geometry);
  }
};

/// The mean under each window, padding counted as zero.
struct AveragePool {
  op::PoolGeometry geometry;

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("average_pool", input, geometry.input);
    return geometry.output();
  }

  /// Records the layer.
  template <Scalar S>
  Value<S> forward(Tape<S>&, Value<S> input) const {
    return average_pool(input, geometry);
  }
};

/// The mean of every channel.
struct GlobalAveragePool {
  op::TensorShape shape;

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("global_average_pool", input, shape);
    return {shape.channels};
  }

  /// Records the layer.
  template <Scalar S>
  Value<S> forward(Tape<S>&, Value<S> input) const {
    return global_average_pool(input, shape);
  }
};

}  // namespace bitloom::train
