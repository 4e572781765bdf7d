// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>

namespace bitloom::core {

/// A whole number in decimal, nothing else around it.
/// @throws ParseError  the text is something else, or does not fit 64 bits; `what` names it
[[nodiscard]] inline std::int64_t parse_integer(std::string_view text, const std::string& what) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw ParseError(what + ": '" + std::string(text) + "' is not a whole number");
  return value;
}

/// A table of text with a header line: RFC 4180, fields in double quotes may hold commas and line breaks. A byte order
/// mark in front and blank lines at the end are passed over.
class Csv {
 public:
  /// @param name  for messages
  /// @throws ParseError  with the line: no header, a row of another length, an open quote, a column named twice
  [[nodiscard]] static Csv parse(std::string_view text, std::string name) {
    Csv csv(std::move(name));
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (text.ends_with("\n\n") || text.ends_with("\n\r\n"))
      text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
    std::size_t position = 0;
    std::int64_t line = 1;
    while (position < text.size()) {
      const auto first_line = line;
      auto row = csv.next_row(text, position, line);
      if (csv.header_.empty()) {
        csv.header_ = std::move(row);
        csv.check_header();
      } else if (row.size() != csv.header_.size()) {
        throw ParseError(csv.name_ + ", line " + std::to_string(first_line) + ": " +
                         std::to_string(row.size()) + " fields, but the header has " +
                         std::to_string(csv.header_.size()));
      } else {
        csv.rows_.push_back(std::move(row));
        csv.lines_.push_back(first_line);
      }
    }
    if (csv.header_.empty()) throw ParseError(csv.name_ + ": the file is empty");
    return csv;
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::vector<std::string>& header() const noexcept { return header_; }
  [[nodiscard]] std::size_t row_count() const noexcept { return rows_.size(); }

  [[nodiscard]] bool has_column(std::string_view column) const {
    return std::ranges::find(header_, column) != header_.end();
  }

  /// @throws ParseError  there is no such column
  [[nodiscard]] const std::string& text(std::size_t row, std::string_view column) const {
    const auto found = std::ranges::find(header_, column);
    if (found == header_.end())
      throw ParseError(name_ + ": there is no column '" + std::string(column) + "'");
    return rows_.at(row)[static_cast<std::size_t>(found - header_.begin())];
  }

  /// @throws ParseError  there is no such column, or the field is not a whole number
  [[nodiscard]] std::int64_t integer(std::size_t row, std::string_view column) const {
    return parse_integer(text(row, column), where(row) + ", " + std::string(column));
  }

  /// @throws ParseError  there is no such column, or the field is no whole number in low..high
  [[nodiscard]] int integer(std::size_t row, std::string_view column, int low, int high) const {
    const auto value = integer(row, column);
    if (value < low || value > high)
      throw ParseError(where(row) + ", " + std::string(column) + ": " + std::to_string(value) +
                       " is outside " + std::to_string(low) + ".." + std::to_string(high));
    return static_cast<int>(value);
  }

  /// @throws ParseError  there is no such column, or the field is neither 0 nor 1
  [[nodiscard]] bool flag(std::size_t row, std::string_view column) const {
    const auto& field = text(row, column);
    if (field != "0" && field != "1")
      throw ParseError(where(row) + ", " + std::string(column) + ": '" + field + "' is neither 0 nor 1");
    return field == "1";
  }

  /// For messages, e.g. `file.csv, line 7`.
  [[nodiscard]] std::string where(std::size_t row) const {
    return name_ + ", line " + std::to_string(lines_.at(row));
  }

 private:
  explicit Csv(std::string name) : name_(std::move(name)) {}

  void check_header() const {
    for (std::size_t i = 0; i < header_.size(); ++i)
      if (std::find(header_.begin(), header_.begin() + static_cast<std::ptrdiff_t>(i), header_[i]) !=
          header_.begin() + static_cast<std::ptrdiff_t>(i))
        throw ParseError(name_ + ": column '" + header_[i] + "' is named twice");
  }

  /// Reads one row and the line end behind it.
  std::vector<std::string> next_row(std::string_view text, std::size_t& position, std::int64_t& line) const {
    std::vector<std::string> row(1);
    bool quoted = false;
    for (; position < text.size(); ++position) {
      const char c = text[position];
      if (quoted) {
        if (c == '\n') ++line;
        if (c != '"')
          row.back() += c;
        else if (position + 1 < text.size() && text[position + 1] == '"')
          row.back() += text[position++];
        else
          quoted = false;
      } else if (c == '"') {
        quoted = true;
      } else if (c == ',') {
        row.emplace_back();
      } else if (c == '\n') {
        ++position;
        ++line;
        break;
      } else if (c != '\r' || (position + 1 < text.size() && text[position + 1] != '\n')) {
        row.back() += c;
      }
    }
    if (quoted) throw ParseError(name_ + ", line " + std::to_string(line) + ": a quoted field does not end");
    return row;
  }

  std::string name_;
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::int64_t> lines_;
};

}  // namespace bitloom::core
