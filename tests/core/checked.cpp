// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/checked.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include <bitloom/core/random.hpp>

using bitloom::ShapeError;
using bitloom::core::checked_product;
using bitloom::core::checked_sum;

namespace {
__extension__ using Wide = unsigned __int128;

constexpr auto largest = std::numeric_limits<std::int64_t>::max();
}  // namespace

TEST_CASE("a product throws exactly when it needs more than 63 bits") {
  bitloom::core::Random random(1);
  int fitted = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto a = static_cast<std::int64_t>((random() >> 1) >> random.integer(0, 62));
    const auto b = static_cast<std::int64_t>((random() >> 1) >> random.integer(0, 62));
    if (a < 1 || b < 1) continue;
    const auto exact = static_cast<Wide>(a) * static_cast<Wide>(b);
    CAPTURE(a);
    CAPTURE(b);
    if (exact <= static_cast<Wide>(largest)) {
      ++fitted;
      REQUIRE(checked_product("x", {a, b}) == a * b);
    } else {
      REQUIRE_THROWS_AS(static_cast<void>(checked_product("x", {a, b})), ShapeError);
    }
  }
  CHECK(fitted > 1000);
  CHECK(checked_product("x", {largest, 1}) == largest);
  CHECK(checked_product("x", {}) == 1);
}

TEST_CASE("a factor below one is no extent") {
  CHECK_THROWS_WITH_AS(static_cast<void>(checked_product("macs", {3, 0})), "macs: 0 has to be at least 1",
                       ShapeError);
  CHECK_THROWS_AS(static_cast<void>(checked_product("macs", {3, -2, -1})), ShapeError);
}

TEST_CASE("errors show all factors and terms") {
  CHECK_THROWS_WITH_AS(static_cast<void>(checked_product("macs", {largest, 2, 3})),
                       "macs: 9223372036854775807 * 2 * 3 does not fit 63 bits", ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(checked_sum("total", largest, 1)),
                       "total: 9223372036854775807 + 1 does not fit 63 bits", ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(checked_sum("total", 5, -1)), "total: 5 + -1 has a negative term",
                       ShapeError);
}

TEST_CASE("a sum reaches the largest value and not one more") {
  CHECK(checked_sum("x", largest, 0) == largest);
  CHECK(checked_sum("x", largest - 7, 7) == largest);
  CHECK_THROWS_AS(static_cast<void>(checked_sum("x", largest - 7, 8)), ShapeError);
}
