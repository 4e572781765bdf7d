// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/scaling.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>

using namespace bitloom;
using namespace bitloom::quant;

namespace {

static_assert(Scaling<RealScaling> && Scaling<FlooredScaling> && Scaling<BinadeScaling> &&
              Scaling<PowerOfTwoScaling> && Scaling<UnitScaling> && !Scaling<int>);

constexpr float largest_float = std::numeric_limits<float>::max();
constexpr float smallest_float = std::numeric_limits<float>::denorm_min();

/// A positive float of any magnitude.
float positive(core::Random& random) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(random.integer(1, 0x7F7FFFFF)));
}

/// The exponent by trial, from the smallest float up. Products are exact: both factors have 27 bits at most.
int slow_exponent(float bound, double max) {
  int power = -149;
  while (std::ldexp(max, power) < static_cast<double>(bound)) ++power;
  return power;
}

}  // namespace

TEST_CASE("a real scale is the quotient, rounded to float once") {
  core::Random random(1);
  std::int64_t wrong = 0;
  for (int i = 0; i < 100'000; ++i) {
    const float bound = positive(random);
    const auto max = static_cast<double>(random.integer(1, (1 << 27) - 1));
    const double scale = static_cast<double>(RealScaling::scale(bound, max));
    if (scale == 1.0 && static_cast<double>(bound) < 0x1p-100) continue;  // it underflowed
    // nearest: the bound lies between the products with the midpoints to both neighbours, each exact in long division
    const auto s = static_cast<float>(scale);
    const double above = (scale + static_cast<double>(std::nextafter(s, largest_float))) / 2;
    const double below = (scale + static_cast<double>(std::nextafter(s, 0.0F))) / 2;
    const bool even = (std::bit_cast<std::uint32_t>(s) & 1) == 0;
    const double up = std::fma(above, max, -static_cast<double>(bound));  // the sign of an exact difference
    const double down = std::fma(below, max, -static_cast<double>(bound));
    wrong += (up > 0 || (up == 0 && even)) && (down < 0 || (down == 0 && even)) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("zero and quotients that underflow have a real scale of 1, and the authors' rule has a floor") {
  CHECK(RealScaling::scale(0.0F, 127) == 1.0F);
  CHECK(RealScaling::scale(smallest_float, 127) == 1.0F);
  CHECK(RealScaling::scale(smallest_float, 1) == smallest_float);
  CHECK(FlooredScaling::scale(0.0F, 127) == 1e-8F / 127.0F);
  CHECK(FlooredScaling::scale(1e-9F, 7) == 1e-8F / 7.0F);
  CHECK(FlooredScaling::scale(1e-7F, 7) == 1e-7F / 7.0F);
  CHECK(FlooredScaling::scale(3.0F, 448) == 3.0F / 448.0F);
  CHECK(UnitScaling::scale(0.0F, 127) == 1.0F);
  CHECK(UnitScaling::scale(1e30F, 127) == 1.0F);
}

TEST_CASE("the binade rule divides by the first power of two above the largest value, with a floor") {
  core::Random random(4);
  std::int64_t wrong = 0;
  const auto check = [&]<class F>(F) {
    constexpr int power = F::bits - (F::is_signed ? 1 : 0);  // max() is 2^power - 1
    for (int i = 0; i < 1000; ++i) {
      const float bound = positive(random);
      wrong += BinadeScaling::scale(bound, F::max()) == std::ldexp(std::fmax(bound, 1e-8F), -power) ? 0 : 1;
    }
    wrong += BinadeScaling::scale(0.0F, F::max()) == std::ldexp(1e-8F, -power) ? 0 : 1;
  };
  check(format::Int<2>{});
  check(format::Int<4>{});
  check(format::Int<8>{});
  check(format::Int<16>{});
  check(format::Int<1, format::Unsigned>{});
  check(format::Int<4, format::Unsigned>{});
  check(format::Int<8, format::Unsigned>{});
  CHECK(wrong == 0);
  CHECK(BinadeScaling::scale(1.0F, format::E4m3fn::max()) == 1.0F / 512);
}

TEST_CASE("the power of two is the smallest that holds the bound") {
  core::Random random(2);
  std::int64_t wrong = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto max = static_cast<double>(random.integer(1, (1 << 27) - 1));
    float bound = positive(random);
    if (i % 2 == 0)
      bound = static_cast<float>(max * std::ldexp(1.0, static_cast<int>(random.integer(-149, 100))));
    for (const float near : {bound, std::nextafter(bound, 0.0F), std::nextafter(bound, largest_float)}) {
      if (!(near > 0.0F)) continue;
      const int expected = slow_exponent(near, max);
      wrong += PowerOfTwoScaling::exponent(near, max) == expected ? 0 : 1;
      wrong += PowerOfTwoScaling::scale(near, max) == std::ldexp(1.0F, expected) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
  static_assert(PowerOfTwoScaling::exponent(0.0F, 127) == 0);
  static_assert(PowerOfTwoScaling::exponent(127.0F, 127) == 0 &&
                PowerOfTwoScaling::exponent(127.5F, 127) == 1);
  static_assert(PowerOfTwoScaling::exponent(128.0F, 127) == 1 &&
                PowerOfTwoScaling::exponent(127.0F / 4, 127) == -2);
  static_assert(PowerOfTwoScaling::exponent(127.99999F, 128) ==
                0);  // a logarithm in float would round up to 128
  CHECK(PowerOfTwoScaling::exponent(smallest_float, 127) == -149);
  CHECK(PowerOfTwoScaling::scale(0.0F, 127) == 1.0F);
}

TEST_CASE("powers of two for minifloats, wide and narrow") {
  core::Random random(3);
  std::int64_t wrong = 0;
  for (int i = 0; i < 5'000; ++i) {
    const float bound = positive(random);
    for (const double max : {format::E4m3fn::max(), format::E2m1fn::max(), format::Bfloat16::max(), 0.75})
      wrong += PowerOfTwoScaling::exponent(bound, max) == slow_exponent(bound, max) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a scale beyond float is refused") {
  CHECK_THROWS_AS(RealScaling::scale(largest_float, 0.25), RangeError);
  CHECK_THROWS_AS(FlooredScaling::scale(largest_float, 0.25), RangeError);
  CHECK_THROWS_AS(BinadeScaling::scale(largest_float, 0.25), RangeError);
  CHECK_THROWS_WITH_AS(PowerOfTwoScaling::scale(largest_float, 0.25), "scale: 2^130 is beyond float",
                       RangeError);
  CHECK(RealScaling::scale(largest_float, 1) == largest_float);
}
