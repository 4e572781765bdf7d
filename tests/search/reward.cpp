// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/reward.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::search;

static_assert(Reward<AbsoluteReward> && Reward<OneSidedReward> && Reward<SoftExponentialReward<>> &&
              Reward<HardExponentialReward<AllowMisuse>> && !Reward<int>);

TEST_CASE("rewards are their formulas") {
  CHECK(reward<AbsoluteReward>(0.8, 15, 10, 2) == doctest::Approx(0.8 - 2 * 0.5));
  CHECK(reward<AbsoluteReward>(0.8, 5, 10, 2) == doctest::Approx(0.8 - 2 * 0.5));
  CHECK(reward<OneSidedReward>(0.8, 15, 10, 2) == doctest::Approx(0.8 - 2 * 0.5));
  CHECK(reward<OneSidedReward>(0.8, 5, 10, 2) == 0.8);
  CHECK(reward<SoftExponentialReward<>>(0.8, 20, 10, -0.5) == doctest::Approx(0.8 / std::sqrt(2)));
  CHECK(reward<SoftExponentialReward<>>(0.8, 5, 10, -0.5) == doctest::Approx(0.8 * std::sqrt(2)));
  CHECK(reward<HardExponentialReward<>>(0.8, 20, 10, -0.5) == doctest::Approx(0.8 / std::sqrt(2)));
  CHECK(reward<HardExponentialReward<>>(0.8, 5, 10, -0.5) == 0.8);
}

TEST_CASE("at the target every reward is the quality") {
  CHECK(reward<AbsoluteReward>(-1.5, 10, 10, 3) == -1.5);
  CHECK(reward<OneSidedReward>(-1.5, 10, 10, 3) == -1.5);
  CHECK(reward<SoftExponentialReward<>>(0.3, 10, 10, -3) == 0.3);
  CHECK(reward<HardExponentialReward<>>(0.3, 10, 10, -3) == 0.3);
}

TEST_CASE("an exponential reward of a negative quality would reward cost, and is refused unless allowed") {
  using Soft = SoftExponentialReward<>;
  using Released = SoftExponentialReward<AllowMisuse>;
  CHECK(reward<Released>(-1.5, 20, 10, -0.5) > reward<Released>(-1.5, 10, 10, -0.5));  // the misuse
  CHECK_THROWS_AS(static_cast<void>(reward<Soft>(-1.5, 20, 10, -0.5)), RangeError);
  CHECK(reward<Soft>(0, 20, 10, -0.5) == 0);  // no cost is rewarded
  CHECK_THROWS_AS(static_cast<void>(reward<Soft>(std::nan(""), 20, 10, -0.5)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(reward<Soft>(0.5, 20, 10, 0.5)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(reward<HardExponentialReward<>>(-0.5, 20, 10, -0.5)), RangeError);
  CHECK(reward<HardExponentialReward<AllowMisuse>>(-0.5, 40, 10, 0.5) == -1);
}

TEST_CASE("impossible costs and infinite rewards are refused") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const double target : {0.0, -1.0, infinity, std::nan("")})
    CHECK_THROWS_AS(static_cast<void>(reward<AbsoluteReward>(1, 1, target, 1)), RangeError);
  for (const double cost : {-1.0, infinity, std::nan("")})
    CHECK_THROWS_AS(static_cast<void>(reward<AbsoluteReward>(1, cost, 1, 1)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(reward<AbsoluteReward>(infinity, 1, 1, 1)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(reward<SoftExponentialReward<>>(1, 0, 1, -1)), RangeError);
  CHECK(reward<OneSidedReward>(1, 0, 1, 1) == 1);
}

}  // namespace
