// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include <bitloom/quant/packed_tensor.hpp>
#include <bitloom/quant/split_filters.hpp>
#include <bitloom/train/straight_through.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// What rounds a tensor, weights or activations: quant::Symmetric, quant::FrozenShare, quant::SplitFilters, Unquantized.
template <class Q>
concept Restorer = std::copyable<Q> &&
    requires(const Q& quantizer, std::span<const float> values, const quant::Shape& shape) {
  // what quantization leaves of row-major values, outermost extent first
  { quantizer.restore(values, shape) } -> std::same_as<std::vector<float>>;
};

/// A quantizer that has to see values before it can round, such as the first batch of activations.
template <class Q>
concept ObservingRestorer = Restorer<Q> && requires(Q& quantizer, std::span<const float> values) {
  { quantizer.observe(values) } -> std::same_as<void>;
};

/// Leaves numbers as they are.
struct Unquantized {
  static std::vector<float> restore(std::span<const float> values, const quant::Shape&) {
    return {values.begin(), values.end()};
  }
};

namespace detail {

/// The elements row by row, as quantizers take them.
template <std::floating_point S>
std::vector<float> row_major(const Matrix<S>& matrix) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(matrix.size()));
  for (Eigen::Index row = 0; row < matrix.rows(); ++row)
    for (Eigen::Index column = 0; column < matrix.cols(); ++column)
      values.push_back(static_cast<float>(matrix(row, column)));
  return values;
}

}  // namespace detail

/// What quantization leaves of a matrix, rows outermost, with the gradient of the identity.
///
/// Numbers go through float.
/// @throws Error  what the quantizer throws
template <std::floating_point S, Restorer Q>
Value<S> fake_quantize(Value<S> input, const Q& quantizer) {
  const auto rows = input.rows(), columns = input.columns();
  const auto restored = quantizer.restore(detail::row_major(input.value()), quant::Shape{rows, columns});
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const RowMajor> map(restored.data(), rows, columns);
  return straight_through(input, Matrix<S>(map.template cast<S>()));
}

// What training does to a layer's weights.

/// They learn: the quantizer counts as the identity.
struct StraightThrough {
  static constexpr bool learns = true;
};
/// They stay as they are: only the bias learns.
struct Detached {
  static constexpr bool learns = false;
};

namespace detail {

template <class W>
inline constexpr bool is_split = false;
template <class High, class Low, class Order>
inline constexpr bool is_split<quant::SplitFilters<High, Low, Order>> = true;

}  // namespace detail

// Which layers' weights learn.

/// Those in two precisions; the weights of layers in one precision are detached, so that of them only the biases learn.
///
/// Every filter gets its own gradient. As we read that code, a permuted filter gets the one of the filter whose place it
/// takes there, since the order is undone in the weights before the gradients arrive; that was not run.
///
/// Source: what the M4BRAM authors' open-source code does (arXiv 2311.02758).
struct ReleasedGradients {
  template <Restorer W>
  using Of = std::conditional_t<detail::is_split<W>, StraightThrough, Detached>;
};
/// All.
struct TrainableGradients {
  template <Restorer>
  using Of = StraightThrough;
};

/// Says for a quantizer of weights whether they learn.
template <class G>
concept WeightGradients = requires {
  { G::template Of<Unquantized>::learns } -> std::convertible_to<bool>;
};

}  // namespace bitloom::train
