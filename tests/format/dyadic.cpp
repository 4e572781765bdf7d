// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/dyadic.hpp>

#include <bit>
#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;

TEST_CASE("every double and float comes back from its parts, bit for bit") {
  core::Random random(23);
  for (int i = 0; i < 200000; ++i) {
    const auto x = std::bit_cast<double>(random());
    const auto y = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isnan(x))
      REQUIRE(std::bit_cast<std::uint64_t>(to_double(to_dyadic(x))) == std::bit_cast<std::uint64_t>(x));
    if (!std::isnan(y)) REQUIRE(to_double(to_dyadic(y)) == static_cast<double>(y));
    REQUIRE(to_dyadic(x).subnormal == (std::fpclassify(x) == FP_SUBNORMAL));
    REQUIRE(to_dyadic(y).subnormal == (std::fpclassify(y) == FP_SUBNORMAL));
  }
  for (const double x :
       {0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, HUGE_VAL, -HUGE_VAL})
    CHECK(std::bit_cast<std::uint64_t>(to_double(to_dyadic(x))) == std::bit_cast<std::uint64_t>(x));
  CHECK(std::isnan(to_double(to_dyadic(std::nan("")))));
}

TEST_CASE("rounding to units equals the floor, ceiling and nearest functions of the library") {
  core::Random random(24);
  for (int i = 0; i < 100000; ++i) {
    const double x = std::ldexp(random.uniform(), static_cast<int>(random.integer(-70, 62)));
    const auto d = to_dyadic(x);
    const auto whole = [&](auto rounding) {
      return static_cast<double>(round_to_units<decltype(rounding)>(d, 0).low_bits);
    };
    REQUIRE(whole(TowardZero{}) == std::floor(x));
    REQUIRE(whole(Up{}) == std::ceil(x));
    REQUIRE(whole(NearestEven{}) == std::nearbyint(x));
    REQUIRE(whole(NearestAway{}) == std::round(x));
  }
}

TEST_CASE("nothing is lost however many bits are cut off, and what is too large says so") {
  const Dyadic tiny{.significand = 1, .exponent = -1000};
  CHECK(round_to_units<Up>(tiny, 0).low_bits == 1);
  CHECK(round_to_units<NearestEven>(tiny, 0).low_bits == 0);
  CHECK(round_to_units<ToOdd>(tiny, 0).low_bits == 1);
  const Dyadic half{.significand = std::uint64_t{1} << 63, .exponent = -64};
  CHECK(round_to_units<NearestEven>(half, 0).low_bits == 0);
  CHECK(round_to_units<NearestAway>(half, 0).low_bits == 1);
  auto more = half;
  more.sticky = true;
  CHECK(round_to_units<NearestEven>(more, 0).low_bits == 1);
  more.significand += 1;
  CHECK(round_to_units<NearestEven>(more, 0).low_bits == 1);
  const Dyadic large{.significand = 3, .exponent = 63};
  CHECK(round_to_units<Down>(large, 0).huge);
  CHECK(round_to_units<Down>(large, 0).low_bits == std::uint64_t{1} << 63);
  CHECK(!round_to_units<Down>(large, 1).huge);
}

}  // namespace
