// SPDX-License-Identifier: Apache-2.0
#include "support/html_report.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::examples;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// Every tag that is opened is closed again, in order.
bool is_balanced(std::string_view html) {
  std::vector<std::string_view> open;
  for (auto at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    const auto end = html.find('>', at);
    if (end == std::string_view::npos) return false;
    const auto tag = html.substr(at + 1, end - at - 1);
    const auto name = tag.substr(0, tag.find(' '));
    if (tag.starts_with('!') || name == "meta" || tag.ends_with('/')) continue;
    if (!tag.starts_with('/')) {
      open.push_back(name);
    } else {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    }
  }
  return open.empty();
}

/// Figures of published networks: bit operations in 10^9, accuracy on ImageNet in percent.
Scatter published() {
  return {
      .title = "Accuracy over cost",
      .x_title = "cost [GBOPs]",
      .y_title = "top-1 accuracy on ImageNet [%]",
      .series =
          {{"E2M1",
            {{7.78, 58.17}, {16.8, 64.18}, {29.23, 67.96}, {45.08, 70.43}, {64.35, 72.08}, {113.1, 74.22}}},
           {"E4M3",
            {{31.13, 62.06}, {67.19, 67.57}, {116.9, 70.56}, {180.3, 72.66}, {257.4, 73.75}, {452.5, 75.43}}},
           {"FLIQS-S",
            {{8.18, 59.8, "width 0.5"},
             {17.68, 65.77, "width 0.75"},
             {30.8, 68.89, "width 1"},
             {54.6, 72.1, "width 1.25"},
             {76.35, 73.5, "width 1.5"},
             {128.2, 75.26, "width 2", "found in one run"}},
            Scatter::Draw::MarksAndFront}},
      .x_scale = AxisScale::Logarithmic};
}

/// Points as a sweep of a small network has them: many close together.
Scatter sweep() {
  Scatter chart{
      .title = "Accuracy over cost, small network",
      .x_title = "cost [bit operations, share of all-8-bit]",
      .y_title = "accuracy [%]",
      .series = {
          {"uniform", {{0.25, 88.7, "int4"}, {1, 90.4, "int8"}, {0.14, 87.3, "int3"}}},
          {"random", {}},
          {"greedy", {}},
          {"policy",
           {{0.29, 89.4, "4/4/8"}, {0.49, 89.9, "4/8/4"}, {0.52, 90.0, "4/8/8"}, {0.73, 90.2, "8/4/4"}}},
          {"Pareto front", {}, Scatter::Draw::Front}}};
  core::Random random(7);
  for (int i = 0; i < 40; ++i) {
    const double x = 0.14 + 0.86 * random.uniform();
    chart.series[1].points.push_back({x, 86 + 3.6 * std::sqrt(x) * random.uniform() + 0.4, ""});
  }
  for (const double x : {0.2, 0.27, 0.31, 0.36, 0.5, 0.77})
    chart.series[2].points.push_back(
        {x, 87.2 + 2.8 * std::sqrt(x), "greedy " + std::to_string(x).substr(0, 4)});
  for (std::size_t s = 0; s < 4; ++s)
    for (const auto& p : chart.series[s].points) chart.series[4].points.push_back({p.x, p.y});
  return chart;
}

FormatMap map_of(std::size_t layers, const std::string& prefix) {
  FormatMap map{
      .title = "Formats of the points of the front, weights above activations", .layers = {}, .rows = {}};
  for (std::size_t l = 0; l < layers; ++l) map.layers.push_back(prefix + std::to_string(l + 1));
  core::Random random(3);
  for (const auto* label : {"8.2 GBOPs, 59.8 %", "17.7 GBOPs, 65.8 %", "30.8 GBOPs, 68.9 %"}) {
    FormatMap::Row row{label, {}};
    for (std::size_t l = 0; l < layers; ++l) {
      const int w = static_cast<int>(random.integer(2, 8)), a = random.uniform() < 0.6 ? w : 8;
      row.cells.push_back({"int" + std::to_string(w), "int" + std::to_string(a), w, a});
    }
    map.rows.push_back(row);
  }
  map.rows.back().cells[2] = {};
  return map;
}

std::string page() {
  HtmlReport report("Formats of layers");
  report.heading("Published points");
  report.scatter_chart(published());
  report.heading("A sweep");
  report.scatter_chart(sweep());
  report.heading("Formats by layer");
  report.format_map(map_of(5, "fc"));
  report.format_map(map_of(53, "block4.conv"));
  report.bar_chart(
      {"Accuracy", "%", {"int4", "int8"}, {"before", "after"}, {{88, 90}, {not_a_number, 90.2}}});
  return report.text();
}

}  // namespace

TEST_CASE("a page with every kind of chart is balanced and needs nothing beside itself") {
  const auto html = page();
  CHECK(is_balanced(html));
  CHECK(!is_balanced(html.substr(0, html.size() - 20)));
  for (const auto* word : {"<script", "http", "href", "nan", "inf\""})
    CHECK_MESSAGE(count(html, word) == 0, word);
#ifdef BITLOOM_REPORT_PAGE
  core::write_file(BITLOOM_REPORT_PAGE, html);
#endif
}

