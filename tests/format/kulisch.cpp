// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/kulisch.hpp>

#include <cmath>
#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/format/order.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;

static_assert(product_bits<E4m3fn, E4m3fn> == 36 && lowest_bit<E4m3fn> == -9);
static_assert(product_bits<E5m2, E5m2> == 64 && product_bits<E2m1fn, E2m1fn> == 8);
static_assert(product_bits<E2m3fn, E2m3fn> == 12 && product_bits<E3m2fn, E3m2fn> == 18);
static_assert(product_bits<Half, Half> == 80 && product_bits<Bfloat16, Bfloat16> == 522);
static_assert(KulischFor<E4m3fn, E5m2, 0>::lsb == -25 && KulischFor<E4m3fn, E5m2, 0>::bits == 51);

__extension__ typedef __int128 Wide;
__extension__ typedef unsigned __int128 WideUnsigned;

TEST_CASE("the product of every pair of codes of an 8-bit format is exact") {
  for (std::uint32_t a = 0; a < 256; ++a)
    for (std::uint32_t b = 0; b < 256; ++b) {
      const auto x = E5m2::exact(static_cast<std::uint8_t>(a));
      const auto y = E5m2::exact(static_cast<std::uint8_t>(b));
      const double expected = to_double(x) * to_double(y);
      const double result = to_double(product(x, y));
      REQUIRE((std::isnan(expected) ? std::isnan(result) : result == expected));
      if (!std::isnan(expected)) REQUIRE(std::signbit(result) == std::signbit(expected));
    }
}

TEST_CASE("the sum of every pair of codes of an 8-bit format is exact") {
  for (std::uint32_t a = 0; a < 256; ++a)
    for (std::uint32_t b = 0; b < 256; ++b) {
      const auto x = E4m3fn::exact(static_cast<std::uint8_t>(a));
      const auto y = E4m3fn::exact(static_cast<std::uint8_t>(b));
      Kulisch<lowest_bit<E4m3fn>, 20> sum;
      sum.add(x);
      sum.add(y);
      const double expected = to_double(x) + to_double(y);
      REQUIRE(
          (std::isnan(expected) ? std::isnan(to_double(sum.value())) : to_double(sum.value()) == expected));
    }
}

TEST_CASE("a register of many words equals 128-bit integers, in any order of the terms") {
  core::Random random(41);
  for (int n = 0; n < 3000; ++n) {
    Kulisch<-40, 128> sum;
    Wide twin = 0;
    for (int i = 0; i < 20; ++i) {
      const Dyadic x{.significand = random() >> random.integer(8, 60),
                     .exponent = static_cast<int>(random.integer(-40, 20)),
                     .negative = random.bernoulli(0.5)};
      sum.add(x);
      auto term = static_cast<Wide>(x.significand);
      term <<= x.exponent + 40;
      twin += x.negative ? -term : term;
    }
    const auto value = sum.value();
    const bool negative = twin < 0;
    const auto magnitude = static_cast<WideUnsigned>(negative ? -twin : twin);
    REQUIRE(value.negative == negative);
    int shift = value.exponent + 40;
    REQUIRE(shift >= 0);
    REQUIRE(static_cast<std::uint64_t>(magnitude >> shift) == value.significand);
    REQUIRE(value.sticky == ((magnitude & ((WideUnsigned{1} << shift) - 1)) != 0));
  }
}

TEST_CASE("a register of the width for K products holds K of the largest, and not many more") {
  KulischFor<E4m3fn, E4m3fn, 4> sum;
  const auto largest = product(E4m3fn::exact(E4m3fn::max_code), E4m3fn::exact(E4m3fn::max_code));
  for (int i = 0; i < 16; ++i) sum.add(largest);
  CHECK(to_double(sum.value()) == 16 * 448.0 * 448.0);
  CHECK_THROWS_AS(
      [&] {
        for (int i = 0; i < 16; ++i) sum.add(largest);
      }(),
      RangeError);
  auto negative = largest;
  negative.negative = true;
  KulischFor<E4m3fn, E4m3fn, 4> other;
  for (int i = 0; i < 16; ++i) other.add(negative);
  CHECK(to_double(other.value()) == -16 * 448.0 * 448.0);
}

TEST_CASE("NaN and infinities stick, and both infinities make NaN") {
  Kulisch<0, 64> sum;
  sum.add({.kind = Dyadic::Kind::Infinite});
  CHECK(std::isinf(to_double(sum.value())));
  sum.add({.negative = true, .kind = Dyadic::Kind::Infinite});
  CHECK(std::isnan(to_double(sum.value())));
  Kulisch<0, 64> zero;
  zero.add({.significand = 5});
  zero.add({.significand = 5, .negative = true});
  CHECK(!std::signbit(to_double(zero.value())));
  CHECK_THROWS_AS(zero.add({.significand = 1, .exponent = -1}), RangeError);
  CHECK_NOTHROW(zero.add({.significand = 2, .exponent = -1}));
}

}  // namespace

TEST_CASE("a register holds its lowest number and nothing beyond its ends, whole words included") {
  using namespace bitloom::format;
  const auto check = []<int Bits>(std::integral_constant<int, Bits>) {
    Kulisch<0, Bits> sum;
    const Dyadic half{.significand = 1, .exponent = Bits - 2};
    sum.add(half);
    CHECK_THROWS_AS(sum.add(half), bitloom::RangeError);
    CHECK(std::is_eq(compare(sum.value(), half)));
    auto lowest = half;
    lowest.negative = true;
    ++lowest.exponent;
    Kulisch<0, Bits> low;
    low.add(lowest);
    CHECK(std::is_eq(compare(low.value(), lowest)));
    CHECK_THROWS_AS(low.add({.significand = 1, .negative = true}), bitloom::RangeError);
    low.add({.significand = 1});
    CHECK(low.value().negative);
    auto beyond = lowest;
    beyond.negative = false;
    CHECK_THROWS_AS((Kulisch<0, Bits>().add(beyond)), bitloom::RangeError);
  };
  check(std::integral_constant<int, 8>{});
  check(std::integral_constant<int, 63>{});
  check(std::integral_constant<int, 64>{});
  check(std::integral_constant<int, 65>{});
  check(std::integral_constant<int, 128>{});
}
