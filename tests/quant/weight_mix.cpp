// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/weight_mix.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using quant::WeightMix;

TEST_CASE("filters at the high width are the product to nearest even, ranked ones the product rounded down") {
  std::int64_t wrong = 0;
  for (std::int64_t filters = 0; filters <= 520; ++filters)
    for (int percent = 0; percent <= 100; ++percent) {
      const WeightMix mix{8, 4, percent / 100.0};
      const double product = static_cast<double>(filters) * mix.high_ratio;
      wrong += mix.high_filters(filters) == static_cast<std::int64_t>(std::nearbyint(product)) &&
                       mix.ranked_filters(filters) == static_cast<std::int64_t>(product)
                   ? 0
                   : 1;
    }
  CHECK(wrong == 0);
  static_assert(WeightMix{8, 4, 0.5}.high_filters(21) == 10 && WeightMix{8, 4, 0.5}.high_filters(23) == 12);
  static_assert(WeightMix{4, 2, 0.15}.high_filters(12) == 2 && WeightMix{4, 2, 0.15}.ranked_filters(12) == 1);
  static_assert(WeightMix{8, 4, 1}.high_filters(std::int64_t{1} << 40) == std::int64_t{1} << 40);
}

TEST_CASE("memory goes by the nominal ratio, not by whole filters") {
  static_assert(WeightMix{8, 4, 0.25}.nominal_bits(378) == 1890);
  static_assert(WeightMix::uniform(3).nominal_bits(100) == 300);
  CHECK(WeightMix{4, 2, 0.15}.nominal_bits(216) == doctest::Approx(496.8).epsilon(1e-14));
  static_assert(quant::mebibytes(8.0 * 1024 * 1024) == 1);
  CHECK(quant::mebibytes(WeightMix{8, 4, 0.5}.nominal_bits(std::int64_t{1} << 20)) == 0.75);
}

TEST_CASE("impossible widths, ratios and counts are refused") {
  for (const WeightMix& mix : {WeightMix{0, 0, 1}, WeightMix{33, 4, 1}, WeightMix{4, 8, 1},
                               WeightMix{4, 0, 1}, WeightMix{8, 4, -0.1}, WeightMix{8, 4, 1.01},
                               WeightMix{8, 4, std::numeric_limits<double>::quiet_NaN()}}) {
    CHECK_THROWS_AS(mix.check(), RangeError);
    CHECK_THROWS_AS(static_cast<void>(mix.high_filters(4)), RangeError);
    CHECK_THROWS_AS(static_cast<void>(mix.nominal_bits(4)), RangeError);
  }
  CHECK_THROWS_AS(static_cast<void>(WeightMix{}.high_filters(-1)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(WeightMix{}.nominal_bits(-1)), RangeError);
}
