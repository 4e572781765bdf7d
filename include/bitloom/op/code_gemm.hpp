// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/accumulator.hpp>
#include <bitloom/op/decoded_product.hpp>
#include <bitloom/op/fixed_sum.hpp>
#include <bitloom/op/plain_code_gemm.hpp>
#include <bitloom/op/product_width.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::op {

namespace detail {

/// The logarithm of the number of terms that an ExactSum is made for; below 0: A is another accumulator.
template <class A>
inline constexpr int exact_terms = -1;
template <class F, class G, int LogTerms>
inline constexpr int exact_terms<ExactSum<F, G, LogTerms>> = LogTerms;

/// The width of a register of integers that wraps; 0: A is another accumulator.
template <class A>
inline constexpr int wrapping_bits = 0;
template <int Bits>
inline constexpr int wrapping_bits<IntegerSum<Bits, format::Wrap>> = Bits;

}  // namespace detail

/// Multiplies matrices of codes of the formats F (weights) and G (activations), sums by the accumulator A; an op::Gemm.
///
/// The results are those of PlainCodeGemm, bit for bit. Sums in float32 come from vector loops if all products of the
/// operands are floats. So do exact sums: in float or double if 24 or 53 bits hold every sum of so many products, else
/// cut into limbs. Sums of integers of up to 8 bits that wrap, or fit 32 bits, take the loops for bytes. What is left is
/// computed by the definition.
template <class F, class G = F, AccumulatorOf<F, G> A = ExactSum<F, G>>
  requires MatrixFormats<F, G>
struct CodeGemm {
  using Weights = std::span<const typename F::code_type>;
  using Activations = std::span<const typename G::code_type>;

  /// @throws ShapeError  a span does not fit the shape
  /// @throws RangeError  the accumulator refuses a product, or a result does not fit
  template <CodeProductSum<F, G> Sum>
  void operator()(const MatrixShape& shape, Weights weights, Activations activations,
                  std::span<Sum> result) const {
    check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    if constexpr (in_float)
      if (detail::are_floats(detail::format_span<F>, detail::format_span<G>) ||
          detail::are_floats(detail::span_of<F>(weights), detail::span_of<G>(activations)))
        return add_floats(shape, weights, activations, result);
    if constexpr (in_integers)
      if (wraps || sum_bits<F, G>(shape.columns) <= 32)
        return add_integers(shape, weights, activations, result);
    if constexpr (is_exact)
      if (add_exactly(shape, weights, activations, result)) return;
    PlainCodeGemm<F, G, A>{}(shape, weights, activations, result);
  }

 private:
  static constexpr bool in_float = [] {
    constexpr bool short_products = significand_bits<F> + significand_bits<G> <= 24;
    return short_products && (std::same_as<A, FloatSum> || std::same_as<A, FloatMultiplyAdd>);
  }();
  static constexpr bool is_exact = [] {
    if constexpr (detail::exact_terms<A> >= 0) return A::lsb == product_unit<F, G>;
    return false;
  }();
  static constexpr bool wraps = 0 < detail::wrapping_bits<A> && detail::wrapping_bits<A> <= 32;
  static constexpr bool in_integers = detail::ByteOperands<F, G> && (wraps || is_exact);

