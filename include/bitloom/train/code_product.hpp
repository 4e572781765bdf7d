// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include <bitloom/op/product_width.hpp>
#include <bitloom/train/activation.hpp>
#include <bitloom/train/blocks.hpp>
#include <bitloom/train/layer_product.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train::detail {

/// activation(float(sum) · scale + bias), each step in float.
template <class A, class T>
Matrix<float> rescaled(Tape<float>& tape, const Matrix<T>& sums, float scale, const Matrix<float>& bias) {
  auto result = tape.matrix(sums.rows(), sums.cols());
  const auto positions = sums.rows() / bias.rows();
  tape.for_each_block(sums.cols(), block_columns(sums.rows()), [&](Index begin, Index count) {
    for (Index item = begin; item < begin + count; ++item)
      for (Index channel = 0; channel < bias.rows(); ++channel) {
        const T* from = sums.data() + item * sums.rows() + channel * positions;
        float* to = result.data() + item * sums.rows() + channel * positions;
        const float shift = bias(channel, 0);
        for (Index p = 0; p < positions; ++p) to[p] = A::apply(static_cast<float>(from[p]) * scale + shift);
      }
  });
  return result;
}

/// Another tape's executor.
struct ExecutorOf {
  const Tape<float>* tape;

  template <class Body>
  void for_each_index(std::int64_t count, Body&& body) const {
    tape->for_each_index(count, body);
  }
};

/// A layer on values of codes: the sums of the products, [outputs × batch]. They start at zero, so that none is minus zero.
template <class T, class L>
Matrix<T> code_sums(const L& layer, Tape<T>& tape, Matrix<T> input, Matrix<T> weight) {
  const auto none = tape.constant(Matrix<T>::Zero(layer.bias.value.rows(), 1));
  return tape.take(apply(layer, tape.constant(std::move(input)), tape.constant(std::move(weight)), none));
}

/// A layer on values of codes, as hardware computes it: sums of products without a rounding error, rounded to float, times
/// the scale of the products, plus the bias; then the activation. Sums that are not exact in double
/// (op::sums_exactly) have its rounding errors, and are scaled in double: float may not hold them, as those of bfloat16.
///
/// @param input   values of codes, [features × batch]
/// @param weight  values of codes, [out × in]
/// @param scale   of the products: that of the input times that of the weight, exactly
template <class A, class L>
Matrix<float> code_product(const L& layer, Tape<float>& tape, Matrix<float> input,
                           const op::ValueRange& input_range, Matrix<float> weight,
                           const op::ValueRange& weight_range, double scale) {
  const auto& bias = layer.bias.value;
  if (op::sums_exactly<float>(input_range, weight_range, layer.fan_in()))
    return rescaled<A>(tape, code_sums(layer, tape, std::move(input), std::move(weight)),
                       static_cast<float>(scale), bias);
  Tape<double> wide(ExecutorOf{&tape});
  auto sums = code_sums<double>(layer, wide, input.cast<double>(), weight.cast<double>());
  if (op::sums_exactly<double>(input_range, weight_range, layer.fan_in()))
    return rescaled<A>(tape, sums, static_cast<float>(scale), bias);
  sums *= scale;
  return rescaled<A>(tape, sums, 1.0F, bias);
}

}  // namespace bitloom::train::detail
