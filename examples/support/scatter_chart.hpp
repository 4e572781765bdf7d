// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/pareto.hpp>

#include "svg.hpp"

namespace bitloom::examples {

/// Points of several series over two axes, such as accuracy over cost: less is better along x, more along y.
struct Scatter {
  /// Not shown if a coordinate is NaN or infinite.
  struct Point {
    double x{}, y{};
    std::string label{};    ///< beside the point if there is room
    std::string tooltip{};  ///< beside series and coordinates
  };
  enum class Draw {
    Marks,          ///< every point
    MarksAndFront,  ///< and a stepped line through those that no other of the series beats
    Front,          ///< that line alone
  };
  struct Series {
    std::string name;
    std::vector<Point> points;
    Draw draw = Draw::Marks;
  };

  std::string title;
  std::string x_title;  ///< with its unit
  std::string y_title;  ///< with its unit
  std::vector<Series> series;
  AxisScale x_scale = AxisScale::Linear;
};

namespace detail {

/// Draws one scatter chart.
class ScatterDrawing {
 public:
  explicit ScatterDrawing(const Scatter& chart)
      : chart_(chart),
        x_(numbers(&Scatter::Point::x), chart.x_scale),
        y_(numbers(&Scatter::Point::y), AxisScale::Linear) {}

  [[nodiscard]] std::string html() {
    axes();
    for (std::size_t s = 0; s < chart_.series.size(); ++s)
      if (chart_.series[s].draw != Scatter::Draw::Marks) front(s);
    for (std::size_t s = 0; s < chart_.series.size(); ++s)
      if (chart_.series[s].draw != Scatter::Draw::Front) marks(s);
    for (const auto& series : chart_.series)
      for (const auto& point : series.points)
        if (is_finite(point) && !point.label.empty()) label(point);
    return figure(chart_.title, left + width + 24, top + height + 48, 560, text_, legend());
  }

 private:
  struct Box {
    double x0, y0, x1, y1;
    [[nodiscard]] bool meets(const Box& b) const { return x0 < b.x1 && b.x0 < x1 && y0 < b.y1 && b.y0 < y1; }
  };
  static constexpr double left = 72, top = 16, width = 800, height = 380;
  static constexpr Box frame{left, top, left + width, top + height};
  static constexpr double reach = 5;  ///< of a mark from its centre

  static bool is_finite(const Scatter::Point& p) { return std::isfinite(p.x) && std::isfinite(p.y); }

  [[nodiscard]] std::vector<double> numbers(double Scatter::Point::*coordinate) const {
    std::vector<double> result;
    for (const auto& series : chart_.series)
      for (const auto& point : series.points)
        if (is_finite(point)) result.push_back(point.*coordinate);
    return result;
  }

  [[nodiscard]] double px(double x) const { return left + width * x_.place(x); }
  [[nodiscard]] double py(double y) const { return top + height * (1 - y_.place(y)); }

  void axes() {
    for (const double tick : y_.ticks()) {
      text_ += fmt::format("<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", left,
                           left + width, py(tick), py(tick));
      text_ += fmt::format("<text class=\"end\" x=\"{}\" y=\"{:.1f}\">{:g}</text>\n", left - 8, py(tick) + 4,
                           tick);
    }
    for (const double tick : x_.ticks()) {
      text_ += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/>",
                           px(tick), top, top + height);
      text_ += fmt::format("<text class=\"middle\" x=\"{:.1f}\" y=\"{}\">{:g}</text>\n", px(tick),
                           top + height + 18, tick);
    }
    text_ +=
        fmt::format("<path class=\"axis\" d=\"M{0} {1}V{2}H{3}\"/>\n", left, top, top + height, left + width);
    text_ += fmt::format("<text class=\"middle title\" x=\"{}\" y=\"{}\">{}</text>\n", left + width / 2,
                         top + height + 40, escape(chart_.x_title));
    text_ +=
        fmt::format("<text class=\"middle title\" transform=\"translate(16 {}) rotate(-90)\">{}</text>\n",
                    top + height / 2, escape(chart_.y_title));
  }

  /// Up to the cost of the next better point the quality stays that of the last one.
  void front(std::size_t s) {
    std::vector<std::array<double, 2>> objectives;
    for (const auto& point : chart_.series[s].points)
      if (is_finite(point)) objectives.push_back({point.x, -point.y});
    auto places = core::pareto_front<2>(objectives);
    if (places.empty()) return;
    std::ranges::sort(places, {}, [&](std::size_t i) { return objectives[i][0]; });
    double x = px(objectives[places.front()][0]), y = py(-objectives[places.front()][1]);
    auto path = fmt::format("M{:.1f} {:.1f}", x, y);
    const auto line_to = [&](double to_x, double to_y) {
      path += fmt::format("L{:.1f} {:.1f}", to_x, to_y);
      lines_.push_back(
          {std::min(x, to_x) - 1, std::min(y, to_y) - 1, std::max(x, to_x) + 1, std::max(y, to_y) + 1});
      x = to_x;
      y = to_y;
    };
    for (const auto place : places) {
      line_to(px(objectives[place][0]), y);
      line_to(x, py(-objectives[place][1]));
    }
    line_to(left + width, y);
    text_ += fmt::format("<path class=\"front\" stroke=\"{}\" d=\"{}\"/>\n", color(s), path);
  }

