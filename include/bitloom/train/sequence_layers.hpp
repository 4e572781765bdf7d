// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/attention.hpp>
#include <bitloom/train/layer_norm.hpp>
#include <bitloom/train/layers.hpp>
#include <bitloom/train/operations.hpp>
#include <bitloom/train/rearrange.hpp>

namespace bitloom::train {

// A sequence's shape is {tokens, 1, width}: its column is [tokens × width], a token's elements side by side.

namespace detail {

/// Draws a weight from N(0, 1 / columns).
template <Scalar S>
void draw_unit_gain(Matrix<S>& weight, core::Random& random) {
  const auto deviation = std::sqrt(1.0 / static_cast<double>(weight.cols()));
  for (Eigen::Index k = 0; k < weight.size(); ++k) weight.data()[k] = S(random.normal() * deviation);
}

}  // namespace detail

/// A trained vector for every entry of a vocabulary, a `LearningLayer`: from [tokens] numbers of entries to
/// [tokens × width].
template <Scalar S>
struct Embedding {
  std::int64_t tokens;
  Parameter<S> table;  ///< [width × entries]

  /// All zero; `Sequential::initialize` draws the table.
  /// @throws ShapeError  an extent is not positive
  Embedding(std::int64_t token_count, std::int64_t entries, std::int64_t width)
      : tokens(token_count), table(detail::zero_parameter<S>("table", width, entries)) {
    core::check_positive("embedding: tokens", token_count);
  }

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("embedding", input, tokens);
    return {tokens, 1, table.value.rows()};
  }

  /// Records the layer; if it is const, without gradients for its parameters.
  /// @throws RangeError  an input is not a whole number from 0 to entries - 1
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    return embedding(tape.parameter(table), indices(input), tokens);
  }
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return embedding(tape.parameter(table), indices(input), tokens);
  }

  /// The table.
  [[nodiscard]] std::array<Parameter<S>*, 1> parameters() { return {&table}; }
  [[nodiscard]] std::array<const Parameter<S>*, 1> parameters() const { return {&table}; }

  /// Draws the vectors from N(0, 1).
  void initialize(core::Random& random) {
    for (Eigen::Index k = 0; k < table.value.size(); ++k) table.value.data()[k] = S(random.normal());
  }

 private:
  static std::vector<std::int64_t> indices(Value<S> input) {
    std::vector<std::int64_t> result;
    for (Eigen::Index i = 0; i < input.value().size(); ++i) {
      const auto entry = static_cast<double>(input.value().data()[i]);
      if (!(entry >= 0 && entry < 0x1p53 && entry == std::floor(entry)))
        throw RangeError("embedding: index " + std::to_string(entry) + " is not a whole number from 0 on");
      result.push_back(static_cast<std::int64_t>(entry));
    }
    return result;
  }
};

/// Normalization of the last axis of an item, for a sequence of each token, a `LearningLayer`.
template <Scalar S>
struct LayerNorm {
  double epsilon = 1e-5;
  Parameter<S> scale;  ///< [features × 1]
  Parameter<S> shift;  ///< [features × 1]

  /// Scale 1, shift 0. @throws ShapeError  `features` is not positive
  explicit LayerNorm(std::int64_t features)
      : scale(detail::zero_parameter<S>("scale", features, 1)),
        shift(detail::zero_parameter<S>("shift", features, 1)) {
    scale.value.setOnes();
  }

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    if (input.size() % scale.value.rows() != 0)
      throw ShapeError("layer_norm: the input is " + op::to_string(input) +
                       ", but the layer takes pieces of " + std::to_string(scale.value.rows()));
    return input;
  }

  /// Records the layer; if it is const, without gradients for its parameters.
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    return layer_norm(input, tape.parameter(scale), tape.parameter(shift), epsilon);
  }
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return layer_norm(input, tape.parameter(scale), tape.parameter(shift), epsilon);
  }

  /// The scale, then the shift.
  [[nodiscard]] std::array<Parameter<S>*, 2> parameters() { return {&scale, &shift}; }
  [[nodiscard]] std::array<const Parameter<S>*, 2> parameters() const { return {&scale, &shift}; }

  /// Scale 1, shift 0.
  void initialize(core::Random&) {
    scale.value.setOnes();
    shift.value.setZero();
  }
};

/// weight · token + bias for every token of a sequence, a `LearningLayer`.
template <Scalar S>
struct TokenDense {
  Parameter<S> weight;  ///< [out × in]
  Parameter<S> bias;    ///< [out × 1]

