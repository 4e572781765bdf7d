// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>  // declares std::hash

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/arithmetic.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/convention.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/order.hpp>

namespace bitloom::format {

namespace detail {

/// Results of up to 64 significant bits and a sticky one are enough to round to the format from.
template <class F>
inline constexpr bool has_scalars = F::bits <= (F::is_signed ? 32 : 31);
template <class F>
  requires requires { F::layout.fraction_bits(); }
inline constexpr bool has_scalars<F> = F::bits <= (F::is_signed ? 32 : 31) &&
                                       -32 <= F::layout.fraction_bits() && F::layout.fraction_bits() <= 32;

/// Minus zero where a sum of opposite numbers is rounded down, as IEEE 754 has it.
template <class R>
inline constexpr bool rounds_down = R::stops_at_max(false) && !R::stops_at_max(true);

}  // namespace detail

/// A scalar of a format: a code, with the arithmetic of its value.
///
/// Every operation gives the exact result rounded once, as `C` says; there is no detour over a wider type. For integers
/// and fixed point the result type is that of the operands: see FixedNumber for operators that widen instead.
/// Comparison is by value: NaN is unordered and -0 equals +0.
/// Formats have up to 32 bits, 31 if unsigned; fixed point up to 32 bits behind the point, or as many zeros in front of it.
template <ExactFormat F, Convention C = Saturating>
  requires(detail::has_scalars<F>)
class Number {
 public:
  using format = F;
  using convention = C;
  using code_type = typename F::code_type;

  constexpr Number() noexcept = default;  ///< code 0

  /// The number rounded to the format.
  /// @throws RangeError  see encode_by
  constexpr explicit Number(std::floating_point auto x) : Number(to_dyadic(x)) {}
  constexpr explicit Number(const Dyadic& x) : code_(encode_by<F, C>(x)) {}
  constexpr explicit Number(std::integral auto x) : Number(from_integer(x)) {}

  /// The value of another format's number, rounded once.
  template <ExactFormat G, Convention D>
  constexpr explicit Number(const Number<G, D>& x) : Number(x.exact()) {}

  /// A code as it is; bits above the format's are dropped.
  [[nodiscard]] static constexpr Number from_code(code_type code) noexcept {
    Number result;
    result.code_ = static_cast<code_type>(code & core::low_mask(F::bits));
    return result;
  }

  [[nodiscard]] constexpr code_type code() const noexcept { return code_; }
  [[nodiscard]] constexpr Dyadic exact() const noexcept { return F::exact(code_); }
  [[nodiscard]] constexpr double value() const noexcept { return F::decode(code_); }
  [[nodiscard]] constexpr explicit operator double() const noexcept { return value(); }

  /// The whole number toward zero. Infinities are numbers out of range.
  /// @tparam I  the range; what is out of it follows the rule `O`
  /// @throws RangeError  NaN
  template <IntegerFormat I, Overflow O = Saturate>
  [[nodiscard]] constexpr std::int32_t to_integer() const {
    auto x = exact();
    if (x.kind == Dyadic::Kind::Infinite) x = {.significand = 1, .exponent = 1000, .negative = x.negative};
    return I::integer(I::template encode<TowardZero, O>(x));
  }

  /// Mean the same number: +0 equals -0, NaN nothing.
  friend constexpr bool operator==(const Number& a, const Number& b) noexcept {
    return std::is_eq(compare(a.exact(), b.exact()));
  }
  friend constexpr std::partial_ordering operator<=>(const Number& a, const Number& b) noexcept {
    return compare(a.exact(), b.exact());
  }

  /// The number with the other sign; zero and NaN of a format without minus zero stay.
  [[nodiscard]] constexpr Number operator-() const requires(F::is_signed) {
    if constexpr (FloatFormat<F>)
      return from_code(negate<F>(code_));
    else
      return Number(negated(exact()));
  }
  [[nodiscard]] friend constexpr Number operator+(const Number& a, const Number& b) {
    return rounded_sum(a.exact(), b.exact());
  }
  [[nodiscard]] friend constexpr Number operator-(const Number& a, const Number& b) {
    return rounded_sum(a.exact(), negated(b.exact()));
  }
  [[nodiscard]] friend constexpr Number operator*(const Number& a, const Number& b) {
    return Number(product(a.operand(), b.operand()));
  }
  /// @throws RangeError  division by zero, in integers and fixed point
  [[nodiscard]] friend constexpr Number operator/(const Number& a, const Number& b) {
    return Number(quotient(a.operand(), b.operand()));
  }
  constexpr Number& operator+=(const Number& x) { return *this = *this + x; }
  constexpr Number& operator-=(const Number& x) { return *this = *this - x; }
  constexpr Number& operator*=(const Number& x) { return *this = *this * x; }
  constexpr Number& operator/=(const Number& x) { return *this = *this / x; }

