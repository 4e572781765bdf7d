// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/wide_sum.hpp>

#include <bit>
#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using format::Dyadic;
using format::Kulisch;

__extension__ typedef __int128 Wide;

Wide wide(const Dyadic& x, int unit) {
  auto magnitude = static_cast<Wide>(x.significand);
  magnitude <<= x.exponent - unit;
  return x.negative ? -magnitude : magnitude;
}

/// The 64 highest bits of a wide integer and whether there are more, as a register gives them.
bool is_rounding_of(Dyadic x, Wide exact, int unit) {
  for (; x.exponent < unit && (x.significand & 1) == 0 && x.significand != 0; ++x.exponent)
    x.significand >>= 1;
  if (exact == 0) return x.is_zero() && !x.negative;
  const bool negative = exact < 0;
  const Wide magnitude = negative ? -exact : exact;
  const int shift = x.exponent - unit;
  if (x.negative != negative || shift < 0 || shift > 126) return false;
  const Wide kept = magnitude >> shift;
  return kept == static_cast<Wide>(x.significand) && x.sticky == (kept << shift != magnitude) &&
         (!x.sticky || x.significand >> 63 == 1);
}

TEST_CASE("the parts of an exact sum add up to it, and have its sign") {
  core::Random random(61);
  for (int n = 0; n < 2000; ++n) {
    Kulisch<-60, 126> sum;
    Wide twin = 0;
    for (int i = 0; i < 6; ++i) {
      const Dyadic x{.significand = random() >> random.integer(8, 60),
                     .exponent = static_cast<int>(random.integer(-60, 0)),
                     .negative = random.bernoulli(0.5)};
      sum.add(x);
      twin += wide(x, -60);
    }
    Wide parts = 0;
    int count = 0;
    op::detail::for_each_part(sum, [&](const Dyadic& part) {
      parts += wide(part, -60);
      ++count;
      REQUIRE(!part.sticky);
      REQUIRE((part.significand == 0 || part.negative == (twin < 0)));
    });
    REQUIRE(parts == twin);
    REQUIRE(count <= 3);
  }
}

TEST_CASE("an exact sum and a number are added as 128-bit integers are") {
  core::Random random(62);
  for (int n = 0; n < 20000; ++n) {
    Kulisch<-50, 110> sum;
    Wide twin = 0;
    for (int i = 0; i < 3; ++i) {
      const Dyadic x{.significand = random() >> random.integer(2, 63),
                     .exponent = static_cast<int>(random.integer(-50, -10)),
                     .negative = random.bernoulli(0.5)};
      sum.add(x);
      twin += wide(x, -60);
    }
    Dyadic x{.significand = random() >> random.integer(11, 63),
             .exponent = static_cast<int>(random.integer(-60, 10)),
             .negative = random.bernoulli(0.5)};
    // half of the numbers cancel the highest bits of the sum
    if (random.bernoulli(0.5)) {
      x = sum.value();
      const int cut = static_cast<int>(random.integer(11, 40));
      x = {.significand = x.significand >> cut, .exponent = x.exponent + cut, .negative = !x.negative};
    }
    REQUIRE(is_rounding_of(op::detail::wide_sum(sum, x), twin + wide(x, -60), -60));
  }
}

TEST_CASE("far away from the other, the smaller number is a sticky bit of its sign") {
  Kulisch<0, 70> sum, negative;
  sum.add({.significand = 5});
  negative.add({.significand = 5, .negative = true});
  for (const int exponent : {300, 5000, 100000}) {
    const auto above = op::detail::wide_sum(sum, {.significand = 1, .exponent = exponent});
    CHECK(above.sticky);
    CHECK(above.top_exponent() == exponent);
    const auto less = op::detail::wide_sum(negative, {.significand = 1, .exponent = exponent});
    CHECK(less.sticky);
    CHECK(!less.negative);
    CHECK(less.top_exponent() == exponent - 1);
    const auto below = op::detail::wide_sum(sum, {.significand = 1, .exponent = exponent, .negative = true});
    CHECK(below.sticky);
    CHECK(below.negative);
    CHECK(below.top_exponent() == exponent - 1);  // one less in magnitude
    CHECK(below.significand == (~std::uint64_t{0} >> std::countl_zero(below.significand)));
  }
  for (const int exponent : {-140, -5000, -100000}) {
    const auto above = op::detail::wide_sum(sum, {.significand = 3, .exponent = exponent});
    CHECK(above.sticky);
    CHECK(above.top_exponent() == 2);
    CHECK((above.significand >> (std::bit_width(above.significand) - 3)) == 5);
    const auto below = op::detail::wide_sum(sum, {.significand = 3, .exponent = exponent, .negative = true});
    CHECK(below.sticky);
    CHECK((below.significand >> (std::bit_width(below.significand) - 3)) == 4);
  }
}

TEST_CASE("zeros, NaN and infinities are added as numbers are") {
  const Dyadic one{.significand = 1};
  const Dyadic infinity{.kind = Dyadic::Kind::Infinite};
  Kulisch<0, 70> sum;
  CHECK(op::detail::wide_sum(sum, one) == one);
  CHECK(op::detail::wide_sum(sum, {.negative = true}) == Dyadic{});
  sum.add(one);
  CHECK(op::detail::wide_sum(sum, {.negative = true}) == one);
  CHECK(op::detail::wide_sum(sum, format::negated(one)).is_zero());
  CHECK(op::detail::wide_sum(sum, infinity) == infinity);
  sum.add(infinity);
  CHECK(op::detail::wide_sum(sum, one) == infinity);
  CHECK(op::detail::wide_sum(sum, format::negated(infinity)).kind == Dyadic::Kind::Nan);
}

}  // namespace
