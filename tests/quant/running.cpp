// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/running.hpp>

#include <limits>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::quant;

TEST_CASE("the first batch sets the average, the next ones move it, each operation in float") {
  core::Random random(1);
  for (const float decay : {0.99F, 0.9F, 0.0F, 0.5F}) {
    RunningAbsMax running(decay);
    float mean = 0;
    for (int batch = 0; batch < 1000; ++batch) {
      const auto absmax = static_cast<float>(random.uniform() * 5);
      running.observe(absmax);
      const float kept = decay * mean;
      const float moved = (1.0F - decay) * absmax;
      mean = batch == 0 ? absmax : kept + moved;
      REQUIRE(running.bound() == mean);
    }
  }
  RunningAbsMax running;
  running.observe(1.0F);
  running.observe(2.0F);
  CHECK(running.bound() == 0.99F + (1.0F - 0.99F) * 2.0F);
}

TEST_CASE("both ends of a range move, each as a bound does") {
  RunningRange range(0.75F);
  RunningAbsMax below(0.75F);
  RunningAbsMax above(0.75F);
  core::Random random(2);
  for (int batch = 0; batch < 100; ++batch) {
    const Range needed{-static_cast<float>(random.uniform()), static_cast<float>(random.uniform())};
    range.observe(needed);
    below.observe(-needed.lowest);
    above.observe(needed.max);
    REQUIRE(range.bound() == Range{-below.bound(), above.bound()});
  }
}

TEST_CASE("a frozen average stands still") {
  RunningAbsMax running(0.5F);
  running.observe(4.0F);
  running.freeze();
  CHECK(running.is_frozen());
  running.observe(100.0F);
  CHECK(running.bound() == 4.0F);
  running.freeze(false);
  running.observe(8.0F);
  CHECK(running.bound() == 6.0F);
}

TEST_CASE("no batch, an impossible decay and batches that are no numbers are refused") {
  using Limits = std::numeric_limits<float>;
  CHECK_THROWS_WITH_AS(static_cast<void>(RunningAbsMax().bound()),
                       "running range: no batch has been observed", RangeError);
  for (const float decay : {1.0F, -0.1F, Limits::quiet_NaN(), Limits::infinity()})
    CHECK_THROWS_AS(RunningAbsMax{decay}, RangeError);
  RunningAbsMax running;
  RunningRange range;
  for (const float bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    CHECK_THROWS_AS(running.observe(bad), RangeError);
    CHECK_THROWS_AS(range.observe({bad, 1}), RangeError);
    CHECK_THROWS_AS(range.observe({-1, bad}), RangeError);
  }
}
