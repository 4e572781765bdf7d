// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "format_map.hpp"
#include "scatter_chart.hpp"
#include "svg.hpp"

namespace bitloom::examples {

/// A page that needs nothing beside itself: tables and charts drawn as SVG.
class HtmlReport {
 public:
  explicit HtmlReport(std::string title) : title_(std::move(title)) {}

  void heading(std::string_view text) { body_ += fmt::format("<h2>{}</h2>\n", escape(text)); }
  void paragraph(std::string_view text) { body_ += fmt::format("<p>{}</p>\n", escape(text)); }

  /// The first column is text, the others are numbers.
  void table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
    body_ += "<div class=\"wide\"><table>\n";
    row("th", header);
    for (const auto& cells : rows) row("td", cells);
    body_ += "</table></div>\n";
  }

  /// Values of several series, side by side in groups.
  struct Bars {
    std::string title;
    std::string unit;
    std::vector<std::string> groups;
    std::vector<std::string> series;
    std::vector<std::vector<double>> values;  ///< [series][group]
  };

  /// A value that is NaN has no bar.
  void bar_chart(const Bars& bars) {
    constexpr double left = 60, top = 16, width = 560, height = 240;
    double largest = 0;
    for (const auto& series : bars.values)
      for (const double v : series) largest = std::max(largest, v);
    const double step = tick_step(largest);
    const double limit = std::max(step, std::ceil(largest / step) * step);
    std::string drawing;
    for (double tick = 0; tick <= limit * 1.0001; tick += step) {
      const double y = top + height * (1 - tick / limit);
      drawing += fmt::format("<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>", left,
                             left + width, y, y);
      drawing +=
          fmt::format("<text class=\"end\" x=\"{}\" y=\"{:.1f}\">{:g}</text>\n", left - 6, y + 4, tick);
    }
    const double group = width / static_cast<double>(bars.groups.size());
    const double bar = group * 0.8 / static_cast<double>(bars.series.size());
    for (std::size_t g = 0; g < bars.groups.size(); ++g) {
      const double x = left + group * static_cast<double>(g);
      for (std::size_t s = 0; s < bars.series.size(); ++s) {
        if (std::isnan(bars.values[s][g])) continue;
        const double h = height * bars.values[s][g] / limit;
        drawing += fmt::format(
            "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"><title>{}, {}: "
            "{:g} "
            "{}</title></rect>\n",
            x + group * 0.1 + bar * static_cast<double>(s), top + height - h, bar * 0.92, h, series_color(s),
            escape(bars.series[s]), escape(bars.groups[g]), bars.values[s][g], escape(bars.unit));
      }
      drawing += fmt::format("<text class=\"middle\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", x + group / 2,
                             top + height + 18, escape(bars.groups[g]));
    }
    std::vector<std::string> legend;
    for (std::size_t s = 0; s < bars.series.size(); ++s)
      legend.push_back(color_key(series_color(s), bars.series[s]));
    body_ += figure(bars.title + " (" + bars.unit + ")", left + width + 20, top + height + 26, 400, drawing,
                    legend);
  }

  void scatter_chart(const Scatter& chart) { body_ += draw(chart); }
  void format_map(const FormatMap& map) { body_ += draw(map); }

  [[nodiscard]] std::string text() const {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>\n<style>\n"
        "body{{font:15px/1.5 system-ui,sans-serif;max-width:64em;margin:2em auto;padding:0 "
        "1em;color:#1d2733}}\n"
        "h1{{font-size:1.6em}}h2{{font-size:1.2em;margin-top:2em}}.wide{{overflow-x:auto}}\n"
        "table{{border-collapse:collapse;font-variant-numeric:tabular-nums}}\n"
        "th,td{{padding:.25em .8em;text-align:right;border-bottom:1px solid #d8dee6;white-space:nowrap}}\n"
        "th:first-child,td:first-child{{text-align:left;padding-left:0}}\n"
        "figure{{margin:1em 0}}figcaption{{font-weight:600}}svg{{max-width:100%;height:auto}}\n"
        "svg text{{font:12px "
        "system-ui,sans-serif;fill:#44505c}}.end{{text-anchor:end}}.middle{{text-anchor:middle}}\n"
        ".title,.label{{fill:#1d2733}}svg text.light{{fill:#fff}}svg "
        "text.half{{font-size:10.5px}}.axis{{fill:none;stroke:#8c97a3}}\n"
        ".front{{fill:none;stroke-width:1.8;stroke-linejoin:round}}.mark{{stroke:#fff;stroke-width:.8}}\n"
        ".grid{{stroke:#e4e8ed}}.legend{{margin:.2em 0 1.6em}}.legend span{{margin-right:1.2em}}\n"
        ".legend svg{{margin-right:.4em;vertical-align:-1px}}\n"
        ".legend i{{display:inline-block;width:.8em;height:.8em;margin-right:.4em}}\n"
        "</style></head><body>\n<h1>{0}</h1>\n{1}</body></html>\n",
        escape(title_), body_);
  }

 private:
  void row(std::string_view tag, const std::vector<std::string>& cells) {
    body_ += "<tr>";
    for (const auto& cell : cells) body_ += fmt::format("<{0}>{1}</{0}>", tag, escape(cell));
    body_ += "</tr>\n";
  }

  std::string title_;
  std::string body_;
};

}  // namespace bitloom::examples
