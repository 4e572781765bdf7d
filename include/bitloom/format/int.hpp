// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>

namespace bitloom::format {

/// Whether the codes of an integer are two's complement or all non-negative.
struct Signed {
  static constexpr bool is_signed = true;
};
struct Unsigned {
  static constexpr bool is_signed = false;
};

template <class S>
concept Signedness = std::same_as<S, Signed> || std::same_as<S, Unsigned>;

namespace detail {

/// The smallest unsigned type with at least `Bits` bits.
template <int Bits>
using Code =
    std::conditional_t<Bits <= 8, std::uint8_t,
                       std::conditional_t<Bits <= 16, std::uint16_t,
                                          std::conditional_t<Bits <= 32, std::uint32_t, std::uint64_t>>>;

/// A real number rounded to an integer: its two's complement modulo 2^64, and the magnitude where it fits.
struct RoundedInteger {
  std::uint64_t low_bits{};
  bool negative{};
  bool huge{};  ///< the magnitude is 2^63 or more
};

/// Rounds a finite number to an integer.
template <Rounding R>
constexpr RoundedInteger round_to_integer(double x) noexcept {
  const auto pattern = std::bit_cast<std::uint64_t>(x);
  const bool negative = (pattern >> 63) != 0;
  const int field = static_cast<int>((pattern >> 52) & 0x7FF);
  const std::uint64_t fraction = pattern & ((std::uint64_t{1} << 52) - 1);
  const std::uint64_t significand = field == 0 ? fraction : fraction | (std::uint64_t{1} << 52);
  const int exponent = (field == 0 ? 1 : field) - 1075;  // |x| = significand * 2^exponent
  const auto result = [&](std::uint64_t magnitude, bool huge) {
    return RoundedInteger{
        .low_bits = negative ? 0 - magnitude : magnitude, .negative = negative, .huge = huge};
  };
  if (exponent >= 64) return result(0, true);
  if (exponent >= 0) {
    const auto magnitude = significand << exponent;
    return result(magnitude, static_cast<int>(std::bit_width(significand)) + exponent > 63);
  }
  const int drop = -exponent;
  const auto kept = drop > 63 ? 0 : significand >> drop;
  // beyond 62 bits the kept part is zero and the tail is far below half: a sticky bit says all there is to know
  const auto tail = drop > 62
                        ? Tail{.remainder = 0, .bits = 62, .sticky = significand != 0}
                        : Tail{.remainder = significand & ((std::uint64_t{1} << drop) - 1), .bits = drop};
  return result(kept + (R::away_from_zero(negative, (kept & 1) != 0, tail) ? 1 : 0), false);
}

}  // namespace detail

/// Integer of `Bits` bits. A code is the low `Bits` bits of its value: two's complement if signed.
///
/// Covers 1..32 bits. `Int<1>` has the values -1 and 0.
template <int Bits, Signedness S = Signed>
  requires(1 <= Bits && Bits <= 32)
struct Int {
  using code_type = detail::Code<Bits>;
  static constexpr int bits = Bits;
  static constexpr bool is_signed = S::is_signed;
  static constexpr IntegerRange range{
      .lowest = is_signed ? -(std::int64_t{1} << (Bits - 1)) : 0,
      .max = (std::int64_t{1} << (is_signed ? Bits - 1 : Bits)) - 1,
  };

  static constexpr double lowest() noexcept { return static_cast<double>(range.lowest); }
  static constexpr double max() noexcept { return static_cast<double>(range.max); }

  static constexpr double decode(code_type code) noexcept { return static_cast<double>(wide(code)); }

  /// The value of a code as an integer; unsigned formats are limited to 31 bits here.
  static constexpr std::int32_t integer(code_type code) noexcept requires(is_signed || Bits < 32) {
    return static_cast<std::int32_t>(wide(code));
  }

  /// The low bits of an integer.
  static constexpr code_type code(std::int64_t value) noexcept {
    return static_cast<code_type>(static_cast<std::uint64_t>(value) & mask);
  }

  /// The code of `x` after rounding and then the overflow rule.
  /// @throws RangeError  `x` is NaN or infinite
  template <Rounding R, Overflow O = Saturate>
  static constexpr code_type encode(double x) {
    if (!(x - x == 0.0)) throw RangeError("integer encode: the input is NaN or infinite");
    const auto rounded = detail::round_to_integer<R>(x);
    return static_cast<code_type>(O::fit(rounded.low_bits, side(rounded), range) & mask);
  }

 private:
  static constexpr std::uint64_t mask = (std::uint64_t{1} << Bits) - 1;

  static constexpr std::int64_t wide(code_type code) noexcept {
    const auto sign = is_signed ? std::uint64_t{1} << (Bits - 1) : 0;
    return static_cast<std::int64_t>(((code & mask) ^ sign) - sign);
  }

  static constexpr Side side(detail::RoundedInteger x) noexcept {
    if (x.huge) return x.negative ? Side::Below : Side::Above;
    const auto value = static_cast<std::int64_t>(x.low_bits);
    if (value < range.lowest) return Side::Below;
    return value > range.max ? Side::Above : Side::Inside;
  }
};

static_assert(IntegerFormat<Int<4>> && IntegerFormat<Int<8, Unsigned>> && Format<Int<32, Unsigned>>);

}  // namespace bitloom::format
