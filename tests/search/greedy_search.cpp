// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/greedy_search.hpp>

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/search/format_space.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

const std::vector<WeightLayer> layers{
    {"a", net::FcShape{10, 10}}, {"b", net::FcShape{10, 20}}, {"c", net::FcShape{20, 30}}};

TEST_CASE("the way down takes what loses least for the cost that it saves") {
  const auto space = format_space(FliqsSmallIntegers::facts, layers);
  const CostTable costs(space, Bops{});
  // losses of 4 bits; the savings of the layers are as 1 : 2 : 6
  const double losses[] = {3, 1, 12};
  int evaluations = 0;
  const auto evaluate = [&](std::span<const std::size_t> choice) {
    ++evaluations;
    double quality = 0;
    for (std::size_t i = 0; i < 3; ++i) quality -= choice[i] == 0 ? losses[i] : 0;
    return quality;
  };
  const auto points = GreedySearch{}.run(SearchProblem(space, costs, evaluate));
  REQUIRE(points.size() == 4);
  CHECK(points[0].choice == Choice{1, 1, 1});
  CHECK(points[1].choice == Choice{1, 0, 1});  // 1 / 2
  CHECK(points[2].choice == Choice{1, 0, 0});  // 12 / 6
  CHECK(points[3].choice == Choice{0, 0, 0});  // 3 / 1
  CHECK(points[2].quality == -13);
  CHECK(points[2].cost == 100 * 64 + 800 * 16);
  CHECK(evaluations == 4 + 4);
}

TEST_CASE("for separable losses that fall with the bits, every point of the way is on the front") {
  const auto space = format_space(FliqsLargeIntegers::facts, layers);
  const CostTable costs(space, WeightBits<>{});
  const auto evaluate = [](std::span<const std::size_t> choice) {
    double quality = 0;
    for (std::size_t i = 0; i < choice.size(); ++i)
      quality -= std::exp2(-static_cast<double>(choice[i])) * static_cast<double>(i + 1);
    return quality;
  };
  const SearchProblem problem(space, costs, evaluate);
  std::vector<Choice> all;
  for (std::size_t i = 0; i < 125; ++i) all.push_back({i % 5, i / 5 % 5, i / 25});
  const auto everything = problem.points("all", all);
  const auto points = GreedySearch{}.run(problem);
  CHECK(points.size() == 13);
  CHECK(points.back().choice == Choice{0, 0, 0});
  for (const auto& p : points)
    for (const auto& q : everything) CHECK_FALSE((q.cost <= p.cost && q.quality > p.quality));
}

TEST_CASE("options of equal cost are tried if they gain") {
  using Formats = FormatSet<format::Int<8>, format::E4m3fn, format::Int<4>, format::E2m1fn>;
  const std::vector<WeightLayer> one{layers[0]};
  const auto space = format_space(Formats::facts, one);
  const CostTable costs(space, Bops{});
  const double qualities[] = {3, 4, 1, 2};
  const auto evaluate = [&](std::span<const std::size_t> choice) { return qualities[choice[0]]; };
  std::vector<std::size_t> way;
  for (const auto& point : GreedySearch{}.run(SearchProblem(space, costs, evaluate)))
    way.push_back(point.choice[0]);
  CHECK(way == std::vector<std::size_t>{0, 1, 3});
}

}  // namespace
