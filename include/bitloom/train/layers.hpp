// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include <bitloom/core/error.hpp>
#include <bitloom/op/pool.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/image_operations.hpp>
#include <bitloom/train/operations.hpp>
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

  /// Records the layer; if it is const, without gradients for its parameters.
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    return dense(input, tape.parameter(weight), tape.parameter(bias));
  }
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return dense(input, tape.parameter(weight), tape.parameter(bias));
  }

  /// The weight, then the bias.
  [[nodiscard]] std::array<Parameter<S>*, 2> parameters() { return {&weight, &bias}; }
  [[nodiscard]] std::array<const Parameter<S>*, 2> parameters() const { return {&weight, &bias}; }

  /// Inputs of one output.
  [[nodiscard]] std::int64_t fan_in() const { return weight.value.cols(); }
};

/// Convolution with a bias per output channel, a `LearningLayer`.
template <Scalar S>
struct Conv2d {
  op::ConvGeometry geometry;
  Parameter<S> weight;  ///< [out_channels × channels · kernel · kernel]
  Parameter<S> bias;    ///< [out_channels × 1]

  /// All zero; `Sequential::initialize` draws the weights.
  /// @throws ShapeError  an extent is not positive, or the window does not fit the input
  explicit Conv2d(const op::ConvGeometry& conv)
      : geometry(conv),
        weight(detail::zero_parameter<S>("weight", conv.out_channels, conv.patch())),
        bias(detail::zero_parameter<S>("bias", conv.out_channels, 1)) {
    static_cast<void>(geometry.output());
  }

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("conv2d", input, geometry.input);
    return geometry.output();
  }

  /// Records the layer; if it is const, without gradients for its parameters.
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    return conv2d(input, tape.parameter(weight), tape.parameter(bias), geometry);
  }
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return conv2d(input, tape.parameter(weight), tape.parameter(bias), geometry);
  }

  /// The weight, then the bias.
  [[nodiscard]] std::array<Parameter<S>*, 2> parameters() { return {&weight, &bias}; }
  [[nodiscard]] std::array<const Parameter<S>*, 2> parameters() const { return {&weight, &bias}; }

  /// Inputs of one output.
  [[nodiscard]] std::int64_t fan_in() const { return geometry.patch(); }
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

}  // namespace bitloom::train
