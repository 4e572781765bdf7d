// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/rounding.hpp>

#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include <doctest/doctest.h>

using namespace bitloom::format;

namespace {

static_assert(Rounding<NearestEven> && Rounding<NearestAway> && Rounding<NearestUp> && Rounding<TowardZero> &&
              Rounding<Down> && Rounding<Up>);
static_assert(!Rounding<int> && !Rounding<Tail>);
static_assert(std::is_empty_v<NearestEven> && std::is_empty_v<Up>);
static_assert(std::is_trivially_copyable_v<Tail> && sizeof(Tail) == 16);
static_assert(noexcept(NearestEven::away_from_zero(true, true, Tail{})) && noexcept(Tail{}.against_half()));

/// A number on the line, `number / unit`, with the integers around it.
struct Rational {
  std::int64_t number;
  std::int64_t unit;

  std::int64_t floor() const { return number >= 0 ? number / unit : -((-number + unit - 1) / unit); }
  std::int64_t ceiling() const { return -Rational{-number, unit}.floor(); }
  /// Twice the number, less the sum of the neighbours: its sign says which of the two is nearer.
  std::int64_t lean() const { return 2 * number - (floor() + ceiling()) * unit; }
};

std::int64_t slow(NearestEven, Rational x) {
  if (x.lean() != 0) return x.lean() < 0 ? x.floor() : x.ceiling();
  return x.floor() % 2 == 0 ? x.floor() : x.ceiling();
}
std::int64_t slow(NearestAway, Rational x) {
  if (x.lean() != 0) return x.lean() < 0 ? x.floor() : x.ceiling();
  return x.number < 0 ? x.floor() : x.ceiling();
}
std::int64_t slow(NearestUp, Rational x) { return Rational{2 * x.number + x.unit, 2 * x.unit}.floor(); }
std::int64_t slow(TowardZero, Rational x) { return x.number / x.unit; }
std::int64_t slow(Down, Rational x) { return x.floor(); }
std::int64_t slow(Up, Rational x) { return x.ceiling(); }

std::int64_t slow(NearestZero, Rational x) {
  if (x.lean() != 0) return x.lean() < 0 ? x.floor() : x.ceiling();
  return x.number < 0 ? x.ceiling() : x.floor();
}
std::int64_t slow(NearestDown, Rational x) { return Rational{2 * x.number - x.unit, 2 * x.unit}.ceiling(); }
std::int64_t slow(NearestOdd, Rational x) {
  if (x.lean() != 0) return x.lean() < 0 ? x.floor() : x.ceiling();
  if (x.floor() == x.ceiling()) return x.floor();
  return x.floor() % 2 == 0 ? x.ceiling() : x.floor();
}
std::int64_t slow(AwayFromZero, Rational x) { return x.number < 0 ? x.floor() : x.ceiling(); }
std::int64_t slow(ToOdd, Rational x) { return x.floor() % 2 == 0 ? x.ceiling() : x.floor(); }

/// Calls visit(negative, kept, tail) with every small number.
template <class Visit>
void every_small_number(Visit visit) {
  for (int bits = 0; bits <= 7; ++bits)
    for (std::uint64_t remainder = 0; remainder < std::uint64_t{1} << bits; ++remainder)
      for (const bool sticky : {false, true})
        for (std::int64_t kept = 0; kept < 5; ++kept)
          for (const bool negative : {false, true})
            visit(negative, kept, Tail{.remainder = remainder, .bits = bits, .sticky = sticky});
}

}  // namespace

TEST_CASE_TEMPLATE("every small number is rounded as its rational value is", R, NearestEven, NearestAway,
                   NearestUp, TowardZero, Down, Up, NearestZero, NearestDown, NearestOdd, AwayFromZero,
                   ToOdd) {
  every_small_number([](bool negative, std::int64_t kept, Tail tail) {
    // a sticky bit is worth a quarter of the remainder's last place: more than nothing, less than half
    const auto unit = std::int64_t{4} << tail.bits;
    const auto magnitude =
        kept * unit + 4 * static_cast<std::int64_t>(tail.remainder) + (tail.sticky ? 1 : 0);
    const auto expected = slow(R{}, {.number = negative ? -magnitude : magnitude, .unit = unit});
    const auto result = kept + (R::away_from_zero(negative, kept % 2 != 0, tail) ? 1 : 0);
    CAPTURE(negative);
    CAPTURE(kept);
    CAPTURE(tail.remainder);
    CAPTURE(tail.bits);
    CAPTURE(tail.sticky);
    REQUIRE((negative ? -result : result) == expected);
  });
}

TEST_CASE_TEMPLATE("a tail rounds alike in any number of bits up to 64", R, NearestEven, NearestAway,
                   NearestUp, TowardZero, Down, Up, NearestZero, NearestDown, NearestOdd, AwayFromZero,
                   ToOdd) {
  every_small_number([](bool negative, std::int64_t kept, Tail tail) {
    if (tail.bits == 0) return;  // a wider tail of no bits would have one
    const bool odd = kept % 2 != 0;
    for (int wider = 1; wider <= 64 - tail.bits; ++wider) {
      const Tail same{.remainder = tail.remainder << wider, .bits = tail.bits + wider, .sticky = tail.sticky};
      REQUIRE(R::away_from_zero(negative, odd, same) == R::away_from_zero(negative, odd, tail));
    }
  });
}

TEST_CASE("a tail compares with half a unit by remainder first, then by the sticky bit") {
  static_assert(Tail{}.is_zero() && Tail{}.against_half() < 0);
  static_assert(Tail{.sticky = true}.against_half() < 0 && !Tail{.sticky = true}.is_zero());
  static_assert(Tail{.remainder = 1, .bits = 1}.against_half() == 0);
  static_assert(Tail{.remainder = 1, .bits = 1, .sticky = true}.against_half() > 0);
  static_assert(Tail{.remainder = std::uint64_t{1} << 63, .bits = 64}.against_half() == 0);
  static_assert(Tail{.remainder = (std::uint64_t{1} << 63) - 1, .bits = 64, .sticky = true}.against_half() <
                0);
  static_assert(Tail{.remainder = ~std::uint64_t{0}, .bits = 64}.against_half() > 0);
  CHECK(Tail{.remainder = 2, .bits = 2}.against_half() == 0);
}

TEST_CASE("stochastic rounding goes up for as many of the random numbers as the tail is worth") {
  for (int bits = 1; bits <= 6; ++bits)
    for (int k = 1; k <= 8; ++k)
      for (std::uint64_t remainder = 0; remainder < std::uint64_t{1} << bits; ++remainder) {
        std::uint64_t ups = 0;
        for (std::uint64_t random = 0; random < std::uint64_t{1} << k; ++random)
          ups += Stochastic(k, random).away_from_zero(false, false, {.remainder = remainder, .bits = bits})
                     ? 1
                     : 0;
        REQUIRE(ups == (remainder << k) >> bits);
      }
}

TEST_CASE("beyond the largest value a rounding stops there if its direction does") {
  CHECK(TowardZero::stops_at_max(true));
  CHECK(ToOdd::stops_at_max(false));
  CHECK(Up::stops_at_max(true));
  CHECK(!Up::stops_at_max(false));
  CHECK(Down::stops_at_max(false));
  CHECK(!Down::stops_at_max(true));
  CHECK(!NearestEven::stops_at_max(false));
  CHECK(!AwayFromZero::stops_at_max(false));
}
