// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/overflow.hpp>
#include <bitloom/format/rounding.hpp>

namespace bitloom::format {

/// A power of two without a sign: code c is 2^(c - 127), 255 is NaN. There is no zero.
///
/// Rounding is that of a minifloat with no fraction bits: the significand of 1 is odd, so a tie between powers of two
/// goes up. What is below 2^-127 becomes code 0 in every mode.
/// Source: OCP "Microscaling Formats" v1.0.
struct E8m0fnu {
  using code_type = std::uint8_t;
  static constexpr int bits = 8;
  static constexpr bool is_signed = false;
  static constexpr bool has_inf = false;
  static constexpr bool has_nan = true;
  static constexpr bool has_subnormals = false;
  static constexpr code_type max_code = 254;
  static constexpr code_type nan_code = 255;

  static constexpr bool is_nan(code_type code) noexcept { return code == nan_code; }
  static constexpr Dyadic exact(code_type code) noexcept {
    if (is_nan(code)) return {.kind = Dyadic::Kind::Nan};
    return {.significand = 1, .exponent = code - 127};
  }
  static constexpr double decode(code_type code) noexcept { return to_double(exact(code)); }
  static constexpr double max() noexcept { return decode(max_code); }
  static constexpr double lowest() noexcept { return decode(0); }

  /// The code of a number, rounded once. Zero and negative numbers become code 0 if `O` clips finite numbers (zero only
  /// if it clips all), else NaN.
  template <Rounding R, FloatOverflow O = Saturate, std::floating_point T>
  static constexpr code_type encode(T x, const R& rounding = {}) {
    return encode<R, O>(to_dyadic(x), rounding);
  }
  template <Rounding R, FloatOverflow O = Saturate>
  static constexpr code_type encode(const Dyadic& x, const R& rounding = {}) {
    constexpr bool clips_all = O::keeps_max(true, false);
    constexpr bool clips_finite = O::keeps_max(false, false);
    if (x.kind == Dyadic::Kind::Nan) return nan_code;
    if (x.kind == Dyadic::Kind::Infinite) return !x.negative && clips_all ? max_code : nan_code;
    if (x.negative) return clips_finite ? 0 : nan_code;
    if (x.is_zero()) return clips_all ? 0 : nan_code;
    const int top = x.top_exponent();
    if (top < -127) return 0;
    auto units = static_cast<int>(round_to_units(x, top, rounding).low_bits);  // 1, or 2 if it went up
    if constexpr (TiesByCode<R>) {
      const bool halfway = !x.sticky && x.significand >> std::countr_zero(x.significand) == 3;
      if (halfway && ((top + 127) & 1) == 0) units = 1;
    }
    const int code = top + 127 + units - 1;
    if (code <= max_code) return static_cast<code_type>(code);
    return O::keeps_max(false, rounding.stops_at_max(false)) ? max_code : nan_code;
  }
};

}  // namespace bitloom::format
