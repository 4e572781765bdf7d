// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>

namespace bitloom::rtl {

/// A place of a template and the text that it gets.
using Place = std::pair<std::string_view, std::string>;

namespace detail {

constexpr bool is_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// `text` with every line but the first indented.
inline std::string indented(std::string_view text, std::size_t columns) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (text[i] == '\n' && i + 1 < text.size() && text[i + 1] != '\n') result.append(columns, ' ');
  }
  return result;
}

}  // namespace detail

/// Puts texts in the places of a template; a place is its name between two at signs.
///
/// A text of several lines at a place that stands alone in its line takes over the indentation of the place. If the
/// text is empty, the line goes.
/// @throws RangeError  the template has a place without a text
[[nodiscard]] inline std::string fill(std::string_view text, const std::vector<Place>& places) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    if (text[i] == '@')
      while (end < text.size() && detail::is_name(text[end])) ++end;
    if (text[i] != '@' || end == i + 1 || end == text.size() || text[end] != '@') {
      result += text[i++];
      continue;
    }
    const auto name = text.substr(i + 1, end - i - 1);
    const std::string* value = nullptr;
    for (const auto& place : places)
      if (place.first == name) value = &place.second;
    if (value == nullptr) throw RangeError("template: its place '" + std::string(name) + "' has no text");
    const auto line = result.rfind('\n') + 1;  // npos + 1 is 0, the first line
    const bool alone = result.find_first_not_of(' ', line) == std::string::npos &&
                       (end + 1 == text.size() || text[end + 1] == '\n');
    i = end + 1;
    if (alone && value->empty()) {
      result.resize(line);
      if (i < text.size()) ++i;
    } else {
      result += alone ? detail::indented(*value, result.size() - line) : *value;
      if (alone && value->ends_with('\n') && i < text.size()) ++i;  // the text ends its line itself
    }
  }
  return result;
}

/// A Verilog identifier made of a name: lower case, `_` for all but letters and digits.
[[nodiscard]] inline std::string identifier(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const auto lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    result += detail::is_name(lower) ? lower : '_';
  }
  return result;
}

/// The value with a width, in decimal: `4'd9`.
[[nodiscard]] inline std::string literal(int width, std::int64_t value) {
  return std::to_string(width) + "'d" + std::to_string(value);
}

/// Bits [offset, offset + width) of a vector: `[13:7]`, or `[3]` for one bit.
[[nodiscard]] inline std::string bit_range(int offset, int width) {
  const auto low = std::to_string(offset);
  return width == 1 ? "[" + low + "]" : "[" + std::to_string(offset + width - 1) + ":" + low + "]";
}

/// Appends `digits` hexadecimal digits of the value, the most significant first.
inline void append_hex(std::string& text, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) text += "0123456789abcdef"[(value >> (4 * i)) & 15];
}

}  // namespace bitloom::rtl
