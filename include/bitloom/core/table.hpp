// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>

namespace bitloom::core {

/// A table of text for a terminal: the first column is left-aligned, the others are right-aligned.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}

  /// @throws ShapeError  the row has another number of cells than the header
  void add_row(std::vector<std::string> cells) {
    check_equal("cells of a table row", static_cast<std::int64_t>(cells.size()), "the header",
                static_cast<std::int64_t>(rows_.front().size()));
    rows_.push_back(std::move(cells));
  }

  /// Lines with a rule below the header; every line ends with a line feed.
  [[nodiscard]] std::string text() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_)
      for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], columns(row[c]));
    std::string result;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      append(result, rows_[r], widths, ' ');
      if (r == 0) append(result, std::vector<std::string>(widths.size()), widths, '-');
    }
    return result;
  }

 private:
  /// Characters on the screen: UTF-8 continuation bytes take no column.
  static std::size_t columns(const std::string& cell) {
    return static_cast<std::size_t>(
        std::ranges::count_if(cell, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  }

  static void append(std::string& out, const std::vector<std::string>& row,
                     const std::vector<std::size_t>& widths, char fill) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string padding(widths[c] - columns(row[c]), fill);
      if (c > 0) line += "  ";
      line += c == 0 ? row[c] + padding : padding + row[c];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }

  std::vector<std::vector<std::string>> rows_;
};

}  // namespace bitloom::core
