// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/format/concepts.hpp>

namespace bitloom::examples {

/// Whole numbers [rows × columns].
struct IntegerMatrix {
  std::int64_t rows{};
  std::int64_t columns{};
  std::vector<std::int16_t> values{};  ///< row after row
};

/// Comma-separated whole numbers, a row a line. Spaces around a number, blank lines and a byte order mark in front are
/// passed over.
///
/// @param range  of the numbers, within 16 bits
/// @throws ParseError  with line and column: a field that is no such number, a row of another length, or no row
inline IntegerMatrix parse_integer_matrix(std::string_view text, const std::string& name,
                                          const format::IntegerRange& range) {
  IntegerMatrix matrix;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto cut = [](std::string_view& rest, char mark) {
    const auto end = std::min(rest.find(mark), rest.size());
    const auto part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
  };
  constexpr const char* blanks = " \t\r";
  for (std::int64_t line = 1; !text.empty(); ++line) {
    auto row = cut(text, '\n');
    if (row.find_first_not_of(blanks) == std::string_view::npos) continue;
    std::int64_t columns = 0;
    for (bool more = true; more;) {
      more = row.find(',') != std::string_view::npos;
      auto field = cut(row, ',');
      field.remove_prefix(std::min(field.find_first_not_of(blanks), field.size()));
      field = field.substr(0, field.find_last_not_of(blanks) + 1);
      const auto where = fmt::format("{}, line {}, column {}", name, line, ++columns);
      const auto value = core::parse_integer(field.substr(0, 40), where);
      if (value < range.lowest || value > range.max)
        throw ParseError(fmt::format("{}: {} is outside {}..{}", where, value, range.lowest, range.max));
      matrix.values.push_back(static_cast<std::int16_t>(value));
    }
    if (matrix.rows++ == 0)
      matrix.columns = columns;
    else if (columns != matrix.columns)
      throw ParseError(fmt::format("{}, line {}: {} numbers, but the first row has {}", name, line, columns,
                                   matrix.columns));
  }
  if (matrix.rows == 0) throw ParseError(name + ": there is no number in it");
  return matrix;
}

inline IntegerMatrix read_integer_matrix(const std::string& path, const format::IntegerRange& range) {
  return parse_integer_matrix(core::read_file(path), path, range);
}

/// The text that the above reads.
inline std::string integer_matrix_text(std::int64_t columns, std::span<const std::int32_t> values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i)
    text += fmt::format("{}{}", values[i], (static_cast<std::int64_t>(i) + 1) % columns == 0 ? '\n' : ',');
  return text;
}

}  // namespace bitloom::examples