  /// All zero; `Sequential::initialize` draws the weights. @throws ShapeError  an extent is not positive
  TokenDense(std::int64_t in, std::int64_t out)
      : weight(detail::zero_parameter<S>("weight", out, in)),
        bias(detail::zero_parameter<S>("bias", out, 1)) {}

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("token_dense", input, {input.channels, 1, weight.value.cols()});
    return {input.channels, 1, weight.value.rows()};
  }

  /// Records the layer; if it is const, without gradients for its parameters.
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    return each_token(input, tape.parameter(weight), tape.parameter(bias));
  }
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return each_token(input, tape.parameter(weight), tape.parameter(bias));
  }

  /// The weight, then the bias.
  [[nodiscard]] std::array<Parameter<S>*, 2> parameters() { return {&weight, &bias}; }
  [[nodiscard]] std::array<const Parameter<S>*, 2> parameters() const { return {&weight, &bias}; }

  /// Inputs of one output.
  [[nodiscard]] std::int64_t fan_in() const { return weight.value.cols(); }

 private:
  static Value<S> each_token(Value<S> input, Value<S> weight, Value<S> bias) {
    const auto tokens = input.rows() / weight.columns();
    const auto result = dense(reshape(input, weight.columns(), tokens * input.columns()), weight, bias);
    return reshape(result, tokens * weight.rows(), input.columns());
  }
};

/// Multi-head self-attention with its projections, a `LearningLayer`: [tokens × width] to the same.
///
/// @tparam Mask  which tokens a token sees: `NoMask`, `Causal`
template <Scalar S, class Mask = NoMask>
struct Attention {
  std::int64_t tokens;
  std::int64_t heads;
  Parameter<S> projection;       ///< [3 · width × width]: queries, keys, values
  Parameter<S> projection_bias;  ///< [3 · width × 1]
  Parameter<S> output_weight;    ///< [width × width]
  Parameter<S> output_bias;      ///< [width × 1]

  /// All zero; `Sequential::initialize` draws the weights.
  /// @throws ShapeError  an extent is not positive, or the heads do not divide the width
  Attention(std::int64_t token_count, std::int64_t width, std::int64_t head_count)
      : tokens(token_count),
        heads(head_count),
        projection(detail::zero_parameter<S>("projection", 3 * width, width)),
        projection_bias(detail::zero_parameter<S>("projection_bias", 3 * width, 1)),
        output_weight(detail::zero_parameter<S>("output_weight", width, width)),
        output_bias(detail::zero_parameter<S>("output_bias", width, 1)) {
    core::check_positive("attention: tokens", token_count);
    core::check_positive("attention: heads", head_count);
    if (width % head_count != 0)
      throw ShapeError("attention: heads " + std::to_string(head_count) + " have to divide the width " +
                       std::to_string(width));
  }

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("attention", input, {tokens, 1, output_weight.value.rows()});
    return input;
  }

  /// Records the layer; if it is const, without gradients for its parameters.
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    return attend(input, tape.parameter(projection), tape.parameter(projection_bias),
                  tape.parameter(output_weight), tape.parameter(output_bias));
  }
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return attend(input, tape.parameter(projection), tape.parameter(projection_bias),
                  tape.parameter(output_weight), tape.parameter(output_bias));
  }

  /// Projection, output weight, and the biases of both.
  [[nodiscard]] std::array<Parameter<S>*, 4> parameters() {
    return {&projection, &output_weight, &projection_bias, &output_bias};
  }
  [[nodiscard]] std::array<const Parameter<S>*, 4> parameters() const {
    return {&projection, &output_weight, &projection_bias, &output_bias};
  }

  /// Draws the weights from N(0, 1 / width) and sets the biases to zero.
  void initialize(core::Random& random) {
    detail::draw_unit_gain(projection.value, random);
    detail::draw_unit_gain(output_weight.value, random);
    projection_bias.value.setZero();
    output_bias.value.setZero();
  }

 private:
  Value<S> attend(Value<S> input, Value<S> in_weight, Value<S> in_bias, Value<S> out_weight,
                  Value<S> out_bias) const {
    const auto width = out_weight.rows();
    const auto projected = dense(reshape(input, width, tokens * input.columns()), in_weight, in_bias);
    const auto part = [&](Eigen::Index i) { return slice(projected, Features{}, i * width, width); };
    const auto mixed =
        attention<Mask>(part(0), part(1), part(2), {.queries = tokens, .keys = tokens, .heads = heads});
    return reshape(dense(mixed, out_weight, out_bias), input.rows(), input.columns());
  }
};

}  // namespace bitloom::train
