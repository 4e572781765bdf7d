// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

#include <bitloom/core/bits.hpp>
#include <bitloom/format/code.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/minifloat_layout.hpp>

namespace bitloom::format {

/// The usual bias: 2^(E-1) - 1, one more where minus zero is NaN.
[[nodiscard]] constexpr int default_bias(int exponent_bits, Special special) noexcept {
  return (1 << (exponent_bits - 1)) - (special == Special::Fnuz ? 0 : 1);
}

/// Floating point with `E` exponent bits, `M` fraction bits and a sign; see MinifloatLayout for what a code means.
///
/// Source: IEEE 754; OCP "8-bit Floating Point" and "Microscaling Formats" v1.0 for the named ones in named.hpp.
template <int E, int M, Special S = Special::Ieee, int Bias = default_bias(E, S), bool Subnormals = true>
  requires(MinifloatLayout{E, M, Bias, S, Subnormals}.is_legal())
struct Minifloat {
  using code_type = detail::Code<1 + E + M>;
  static constexpr MinifloatLayout layout{E, M, Bias, S, Subnormals};
  static constexpr int bits = layout.bits();
  static constexpr bool is_signed = true;
  static constexpr bool has_inf = layout.has_inf();
  static constexpr bool has_nan = layout.has_nan();
  static constexpr bool has_subnormals = Subnormals && M > 0;
  static constexpr auto max_code = static_cast<code_type>(layout.max_code());

  static constexpr bool is_nan(code_type code) noexcept { return layout.is_nan(code); }
  static constexpr bool is_inf(code_type code) noexcept { return layout.is_inf(code); }

  /// The value, exactly.
  static constexpr Dyadic exact(code_type code) noexcept { return layout.exact(code); }

  /// The value of a code; infinities and NaN as such.
  static constexpr double decode(code_type code) noexcept requires(layout.fits_double()) {
    return to_double(exact(code));
  }
  static constexpr double max() noexcept { return decode(max_code); }
  static constexpr double lowest() noexcept { return -max(); }

  /// The code of a number, rounded once; see MinifloatLayout::encode.
  template <Rounding R, FloatOverflow O = Saturate, NanPolicy N = NanError,
            SubnormalPolicy P = KeepSubnormals, std::floating_point T>
  static constexpr code_type encode(T x, const R& rounding = {}) {
    return encode<R, O, N, P>(to_dyadic(x), rounding);
  }
  template <Rounding R, FloatOverflow O = Saturate, NanPolicy N = NanError,
            SubnormalPolicy P = KeepSubnormals>
  static constexpr code_type encode(const Dyadic& x, const R& rounding = {}) {
    return static_cast<code_type>(layout.encode<R, O, N, P>(x, rounding));
  }
};

}  // namespace bitloom::format
