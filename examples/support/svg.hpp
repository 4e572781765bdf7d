// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/error.hpp>

namespace bitloom::examples {

/// Text between the tags of HTML and SVG, or inside an attribute.
inline std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

/// The colour of a series in every chart.
inline std::string_view series_color(std::size_t series) {
  constexpr std::array<std::string_view, 5> colors{"#2f6db5", "#e08a2c", "#4a9d5b", "#a0559c", "#7b8794"};
  return colors[series % colors.size()];
}

/// A chart as HTML: a caption, a drawing of a size in pixels, and the parts of a legend below. Narrow screens shrink it down
/// to `least_width`, then scroll.
inline std::string figure(std::string_view caption, double width, double height, double least_width,
                          std::string_view drawing, std::span<const std::string> legend) {
  std::string keys;
  for (const auto& key : legend) keys += "<span>" + key + "</span>";
  return fmt::format(
      "<figure><figcaption>{}</figcaption>\n<div class=\"wide\"><svg viewBox=\"0 0 {:.0f} {:.0f}\" "
      "width=\"{:.0f}\" style=\"min-width:{:.0f}px\" role=\"img\">\n{}</svg></div>\n<p "
      "class=\"legend\">{}</p></figure>\n",
      escape(caption), width, height, width, least_width, drawing, keys);
}

/// A part of a legend: a square of a colour, and its meaning.
inline std::string color_key(std::string_view color, std::string_view meaning) {
  return fmt::format("<i style=\"background:{}\"></i>{}", color, escape(meaning));
}

/// Pixels that a text takes at 12 pixels; an upper estimate, as the fonts of browsers differ.
inline double text_width(std::string_view utf8) {
  const auto characters = std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; });
  return 7.3 * static_cast<double>(characters);
}

/// 1, 2 or 5 times a power of ten, so that at most `most_steps` make `range`; 1 for an empty range.
inline double tick_step(double range, double most_steps = 6) {
  if (!(range > 0)) return 1;
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (range / (factor * power) <= most_steps) return factor * power;
  return 10 * power;
}

/// How the numbers of an axis are laid out.
enum class AxisScale { Linear, Logarithmic };

/// An axis that holds given numbers, from 0 to 1, with a margin at both ends.
class Axis {
 public:
  /// @throws RangeError  a number is not positive, but the axis is logarithmic
  Axis(std::span<const double> numbers, AxisScale scale) : scale_(scale) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const double x : numbers) {
      if (!std::isfinite(x)) continue;
      if (scale == AxisScale::Logarithmic && !(x > 0))
        throw RangeError(fmt::format("logarithmic axis: {} is not positive", x));
      low = std::min(low, along(x));
      high = std::max(high, along(x));
    }
    if (low > high) low = high = 0;
    const double alone = scale == AxisScale::Linear ? std::max(1.0, 0.05 * std::abs(high)) : 0.3;
    const double margin = high > low ? 0.06 * (high - low) : alone;
    low_ = low - margin;
    high_ = high + margin;
  }

  /// Where a number is: 0 at the start of the axis, 1 at its end.
  [[nodiscard]] double place(double x) const { return (along(x) - low_) / (high_ - low_); }

  /// Round numbers on the axis, ascending, three or more.
  [[nodiscard]] std::vector<double> ticks() const {
    if (scale_ == AxisScale::Linear) return even_ticks(low_, high_);
    const auto powers = [&](std::span<const double> factors) {
      std::vector<double> ticks;
      for (int e = static_cast<int>(std::floor(low_)); e <= static_cast<int>(std::floor(high_)); ++e)
        for (const double factor : factors) {
          const double tick = factor * std::pow(10, e);
          if (low_ <= along(tick) && along(tick) <= high_) ticks.push_back(tick);
        }
      return ticks;
    };
    constexpr std::array<double, 3> factors{1, 2, 5};
    for (const std::size_t count : {1U, 3U})
      if (auto ticks = powers(std::span(factors).first(count)); ticks.size() >= 4) return ticks;
    return even_ticks(std::pow(10, low_), std::pow(10, high_));
  }

 private:
  [[nodiscard]] double along(double x) const { return scale_ == AxisScale::Linear ? x : std::log10(x); }

  static std::vector<double> even_ticks(double low, double high) {
    const double step = tick_step(high - low, 7.6);  // so that three steps fit at least
    std::vector<double> ticks;
    for (auto k = static_cast<std::int64_t>(std::ceil(low / step)); static_cast<double>(k) * step <= high;
         ++k)
      ticks.push_back(static_cast<double>(k) * step);
    return ticks;
  }

  AxisScale scale_;
  double low_, high_;
};

}  // namespace bitloom::examples
