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

/// What a format of integers (or of fixed point, in units of its last place) does with a number out of range.
template <class O>
concept Overflow = requires(std::uint64_t low_bits, Side side, IntegerRange range) {
  // low_bits: the rounded number modulo 2^64, in two's complement, however large it was. Returns the number that
  // is stored, in two's complement; the format keeps the bits that it has.
  { O::fit(low_bits, side, range) } -> std::same_as<std::uint64_t>;
};

/// Clips to the nearer end of the range.
struct Saturate {
  static constexpr std::uint64_t fit(std::uint64_t low_bits, Side side, IntegerRange range) noexcept {
    if (side == Side::Inside) return low_bits;
    return static_cast<std::uint64_t>(side == Side::Below ? range.lowest : range.max);
  }
};

/// Keeps the low bits, as an adder without an overflow flag does.
struct Wrap {
  static constexpr std::uint64_t fit(std::uint64_t low_bits, Side, IntegerRange) noexcept { return low_bits; }
};

}  // namespace bitloom::format
