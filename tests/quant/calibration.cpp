// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/calibration.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::quant;

namespace {

static_assert(Calibration<AbsMax> && Calibration<AbsMaxShare<1, 2>> && Calibration<BestShare> &&
              Calibration<BestShareOf<25>> && Calibration<LeastSquares> && Calibration<Percentile<99>> &&
              !Calibration<int>);
static_assert(ShareCalibration<AbsMax> && ShareCalibration<AbsMaxShare<1, 2>> &&
              ShareCalibration<BestShare> && ShareCalibration<LeastSquares> &&
              !ShareCalibration<Percentile<99>> && !ShareCalibration<int>);

template <int Steps>
concept HasSteps = requires {
  typename BestShareOf<Steps>;
};
static_assert(HasSteps<2> && !HasSteps<1> && !HasSteps<0> && std::is_empty_v<BestShareOf<25>>);

template <int N, int D>
concept HasShare = requires {
  typename AbsMaxShare<N, D>;
  typename Percentile<N, D>;
};
static_assert(HasShare<1, 1> && HasShare<999, 1000> && !HasShare<0, 1> && !HasShare<2, 1> &&
              !HasShare<-1, -2>);

std::vector<float> normals(std::uint64_t seed, std::size_t count) {
  core::Random random(seed);
  std::vector<float> values(count);
  for (auto& x : values) x = static_cast<float>(random.normal());
  return values;
}

/// An error that nobody should ask for.
double unused(float) {
  FAIL("the error was asked for");
  return 0;
}

}  // namespace

TEST_CASE("the largest magnitude and its shares are products in float") {
  const std::vector<float> values{1, -7};
  CHECK(AbsMax::bound(values, 7.0F, unused) == 7.0F);
  CHECK(AbsMaxShare<9, 10>::bound(values, 7.0F, unused) == 7.0F * 0.9F);
  CHECK(AbsMaxShare<1, 3>::bound(values, 0.7F, unused) == 0.7F * (1.0F / 3.0F));
  CHECK(AbsMaxShare<1, 2>::bound(values, Range{-7, 1}, unused) == Range{-3.5F, 0.5F});
  CHECK(AbsMax::bound(values, Range{-7, 1}, unused) == Range{-7, 1});
}

TEST_CASE("the best share is one of nine, the first of the least errors") {
  std::vector<float> tried;
  const auto target = [&](float wanted) {
    tried.clear();
    return BestShare::bound({}, 10.0F, [&](float bound) {
      tried.push_back(bound);
      return std::abs(static_cast<double>(bound) - static_cast<double>(wanted));
    });
  };
  CHECK(target(3.1F) == 10.0F * 0.3F);
  std::vector<float> expected;
  for (const float share : {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F, 0.7F, 0.8F, 0.9F})
    expected.push_back(10.0F * share);
  CHECK(tried == expected);
  CHECK(target(100.0F) == 10.0F * 0.9F);  // the whole is not tried
  CHECK(target(0.0F) == 10.0F * 0.1F);
  CHECK(BestShare::bound({}, 10.0F, [](float) { return 2.0; }) == 10.0F * 0.1F);  // a tie
  CHECK(BestShare::bound({}, 10.0F, [](float b) { return b < 3.5F ? 2.0 : 1.0; }) == 10.0F * 0.4F);
  CHECK(BestShare::bound({}, Range{-2, 10}, [](Range r) {
          return std::abs(static_cast<double>(r.max) - 5.1);
        }) == Range{-2 * 0.5F, 10 * 0.5F});
}

TEST_CASE("the best of 24 shares in steps of 1/25 is tried from the smallest up, and never the whole") {
  std::vector<float> tried;
  const auto share = BestShareOf<25>::share(1.0F, [&](float bound) {
    tried.push_back(bound);
    return std::abs(static_cast<double>(bound) - 0.53);
  });
  REQUIRE(tried.size() == 24);
  for (std::size_t i = 1; i <= 24; ++i) {
    CHECK(tried[i - 1] == static_cast<float>(static_cast<double>(i) / 25));
    CHECK(tried[i - 1] == static_cast<float>(static_cast<double>(i) * 0.04));  // whichever way it is computed
  }
  CHECK(share == 0.52F);
  CHECK(BestShareOf<25>::share(1.0F, [](float) { return 1.0; }) == 0.04F);
}

