// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>

#include <bitloom/format/rounding.hpp>

namespace bitloom::format {

/// A number taken apart: ±significand · 2^exponent exactly, or an infinity, or NaN. What every conversion goes through.
struct Dyadic {
  enum class Kind : std::uint8_t { Finite, Infinite, Nan };

  std::uint64_t significand{};
  int exponent{};
  bool negative{};
  Kind kind = Kind::Finite;
  bool subnormal{};  ///< it was subnormal in the format that it came from
  bool
      sticky{};  ///< a bit below the significand's lowest is set as well, as if half a unit or less were there

  [[nodiscard]] constexpr bool is_finite() const noexcept { return kind == Kind::Finite; }
  [[nodiscard]] constexpr bool is_zero() const noexcept { return is_finite() && significand == 0 && !sticky; }

  /// floor(log2 |x|) of a finite number whose significand is not zero.
  [[nodiscard]] constexpr int top_exponent() const noexcept {
    return exponent + static_cast<int>(std::bit_width(significand)) - 1;
  }

  friend constexpr bool operator==(const Dyadic&, const Dyadic&) = default;
};

/// A float or double, exactly.
template <std::floating_point T>
  requires(std::numeric_limits<T>::is_iec559 && sizeof(T) <= sizeof(double))
[[nodiscard]] constexpr Dyadic to_dyadic(T x) noexcept {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr int fraction_bits = std::numeric_limits<T>::digits - 1;
  constexpr int exponent_bits = static_cast<int>(8 * sizeof(T)) - 1 - fraction_bits;
  constexpr int top_field = (1 << exponent_bits) - 1;
  const auto bits = std::bit_cast<Bits>(x);
  const auto fraction = bits & ((Bits{1} << fraction_bits) - 1);
  const int field = static_cast<int>(bits >> fraction_bits) & top_field;
  Dyadic result{.significand = fraction, .negative = (bits >> (8 * sizeof(T) - 1)) != 0};
  if (field == top_field) {
    result.kind = fraction == 0 ? Dyadic::Kind::Infinite : Dyadic::Kind::Nan;
    result.significand = 0;
    return result;
  }
  if (field != 0) result.significand |= std::uint64_t{1} << fraction_bits;
  result.exponent = (field == 0 ? 1 : field) - top_field / 2 - fraction_bits;
  result.subnormal = field == 0 && fraction != 0;
  return result;
}

namespace detail {

/// 2^exponent for -1022 <= exponent <= 1023.
constexpr double power_of_two(int exponent) noexcept {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

}  // namespace detail

/// The double of a number that has one: a significand of up to 53 bits, inside the exponent range. NaN is quiet.
[[nodiscard]] constexpr double to_double(const Dyadic& x) noexcept {
  double magnitude = 0;
  if (x.kind == Dyadic::Kind::Nan)
    magnitude = std::numeric_limits<double>::quiet_NaN();
  else if (x.kind == Dyadic::Kind::Infinite)
    magnitude = std::numeric_limits<double>::infinity();
  else if (x.exponent < -1022)  // two exact steps, the second of them to a subnormal if need be
    magnitude = static_cast<double>(x.significand) * detail::power_of_two(x.exponent + 200) *
                detail::power_of_two(-200);
  else
    magnitude = static_cast<double>(x.significand) * detail::power_of_two(x.exponent);
  return x.negative ? -magnitude : magnitude;
}

/// The magnitude of a number in units, rounded to a whole one.
struct Units {
  std::uint64_t low_bits{};  ///< modulo 2^64
  bool huge{};               ///< the magnitude has more than 64 bits
};

/// Rounds a finite number to a whole number of units of 2^unit.
template <Rounding R>
[[nodiscard]] constexpr Units round_to_units(const Dyadic& x, int unit, const R& rounding = {}) noexcept {
  const int drop = unit - x.exponent;
  if (drop <= 0) {
    if (x.significand == 0) return {};
    const int shift = -drop;
    const bool huge = static_cast<int>(std::bit_width(x.significand)) + shift > 64;
    return {.low_bits = shift < 64 ? x.significand << shift : 0, .huge = huge};
  }
  const auto kept = drop > 63 ? 0 : x.significand >> drop;
  // a tail of 64 bits and more is squeezed into 63, where its highest bits stay and the others become sticky
  Tail tail{.remainder = x.significand, .bits = drop, .sticky = x.sticky};
  if (drop <= 63) {
    tail.remainder &= (std::uint64_t{1} << drop) - 1;
  } else {
    const int squeeze = drop - 63;
    tail.remainder = squeeze < 64 ? x.significand >> squeeze : 0;
    tail.sticky = tail.sticky || (squeeze < 64 ? (x.significand & ((std::uint64_t{1} << squeeze) - 1)) != 0
                                               : x.significand != 0);
    tail.bits = 63;
  }
  return {.low_bits = kept + (rounding.away_from_zero(x.negative, (kept & 1) != 0, tail) ? 1 : 0)};
}

}  // namespace bitloom::format
