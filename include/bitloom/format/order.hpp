// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <compare>
#include <concepts>
#include <cstdint>

#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/minifloat.hpp>

namespace bitloom::format {

/// What kind of number a code stands for.
enum class Class : std::uint8_t { Zero, Subnormal, Normal, Infinite, Nan };

/// A format of floating-point codes: Minifloat or E8m0fnu.
template <class F>
concept FloatFormat = Format<F> && requires(typename F::code_type code) {
  { F::exact(code) } -> std::same_as<Dyadic>;
  { F::is_nan(code) } -> std::same_as<bool>;
  { F::has_inf } -> std::convertible_to<bool>;
  { F::has_nan } -> std::convertible_to<bool>;
};

/// Compares two finite or infinite numbers of the same kind by value; NaN is unordered, -0 equals +0.
[[nodiscard]] constexpr std::partial_ordering compare(const Dyadic& a, const Dyadic& b) noexcept {
  if (a.kind == Dyadic::Kind::Nan || b.kind == Dyadic::Kind::Nan) return std::partial_ordering::unordered;
  if (a.is_zero() && b.is_zero()) return std::partial_ordering::equivalent;
  if (a.is_zero()) return b.negative ? std::partial_ordering::greater : std::partial_ordering::less;
  if (b.is_zero() || a.negative != b.negative)
    return a.negative ? std::partial_ordering::less : std::partial_ordering::greater;
  const auto magnitudes = [](const Dyadic& x, const Dyadic& y) -> std::partial_ordering {
    if (!x.is_finite() || !y.is_finite()) return !x.is_finite() <=> !y.is_finite();
    if (x.top_exponent() != y.top_exponent()) return x.top_exponent() <=> y.top_exponent();
    return x.significand << std::countl_zero(x.significand) <=> y.significand
                                                                    << std::countl_zero(y.significand);
  };
  return a.negative ? magnitudes(b, a) : magnitudes(a, b);
}

/// Compares the values of two codes, which may be of different formats.
template <FloatFormat F, FloatFormat G = F>
[[nodiscard]] constexpr std::partial_ordering compare(typename F::code_type a,
                                                      typename G::code_type b) noexcept {
  return compare(F::exact(a), G::exact(b));
}

template <FloatFormat F>
[[nodiscard]] constexpr Class classify(typename F::code_type code) noexcept {
  const auto x = F::exact(code);
  if (x.kind == Dyadic::Kind::Nan) return Class::Nan;
  if (x.kind == Dyadic::Kind::Infinite) return Class::Infinite;
  if (x.is_zero()) return Class::Zero;
  return x.subnormal ? Class::Subnormal : Class::Normal;
}

namespace detail {

template <FloatFormat F>
inline constexpr std::uint64_t sign_bit = F::is_signed ? std::uint64_t{1} << (F::bits - 1) : 0;

/// A format whose sign bit alone is NaN.
template <FloatFormat F>
inline constexpr bool is_fnuz = F::is_signed&& F::is_nan(static_cast<typename F::code_type>(sign_bit<F>));

}  // namespace detail

/// The code of the negated value. Zero and NaN of a format without minus zero stay.
template <FloatFormat F>
  requires(F::is_signed)
[[nodiscard]] constexpr typename F::code_type negate(typename F::code_type code) noexcept {
  if (detail::is_fnuz<F> && (code & (detail::sign_bit<F> - 1)) == 0) return code;
  return static_cast<typename F::code_type>(code ^ detail::sign_bit<F>);
}

/// The code of the absolute value. NaN of a format without minus zero stays.
template <FloatFormat F>
[[nodiscard]] constexpr typename F::code_type absolute(typename F::code_type code) noexcept {
  if constexpr (F::is_signed)
    return (code & detail::sign_bit<F>) != 0 ? negate<F>(code) : code;
  else
    return code;
}

/// The smallest number above, as in IEEE 754 nextUp: from the largest to infinity if there is one, from the smallest
/// negative to -0 (or 0), from both zeros to the smallest positive. +infinity, the largest without one, and NaN stay.
template <FloatFormat F>
[[nodiscard]] constexpr typename F::code_type next_up(typename F::code_type code) noexcept {
  using Code = typename F::code_type;
  if (F::is_nan(code)) return code;
  if constexpr (!F::is_signed) {
    return code == F::max_code ? code : static_cast<Code>(code + 1);
  } else {
    constexpr auto sign = detail::sign_bit<F>;
    const std::uint64_t magnitude = code & (sign - 1);
    // without subnormals the first magnitudes are all zero
    const auto smallest = F::has_subnormals || F::layout.fraction_bits == 0
                              ? std::uint64_t{1}
                              : std::uint64_t{1} << F::layout.fraction_bits;
    if (magnitude < smallest) return static_cast<Code>(smallest);
    if ((code & sign) == 0) {
      const bool at_end = magnitude >= (F::has_inf ? F::layout.inf_code() : std::uint64_t{F::max_code});
      return at_end ? code : static_cast<Code>(code + 1);
    }
    if (magnitude == smallest) return static_cast<Code>(detail::is_fnuz<F> ? 0 : sign);
    return static_cast<Code>(code - 1);
  }
}

/// The largest number below; next_up mirrored.
template <FloatFormat F>
[[nodiscard]] constexpr typename F::code_type next_down(typename F::code_type code) noexcept {
  if constexpr (!F::is_signed) {
    return F::is_nan(code) || code == 0 ? code : static_cast<typename F::code_type>(code - 1);
  } else {
    const auto mirrored = next_up<F>(negate<F>(code));
    return F::is_nan(code) ? code : negate<F>(mirrored);
  }
}

/// A key whose unsigned order is a total order of the codes: by value, -0 before +0, NaN at the outer ends, but last in
/// a format without minus zero.
template <FloatFormat F>
[[nodiscard]] constexpr std::uint64_t total_order_key(typename F::code_type code) noexcept {
  if constexpr (!F::is_signed) {
    return code;
  } else {
    constexpr auto sign = detail::sign_bit<F>;
    if (detail::is_fnuz<F> && F::is_nan(code)) return 2 * sign;
    return (code & sign) == 0 ? code | sign : ~std::uint64_t{code} & (2 * sign - 1);
  }
}

/// Facts of a format, as std::numeric_limits has them for the built-in types.
template <FloatFormat F>
  requires(F::is_signed)
struct Limits {
  static constexpr int bits = F::bits;
  static constexpr int min_exponent = F::layout.min_exponent();  ///< of the smallest normal number
  static constexpr int max_exponent = F::exact(F::max_code).top_exponent();
  static constexpr bool has_inf = F::has_inf;
  static constexpr bool has_nan = F::has_nan;
  static constexpr bool has_subnormals = F::has_subnormals;
  static constexpr double epsilon = detail::power_of_two(-F::layout.fraction_bits);
  static constexpr double max = F::max();
  static constexpr double lowest = F::lowest();
  static constexpr double min_normal = detail::power_of_two(min_exponent);
  static constexpr double min_positive = F::decode(next_up<F>(0));

  /// The unit in the last place of a finite number of the format, and of what lies below its smallest normal one.
  static constexpr double ulp(typename F::code_type code) noexcept {
    const auto x = F::exact(code);
    const int top = x.is_zero() || x.top_exponent() < min_exponent ? min_exponent : x.top_exponent();
    return detail::power_of_two(top - F::layout.fraction_bits);
  }
};

}  // namespace bitloom::format
