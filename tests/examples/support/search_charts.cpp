// SPDX-License-Identifier: Apache-2.0
#include "support/search_charts.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <bitloom/search/cost.hpp>
#include <bitloom/search/format_space.hpp>

using namespace bitloom;
using namespace bitloom::examples;

TEST_CASE("charts of a sweep have its points by method, its front, and the formats there") {
  const std::vector<search::WeightLayer> layers{{"fc1", net::FcShape{.c = 30, .k = 10}},
                                                {"fc2", net::FcShape{.c = 10, .k = 10}}};
  const auto space = search::format_space(search::FliqsSmallIntegers::facts, layers);
  const search::CostTable costs(space, search::Bops{});
  const auto quality = [](std::span<const std::size_t> choice) {  // the second layer needs its bits
    return 0.5 + 0.1 * static_cast<double>(choice[0]) + 0.3 * static_cast<double>(choice[1]);
  };
  const auto sweep = search::sweep(search::SearchProblem(space, costs, quality), search::UniformFormats{},
                                   search::RandomSearch{.samples = 40});
  const SearchUnits units{.cost = "kBOPs", .cost_size = 1e3, .quality = "%", .quality_size = 0.01};

  const auto chart = search_scatter(sweep, units, "Search");
  REQUIRE(chart.series.size() == 3);
  CHECK(chart.series[0].name == "uniform");
  REQUIRE(chart.series[0].points.size() == 2);
  CHECK(chart.series[0].points[1].label == "int8");
  CHECK(chart.series[0].points[1].x == doctest::Approx(25.6));
  CHECK(chart.series[0].points[1].y == doctest::Approx(90));
  CHECK(chart.series[1].name == "random");
  CHECK(chart.series[1].points.size() == 40);
  CHECK(chart.series[1].points[0].label.empty());
  CHECK(chart.series[2].draw == Scatter::Draw::Front);
  CHECK(chart.series[2].points.size() == sweep.front.size());
  CHECK(chart.x_title == "cost [kBOPs]");

  const auto map = search_format_map(space, sweep, units, "Formats");
  CHECK(map.layers == std::vector<std::string>{"fc1", "fc2"});
  REQUIRE(map.rows.size() == 3);  // of four choices one is dominated
  CHECK(sweep.front.size() > 3);  // random search meets some again
  CHECK(map.rows.front().label == "6.4 kBOPs, 50 %");
  CHECK(map.rows.front().cells[0].weight == "int4");
  CHECK(map.rows.back().label == "25.6 kBOPs, 90 %");
  CHECK(map.rows.back().cells[1].activation_bits == 8);
  CHECK(map.rows[1].label == "11.2 kBOPs, 80 %");  // 300 products of 16 and 100 of 64 bit operations
  CHECK(map.rows[1].cells[0].weight_bits == 4);
  CHECK(map.rows[1].cells[1].weight == "int8");
  CHECK(draw(map).size() > 100);
  CHECK(draw(chart).size() > 100);
}
