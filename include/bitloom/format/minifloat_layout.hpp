// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/overflow.hpp>
#include <bitloom/format/rounding.hpp>

namespace bitloom::format {

/// What the highest codes of a minifloat mean.
enum class Special : std::uint8_t {
  Ieee,    ///< as in IEEE 754: an exponent of all ones is infinity, or NaN if the fraction is not zero
  Fn,      ///< finite numbers, and one NaN of each sign: all bits set
  Fnuz,    ///< finite numbers, and one NaN in the place of minus zero
  Finite,  ///< every code is a number
};

/// NaN into a format without NaN is an error.
struct NanError {};
/// … is the largest value of its sign.
struct NanToMax {};
/// … is zero.
struct NanToZero {};
/// … is minus zero, or zero if it was negative, as ml_dtypes has it.
struct NanToNegativeZero {};

template <class N>
concept NanPolicy = std::same_as<N, NanError> || std::same_as<N, NanToMax> || std::same_as<N, NanToZero> ||
    std::same_as<N, NanToNegativeZero>;

/// Numbers below the smallest normal one are kept.
struct KeepSubnormals {
  static constexpr bool flush_input = false, flush_output = false;
};
/// An operand that is subnormal in the format that it comes from counts as zero of its sign.
struct FlushInput {
  static constexpr bool flush_input = true, flush_output = false;
};
/// A result below the smallest normal number, after rounding at full precision, is zero of its sign.
struct FlushOutput {
  static constexpr bool flush_input = false, flush_output = true;
};

template <class P>
concept SubnormalPolicy = requires {
  { P::flush_input } -> std::convertible_to<bool>;
  { P::flush_output } -> std::convertible_to<bool>;
};

/// The parameters of a minifloat, and what its codes mean. A structural type: a template argument of Minifloat, or a
/// value at run time.
///
/// A code is sign, exponent field e, fraction m, the sign highest. Its value is m · 2^(1-bias-M) for e = 0 and
/// (2^M + m) · 2^(e-bias-M) else. Without subnormals a code with e = 0 is zero.
struct MinifloatLayout {
  int exponent_bits{};  ///< E, 1..8
  int fraction_bits{};  ///< M, 0..23
  int bias{};
  Special special{};
  bool subnormals = true;

  friend constexpr bool operator==(const MinifloatLayout&, const MinifloatLayout&) = default;

  /// In range, and some number is not zero.
  [[nodiscard]] constexpr bool is_legal() const noexcept {
    return 1 <= exponent_bits && exponent_bits <= 8 && 0 <= fraction_bits && fraction_bits <= 23 &&
           -100000 <= bias && bias <= 100000 && magnitudes() > reserved() &&
           max_code() >= (subnormals ? 1 : std::uint64_t{1} << fraction_bits);
  }

  /// Every value is a double.
  [[nodiscard]] constexpr bool fits_double() const noexcept { return -700 < bias && bias < 950; }

  [[nodiscard]] constexpr int bits() const noexcept { return 1 + exponent_bits + fraction_bits; }
  [[nodiscard]] constexpr int min_exponent() const noexcept { return 1 - bias; }
  [[nodiscard]] constexpr bool has_inf() const noexcept { return special == Special::Ieee; }
  [[nodiscard]] constexpr bool has_nan() const noexcept {
    return special == Special::Fn || special == Special::Fnuz ||
           (special == Special::Ieee && fraction_bits > 0);
  }
  [[nodiscard]] constexpr bool has_negative_zero() const noexcept { return special != Special::Fnuz; }

  /// Number of codes without a sign; also the sign bit.
  [[nodiscard]] constexpr std::uint64_t magnitudes() const noexcept {
    return std::uint64_t{1} << (exponent_bits + fraction_bits);
  }
  [[nodiscard]] constexpr std::uint64_t max_code() const noexcept { return magnitudes() - 1 - reserved(); }
  [[nodiscard]] constexpr std::uint64_t inf_code() const noexcept {
    return core::low_mask(exponent_bits) << fraction_bits;
  }
  /// The NaN that encoding gives, without a sign.
  [[nodiscard]] constexpr std::uint64_t nan_code() const noexcept {
    if (special == Special::Ieee) return inf_code() | (magnitudes() / 2 >> exponent_bits);
    return special == Special::Fnuz ? magnitudes() : magnitudes() - 1;
  }

  [[nodiscard]] constexpr bool is_nan(std::uint64_t code) const noexcept {
    if (special == Special::Fnuz) return code == magnitudes();
    const auto magnitude = code & (magnitudes() - 1);
    return special == Special::Ieee ? magnitude > inf_code()
                                    : special == Special::Fn && magnitude == magnitudes() - 1;
  }
  [[nodiscard]] constexpr bool is_inf(std::uint64_t code) const noexcept {
    return has_inf() && (code & (magnitudes() - 1)) == inf_code();
  }

