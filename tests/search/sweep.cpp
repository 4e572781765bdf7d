// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/sweep.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/search/format_space.hpp>
#include <bitloom/search/layer_zoo.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

const std::vector<WeightLayer> layers{
    {"a", net::FcShape{10, 10}}, {"b", net::FcShape{10, 20}}, {"c", net::FcShape{20, 30}}};

/// Every layer loses by its width, the first most.
double quality(std::span<const std::size_t> choice) {
  double loss = 0;
  for (std::size_t i = 0; i < choice.size(); ++i)
    loss += std::exp2(-2.0 * static_cast<double>(choice[i])) / static_cast<double>(i + 1);
  return -loss;
}

static_assert(Evaluator<decltype(quality)>);
static_assert(SearchMethod<UniformFormats, SearchProblem<decltype(quality)>>);
static_assert(!SearchMethod<int, SearchProblem<decltype(quality)>>);

TEST_CASE("uniform formats are the points of every format") {
  const auto space = format_space(FliqsLargeIntegers::facts, layers);
  const CostTable costs(space, Bops{});
  const auto result = sweep(SearchProblem(space, costs, quality), UniformFormats{});
  REQUIRE(result.points.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto& point = result.points[i];
    CHECK(point.method == "uniform int" + std::to_string(i + 4));
    CHECK(point.choice == Choice(3, i));
    CHECK(point.cost == 900.0 * static_cast<double>((i + 4) * (i + 4)));
    CHECK(point.quality == quality(point.choice));
    CHECK(result.front[i] == i);
  }
}

TEST_CASE("formats that are not an option everywhere give no uniform point") {
  Space space(FliqsSmallIntegers::facts);
  const auto a = space.add_formats("a", {0});
  const auto b = space.add_formats("b", {1});
  space.add_layer(layers[0], ByDecision{a}, ByDecision{b});
  const CostTable costs(space, Bops{});
  const auto one = [](std::span<const std::size_t>) { return 1.0; };
  CHECK_THROWS_AS(static_cast<void>(sweep(SearchProblem(space, costs, one), UniformFormats{})), RangeError);
}

TEST_CASE("the front has exactly the points that no other beats") {
  const auto space = format_space(FliqsLargeIntegers::facts, layers);
  const CostTable costs(space, Bops{});
  const auto result =
      sweep(SearchProblem(space, costs, quality), UniformFormats{}, RandomSearch{.samples = 200, .seed = 3});
  CHECK(result.points.size() == 205);
  for (std::size_t i = 0; i < result.points.size(); ++i) {
    const auto& p = result.points[i];
    const bool beaten = std::ranges::any_of(result.points, [&](const SearchPoint& q) {
      return q.cost <= p.cost && q.quality >= p.quality && (q.cost < p.cost || q.quality > p.quality);
    });
    CHECK(beaten == (std::ranges::find(result.front, i) == result.front.end()));
  }
  std::set<std::size_t> options;
  for (const auto& point : result.points)
    if (point.method == "random") options.insert(point.choice[1]);
  CHECK(options.size() == 5);
}

/// From the last to the first.
struct Backwards {
  template <class Body>
  void for_each_index(std::int64_t count, Body&& body) const {
    for (auto i = count; i-- > 0;) body(i);
  }
};

TEST_CASE("the order of the executor does not show") {
  const auto space = format_space<Free>(FliqsSmallIntegers::facts, layers);
  const CostTable costs(space, Bops{});
  const RandomSearch method{.samples = 20, .seed = 8};
  const auto forwards = sweep(SearchProblem(space, costs, quality), method);
  const auto backwards = sweep(SearchProblem(space, costs, quality, Backwards{}), method);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(forwards.points[i].choice == backwards.points[i].choice);
    CHECK(forwards.points[i].quality == backwards.points[i].quality);
  }
  CHECK(forwards.front == backwards.front);
}

TEST_CASE("impossible sweeps are refused") {
  const auto space = format_space(FliqsSmallIntegers::facts, layers);
  const CostTable costs(space, Bops{});
  const auto nothing = [](std::span<const std::size_t>) { return std::nan(""); };
  CHECK_THROWS_AS(static_cast<void>(sweep(SearchProblem(space, costs, nothing), UniformFormats{})),
                  RangeError);
  CHECK_THROWS_AS(static_cast<void>(sweep(SearchProblem(space, costs, quality), RandomSearch{.samples = 0})),
                  RangeError);
  const CostTable other(format_space<Free>(FliqsSmallIntegers::facts, layers), Bops{});
  CHECK_THROWS_AS(SearchProblem(space, other, quality), ShapeError);
}

}  // namespace