  void marks(std::size_t s) {
    for (const auto& point : chart_.series[s].points) {
      if (!is_finite(point)) continue;
      const double x = px(point.x), y = py(point.y);
      marks_.push_back({x - reach, y - reach, x + reach, y + reach});
      text_ += fmt::format("<g><title>{}{}: {:g}, {:g}{}</title>{}</g>\n", escape(chart_.series[s].name),
                           point.label.empty() ? "" : ", " + escape(point.label), point.x, point.y,
                           point.tooltip.empty() ? "" : "\n" + escape(point.tooltip), mark(s, x, y));
    }
  }

  /// A mark that also its form tells from those of the other series.
  [[nodiscard]] std::string mark(std::size_t s, double x, double y) const {
    const auto fill = color(s);
    switch (s % 4) {
      case 0:
        return fmt::format("<circle class=\"mark\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" fill=\"{}\"/>", x, y,
                           fill);
      case 1:
        return fmt::format(
            "<rect class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"8\" height=\"8\" fill=\"{}\"/>", x - 4,
            y - 4, fill);
      case 2:
        return fmt::format("<path class=\"mark\" d=\"M{:.1f} {:.1f}l5 9h-10z\" fill=\"{}\"/>", x, y - 5.5,
                           fill);
      default:
        return fmt::format(
            "<path class=\"mark\" d=\"M{:.1f} {:.1f}l5.5 5.5l-5.5 5.5l-5.5 -5.5z\" fill=\"{}\"/>", x, y - 5.5,
            fill);
    }
  }

  /// Tries places around the point, first those that cross no line; a label that has no place is left to the tooltip.
  void label(const Scatter::Point& point) {
    const double w = text_width(point.label), x = px(point.x), y = py(point.y);
    constexpr double h = 13;
    std::vector<Box> candidates;
    for (const double gap : {reach + 3, reach + 14}) {
      for (const auto& [dx, dy] : {std::pair{gap, -h / 2},
                                   {-gap - w, -h / 2},
                                   {-w / 2, -gap - h},
                                   {-w / 2, gap},
                                   {gap * 0.6, -gap - h + 4},
                                   {gap * 0.6, gap - 4},
                                   {-gap * 0.6 - w, -gap - h + 4},
                                   {-gap * 0.6 - w, gap - 4}})
        candidates.push_back({x + dx, y + dy, x + dx + w, y + dy + h});
    }
    const auto is_free = [&](const Box& box) {
      const auto apart = [&](const Box& other) { return !box.meets(other); };
      return box.x0 >= frame.x0 && box.x1 <= frame.x1 + 20 && box.y0 >= frame.y0 - 10 && box.y1 <= frame.y1 &&
             std::ranges::all_of(marks_, apart) && std::ranges::all_of(labels_, apart);
    };
    std::erase_if(candidates, [&](const Box& box) { return !is_free(box); });
    if (candidates.empty()) return;
    const auto crosses = [&](const Box& box) {
      return std::ranges::any_of(lines_, [&](const Box& line) { return box.meets(line); });
    };
    const auto clear = std::ranges::find_if_not(candidates, crosses);
    const auto& box = clear == candidates.end() ? candidates.front() : *clear;
    labels_.push_back(box);
    text_ += fmt::format("<text class=\"label middle\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                         (box.x0 + box.x1) / 2, box.y1 - 3, escape(point.label));
  }

  [[nodiscard]] std::vector<std::string> legend() const {
    std::vector<std::string> keys;
    for (std::size_t s = 0; s < chart_.series.size(); ++s) {
      const auto draws = chart_.series[s].draw;
      std::string key = "<svg width=\"26\" height=\"12\">";
      if (draws != Scatter::Draw::Marks)
        key += fmt::format("<path class=\"front\" stroke=\"{}\" d=\"M0 6H26\"/>", color(s));
      if (draws != Scatter::Draw::Front) key += mark(s, 13, 6);
      keys.push_back(key + "</svg>" + escape(chart_.series[s].name));
    }
    return keys;
  }

  /// A line without marks is about other series: it is dark.
  [[nodiscard]] std::string_view color(std::size_t s) const {
    return chart_.series[s].draw == Scatter::Draw::Front ? "#1d2733" : series_color(s);
  }

  const Scatter& chart_;
  Axis x_, y_;
  std::string text_{};
  std::vector<Box> marks_{}, labels_{}, lines_{};
};

}  // namespace detail

/// A scatter chart with its legend, as HTML.
/// @throws RangeError  a point is not right of 0, but the x axis is logarithmic
inline std::string draw(const Scatter& chart) { return detail::ScatterDrawing(chart).html(); }

}  // namespace bitloom::examples
