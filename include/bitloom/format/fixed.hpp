// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/code.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/int.hpp>

namespace bitloom::format {

/// The parameters of a fixed-point format, and what its codes mean: of `width` bits, `integer_bits` in front of the
/// point, which may be negative or more than all.
///
/// A code is the low `width` bits of value · 2^(width - integer_bits), in two's complement if signed.
struct FixedLayout {
  int width{};         ///< 1..64
  int integer_bits{};  ///< -1000..1000
  bool is_signed = true;

  friend constexpr bool operator==(const FixedLayout&, const FixedLayout&) = default;

  [[nodiscard]] constexpr bool is_legal() const noexcept {
    return 1 <= width && width <= 64 && -1000 <= integer_bits && integer_bits <= 1000;
  }

  /// The unit in the last place is 2^-fraction_bits.
  [[nodiscard]] constexpr int fraction_bits() const noexcept { return width - integer_bits; }

  [[nodiscard]] constexpr Ends ends() const noexcept {
    return {.lowest = is_signed ? ~core::low_mask(width - 1) : 0,
            .max = core::low_mask(is_signed ? width - 1 : width)};
  }

  /// A code in two's complement of 64 bits.
  [[nodiscard]] constexpr std::uint64_t raw(std::uint64_t code) const noexcept {
    return is_signed ? static_cast<std::uint64_t>(core::sign_extend(code, width)) : code;
  }

  /// The value, exactly.
  [[nodiscard]] constexpr Dyadic exact(std::uint64_t code) const noexcept {
    const bool negative = is_signed && (raw(code) >> 63) != 0;
    return {.significand = negative ? 0 - raw(code) : raw(code),
            .exponent = -fraction_bits(),
            .negative = negative};
  }

  /// The code of a number: rounded to the unit in the last place, then fitted to the range.
  /// @throws RangeError  NaN or infinite
  template <Rounding R, Overflow O>
  [[nodiscard]] constexpr std::uint64_t encode(const Dyadic& x, const R& rounding = {}) const {
    if (!x.is_finite()) throw RangeError("fixed-point encode: the input is NaN or infinite");
    return detail::fit<O>(x, -fraction_bits(), ends(), rounding) & core::low_mask(width);
  }
};

/// Fixed point of `W` bits, `I` of them in front of the point: what ac_fixed and ap_fixed store.
///
/// Their rounding modes are Down (TRN), TowardZero (TRN_ZERO), NearestUp (RND), NearestZero (RND_ZERO), NearestDown
/// (RND_MIN_INF), NearestAway (RND_INF), NearestEven (RND_CONV) and NearestOdd (RND_CONV_ODD); their overflow modes
/// Wrap, Saturate, SaturateZero and SaturateSymmetric.
template <int W, int I, Signedness S = Signed>
  requires(FixedLayout{W, I}.is_legal())
struct Fixed {
  using code_type = detail::Code<W>;
  static constexpr FixedLayout layout{W, I, S::is_signed};
  static constexpr int bits = W;
  static constexpr bool is_signed = S::is_signed;

  /// The value, exactly.
  static constexpr Dyadic exact(code_type code) noexcept { return layout.exact(code); }

  /// The value of a code, for formats whose values are doubles.
  static constexpr double decode(code_type code) noexcept requires(W <= 53) { return to_double(exact(code)); }
  static constexpr double max() noexcept requires(W <= 53) {
    return decode(static_cast<code_type>(layout.ends().max));
  }
  static constexpr double lowest() noexcept requires(W <= 53) {
    return decode(static_cast<code_type>(layout.ends().lowest & core::low_mask(W)));
  }

  /// The code of a number, see FixedLayout::encode.
  template <Rounding R, Overflow O = Saturate, std::floating_point T>
  static constexpr code_type encode(T x, const R& rounding = {}) {
    return encode<R, O>(to_dyadic(x), rounding);
  }
  template <Rounding R, Overflow O = Saturate>
  static constexpr code_type encode(const Dyadic& x, const R& rounding = {}) {
    return static_cast<code_type>(layout.encode<R, O>(x, rounding));
  }
};

}  // namespace bitloom::format