TEST_CASE("a bound is the share times the largest magnitude, rounded to float") {
  const auto error = [](auto bound) {
    if constexpr (std::is_same_v<decltype(bound), Range>)
      return std::abs(static_cast<double>(bound.max) - 2.0);
    else
      return std::abs(static_cast<double>(bound) - 2.0);
  };
  const auto check = [&]<class C>(C) {
    CHECK(C::bound({}, 3.3F, error) == 3.3F * C::share(3.3F, error));
    const Range range{-1.1F, 3.3F};
    CHECK(C::bound({}, range, error) == range * C::share(range, error));
  };
  check(AbsMax{});
  check(AbsMaxShare<2, 3>{});
  check(BestShare{});
  check(BestShareOf<25>{});
  check(LeastSquares{});
  CHECK(AbsMax::share(3.3F, unused) == 1.0F);
}

TEST_CASE("least squares try 100 steps from the widest down and keep the best, the widest on a tie") {
  std::vector<float> tried;
  const auto bound = LeastSquares::bound({}, 3.0F, [&](float b) {
    tried.push_back(b);
    return std::abs(static_cast<double>(b) - 0.9);
  });
  REQUIRE(tried.size() == 100);
  CHECK(tried.front() == 3.0F);
  CHECK(tried[49] == 3.0F * 0.51F);
  CHECK(tried.back() == 3.0F * 0.01F);
  CHECK(bound == 3.0F * 0.3F);
  CHECK(LeastSquares::bound({}, 3.0F, [](float) { return 1.0; }) == 3.0F);
  CHECK(LeastSquares::bound({}, Range{-1, 3}, [](Range) { return 1.0; }) == Range{-1, 3});
}

TEST_CASE("an error that is NaN or infinite everywhere leaves the widest") {
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    CHECK(LeastSquares::bound({}, 3.0F, [&](float) { return bad; }) == 3.0F);
    CHECK(BestShare::bound({}, 3.0F, [&](float) { return bad; }) == 3.0F);
  }
}

TEST_CASE("a percentile is the smallest magnitude that enough magnitudes do not exceed") {
  for (std::size_t count = 1; count <= 210; ++count) {
    const auto values = normals(count, count);
    float widest = 0;
    for (const float x : values) widest = std::max(widest, std::abs(x));
    const auto check = [&]<int N, int D>(Percentile<N, D>) {
      const float bound = Percentile<N, D>::bound(values, widest, unused);
      const auto not_above = [&](float limit) {
        return std::ranges::count_if(values, [&](float x) { return std::abs(x) <= limit; });
      };
      const auto enough = [&](std::int64_t n) { return n * D >= N * std::ssize(values); };
      const bool is_magnitude = std::ranges::any_of(values, [&](float x) { return std::abs(x) == bound; });
      return is_magnitude && enough(not_above(bound)) && !enough(not_above(std::nextafter(bound, 0.0F)));
    };
    CAPTURE(count);
    REQUIRE(check(Percentile<1>{}));
    REQUIRE(check(Percentile<50>{}));
    REQUIRE(check(Percentile<999, 1000>{}));
    REQUIRE(check(Percentile<2, 3>{}));
    REQUIRE(Percentile<100>::bound(values, widest, unused) == widest);
  }
}

TEST_CASE("the percentile of a range cuts either tail by itself") {
  std::vector<float> values;
  for (int i = -100; i < 400; ++i) values.push_back(static_cast<float>(i));
  // 1 % of 500 numbers are beyond either end
  CHECK(Percentile<99>::bound(values, Range{-100, 399}, unused) == Range{-95, 394});
  CHECK(Percentile<100>::bound(values, Range{-100, 399}, unused) == Range{-100, 399});
  // an end that would lie on the other side of zero, where the range has nothing to give up, stays
  CHECK(Percentile<10>::bound(values, Range{-100, 399}, unused) == Range{-100, 399});
}

TEST_CASE("a percentile that is zero gives way to the largest magnitude, and no values to none") {
  std::vector<float> values(100);
  values[17] = -8;
  CHECK(Percentile<99>::bound(values, 8.0F, unused) == 8.0F);
  CHECK(Percentile<100>::bound(values, 8.0F, unused) == 8.0F);
  CHECK(Percentile<50>::bound({}, 0.0F, unused) == 0.0F);
  CHECK(Percentile<50>::bound({}, Range{}, unused) == Range{});
}
