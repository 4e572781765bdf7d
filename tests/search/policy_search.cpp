// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/policy_search.hpp>

#include <cmath>
#include <optional>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/search/format_space.hpp>
#include <bitloom/search/layer_zoo.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

const std::vector<WeightLayer> layers{
    {"a", net::FcShape{10, 10}}, {"b", net::FcShape{10, 20}}, {"c", net::FcShape{20, 30}}};

double quality(std::span<const std::size_t> choice) {
  return 1 - 0.4 * (choice[0] == 0) - 0.02 * (choice[1] == 0) - 0.02 * (choice[2] == 0);
}

TEST_CASE("a policy finds the assignment that keeps quality at the cost target") {
  const auto space = format_space(FliqsSmallIntegers::facts, layers);
  const CostTable costs(space, Bops{});
  const double target = 100 * 64 + 800 * 16;
  std::vector<double> seen;
  PolicySearch<> method{
      .targets = {target, 900 * 64, 900 * 16},
      .options = {.total_steps = 400, .delay_steps = 50, .learning_rate = 0.05, .average_decay = 0.9}};
  method.observe = [&](double at, const TraceRow& row) {
    CHECK(row.record.reward == doctest::Approx(row.quality - std::abs(1 - row.cost / at)));
    seen.push_back(at);
  };
  const SearchProblem problem(space, costs, quality);
  const auto points = method.run(problem);
  REQUIRE(points.size() == 3);
  CHECK(points[0].choice == Choice{1, 0, 0});
  CHECK(points[0].cost == target);
  CHECK(points[0].quality == doctest::Approx(0.96));
  CHECK(points[1].choice == Choice{1, 1, 1});
  CHECK(points[2].choice ==
        Choice{1, 0, 0});  // a third above the target is less than the quality of the first layer
  CHECK(seen.size() == 1200);
  method.observe = {};
  const auto again = sweep(problem, method, UniformFormats{});
  for (std::size_t i = 0; i < 3; ++i) CHECK(again.points[i].choice == points[i].choice);
  CHECK(again.front.size() == 5);  // both uniform points are found twice
}

TEST_CASE("a search knows which decisions the sampled architecture makes matter") {
  Space space(FliqsSmallIntegers::facts);
  const auto depth = space.add_values("depth", {1, 2});
  const auto format = space.add_formats("second");
  space.add_layer(
      "second", {depth},
      [](std::span<const double> v) -> std::optional<net::LayerShape> {
        if (v[0] == 1) return std::nullopt;
        return net::FcShape{10, 10};
      },
      ByDecision{format}, ByDecision{format});
  const CostTable costs(space, Bops{});
  const auto evaluate = [](std::span<const std::size_t> choice) { return choice[0] == 0 ? 1.0 : 0.0; };
  PolicySearch<OneSidedReward> method{.targets = {1e6},
                                      .options = {.total_steps = 300, .learning_rate = 0.05}};
  int masked = 0;
  method.observe = [&](double, const TraceRow& row) {
    CHECK(row.record.active == std::vector<bool>{true, row.record.choice[0] == 1});
    masked += row.record.active[1] ? 0 : 1;
  };
  const auto points = method.run(SearchProblem(space, costs, evaluate));
  CHECK(masked > 150);
  CHECK(points.front().choice == Choice{0, 0});
  CHECK(points.front().cost == 0);
}

TEST_CASE("the rewards and presets are interchangeable") {
  const auto space = format_space(FliqsSmallIntegers::facts, layers);
  const CostTable costs(space, WeightBits<>{});
  auto options = TuNas::options(400);
  options.learning_rate = 0.02;
  const PolicySearch<HardExponentialReward<>, TuNas, float> method{
      .targets = {100 * 8 + 800 * 4}, .options = options, .beta = -2};
  const auto points = method.run(SearchProblem(space, costs, quality));
  CHECK(points.front().choice == Choice{1, 0, 0});
  const PolicySearch<> none{.targets = {}};
  CHECK_THROWS_AS(static_cast<void>(none.run(SearchProblem(space, costs, quality))), ShapeError);
  const PolicySearch<> negative{.targets = {-1.0}};
  CHECK_THROWS_AS(static_cast<void>(negative.run(SearchProblem(space, costs, quality))), RangeError);
}

}  // namespace
