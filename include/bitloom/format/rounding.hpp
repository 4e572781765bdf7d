// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>

namespace bitloom::format {

/// What rounding cuts off a magnitude: `bits` bits of weight below the unit in the last place.
///
/// Deterministic policies need two facts of it, `is_zero()` and `against_half()`; a stochastic one reads the bits.
struct Tail {
  std::uint64_t remainder{};  ///< the bits cut off, an integer below 2^bits
  int bits{};                 ///< how many; 0: nothing was cut
  bool sticky{};              ///< some bit below the remainder's lowest was set as well

  [[nodiscard]] constexpr bool is_zero() const noexcept { return remainder == 0 && !sticky; }

  /// Compares the tail with half a unit in the last place.
  [[nodiscard]] constexpr std::strong_ordering against_half() const noexcept {
    if (bits == 0) return sticky ? std::strong_ordering::less : 0 <=> 1;
    const auto half = std::uint64_t{1} << (bits - 1);
    return remainder == half && sticky ? std::strong_ordering::greater : remainder <=> half;
  }
};

/// A rounding rule on sign and magnitude.
template <class R>
concept Rounding = requires(bool negative, bool odd, Tail tail) {
  // true: the magnitude grows by one unit. `negative`: sign of the number; `odd`: its kept part is odd
  { R::away_from_zero(negative, odd, tail) } -> std::same_as<bool>;
};

/// To nearest, a tie to the even neighbour. IEEE 754 roundTiesToEven.
struct NearestEven {
  static constexpr bool away_from_zero(bool, bool odd, Tail tail) noexcept {
    const auto order = tail.against_half();
    return std::is_gt(order) || (std::is_eq(order) && odd);
  }
};

/// To nearest, a tie away from zero.
struct NearestAway {
  static constexpr bool away_from_zero(bool, bool, Tail tail) noexcept {
    return std::is_gteq(tail.against_half());
  }
};

/// To nearest, a tie toward +infinity: floor(x + 1/2).
struct NearestUp {
  static constexpr bool away_from_zero(bool negative, bool, Tail tail) noexcept {
    const auto order = tail.against_half();
    return std::is_gt(order) || (std::is_eq(order) && !negative);
  }
};

/// Toward zero: truncation.
struct TowardZero {
  static constexpr bool away_from_zero(bool, bool, Tail) noexcept { return false; }
};

/// Toward -infinity: floor.
struct Down {
  static constexpr bool away_from_zero(bool negative, bool, Tail tail) noexcept {
    return negative && !tail.is_zero();
  }
};

/// Toward +infinity: ceiling.
struct Up {
  static constexpr bool away_from_zero(bool negative, bool, Tail tail) noexcept {
    return !negative && !tail.is_zero();
  }
};

}  // namespace bitloom::format