TEST_CASE("labels of a chart stay apart, in the drawing, and next to no other mark") {
  struct Box {
    double x0, x1, y0, y1;
  };
  const auto number = [](std::string_view text, std::string_view key) {
    const auto at = text.find(key);
    REQUIRE(at != std::string_view::npos);
    return std::stod(std::string(text.substr(at + key.size(), 10)));
  };
  for (const auto seed : {1, 2, 3, 4}) {
    Scatter chart{.title = "", .x_title = "", .y_title = "", .series = {{"all", {}}}};
    core::Random random(static_cast<std::uint64_t>(seed));
    for (int i = 0; i < 60; ++i)
      chart.series[0].points.push_back({random.uniform(), random.uniform(), "point " + std::to_string(i)});
    const auto html = draw(chart);
    std::vector<Box> boxes;
    constexpr std::string_view label = "<text class=\"label middle\"", mark = "<circle class=\"mark\"";
    const auto drawing = std::string_view(html).substr(0, html.find("legend"));
    for (auto at = drawing.find(mark); at != std::string_view::npos; at = drawing.find(mark, at + 1)) {
      const auto tag = drawing.substr(at, 100);
      const double x = number(tag, "cx=\""), y = number(tag, "cy=\"");
      boxes.push_back({x - 4.5, x + 4.5, y - 4.5, y + 4.5});
    }
    CHECK(boxes.size() == 60);
    std::size_t labels = 0;
    for (auto at = drawing.find(label); at != std::string_view::npos;
         at = drawing.find(label, at + 1), ++labels) {
      const auto tag = drawing.substr(at, 100);
      const auto text = tag.substr(tag.find('>') + 1, tag.find("</") - tag.find('>') - 1);
      const double x = number(tag, " x=\""), y = number(tag, " y=\""), half = text_width(text) / 2;
      const Box box{x - half, x + half, y - 9, y + 2};
      CHECK(box.x0 > 0);
      CHECK(box.x1 < 896);
      for (const auto& other : boxes)
        REQUIRE(!(box.x0 < other.x1 && other.x0 < box.x1 && box.y0 < other.y1 && other.y0 < box.y1));
      boxes.push_back(box);
    }
    CHECK(labels >= 40);
    CHECK(labels <= 60);
  }
}

TEST_CASE("a front is a line of steps that leaves dominated points out") {
  Scatter chart{
      .title = "",
      .x_title = "",
      .y_title = "",
      .series = {
          {"one", {{3, 2}, {0, 0}, {2, 1}, {2.5, 0.5}, {not_a_number, 9}}, Scatter::Draw::MarksAndFront}}};
  const auto html = draw(chart);
  CHECK(count(html.substr(0, html.find("legend")), "<circle") == 4);
  const auto at = html.find(" d=\"", html.find("<path class=\"front\"")) + 4;
  const auto path = html.substr(at, html.find('"', at) - at);
  // 0 and 3 along x are 1/18.67 and 17.67/18.67 of 800 pixels behind 72; 0 and 2 along y alike of 380 behind 16
  CHECK(path ==
        "M114.9 375.6L114.9 375.6L114.9 375.6L591.0 375.6L591.0 206.0L829.1 206.0L829.1 36.4L872.0 36.4");
}

TEST_CASE("an axis has three or more ticks, round numbers that keep apart") {
  const auto ticks = [](std::vector<double> numbers, AxisScale scale) {
    return Axis(numbers, scale).ticks();
  };
  using List = std::vector<double>;
  CHECK(ticks({0, 10}, AxisScale::Linear) == List{0, 2, 4, 6, 8, 10});
  CHECK(ticks({5, 5}, AxisScale::Linear) == List{4, 4.5, 5, 5.5, 6});
  CHECK(ticks({}, AxisScale::Linear) == List{-1, -0.5, 0, 0.5, 1});
  CHECK(ticks({8, 450}, AxisScale::Logarithmic) == List{10, 20, 50, 100, 200, 500});
  CHECK(ticks({1, 1e6}, AxisScale::Logarithmic) == List{1, 10, 100, 1000, 1e4, 1e5, 1e6});
  CHECK(ticks({100, 120}, AxisScale::Logarithmic) == List{100, 105, 110, 115, 120});
  CHECK_THROWS_AS(Axis(List{1, 0}, AxisScale::Logarithmic), RangeError);
  core::Random random(11);
  for (int i = 0; i < 2000; ++i) {
    const double low = std::pow(10, 8 * random.uniform() - 4),
                 high = low * std::pow(10, 4 * random.uniform());
    for (const auto scale : {AxisScale::Linear, AxisScale::Logarithmic}) {
      const Axis axis(List{low, high}, scale);
      const auto list = axis.ticks();
      CAPTURE(low);
      CAPTURE(high);
      REQUIRE(list.size() >= 3);
      REQUIRE(list.size() <= 16);
      for (std::size_t k = 0; k < list.size(); ++k) {
        REQUIRE(axis.place(list[k]) > -1e-9);
        REQUIRE(axis.place(list[k]) < 1 + 1e-9);
        if (k > 0) REQUIRE(axis.place(list[k]) - axis.place(list[k - 1]) > 0.03);
      }
    }
  }
}

TEST_CASE("a map of formats has a cell for every layer that is there, in two halves if the widths differ") {
  FormatMap map{.title = "a < b", .layers = {"fc1", "fc2", "fc3"}, .rows = {}};
  map.rows.push_back({"first", {{"int4", "int4", 4, 4}, {"int4", "e4m3", 4, 8}, {}}});
  const auto html = draw(map);
  CHECK(count(html, "<rect") == 3);
  CHECK(count(html, "<title>") == 2);
  CHECK(count(html, "weights int4, activations e4m3") == 1);
  CHECK(count(html, "a &lt; b") == 1);
  CHECK(count(html, "bits</span>") == 2);
  CHECK(is_balanced(html));
  map.rows[0].cells.pop_back();
  CHECK_THROWS_AS(static_cast<void>(draw(map)), ShapeError);
}
