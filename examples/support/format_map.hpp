// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/error.hpp>

#include "svg.hpp"

namespace bitloom::examples {

/// Which formats the layers of networks have: a column for each layer, a row for each network, such as the points of a
/// front. Colours stand for bits: of the weights in the upper half of a cell, of the activations in the lower.
struct FormatMap {
  struct Cell {
    std::string weight{}, activation{};    ///< names of the formats
    int weight_bits{}, activation_bits{};  ///< 0 where the network does not have the layer
  };
  struct Row {
    std::string label;  ///< such as cost and accuracy
    std::vector<Cell> cells;
  };

  std::string title;
  std::vector<std::string> layers;
  std::vector<Row> rows;
};

namespace detail {

/// Light for few bits, dark for many; above 8 the darkest.
inline std::string_view bits_color(int bits) {
  constexpr std::array<std::string_view, 8> colors{"#f2ead0", "#d8e3b0", "#a9d5ad", "#6fc0b0",
                                                   "#3fa3b8", "#2c7fb3", "#27589f", "#22306b"};
  return colors[static_cast<std::size_t>(std::clamp(bits, 2, 9)) - 2];
}

}  // namespace detail

/// A map of formats with its legend, as HTML.
/// @throws ShapeError  a row does not have a cell for each layer
inline std::string draw(const FormatMap& map) {
  double label_width = 0, name_width = 0;
  for (const auto& row : map.rows) {
    core::check_equal("cells of a row", std::ssize(row.cells), "layers", std::ssize(map.layers));
    label_width = std::max(label_width, text_width(row.label));
  }
  for (const auto& layer : map.layers) name_width = std::max(name_width, text_width(layer));
  constexpr double row_height = 30, gap = 2;
  const double columns = static_cast<double>(std::max<std::size_t>(map.layers.size(), 1));
  const double left = label_width + 12, top = name_width + 10;
  const double column = std::clamp((880 - left) / columns, 14.0, 56.0);
  std::string text;
  for (std::size_t l = 0; l < map.layers.size(); ++l)
    text += fmt::format("<text transform=\"translate({:.1f} {:.1f}) rotate(-90)\">{}</text>\n",
                        left + column * (static_cast<double>(l) + 0.5) + 4, top - 6, escape(map.layers[l]));
  std::set<int> used;
  for (std::size_t r = 0; r < map.rows.size(); ++r) {
    const double y = top + row_height * static_cast<double>(r);
    text += fmt::format("<text class=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", left - 8,
                        y + row_height / 2 + 4, escape(map.rows[r].label));
    for (std::size_t l = 0; l < map.layers.size(); ++l) {
      const auto& cell = map.rows[r].cells[l];
      if (cell.weight_bits <= 0) continue;
      const double x = left + column * static_cast<double>(l);
      text += fmt::format("<g><title>{}, {}\nweights {}, activations {}</title>", escape(map.rows[r].label),
                          escape(map.layers[l]), escape(cell.weight), escape(cell.activation));
      const auto part = [&](int bits, double from, double size, std::string_view font) {
        used.insert(bits);
        text +=
            fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"/>",
                        x + gap / 2, from, column - gap, size, detail::bits_color(bits));
        text += fmt::format("<text class=\"middle {}{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", font,
                            bits >= 6 ? " light" : "", x + column / 2, from + size / 2 + 4, bits);
      };
      if (cell.weight_bits == cell.activation_bits) {
        part(cell.weight_bits, y + gap / 2, row_height - gap, "whole");
      } else {
        part(cell.weight_bits, y + gap / 2, row_height / 2 - gap / 2, "half");
        part(cell.activation_bits, y + row_height / 2, row_height / 2 - gap / 2, "half");
      }
      text += "</g>\n";
    }
  }
  const double width = left + column * columns + 10;
  const double height = top + row_height * static_cast<double>(map.rows.size()) + 6;
  std::vector<std::string> legend;
  for (const int bits : used)
    legend.push_back(color_key(detail::bits_color(bits), std::to_string(bits) + " bits"));
  return figure(map.title, width, height, width, text, legend);
}

}  // namespace bitloom::examples
