// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <bitloom/search/space.hpp>
#include <bitloom/search/sweep.hpp>

#include "format_map.hpp"
#include "scatter_chart.hpp"

namespace bitloom::examples {

/// How charts of a search show cost and quality.
struct SearchUnits {
  std::string cost;         ///< unit, such as GBOPs
  double cost_size = 1;     ///< of that unit: 1e9
  std::string quality;      ///< unit, such as %
  double quality_size = 1;  ///< of that unit: 0.01

  [[nodiscard]] double cost_of(const search::SearchPoint& point) const { return point.cost / cost_size; }
  [[nodiscard]] double quality_of(const search::SearchPoint& point) const {
    return point.quality / quality_size;
  }
};

/// Quality over cost of the points of a sweep, a series for each method, and their front. The method is the first word of
/// a point's method; what follows is the point's label: `uniform int4`.
inline Scatter search_scatter(const search::Sweep& sweep, const SearchUnits& units, std::string title,
                              AxisScale cost_scale = AxisScale::Linear) {
  Scatter chart{.title = std::move(title),
                .x_title = "cost [" + units.cost + "]",
                .y_title = "quality [" + units.quality + "]",
                .series = {},
                .x_scale = cost_scale};
  for (const auto& point : sweep.points) {
    const auto space = std::min(point.method.find(' '), point.method.size());
    const auto name = point.method.substr(0, space);
    auto series = std::ranges::find(chart.series, name, &Scatter::Series::name);
    if (series == chart.series.end()) series = chart.series.insert(series, {name, {}});
    series->points.push_back({units.cost_of(point), units.quality_of(point),
                              point.method.substr(std::min(space + 1, point.method.size()))});
  }
  Scatter::Series front{"Pareto front", {}, Scatter::Draw::Front};
  for (const auto place : sweep.front)
    front.points.push_back({units.cost_of(sweep.points[place]), units.quality_of(sweep.points[place])});
  chart.series.push_back(std::move(front));
  return chart;
}

/// The formats of every layer at the points of a sweep's front, the cheapest first; a choice that was
/// found more than once has one row.
inline FormatMap search_format_map(const search::Space& space, const search::Sweep& sweep,
                                   const SearchUnits& units, std::string title) {
  FormatMap map{.title = std::move(title), .layers = {}, .rows = {}};
  for (const auto& layer : space.layers()) map.layers.push_back(layer.name);
  auto front = sweep.front;
  std::ranges::sort(front, {}, [&](std::size_t place) { return std::pair(sweep.points[place].cost, place); });
  std::set<search::Choice> shown;
  for (const auto place : front) {
    const auto& point = sweep.points[place];
    if (!shown.insert(point.choice).second) continue;
    FormatMap::Row row{fmt::format("{:.4g} {}, {:.4g} {}", units.cost_of(point), units.cost,
                                   units.quality_of(point), units.quality),
                       {}};
    for (const auto& layer : space.layers()) {
      auto& cell = row.cells.emplace_back();
      if (!space.shape(layer, point.choice)) continue;
      const auto& weight = space.formats()[space.place(layer.weight, point.choice)];
      const auto& activation = space.formats()[space.place(layer.activation, point.choice)];
      cell = {std::string(weight.name), std::string(activation.name), weight.bits, activation.bits};
    }
    map.rows.push_back(std::move(row));
  }
  return map;
}

}  // namespace bitloom::examples
