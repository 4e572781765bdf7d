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
concept Rounding = requires(const R rounding, bool negative, bool odd, Tail tail) {
  // true: the magnitude grows by one unit. `negative`: sign of the number; `odd`: its kept part is odd
  { rounding.away_from_zero(negative, odd, tail) } -> std::same_as<bool>;
  // true: a number of that sign beyond the largest value stays there; false: it goes to infinity, if there is one
  { rounding.stops_at_max(negative) } -> std::same_as<bool>;
};

/// To nearest, a tie to the even neighbour. IEEE 754 roundTiesToEven.
struct NearestEven {
  static constexpr bool stops_at_max(bool) noexcept { return false; }
  static constexpr bool away_from_zero(bool, bool odd, Tail tail) noexcept {
    const auto order = tail.against_half();
    return std::is_gt(order) || (std::is_eq(order) && odd);
  }
};

/// To nearest, a tie to the even code, not to the even significand: between powers of two, where a format has no fraction
/// bits, they differ. Elsewhere it is NearestEven. As the draft of IEEE P3109 has it (unverified).
struct NearestEvenCode : NearestEven {
  static constexpr bool ties_by_code = true;
};

/// A rounding rule that asks for the parity of the code.
template <class R>
concept TiesByCode = requires {
  requires R::ties_by_code;
};

/// To nearest, a tie away from zero.
struct NearestAway {
  static constexpr bool stops_at_max(bool) noexcept { return false; }
  static constexpr bool away_from_zero(bool, bool, Tail tail) noexcept {
    return std::is_gteq(tail.against_half());
  }
};

/// To nearest, a tie toward +infinity: floor(x + 1/2).
struct NearestUp {
  static constexpr bool stops_at_max(bool) noexcept { return false; }
  static constexpr bool away_from_zero(bool negative, bool, Tail tail) noexcept {
    const auto order = tail.against_half();
    return std::is_gt(order) || (std::is_eq(order) && !negative);
  }
};

/// Toward zero: truncation.
struct TowardZero {
  static constexpr bool stops_at_max(bool) noexcept { return true; }
  static constexpr bool away_from_zero(bool, bool, Tail) noexcept { return false; }
};

/// Toward -infinity: floor.
struct Down {
  static constexpr bool stops_at_max(bool negative) noexcept { return !negative; }
  static constexpr bool away_from_zero(bool negative, bool, Tail tail) noexcept {
    return negative && !tail.is_zero();
  }
};

/// Toward +infinity: ceiling.
struct Up {
  static constexpr bool stops_at_max(bool negative) noexcept { return negative; }
  static constexpr bool away_from_zero(bool negative, bool, Tail tail) noexcept {
    return !negative && !tail.is_zero();
  }
};

/// To nearest, a tie toward zero.
struct NearestZero {
  static constexpr bool stops_at_max(bool) noexcept { return false; }
  static constexpr bool away_from_zero(bool, bool, Tail tail) noexcept {
    return std::is_gt(tail.against_half());
  }
};

/// To nearest, a tie toward -infinity.
struct NearestDown {
  static constexpr bool stops_at_max(bool) noexcept { return false; }
  static constexpr bool away_from_zero(bool negative, bool, Tail tail) noexcept {
    const auto order = tail.against_half();
    return std::is_gt(order) || (std::is_eq(order) && negative);
  }
};

/// To nearest, a tie to the odd neighbour.
struct NearestOdd {
  static constexpr bool stops_at_max(bool) noexcept { return false; }
  static constexpr bool away_from_zero(bool, bool odd, Tail tail) noexcept {
    const auto order = tail.against_half();
    return std::is_gt(order) || (std::is_eq(order) && !odd);
  }
};

/// Away from zero whenever something is cut off.
struct AwayFromZero {
  static constexpr bool stops_at_max(bool) noexcept { return false; }
  static constexpr bool away_from_zero(bool, bool, Tail tail) noexcept { return !tail.is_zero(); }
};

/// To the odd neighbour whenever something is cut off: a first step that a second rounding cannot spoil, if it keeps
/// at least two bits more.
struct ToOdd {
  static constexpr bool stops_at_max(bool) noexcept { return true; }
  static constexpr bool away_from_zero(bool, bool odd, Tail tail) noexcept { return !odd && !tail.is_zero(); }
};

/// Away from zero with the probability of the part that is cut off, decided by random bits that the caller gives.
class Stochastic {
 public:
  /// @param bits    how many random bits, 1..62
  /// @param random  the bits, uniform in [0, 2^bits)
  constexpr Stochastic(int bits, std::uint64_t random) noexcept : bits_(bits), random_(random) {}

  static constexpr bool stops_at_max(bool) noexcept { return false; }
  [[nodiscard]] constexpr bool away_from_zero(bool, bool, Tail tail) const noexcept {
    const auto one = std::uint64_t{1} << bits_;
    const auto share = bits_ >= tail.bits ? tail.remainder << (bits_ - tail.bits)
                                          : tail.remainder >> (tail.bits - bits_);  // floor(tail · 2^bits)
    return share + random_ >= one;
  }

 private:
  int bits_;
  std::uint64_t random_;
};

}  // namespace bitloom::format
