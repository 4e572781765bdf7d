// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/stochastic.hpp>

#include <cmath>

#include <doctest/doctest.h>

#include <bitloom/format/named.hpp>

using namespace bitloom::format;

TEST_CASE("an element is rounded alike whatever was rounded before, and up as often as its distance says") {
  const StochasticSource source(42, 16);
  double sum = 0;
  constexpr int count = 100000;
  for (int i = 0; i < count; ++i) {
    const auto code =
        E4m3fn::encode<Stochastic>(1.03125, source(static_cast<std::uint64_t>(i)));  // 1 + a quarter
    CHECK((code == 0x38 || code == 0x39));
    sum += E4m3fn::decode(code) - 1;
  }
  CHECK(std::abs(sum / count * 8 - 0.25) < 0.005);  // the deviation of the mean is 0.0014
  CHECK(E4m3fn::encode<Stochastic>(1.03125, StochasticSource(42, 16)(7)) ==
        E4m3fn::encode<Stochastic>(1.03125, source(7)));
}

TEST_CASE("seeds and indices differ, and numbers of the format stay") {
  int equal_seeds = 0;
  for (unsigned i = 0; i < 64; ++i) {
    const auto round = [&](std::uint64_t seed) {
      return E4m3fn::encode<Stochastic>(1.0625, StochasticSource(seed)(i));  // a half
    };
    equal_seeds += round(1) == round(2) ? 1 : 0;
    CHECK(E4m3fn::encode<Stochastic>(1.125, StochasticSource(3)(i)) == 0x39);
  }
  CHECK(equal_seeds < 50);
  CHECK_THROWS_AS(StochasticSource(1, 63), bitloom::RangeError);
  CHECK_THROWS_AS(StochasticSource(1, 0), bitloom::RangeError);
}