  /// The value, exactly.
  [[nodiscard]] constexpr Dyadic exact(std::uint64_t code) const noexcept {
    Dyadic x{.negative = (code & magnitudes()) != 0};
    if (is_nan(code)) {
      x.kind = Dyadic::Kind::Nan;
    } else if (is_inf(code)) {
      x.kind = Dyadic::Kind::Infinite;
    } else {
      const int field = static_cast<int>((code >> fraction_bits) & core::low_mask(exponent_bits));
      const auto fraction = code & core::low_mask(fraction_bits);
      if (field == 0 && (fraction == 0 || !subnormals)) return x;
      x.significand = field == 0 ? fraction : fraction | (std::uint64_t{1} << fraction_bits);
      x.exponent = (field == 0 ? 1 : field) - bias - fraction_bits;
      x.subnormal = field == 0;
    }
    return x;
  }

  /// The code of a number, rounded once.
  ///
  /// @tparam O  what numbers beyond the largest become
  /// @tparam N  what NaN becomes in a format without one
  /// @tparam P  what subnormals become, beside the format's own rule
  /// @throws RangeError  NaN, in a format without one, with the policy NanError
  template <Rounding R, FloatOverflow O, NanPolicy N, SubnormalPolicy P>
  [[nodiscard]] constexpr std::uint64_t encode(const Dyadic& x, const R& rounding = {}) const {
    if (x.kind == Dyadic::Kind::Nan) return encode_nan<N>(x.negative);
    const bool stops = rounding.stops_at_max(x.negative);
    if (x.kind == Dyadic::Kind::Infinite) return encode_beyond(O::keeps_max(true, stops), x.negative);
    if (x.is_zero() || (P::flush_input && x.subnormal)) return with_sign(0, x.negative);
    const bool flush = P::flush_output || !subnormals;
    const int top = x.significand == 0 ? x.exponent - 1 : x.top_exponent();
    const int binade = flush || top > min_exponent() ? top : min_exponent();
    auto units = static_cast<std::int64_t>(round_to_units(x, binade - fraction_bits, rounding).low_bits);
    if constexpr (TiesByCode<R>)  // between powers of two, 1 and 2 units
      if (fraction_bits == 0 && binade == top && is_halfway(x) && ((binade + bias) & 1) == 0) units = 1;
    // the hidden bit of `units` carries into the exponent, and so does a fraction that was rounded up to 2
    const auto one = std::int64_t{1} << fraction_bits;
    const auto code = units < one ? units : (std::int64_t{binade} + bias - 1) * one + units;
    if (flush && code < one) return with_sign(0, x.negative);
    if (code > static_cast<std::int64_t>(max_code()))
      return encode_beyond(O::keeps_max(false, stops), x.negative);
    return with_sign(static_cast<std::uint64_t>(code), x.negative);
  }

 private:
  /// 3 · 2^n, halfway between neighbouring powers of two.
  [[nodiscard]] static constexpr bool is_halfway(const Dyadic& x) noexcept {
    return !x.sticky && x.significand != 0 && x.significand >> std::countr_zero(x.significand) == 3;
  }

  /// Codes at the top of the magnitudes that are no finite numbers.
  [[nodiscard]] constexpr std::uint64_t reserved() const noexcept {
    if (special == Special::Ieee) return std::uint64_t{1} << fraction_bits;
    return special == Special::Fn ? 1 : 0;
  }

  [[nodiscard]] constexpr std::uint64_t with_sign(std::uint64_t magnitude, bool negative) const noexcept {
    if (magnitude == 0 && !has_negative_zero()) return 0;
    return negative ? magnitude | magnitudes() : magnitude;
  }

  /// The largest value, or what lies beyond it: infinity, or NaN, or the largest value after all.
  [[nodiscard]] constexpr std::uint64_t encode_beyond(bool keeps_max, bool negative) const noexcept {
    if (keeps_max || (!has_inf() && !has_nan())) return with_sign(max_code(), negative);
    return with_sign(has_inf() ? inf_code() : nan_code(), negative);
  }

  template <class N>
  [[nodiscard]] constexpr std::uint64_t encode_nan(bool negative) const {
    if (has_nan()) return with_sign(nan_code(), negative);
    if constexpr (std::same_as<N, NanToMax>) return with_sign(max_code(), negative);
    if constexpr (std::same_as<N, NanToZero>) return 0;
    if constexpr (std::same_as<N, NanToNegativeZero>) return with_sign(0, !negative);
    throw RangeError("encode: NaN, in a format without one");
  }
};

}  // namespace bitloom::format
