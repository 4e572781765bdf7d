// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/format/order.hpp>

namespace bitloom::quant {

/// What a block format needs of its elements beyond format::Format.
///
/// max_exponent: of the largest value; fraction_bits: of the significand, the bits that the even scale rule keeps.
template <class E>
concept MxElement = requires(typename E::code_type code, const format::Dyadic& x) {
  { E::max_exponent } -> std::convertible_to<int>;
  { E::fraction_bits } -> std::convertible_to<int>;
  { E::max() } -> std::same_as<format::Dyadic>;
  { E::exact(code) } -> std::same_as<format::Dyadic>;
  { E::encode(x) } -> std::same_as<typename E::code_type>;  // to nearest even, saturating
};

/// Minifloat elements: MXFP8, MXFP6, MXFP4.
template <class F>
struct MxFloat {
  using code_type = typename F::code_type;
  static constexpr int max_exponent = F::exact(F::max_code).top_exponent();
  static constexpr int fraction_bits = F::layout.fraction_bits;
  static constexpr format::Dyadic max() noexcept { return F::exact(F::max_code); }
  static constexpr format::Dyadic exact(code_type code) noexcept { return F::exact(code); }
  static constexpr code_type encode(const format::Dyadic& x) {
    return F::template encode<format::NearestEven, format::Saturate>(x);
  }
};

/// Integer elements of `Bits` bits below 2 in magnitude: MXINT8, MXINT4, MXINT2. The most negative code is not used.
template <int Bits>
  requires(2 <= Bits && Bits <= 8)
struct MxInt {
  using Format = format::Fixed<Bits, 2>;
  using code_type = typename Format::code_type;
  static constexpr int max_exponent = 0;
  static constexpr int fraction_bits = Bits - 2;
  static constexpr format::Dyadic max() noexcept {
    return Format::exact(static_cast<code_type>(core::low_mask(Bits - 1)));
  }
  static constexpr format::Dyadic exact(code_type code) noexcept { return Format::exact(code); }
  static constexpr code_type encode(const format::Dyadic& x) {
    return Format::template encode<format::NearestEven, format::SaturateSymmetric>(x);
  }
};

using MxFp8E4m3 = MxFloat<format::E4m3fn>;
using MxFp8E5m2 = MxFloat<format::E5m2>;
using MxFp6E3m2 = MxFloat<format::E3m2fn>;
using MxFp6E2m3 = MxFloat<format::E2m3fn>;
using MxFp4 = MxFloat<format::E2m1fn>;
using MxInt8 = MxInt<8>;

// How the exponent of a block's scale follows from its largest magnitude, a finite number that is not zero.

/// floor(log2 largest) less that of the element's largest: the standard's rule. The largest number may be clipped.
struct ScaleFloor {
  template <MxElement E>
  static constexpr int exponent(const format::Dyadic& largest) noexcept {
    return largest.top_exponent() - E::max_exponent;
  }
};

/// ceil(log2 largest) less that of the element's largest.
struct ScaleCeil {
  template <MxElement E>
  static constexpr int exponent(const format::Dyadic& largest) noexcept {
    const bool power_of_two = (largest.significand & (largest.significand - 1)) == 0;
    return largest.top_exponent() + (power_of_two ? 0 : 1) - E::max_exponent;
  }
};

/// The smallest exponent with which nothing is clipped.
struct ScaleToMax {
  template <MxElement E>
  static constexpr int exponent(const format::Dyadic& largest) noexcept {
    const int floor = largest.top_exponent() - E::max_exponent;
    auto scaled = largest;
    scaled.exponent -= floor;
    return floor + (format::compare(scaled, E::max()) > 0 ? 1 : 0);
  }
};

/// ScaleFloor after rounding the largest magnitude to the element's fraction bits, ties to even.
struct ScaleEven {
  template <MxElement E>
  static constexpr int exponent(const format::Dyadic& largest) noexcept {
    const int top = largest.top_exponent();
    const auto units = format::round_to_units<format::NearestEven>(largest, top - E::fraction_bits).low_bits;
    const bool carried = units >> (E::fraction_bits + 1) != 0;
    return top + (carried ? 1 : 0) - E::max_exponent;
  }
};

template <class R>
concept ScaleRule = requires(const format::Dyadic& largest) {
  { R::template exponent<MxInt8>(largest) } -> std::same_as<int>;
};

/// A block of numbers with one power of two as their scale.
///
/// A number is element · 2^(scale - 127). A block of zeros has scale 0; one with NaN or an infinity has scale 255, which
/// makes all of it NaN. The standard's block has 32 numbers; any other count works alike.
/// Source: OCP "Microscaling Formats (MX)" v1.0.
template <MxElement E, ScaleRule R = ScaleFloor>
struct MxBlock {
  using code_type = typename E::code_type;
  static constexpr std::int64_t standard_size = 32;

  /// Encodes a block and returns its scale.
  /// @throws ShapeError  `codes` has another length than `values`
  static constexpr std::uint8_t encode(std::span<const float> values, std::span<code_type> codes) {
    core::check_equal("codes", std::ssize(codes), "the values of a block", std::ssize(values));
    std::ranges::fill(codes, code_type{});
    format::Dyadic largest;
    for (const float value : values) {
      auto x = format::to_dyadic(value);
      if (!x.is_finite()) return format::E8m0fnu::nan_code;
      x.negative = false;
      if (format::compare(x, largest) > 0) largest = x;
    }
    if (largest.is_zero()) return 0;
    const int exponent = std::clamp(R::template exponent<E>(largest), -127, 127);
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto x = format::to_dyadic(values[i]);
      x.exponent -= exponent;
      codes[i] = E::encode(x);
    }
    return static_cast<std::uint8_t>(exponent + 127);
  }

  /// The number that an element stands for, rounded to float where that has fewer exponents.
  static constexpr float decode(std::uint8_t scale, code_type code) noexcept {
    const auto power = format::E8m0fnu::exact(scale);
    auto x = E::exact(code);
    if (power.kind == format::Dyadic::Kind::Nan) x.kind = format::Dyadic::Kind::Nan;
    x.exponent += power.exponent;
    return static_cast<float>(format::to_double(x));
  }
};

}  // namespace bitloom::quant
