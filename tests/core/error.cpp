// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/error.hpp>

#include <concepts>
#include <limits>

#include <doctest/doctest.h>

using namespace bitloom;

static_assert(std::derived_from<Error, std::runtime_error>);
static_assert(std::derived_from<ShapeError, Error> && std::derived_from<RangeError, Error>);
static_assert(std::derived_from<ParseError, Error> && std::derived_from<SolverError, Error>);
static_assert(!std::convertible_to<ShapeError*, RangeError*>);

TEST_CASE("a value outside its range is refused with the argument, the value and the bounds") {
  CHECK_THROWS_WITH_AS(core::check_range("activation bits", 9, 2, 8), "activation bits: 9 is outside 2..8",
                       RangeError);
  CHECK_THROWS_WITH_AS(core::check_range("offset", -1, 0, 0), "offset: -1 is outside 0..0", RangeError);
  for (int value = -4; value <= 4; ++value) {
    CAPTURE(value);
    if (-2 <= value && value <= 3)
      CHECK_NOTHROW(core::check_range("value", value, -2, 3));
    else
      CHECK_THROWS_AS(core::check_range("value", value, -2, 3), RangeError);
  }
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  CHECK_NOTHROW(core::check_range("value", most, most, most));
}

TEST_CASE("two extents that differ are refused with both names and both extents") {
  CHECK_NOTHROW(core::check_equal("weight columns", 5, "input rows", 5));
  CHECK_THROWS_WITH_AS(core::check_equal("weight columns", 5, "input rows", 6),
                       "weight columns is 5, but input rows is 6", ShapeError);
}

TEST_CASE("an extent below one is refused") {
  CHECK_NOTHROW(core::check_positive("channels", 1));
  CHECK_THROWS_WITH_AS(core::check_positive("channels", 0), "channels: 0 has to be at least 1", ShapeError);
  CHECK_THROWS_AS(core::check_positive("channels", -7), ShapeError);
}

TEST_CASE("checks that hold cost nothing at compile time") {
  constexpr auto checked = [] {
    core::check_range("value", 3, 1, 4);
    core::check_equal("left", 2, "right", 2);
    core::check_positive("extent", 1);
    return true;
  };
  static_assert(checked());
}
