// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/aqt_bound.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::quant;

namespace {

static_assert(AqtBound<MixedBound> && AqtBound<CenteredBound> && AqtBound<MeanOfMaxima> && !AqtBound<int>);

const std::vector<float> first{1, -2, 0, 4, 0};
const std::vector<float> second{-8, 0, 0, 2, 0};

}  // namespace

TEST_CASE("the statistics of two batches are the means worked out by hand") {
  AqtStatistics plain;
  plain.observe(first);
  CHECK(plain.batches() == 1);
  CHECK(plain.mean() == 0.6F);
  CHECK(plain.mean_magnitude() == 1.4F);
  CHECK(plain.mean_square() == 4.2F);
  CHECK(plain.mean_lowest() == -2.0F);
  CHECK(plain.mean_largest() == 4.0F);
  plain.observe(second);
  CHECK(plain.mean() == doctest::Approx(-0.3));
  CHECK(plain.mean_magnitude() == doctest::Approx(1.7));
  CHECK(plain.mean_square() == doctest::Approx((21.0 + 68) / 10));
  CHECK(plain.mean_lowest() == -5.0F);
  CHECK(plain.mean_largest() == 3.0F);

  AqtStatistics without_zeros({.exclude_zeros = true});
  without_zeros.observe(first);
  without_zeros.observe(second);
  CHECK(without_zeros.mean() == -1.0F);  // of 1 and -3
  CHECK(without_zeros.mean_square() == (7.0F + 34.0F) / 2);

  AqtStatistics moving({.share = 0.25F});
  moving.observe(first);
  CHECK(moving.mean_largest() == 1.0F);  // from zero on
  moving.observe(second);
  CHECK(moving.mean_largest() == 1.25F);
  CHECK(moving.mean_lowest() == -0.5F + 0.25F * (-8 + 0.5F));
}

TEST_CASE("a plain mean over many batches is the mean of their means") {
  core::Random random(1);
  AqtStatistics statistics;
  double sum = 0;
  double largest = 0;
  for (int batch = 0; batch < 200; ++batch) {
    std::vector<float> values(50);
    float top = -100;
    for (auto& x : values) {
      x = static_cast<float>(random.normal());
      sum += std::abs(static_cast<double>(x)) / 50 / 200;
      top = std::max(top, x);
    }
    largest += static_cast<double>(top) / 200;
    statistics.observe(values);
  }
  CHECK(static_cast<double>(statistics.mean_magnitude()) == doctest::Approx(sum).epsilon(1e-5));
  CHECK(static_cast<double>(statistics.mean_largest()) == doctest::Approx(largest).epsilon(1e-5));
}

TEST_CASE("the three bounds are their formulas, and the start value holds until the first batch") {
  AqtStatistics statistics;
  const MixedBound mixed{.deviation = 3, .magnitude = 2, .mix = 0.25};
  const CenteredBound centered{.deviation = 2};
  CHECK(bound_or(statistics, mixed, 6.0F) == 6.0F);
  statistics.observe(first);
  CHECK(bound_or(statistics, mixed, 6.0F) == 0.75F * std::sqrt(4.2F) + 1.5F * 1.4F);
  CHECK(bound_or(statistics, centered, 6.0F) == 0.6F + 2 * std::sqrt(4.2F - 0.6F * 0.6F));
  CHECK(bound_or(statistics, MeanOfMaxima{}, 6.0F) == 4.0F);
  statistics.observe(second);
  CHECK(MeanOfMaxima::bound(statistics) == 5.0F);
  AqtStatistics constant;
  constant.observe(std::vector<float>{0.1F, 0.1F, 0.1F});  // no variance, but for rounding
  CHECK(centered.bound(constant) == doctest::Approx(0.1).epsilon(0.01));
}

TEST_CASE("a batch without a number that counts changes no mean") {
  AqtStatistics statistics({.exclude_zeros = true});
  statistics.observe(first);
  const float before = statistics.mean();
  statistics.observe(std::vector<float>{0, 0});
  statistics.observe({});
  CHECK(statistics.mean() == before);
  CHECK(statistics.batches() == 3);
}

TEST_CASE("shares outside (0, 1] and numbers that are none are refused") {
  using Limits = std::numeric_limits<float>;
  for (const float share : {0.0F, -0.5F, 1.5F, Limits::quiet_NaN()})
    CHECK_THROWS_AS(AqtStatistics({.share = share}), RangeError);
  AqtStatistics statistics;
  for (const float bad : {Limits::quiet_NaN(), Limits::infinity()})
    CHECK_THROWS_AS(statistics.observe(std::vector<float>{1, bad}), RangeError);
  CHECK(statistics.batches() == 0);
}
