// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/entropy_schedule.hpp>

#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

namespace {

using namespace bitloom::search;

static_assert(EntropySchedule<CosineEntropy> && EntropySchedule<LinearEntropy> &&
              EntropySchedule<ConstantEntropy> && EntropySchedule<HeavisideEntropy> && !EntropySchedule<int>);

template <class E>
double at(std::int64_t step, std::int64_t delay = 10, std::int64_t total = 50) {
  return E::coefficient(0.4, {step, delay, total});
}

TEST_CASE("cosine and linear rise from the end of the warm-up to the end of the search") {
  for (std::int64_t step = 0; step <= 10; ++step) {
    CHECK(at<CosineEntropy>(step) == 0);
    CHECK(at<LinearEntropy>(step) == 0);
  }
  CHECK(at<LinearEntropy>(20) == doctest::Approx(0.1));
  CHECK(at<CosineEntropy>(20) == doctest::Approx(0.2 * (1 - std::sqrt(0.5))));
  CHECK(at<CosineEntropy>(30) == doctest::Approx(0.2));
  CHECK(at<CosineEntropy>(49) < 0.4);
  for (const std::int64_t step : {50, 51, 1000}) {
    CHECK(at<CosineEntropy>(step) == 0.4);
    CHECK(at<LinearEntropy>(step) == 0.4);
  }
  CHECK(at<LinearEntropy>(50, 50, 50) == 0);  // all of the search is warm-up
}

TEST_CASE("constant is there in the warm-up too, Heaviside from behind the middle") {
  CHECK(at<ConstantEntropy>(0) == 0.4);
  CHECK(at<ConstantEntropy>(49) == 0.4);
  CHECK(at<HeavisideEntropy>(25) == 0);
  CHECK(at<HeavisideEntropy>(26) == 0.4);
  CHECK(at<HeavisideEntropy>(26, 40) == 0.4);  // whatever the warm-up
  CHECK(at<HeavisideEntropy>(25, 0, 51) == 0);
  CHECK(at<HeavisideEntropy>(26, 0, 51) == 0.4);
}

}  // namespace
