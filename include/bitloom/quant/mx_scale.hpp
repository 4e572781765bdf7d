// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/order.hpp>
#include <bitloom/quant/block_shape.hpp>
#include <bitloom/quant/mx_element.hpp>
#include <bitloom/quant/policies.hpp>

namespace bitloom::quant {

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

/// The width of a scale, 8 in the standard. Code c is 2^(c - bias), the bias 2^(Bits-1) - 1, and the highest code NaN:
/// the exponents are those from -bias to bias.
template <int Bits>
  requires(2 <= Bits && Bits <= 8)
struct ScaleBits {
  static constexpr int bits = Bits;
  static constexpr int bias = (1 << (Bits - 1)) - 1;
  static constexpr std::uint8_t nan_code = (1 << Bits) - 1;

  /// @param exponent  -bias..bias
  static constexpr std::uint8_t code(int exponent) noexcept {
    return static_cast<std::uint8_t>(exponent + bias);
  }
  /// Codes above the highest are NaN as well.
  static constexpr format::Dyadic exact(std::uint8_t code) noexcept {
    if (code >= nan_code) return {.kind = format::Dyadic::Kind::Nan};
    return {.significand = 1, .exponent = code - bias};
  }
};

/// A scale above the largest becomes the largest, and elements are clipped.
struct ClipScale {
  static constexpr bool makes_nan = false;
};
/// … becomes NaN, and the block with it. Below the smallest, scales are clipped all the same.
struct NanAboveScale {
  static constexpr bool makes_nan = true;
};

/// A block with NaN or an infinity gets the scale NaN, which makes all of it NaN: the standard's choice.
struct NanBlock {
  static constexpr bool in_elements = false, throws = false;
};
/// … is a RangeError.
struct NanBlockError {
  static constexpr bool in_elements = false, throws = true;
};
/// … has them in its elements, under a scale that follows from the finite numbers. Infinities become the element's, or
/// its NaN. For elements that have NaN: HoldsNan.
struct NanElements {
  static constexpr bool in_elements = true, throws = false;
};

template <class N>
concept BlockNanPolicy = requires {
  { N::in_elements } -> std::convertible_to<bool>;
  { N::throws } -> std::convertible_to<bool>;
};

/// Blocks whose largest number is subnormal are treated like others.
struct KeepSubnormalBlocks {
  static constexpr bool flushes = false;
};
/// … become zero.
struct FlushSubnormalBlocks {
  static constexpr bool flushes = true;
};

// The kinds of policies of a block format, for PolicyKinds.

struct ScaleRuleKind {
  using Default = ScaleFloor;
  template <class P>
  static constexpr bool has = ScaleRule<P>;
};
struct ScaleBitsKind {
  using Default = ScaleBits<8>;
  template <class P>
  static constexpr bool has = requires(std::uint8_t code) {
    { P::bias } -> std::convertible_to<int>;
    { P::nan_code } -> std::convertible_to<std::uint8_t>;
    { P::code(0) } -> std::same_as<std::uint8_t>;
    { P::exact(code) } -> std::same_as<format::Dyadic>;
  };
};
struct ScaleOverflowKind {
  using Default = ClipScale;
  template <class P>
  static constexpr bool has = requires {
    { P::makes_nan } -> std::convertible_to<bool>;
  };
};
struct BlockNanKind {
  using Default = NanBlock;
  template <class P>
  static constexpr bool has = BlockNanPolicy<P>;
};
struct SubnormalBlockKind {
  using Default = KeepSubnormalBlocks;
  template <class P>
  static constexpr bool has = requires {
    { P::flushes } -> std::convertible_to<bool>;
  };
};
struct BlockShapeKind {
  using Default = Along<32>;
  template <class P>
  static constexpr bool has = BlockShape<P>;
};

}  // namespace bitloom::quant
