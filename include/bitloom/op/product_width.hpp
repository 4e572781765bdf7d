// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/arithmetic.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>

namespace bitloom::op {

/// Every value of a format is a whole number of 2^unit_exponent, and that number is odd for some value.
template <format::ExactFormat F>
inline constexpr int unit_exponent = [] {
  if constexpr (requires { F::layout.min_exponent(); })
    return F::layout.min_exponent() -
           F::layout.fraction_bits;  // minifloats; without subnormals the normal ones' unit
  else if constexpr (requires { F::max_code; })
    return F::exact(0).exponent;  // powers of two
  else
    return F::exact(1).exponent;
}();

/// The largest magnitude among the finite values of a format.
template <format::ExactFormat F>
inline constexpr format::Dyadic largest_magnitude = [] {
  auto largest = [] {
    if constexpr (requires { F::max_code; })
      return F::exact(F::max_code);
    else if constexpr (requires { F::range; })
      return format::Dyadic{.significand = static_cast<std::uint64_t>(
                                F::range.max > -F::range.lowest ? F::range.max : -F::range.lowest)};
    else
      return F::exact(static_cast<typename F::code_type>(F::is_signed ? std::uint64_t{1} << (F::bits - 1)
                                                                      : core::low_mask(F::bits)));
  }();
  largest.negative = false;
  if (largest.significand == 0) return largest;
  const int zeros = std::countr_zero(largest.significand);
  largest.significand >>= zeros;
  largest.exponent += zeros;
  return largest;
}();

/// Bits of the longest significand: M + 1 of a minifloat, those of the largest magnitude of other formats.
template <format::ExactFormat F>
inline constexpr int significand_bits = [] {
  if constexpr (requires { F::layout.min_exponent(); })
    return F::layout.fraction_bits + 1;
  else if constexpr (requires { F::max_code; })
    return 1;
  else
    return largest_magnitude<F>.top_exponent() + 1 - unit_exponent<F>;
}();

/// Some code is NaN or an infinity.
template <format::ExactFormat F>
inline constexpr bool has_specials = [] {
  if constexpr (requires { F::has_nan || F::has_inf; })
    return F::has_nan || F::has_inf;
  else
    return false;
}();

/// Two formats whose products are exact: their significands have 64 bits together.
template <class F, class G>
concept Multipliable = format::ExactFormat<F> && format::ExactFormat<G> && significand_bits<F>
+ significand_bits<G> <= 64;

/// Products of values of F and G are whole numbers of 2^product_unit.
template <class F, class G>
  requires Multipliable<F, G>
inline constexpr int product_unit = unit_exponent<F> + unit_exponent<G>;

/// Bits of the largest product's magnitude, in units of 2^product_unit: 36 for E4M3 by E4M3.
template <class F, class G>
  requires Multipliable<F, G>
inline constexpr int product_bits =
    format::product(largest_magnitude<F>, largest_magnitude<G>).top_exponent() + 1 - product_unit<F, G>;

/// Bits by which sums of `terms` numbers are longer than a number: ceil(log2 terms).
/// @throws RangeError  `terms` is below 1
[[nodiscard]] constexpr int carry_bits(std::int64_t terms) {
  core::check_range("terms", terms, 1, INT64_MAX);
  return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(terms - 1)));
}

/// Width of a register, with its sign, that holds every sum of `terms` products exactly: 37 + ceil(log2 terms) for E4M3
/// by E4M3, 8 + 8 + ceil(log2 terms) for 8-bit integers.
/// @throws RangeError  `terms` is below 1
template <class F, class G>
  requires Multipliable<F, G>
[[nodiscard]] constexpr int sum_bits(std::int64_t terms) {
  return product_bits<F, G> + 1 + carry_bits(terms);
}

/// The same for integers of which not every code is used, such as -127..127.
/// @param a, b   the ranges of the operands; at most 31 bits each
/// @throws RangeError  `terms` is below 1
[[nodiscard]] constexpr int sum_bits(const format::IntegerRange& a, const format::IntegerRange& b,
                                     std::int64_t terms) {
  const auto magnitude = [](const format::IntegerRange& range) {
    return static_cast<std::uint64_t>(range.max > -range.lowest ? range.max : -range.lowest);
  };
  return static_cast<int>(std::bit_width(magnitude(a) * magnitude(b))) + 1 + carry_bits(terms);
}

/// A format at run time, as sums of products see it: its values are whole numbers of 2^unit, up to a magnitude.
struct ValueRange {
  format::Dyadic largest;
  int unit{};
};

/// The values of a format, for which there is a type.
template <format::ExactFormat F>
inline constexpr ValueRange value_range{largest_magnitude<F>, unit_exponent<F>};

/// Width of a register, with its sign, that holds every sum of `terms` products of two formats, whose significands have 64
/// bits together at most.
/// @throws RangeError  `terms` is below 1
[[nodiscard]] constexpr int sum_bits(const ValueRange& a, const ValueRange& b, std::int64_t terms) {
  return format::product(a.largest, b.largest).top_exponent() + 1 - (a.unit + b.unit) + 1 + carry_bits(terms);
}

/// Sums of `terms` products of values of two formats, and the sums on the way, are normal numbers of type T or zero,
/// whatever the order of addition: none is rounded.
/// @throws RangeError  `terms` is below 1
template <std::floating_point T>
[[nodiscard]] constexpr bool sums_exactly(const ValueRange& a, const ValueRange& b, std::int64_t terms) {
  using Limits = std::numeric_limits<T>;
  const int unit = a.unit + b.unit;
  if (sum_bits(a, b, terms) > Limits::digits + 2 || unit < Limits::min_exponent - 1) return false;
  const auto largest = format::product(a.largest, b.largest);  // sums are exact up to 2^digits units
  const auto sum = (largest.significand << (largest.exponent - unit)) * static_cast<std::uint64_t>(terms);
  return sum <= std::uint64_t{1} << Limits::digits &&
         static_cast<int>(std::bit_width(sum)) + unit <= Limits::max_exponent;
}

}  // namespace bitloom::op
