// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

#include <bitloom/core/error.hpp>
#include <bitloom/format/code.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>

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

/// The two's complement that is stored for a finite number, in units of 2^unit, after rounding and overflow.
template <Overflow O, Rounding R>
constexpr std::uint64_t fit(const Dyadic& x, int unit, const Ends& ends, const R& rounding) noexcept {
  const auto units = round_to_units(x, unit, rounding);
  const bool negative = x.negative && (units.low_bits != 0 || units.huge);
  const auto low_bits = negative ? 0 - units.low_bits : units.low_bits;
  // magnitudes are compared without a sign, so that 64 bits are enough for either end
  Side side = Side::Inside;
  if (negative && (units.huge || units.low_bits > 0 - ends.lowest)) side = Side::Below;
  if (!negative && (units.huge || units.low_bits > ends.max)) side = Side::Above;
  return O::fit(low_bits, side, ends);
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

  /// The value, exactly.
  static constexpr Dyadic exact(code_type code) noexcept {
    const auto value = wide(code);
    return {.significand = static_cast<std::uint64_t>(value < 0 ? -value : value), .negative = value < 0};
  }

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
  static constexpr code_type encode(double x, const R& rounding = {}) {
    return encode<R, O>(to_dyadic(x), rounding);
  }
  template <Rounding R, Overflow O = Saturate>
  static constexpr code_type encode(const Dyadic& x, const R& rounding = {}) {
    if (!x.is_finite()) throw RangeError("integer encode: the input is NaN or infinite");
    return static_cast<code_type>(detail::fit<O>(x, 0, ends, rounding) & mask);
  }

 private:
  static constexpr std::uint64_t mask = (std::uint64_t{1} << Bits) - 1;
  static constexpr Ends ends{static_cast<std::uint64_t>(range.lowest), static_cast<std::uint64_t>(range.max)};

  static constexpr std::int64_t wide(code_type code) noexcept {
    const auto sign = is_signed ? std::uint64_t{1} << (Bits - 1) : 0;
    return static_cast<std::int64_t>(((code & mask) ^ sign) - sign);
  }
};

static_assert(IntegerFormat<Int<4>> && IntegerFormat<Int<8, Unsigned>> && Format<Int<32, Unsigned>>);

}  // namespace bitloom::format
