// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/op/product_width.hpp>
#include <bitloom/train/activation.hpp>
#include <bitloom/train/blocks.hpp>
#include <bitloom/train/layer_product.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train::detail {

/// The values of a format's codes: whole numbers of 2^unit, up to a magnitude.
struct CodeRange {
  double largest{};
  int unit{};
};

template <format::ExactFormat F>
inline constexpr CodeRange code_range{format::to_double(op::largest_magnitude<F>), op::unit_exponent<F>};

/// Sums of that many products are numbers of type T, in any order of addition.
template <class T>
[[nodiscard]] inline bool sums_exactly(const CodeRange& a, const CodeRange& b, std::int64_t terms) {
  using Limits = std::numeric_limits<T>;
  const double most = a.largest * b.largest * static_cast<double>(terms);
  const int unit = a.unit + b.unit;
  return most <= std::ldexp(1.0, unit + Limits::digits) && unit >= Limits::min_exponent - 1 &&
         most <= static_cast<double>(Limits::max());
}

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
/// the scale of the products, plus the bias; then the activation. Sums that are too long for double have its errors.
///
/// @param input   values of codes, [features × batch]
/// @param weight  values of codes, [out × in]
template <class A, class L>
Matrix<float> code_product(const L& layer, Tape<float>& tape, Matrix<float> input,
                           const CodeRange& input_range, Matrix<float> weight, const CodeRange& weight_range,
                           float scale) {
  const auto& bias = layer.bias.value;
  if (sums_exactly<float>(input_range, weight_range, layer.fan_in()))
    return rescaled<A>(tape, code_sums(layer, tape, std::move(input), std::move(weight)), scale, bias);
  Tape<double> wide(ExecutorOf{&tape});
  const auto sums = code_sums<double>(layer, wide, input.cast<double>(), weight.cast<double>());
  return rescaled<A>(tape, sums, scale, bias);
}

}  // namespace bitloom::train::detail
