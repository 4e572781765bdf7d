// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/pareto.hpp>

#include <limits>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;

namespace {

template <std::size_t N>
using Points = std::vector<std::array<double, N>>;

/// The definition: no other point is nowhere worse and somewhere better.
template <std::size_t N>
std::vector<std::size_t> slow_front(const Points<N>& points) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < points.size(); ++i) {
    bool dominated = false;
    for (const auto& other : points) {
      std::size_t not_worse = 0;
      std::size_t better = 0;
      for (std::size_t n = 0; n < N; ++n) {
        not_worse += other[n] <= points[i][n] ? 1 : 0;
        better += other[n] < points[i][n] ? 1 : 0;
      }
      dominated = dominated || (not_worse == N && better > 0);
    }
    if (!dominated) front.push_back(i);
  }
  return front;
}

template <std::size_t N>
std::vector<std::size_t> front(const Points<N>& points) {
  return core::pareto_front(std::span<const std::array<double, N>>(points));
}

template <int N>
struct Dimensions {
  static constexpr std::size_t value = N;
};

}  // namespace

TEST_CASE("a point dominates another when it is nowhere worse and somewhere better") {
  using Pair = std::array<double, 2>;
  static_assert(core::dominates(Pair{1, 2}, Pair{1, 3}));
  static_assert(core::dominates(Pair{0, 2}, Pair{1, 3}));
  static_assert(!core::dominates(Pair{1, 2}, Pair{1, 2}));
  static_assert(!core::dominates(Pair{0, 3}, Pair{1, 2}));
  static_assert(!core::dominates(Pair{1, 3}, Pair{1, 2}));
  constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
  static_assert(!core::dominates(Pair{nan, 0}, Pair{1, 1}));
  static_assert(!core::dominates(Pair{0, 0}, Pair{nan, 1}));
}

TEST_CASE_TEMPLATE("the front equals its definition on random points with many ties", D, Dimensions<1>,
                   Dimensions<2>, Dimensions<3>, Dimensions<4>) {
  constexpr auto n = D::value;
  core::Random random(5, n);
  for (int repeat = 0; repeat < 300; ++repeat) {
    Points<n> points(static_cast<std::size_t>(random.integer(0, 60)));
    const auto range = random.integer(1, 30);
    for (auto& point : points)
      for (auto& x : point) {
        x = static_cast<double>(random.integer(-range, range));
        if (random.bernoulli(0.02)) x = std::numeric_limits<double>::infinity();
        if (random.bernoulli(0.02)) x = std::numeric_limits<double>::quiet_NaN();
        if (x == 0 && random.bernoulli(0.5)) x = -0.0;
      }
    REQUIRE(front(points) == slow_front(points));
  }
}

TEST_CASE("equal points are all kept, and so is a point with a NaN") {
  constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(front(Points<2>{{2, 1}, {1, 2}, {2, 1}, {2, 2}, {nan, 9}}) == std::vector<std::size_t>{0, 1, 2, 4});
  CHECK(front(Points<1>{{3}, {1}, {2}, {1}}) == std::vector<std::size_t>{1, 3});
}

TEST_CASE("no points have no front") { CHECK(front(Points<3>{}).empty()); }
