// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <Eigen/Core>

#include <bitloom/op/shape.hpp>

namespace bitloom::op {

/// Multiplies matrices: the one place where an operator meets what computes it, a library or a model of hardware.
///
/// Called as gemm(shape, weights, activations, result), all row-major; see MatrixShape for the axes. Activations are of
/// another type than weights where their codes have another width.
template <class G, class Element, class Sum, class Activation = Element>
concept Gemm = requires(G& gemm, const MatrixShape& shape, std::span<const Element> weights,
                        std::span<const Activation> activations, std::span<Sum> result) {
  { gemm(shape, weights, activations, result) } -> std::same_as<void>;
};

/// Float matrices, by Eigen.
struct FloatGemm {
  /// @throws ShapeError  a span does not fit the shape
  void operator()(const MatrixShape& shape, std::span<const float> weights,
                  std::span<const float> activations, std::span<float> result) const {
    check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const Matrix> w(weights.data(), shape.rows, shape.columns);
    const Eigen::Map<const Matrix> a(activations.data(), shape.columns, shape.vectors);
    Eigen::Map<Matrix>(result.data(), shape.rows, shape.vectors).noalias() = w * a;
  }
};

/// Integers, by the definition: the reference that every integer engine is compared with.
struct PlainGemm {
  /// @throws ShapeError  a span does not fit the shape
  /// @throws RangeError  a sum does not fit 32 bits
  void operator()(const MatrixShape& shape, std::span<const std::int16_t> weights,
                  std::span<const std::int16_t> activations, std::span<std::int32_t> result) const {
    check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    for (std::int64_t r = 0; r < shape.rows; ++r)
      for (std::int64_t v = 0; v < shape.vectors; ++v) {
        std::int64_t sum = 0;
        for (std::int64_t c = 0; c < shape.columns; ++c)
          sum += std::int64_t{weights[static_cast<std::size_t>(r * shape.columns + c)]} *
                 activations[static_cast<std::size_t>(c * shape.vectors + v)];
        core::check_range("sum", sum, INT32_MIN, INT32_MAX);
        result[static_cast<std::size_t>(r * shape.vectors + v)] = static_cast<std::int32_t>(sum);
      }
  }
};

}  // namespace bitloom::op