  template <class Sum>
  static void add_integers(const MatrixShape& shape, Weights weights, Activations activations,
                           std::span<Sum> result) {
    const auto sums = detail::multiply_integers<F, G>(shape, weights, activations);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      std::int64_t sum = sums[i];
      if constexpr (wraps) sum = core::sign_extend(static_cast<std::uint64_t>(sum), detail::wrapping_bits<A>);
      if constexpr (std::same_as<Sum, format::Dyadic>)
        result[i] = {.significand = static_cast<std::uint64_t>(sum < 0 ? -sum : sum), .negative = sum < 0};
      else
        result[i] = static_cast<Sum>(sum);
    }
  }

  template <class Sum>
  static void add_floats(const MatrixShape& shape, Weights weights, Activations activations,
                         std::span<Sum> result) {
    const auto value = [](const format::Dyadic& x) { return static_cast<float>(format::to_double(x)); };
    const auto sums = detail::multiply_numbers<F, G, float>(shape, weights, activations, value, value);
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const float sum = sums[i] == sums[i] ? sums[i] : nan;  // of one sign, whatever the processor gave it
      if constexpr (std::same_as<Sum, float>)
        result[i] = sum;
      else
        result[i] = deliver<Sum>(format::Float32::exact(std::bit_cast<std::uint32_t>(sum)));
    }
  }

  /// False: the terms are too many.
  template <class Sum>
  static bool add_exactly(const MatrixShape& shape, Weights weights, Activations activations,
                          std::span<Sum> result) {
    if (sum_bits<F, G>(shape.columns) > A::bits) return false;
    const int bits = product_bits<F, G> + carry_bits(shape.columns);
    if constexpr (product_bits<F, G> <= 24)
      if (bits <= 24) return add_units<float>(shape, weights, activations, result);
    if constexpr (product_bits<F, G> <= 53)
      if (bits <= 53) return add_units<double>(shape, weights, activations, result);
    for (int limbs = 2; limbs <= 3; ++limbs) {
      const detail::Limb left{.unit = unit_exponent<F>,
                              .width = core::ceil_div(detail::magnitude_bits<F>, limbs)};
      const detail::Limb right{.unit = unit_exponent<G>,
                               .width = core::ceil_div(detail::magnitude_bits<G>, limbs)};
      if (left.width + right.width + carry_bits(shape.columns) <= 53)
        return add_limbs(shape, weights, activations, result, limbs, left, right);
    }
    return false;
  }

  /// All sums are whole numbers of 2^product_unit that T holds.
  template <class T, class Sum>
  static bool add_units(const MatrixShape& shape, Weights weights, Activations activations,
                        std::span<Sum> result) {
    constexpr int unit = product_unit<F, G>;
    const auto sums = detail::multiply_numbers<F, G, T>(
        shape, weights, activations,
        [](const format::Dyadic& x) { return detail::Limb{.unit = unit_exponent<F>}.of<T>(x); },
        [](const format::Dyadic& x) { return detail::Limb{.unit = unit_exponent<G>}.of<T>(x); });
    for (std::size_t i = 0; i < sums.size(); ++i) {
      if constexpr (std::same_as<Sum, float> && -1000 <= unit && unit <= 900) {
        constexpr double one = format::to_double({.significand = 1, .exponent = unit});
        const auto sum = static_cast<double>(sums[i]) * one;
        result[i] = sum == sum ? static_cast<float>(sum) : std::numeric_limits<float>::quiet_NaN();
      } else {
        result[i] = deliver<Sum>(detail::from_units<unit>(sums[i]));
      }
    }
    return true;
  }

  /// Sums of every pair of limbs, each exact in double, put together in the accumulator.
  template <class Sum>
  static bool add_limbs(const MatrixShape& shape, Weights weights, Activations activations,
                        std::span<Sum> result, int limbs, const detail::Limb& left,
                        const detail::Limb& right) {
    std::vector<A> sums(result.size());
    for (int i = 0; i < limbs; ++i)
      for (int j = 0; j < limbs; ++j) {
        auto a = left;
        auto b = right;
        a.first = i * left.width;
        b.first = j * right.width;
        const auto part = detail::multiply_numbers<F, G, double>(
            shape, weights, activations,
            [&](const format::Dyadic& x) { return x.is_finite() ? a.of<double>(x) : 0; },
            [&](const format::Dyadic& x) { return x.is_finite() ? b.of<double>(x) : 0; });
        for (std::size_t k = 0; k < sums.size(); ++k) {
          auto term = detail::from_units<product_unit<F, G>>(part[k]);
          term.exponent += a.first + b.first;
          sums[k].add(term);
        }
      }
    if constexpr (has_specials<F> || has_specials<G>) {
      // infinity times a limb of zero would be NaN; infinities and signs alone tell what becomes of a sum
      const auto sign = [](const format::Dyadic& x) {
        if (!x.is_finite()) return static_cast<float>(format::to_double(x));
        return x.is_zero() ? 0.0F : x.negative ? -1.0F : 1.0F;
      };
      const auto special = detail::multiply_numbers<F, G, float>(shape, weights, activations, sign, sign);
      for (std::size_t k = 0; k < sums.size(); ++k)
        if (const auto x = detail::from_units<0>(special[k]); !x.is_finite()) sums[k].add(x);
    }
    for (std::size_t k = 0; k < sums.size(); ++k) result[k] = deliver<Sum>(sums[k].value());
    return true;
  }
};

}  // namespace bitloom::op
