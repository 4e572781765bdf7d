// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/overflow.hpp>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

using namespace bitloom::format;

namespace {

static_assert(Overflow<Saturate> && Overflow<Wrap> && !Overflow<int> && !Overflow<Side>);
static_assert(std::is_empty_v<Saturate> && std::is_empty_v<Wrap>);
static_assert(std::is_trivially_copyable_v<IntegerRange> && sizeof(IntegerRange) == 16);
static_assert(noexcept(Saturate::fit(0, Side::Inside, Ends{})));
static_assert(noexcept(Wrap::fit(0, Side::Above, Ends{})));
static_assert(FloatOverflow<Saturate> && FloatOverflow<OverflowToInfinity> && !FloatOverflow<Wrap>);

/// Both ends in two's complement.
constexpr Ends ends_of(IntegerRange range) {
  return {static_cast<std::uint64_t>(range.lowest), static_cast<std::uint64_t>(range.max)};
}

Side side_of(std::int64_t value, IntegerRange range) {
  if (value < range.lowest) return Side::Below;
  return value > range.max ? Side::Above : Side::Inside;
}

/// Calls visit(value, range) with the ranges of every integer of up to six bits and values far beyond their ends.
template <class Visit>
void every_small_case(Visit visit) {
  for (int bits = 1; bits <= 6; ++bits)
    for (const bool is_signed : {false, true}) {
      const std::int64_t lowest = is_signed ? -(1 << (bits - 1)) : 0;
      const IntegerRange range{.lowest = lowest, .max = lowest + (1 << bits) - 1};
      for (std::int64_t value = -300; value <= 300; ++value) visit(value, range);
    }
}

}  // namespace

TEST_CASE("saturation gives the nearest number of the range") {
  every_small_case([](std::int64_t value, IntegerRange range) {
    const auto stored =
        Saturate::fit(static_cast<std::uint64_t>(value), side_of(value, range), ends_of(range));
    CAPTURE(value);
    REQUIRE(static_cast<std::int64_t>(stored) == std::min(std::max(value, range.lowest), range.max));
  });
}

TEST_CASE("wrapping gives a number that differs by a multiple of the range's size") {
  every_small_case([](std::int64_t value, IntegerRange range) {
    const auto stored = Wrap::fit(static_cast<std::uint64_t>(value), side_of(value, range), ends_of(range));
    CAPTURE(value);
    REQUIRE((static_cast<std::int64_t>(stored) - value) % (range.max - range.lowest + 1) == 0);
  });
}

TEST_CASE(
    "out of range becomes zero, or the end of a symmetric range, which a format of one bit does not have") {
  every_small_case([](std::int64_t value, IntegerRange range) {
    const auto bits = static_cast<std::uint64_t>(value);
    const auto zero = SaturateZero::fit(bits, side_of(value, range), ends_of(range));
    const auto symmetric = SaturateSymmetric::fit(bits, side_of(value, range), ends_of(range));
    const bool inside = range.lowest <= value && value <= range.max;
    const auto lowest = range.lowest < 0 && range.max > 0 ? -range.max : range.lowest;
    REQUIRE(static_cast<std::int64_t>(zero) == (inside ? value : 0));
    REQUIRE(static_cast<std::int64_t>(symmetric) == std::min(std::max(value, lowest), range.max));
  });
}

TEST_CASE("the side decides where the low bits of a huge number say nothing") {
  constexpr Ends range = ends_of({.lowest = -8, .max = 7});
  static_assert(Saturate::fit(0, Side::Above, range) == 7);
  static_assert(Saturate::fit(0, Side::Below, range) == static_cast<std::uint64_t>(-8));
  static_assert(Saturate::fit(0, Side::Inside, range) == 0);
  static_assert(Wrap::fit(5, Side::Above, range) == 5);
  CHECK(Wrap::fit(~std::uint64_t{0}, Side::Below, range) == ~std::uint64_t{0});
}
