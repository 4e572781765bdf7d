// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

namespace bitloom::format {

/// Where a rounded number lies relative to a format's range.
enum class Side { Below, Inside, Above };

/// The integers that a format can hold, both ends included.
struct IntegerRange {
  std::int64_t lowest{};
  std::int64_t max{};
};

/// Both ends of a format of up to 64 bits, in two's complement.
struct Ends {
  std::uint64_t lowest{};
  std::uint64_t max{};
};

/// What a format of integers (or of fixed point, in units of its last place) does with a number out of range.
template <class O>
concept Overflow = requires(std::uint64_t low_bits, Side side, Ends ends) {
  // low_bits: the rounded number modulo 2^64, in two's complement, however large it was. Returns the number that
  // is stored, in two's complement; the format keeps the bits that it has.
  { O::fit(low_bits, side, ends) } -> std::same_as<std::uint64_t>;
};

/// What a minifloat does with a number beyond its largest value.
template <class O>
concept FloatOverflow = requires(bool was_infinite, bool stops_at_max) {
  // true: the largest value of that sign is stored; false: infinity, or NaN where there is none, or the largest value
  // where there is neither. was_infinite: the number came in as an infinity; stops_at_max: see Rounding
  { O::keeps_max(was_infinite, stops_at_max) } -> std::same_as<bool>;
};

/// Clips to the nearer end of the range; a minifloat clips infinities too.
struct Saturate {
  static constexpr std::uint64_t fit(std::uint64_t low_bits, Side side, Ends ends) noexcept {
    if (side == Side::Inside) return low_bits;
    return side == Side::Below ? ends.lowest : ends.max;
  }
  static constexpr bool keeps_max(bool, bool) noexcept { return true; }
};

/// Keeps the low bits, as an adder without an overflow flag does.
struct Wrap {
  static constexpr std::uint64_t fit(std::uint64_t low_bits, Side, Ends) noexcept { return low_bits; }
};

/// Replaces a number out of range by zero.
struct SaturateZero {
  static constexpr std::uint64_t fit(std::uint64_t low_bits, Side side, Ends) noexcept {
    return side == Side::Inside ? low_bits : 0;
  }
};

/// Clips to a range that is symmetric around zero: the most negative code is not used, except by a format of one bit.
struct SaturateSymmetric {
  static constexpr std::uint64_t fit(std::uint64_t low_bits, Side side, Ends ends) noexcept {
    const auto lowest = ends.lowest != 0 && ends.max != 0 ? 0 - ends.max : ends.lowest;
    if (side == Side::Inside) return low_bits == ends.lowest ? lowest : low_bits;
    return side == Side::Below ? lowest : ends.max;
  }
};

/// Finite numbers are clipped, infinities stay what they are.
struct SaturateFinite {
  static constexpr bool keeps_max(bool was_infinite, bool) noexcept { return !was_infinite; }
};

/// IEEE 754: beyond the largest value comes infinity, unless the rounding stops short of it.
struct OverflowToInfinity {
  static constexpr bool keeps_max(bool was_infinite, bool stops_at_max) noexcept {
    return !was_infinite && stops_at_max;
  }
};

}  // namespace bitloom::format
