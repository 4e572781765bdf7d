// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/schedule.hpp>

#include <cmath>

#include <doctest/doctest.h>

namespace train = bitloom::train;

TEST_CASE("the constant schedule is 1 and the cosine falls from 1 over 1/2 to 0, or to the last factor") {
  CHECK(train::Constant{}(0.3) == 1);
  CHECK(train::Cosine{}(0) == 1);
  CHECK(train::Cosine{}(1.0 / 3) == doctest::Approx(0.75));
  CHECK(train::Cosine{}(0.5) == doctest::Approx(0.5));
  CHECK(train::Cosine{}(1) == doctest::Approx(0).epsilon(1e-12));
  CHECK(train::Cosine{.last = 0.2}(0) == 1);
  CHECK(train::Cosine{.last = 0.2}(0.5) == doctest::Approx(0.6));
  CHECK(train::Cosine{.last = 0.2}(1) == doctest::Approx(0.2));
}

TEST_CASE("linear decay has equal differences and exponential decay equal ratios") {
  const train::LinearDecay linear{.last = 0.2};
  const train::ExponentialDecay exponential{.last = 1e-3};
  CHECK(linear(0) == 1);
  CHECK(linear(1) == doctest::Approx(0.2));
  CHECK(exponential(0) == 1);
  CHECK(exponential(1) == doctest::Approx(1e-3));
  for (double progress = 0; progress < 0.9; progress += 0.1) {
    CHECK(linear(progress + 0.1) - linear(progress) == doctest::Approx(-0.08));
    CHECK(exponential(progress + 0.1) / exponential(progress) == doctest::Approx(std::pow(1e-3, 0.1)));
  }
}

TEST_CASE("step decay changes exactly at the borders of its parts, for every number of steps") {
  for (int parts = 1; parts <= 60; ++parts)
    for (int length = 1; length <= 40; ++length) {
      const train::StepDecay decay{.parts = parts, .factor = 0.5};
      int wrong = 0;
      for (int step = 0; step < parts * length; ++step)
        wrong += decay(static_cast<double>(step) / (parts * length)) != std::pow(0.5, step / length);
      CAPTURE(parts);
      CAPTURE(length);
      REQUIRE(wrong == 0);
    }
}

TEST_CASE("after a warm-up too, a border that is at a step counts from that step on") {
  int wrong = 0;
  for (int rest = 1; rest <= 60; ++rest)
    for (int warm = 0; warm <= 60; ++warm)
      for (int parts = 1; parts <= rest; ++parts) {
        if (rest % parts != 0) continue;
        train::WarmUp<train::StepDecay> decay{.share = static_cast<double>(warm) / (warm + rest),
                                              .next = {.parts = parts, .factor = 0.5}};
        train::WarmUp<train::MultiStepDecay> milestones{.share = decay.share,
                                                        .next = {.milestones = {}, .factor = 0.5}};
        for (int part = 1; part < parts; ++part)
          milestones.next.milestones.push_back(static_cast<double>(part) / parts);
        for (int step = 0; step < rest; ++step) {
          const auto progress = static_cast<double>(warm + step) / (warm + rest);
          const auto expected = std::pow(0.5, step / (rest / parts));
          wrong += decay(progress) != expected;
          wrong += milestones(progress) != expected;
        }
      }
  CHECK(wrong == 0);
}

TEST_CASE("multi-step decay multiplies at each milestone") {
  const train::MultiStepDecay decay{.milestones = {0.5, 0.75}, .factor = 0.1};
  CHECK(decay(0) == 1);
  CHECK(decay(0.4999) == 1);
  CHECK(decay(0.5) == 0.1);
  CHECK(decay(0.74) == 0.1);
  CHECK(decay(0.75) == doctest::Approx(0.01));
  CHECK(train::MultiStepDecay{}(0.99) == 1);
}

TEST_CASE("warm-up rises to the next schedule's start, which then runs through the rest") {
  const train::WarmUp<train::Cosine> warm{.share = 0.2, .first = 0.1};
  CHECK(warm(0) == doctest::Approx(0.1));
  CHECK(warm(0.1) == doctest::Approx(0.55));
  CHECK(warm(0.2) == 1);
  for (double progress = 0.2; progress <= 1; progress += 0.1)
    CHECK(warm(progress) == doctest::Approx(train::Cosine{}((progress - 0.2) / 0.8)));
  CHECK(train::WarmUp<train::Cosine>{.share = 0}(0.3) == train::Cosine{}(0.3));
  CHECK(train::WarmUp<train::Constant>{.share = 1}(0.3) == doctest::Approx(0.3));
  CHECK(train::WarmUp<train::Constant>{.share = 1}(1) == 1);

  const train::WarmUp<train::WarmUp<train::LinearDecay>> twice{
      .share = 0.5, .first = 0, .next = {.share = 0.5, .first = 0.5, .next = {.last = 0.5}}};
  CHECK(twice(0.25) == doctest::Approx(0.25));  // rises to one half
  CHECK(twice(0.5) == doctest::Approx(0.5));
  CHECK(twice(0.75) == doctest::Approx(1));
  CHECK(twice(1) == doctest::Approx(0.5));
  CHECK((train::Schedule<decltype(twice)> && train::Schedule<train::MultiStepDecay>));
}
