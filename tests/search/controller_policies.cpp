// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/controller_policies.hpp>

#include <doctest/doctest.h>

namespace {

using namespace bitloom::search;

struct Sudden : OpenCode {
  using Entropy = HeavisideEntropy;
};
struct Broken : OpenCode {
  using Baseline = int;
};
static_assert(ControllerPolicies<OpenCode> && ControllerPolicies<TuNas> && ControllerPolicies<Sudden>);
static_assert(!ControllerPolicies<Broken> && !ControllerPolicies<int>);

TEST_CASE("a moving average starts with the first reward, a debiased one weighs early rewards alike") {
  MovingAverage moving;
  CHECK(moving.update(4, 0.75) == 4);
  CHECK(moving.update(8, 0.75) == 5);
  CHECK(moving.update(5, 0.75) == 5);
  DebiasedAverage debiased;
  CHECK(debiased.update(4, 0.75) == doctest::Approx(4));
  CHECK(debiased.update(8, 0.75) == doctest::Approx((0.75 * 4 + 8) / 1.75));
  for (int i = 0; i < 100; ++i) debiased.update(3, 0.75);
  CHECK(debiased.update(3, 0.75) == doctest::Approx(3));
}

TEST_CASE("a mean shares its weight among the decisions") {
  CHECK(MeanOverDecisions::weight(4) == 0.25);
  CHECK(MeanOverDecisions::weight(0) == 0);
  CHECK(SumOverDecisions::weight(4) == 1);
}

TEST_CASE("the learning rate of TuNAS grows tenfold after the warm-up") {
  CHECK(TenfoldGrowth::factor({0, 25, 100}) == 1);
  CHECK(TenfoldGrowth::factor({25, 25, 100}) == 1);
  CHECK(TenfoldGrowth::factor({100, 25, 100}) == doctest::Approx(10));
  CHECK(TenfoldGrowth::factor({40, 25, 100}) == doctest::Approx(1.5848931925));
  CHECK(TenfoldGrowth::factor({5, 5, 5}) == 1);
  CHECK(ConstantRate::factor({40, 25, 100}) == 1);
}

TEST_CASE("presets have the numbers of their sources") {
  constexpr auto open = OpenCode::options(20000);
  static_assert(open.delay_steps == 2500 && open.learning_rate == 5e-3 && open.average_decay == 0.99 &&
                open.initial_logit == 0.5 && open.max_entropy == 0.5 && open.first_decay == 0.9);
  static_assert(OpenCode::options(1000).delay_steps == 250);
  constexpr auto tunas = TuNas::options(1000, 4096);
  static_assert(tunas.delay_steps == 250 && tunas.average_decay == 0.95 && tunas.first_decay == 0 &&
                tunas.initial_logit == 0 && tunas.max_entropy == 0 && tunas.second_decay == 0.999);
  CHECK(tunas.learning_rate == doctest::Approx(4.8e-3));
}

}  // namespace