  /// a · b + c, rounded once.
  [[nodiscard]] friend constexpr Number fma(const Number& a, const Number& b, const Number& c) {
    return rounded_sum(product(a.operand(), b.operand()), c.operand());
  }
  /// @throws RangeError  a negative number, in a format without NaN
  [[nodiscard]] friend constexpr Number sqrt(const Number& x) { return Number(square_root(x.operand())); }
  [[nodiscard]] friend constexpr Number abs(const Number& x) requires(F::is_signed) {
    return x.exact().negative ? -x : x;
  }

  /// The smaller one, -0 before +0; NaN if either is, as minimum of IEEE 754-2019.
  [[nodiscard]] friend constexpr Number minimum(const Number& a, const Number& b) noexcept {
    if (is_nan(a) || is_nan(b)) return is_nan(a) ? a : b;
    if (a == b) return a.exact().negative ? a : b;
    return a < b ? a : b;
  }
  /// The larger one, +0 behind -0; NaN if either is.
  [[nodiscard]] friend constexpr Number maximum(const Number& a, const Number& b) noexcept {
    if (is_nan(a) || is_nan(b)) return is_nan(a) ? a : b;
    if (a == b) return a.exact().negative ? b : a;
    return a < b ? b : a;
  }
  /// a · b + c · d, rounded once.
  [[nodiscard]] static constexpr Number sum_of_products(const Number& a, const Number& b, const Number& c,
                                                        const Number& d) {
    return rounded_sum(product(a.operand(), b.operand()), product(c.operand(), d.operand()));
  }
  /// a · b - c · d, rounded once.
  [[nodiscard]] static constexpr Number difference_of_products(const Number& a, const Number& b,
                                                               const Number& c, const Number& d) {
    return rounded_sum(product(a.operand(), b.operand()), negated(product(c.operand(), d.operand())));
  }

  [[nodiscard]] friend constexpr bool is_nan(const Number& x) noexcept {
    return x.exact().kind == Dyadic::Kind::Nan;
  }

 private:
  static constexpr Dyadic from_integer(std::integral auto x) noexcept {
    const bool negative = x < 0;
    const auto bits = static_cast<std::uint64_t>(x);
    return {.significand = negative ? 0 - bits : bits, .negative = negative};
  }

  /// The number as operations take it.
  [[nodiscard]] constexpr Dyadic operand() const noexcept {
    auto x = exact();
    if (C::subnormals::flush_input && x.subnormal) x = {.negative = x.negative};
    return x;
  }

  [[nodiscard]] static constexpr Number rounded_sum(Dyadic a, Dyadic b) {
    if constexpr (C::subnormals::flush_input) {
      if (a.subnormal) a = {.negative = a.negative};
      if (b.subnormal) b = {.negative = b.negative};
    }
    auto result = sum(a, b);
    if (detail::rounds_down<typename C::rounding> && result.is_zero() && a.negative != b.negative)
      result.negative = true;
    return Number(result);
  }

  code_type code_{};
};

/// A hash that equal numbers share: one for both zeros. NaN of every code has one as well.
template <ExactFormat F>
[[nodiscard]] constexpr std::size_t hash_value(typename F::code_type code) noexcept {
  const auto x = F::exact(code);
  if (x.kind == Dyadic::Kind::Nan) return ~std::size_t{0};
  return x.is_zero() ? 0 : std::size_t{code} * 0x9E3779B97F4A7C15;
}

}  // namespace bitloom::format

/// @cond  for unordered containers
template <class F, class C>
struct std::hash<bitloom::format::Number<F, C>> {
  constexpr std::size_t operator()(const bitloom::format::Number<F, C>& x) const noexcept {
    return bitloom::format::hash_value<F>(x.code());
  }
};
/// @endcond
