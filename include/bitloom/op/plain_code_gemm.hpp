// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/format/arithmetic.hpp>
#include <bitloom/format/convention.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/accumulator.hpp>
#include <bitloom/op/product_width.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::op {

/// What products of codes of F and G can be delivered as: a float, rounded once from the accumulator's value; the value
/// itself; or, for integers, 32 bits, where a sum that does not fit is a RangeError.
template <class Sum, class F, class G>
concept CodeProductSum = std::same_as<Sum, float> || std::same_as<Sum, format::Dyadic> ||
    (std::same_as<Sum, std::int32_t>&& product_unit<F, G> >= 0);

/// Operands of a product of matrices. Code 0 has to be zero: it is what a convolution is padded with.
template <class F, class G>
concept MatrixFormats = Multipliable<F, G> && F::exact(0)
.is_zero() && G::exact(0).is_zero();

/// Rounds an accumulator's value to what is delivered, see CodeProductSum.
/// @throws RangeError  32 bits are wanted, and the value is not an integer of 32 bits
template <class Sum>
[[nodiscard]] constexpr Sum deliver(const format::Dyadic& x) {
  if constexpr (std::same_as<Sum, float>) {
    return std::bit_cast<float>(format::encode_by<format::Float32, format::Ieee754>(x));
  } else if constexpr (std::same_as<Sum, std::int32_t>) {
    const auto whole =
        x.is_finite() ? format::round_to_units<format::TowardZero>(x, 0) : format::Units{.huge = true};
    const auto limit = std::uint64_t{INT32_MAX} + (x.negative ? 1 : 0);
    if (whole.huge || whole.low_bits > limit ||
        format::round_to_units<format::AwayFromZero>(x, 0).low_bits != whole.low_bits)
      throw RangeError("result: a sum is not an integer of 32 bits");
    return static_cast<std::int32_t>(x.negative ? 0 - whole.low_bits : whole.low_bits);
  } else {
    return x;
  }
}

/// Multiplies matrices of codes by the definition: for every result an accumulator A, and products in order of the
/// columns. The reference that CodeGemm is compared with; an op::Gemm.
template <class F, class G = F, AccumulatorOf<F, G> A = ExactSum<F, G>>
  requires MatrixFormats<F, G>
struct PlainCodeGemm {
  /// @throws ShapeError  a span does not fit the shape
  /// @throws RangeError  the accumulator refuses a product, or a result does not fit
  template <CodeProductSum<F, G> Sum>
  void operator()(const MatrixShape& shape, std::span<const typename F::code_type> weights,
                  std::span<const typename G::code_type> activations, std::span<Sum> result) const {
    check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    const auto rows = static_cast<std::size_t>(shape.rows);
    const auto columns = static_cast<std::size_t>(shape.columns);
    const auto vectors = static_cast<std::size_t>(shape.vectors);
    std::vector<format::Dyadic> left;
    left.reserve(weights.size());
    for (const auto code : weights) left.push_back(F::exact(code));
    std::vector<format::Dyadic> right(columns);
    for (std::size_t v = 0; v < vectors; ++v) {
      for (std::size_t c = 0; c < columns; ++c) right[c] = G::exact(activations[c * vectors + v]);
      for (std::size_t r = 0; r < rows; ++r) {
        A sum{};
        for (std::size_t c = 0; c < columns; ++c) sum.add(format::product(left[r * columns + c], right[c]));
        result[r * vectors + v] = deliver<Sum>(sum.value());
      }
    }
  }
};

}  // namespace bitloom::op
