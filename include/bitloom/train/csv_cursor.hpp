// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include <bitloom/core/error.hpp>

namespace bitloom::train::detail {

/// Reads fields of comma-separated numbers and knows where it is. It goes through the text once, and copies none.
class CsvCursor {
 public:
  CsvCursor(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  [[nodiscard]] bool at_end() const noexcept { return position_ == text_.size(); }

  /// The text ends here, or the line does.
  [[nodiscard]] bool at_line_end() const noexcept { return at_end() || rest().find_first_of("\r\n") == 0; }

  /// The next field, a whole number in low..high.
  int integer(const char* what, int low, int high) {
    int value = 0;
    const auto length = parse(value);
    if (length == 0) fail(std::string(what) + " is not an integer of fitting size");
    if (value < low || value > high)
      fail(std::string(what) + ' ' + std::to_string(value) + " is outside " + std::to_string(low) + ".." +
           std::to_string(high));
    position_ += length;
    return value;
  }

  /// The next field, a finite number.
  float number(const char* what) {
    double value = 0;
    const auto length = parse(value);
    const auto result = static_cast<float>(value);
    if (length == 0 || !std::isfinite(result))
      fail(std::string(what) + " is not a finite number of fitting size");
    position_ += length;
    return result;
  }

  /// The next field as it is, not empty.
  std::string_view text(const char* what) {
    const auto field = rest().substr(0, rest().find_first_of(",\r\n"));
    if (field.empty()) fail(std::string(what) + " is missing");
    position_ += field.size();
    return field;
  }

  /// Passes over the comma behind a field.
  void comma(const char* what) {
    if (at_end() || text_[position_] != ',') fail(std::string("a comma has to follow the ") + what);
    ++position_;
  }

  /// Passes over the end of the line or text behind a field.
  void end_line(const char* what) {
    if (at_end()) return;
    if (rest().starts_with("\r\n")) ++position_;
    if (text_[position_] != '\n') fail(std::string("the line has to end after the ") + what);
    ++position_;
    ++line_;
    line_start_ = position_;
  }

  /// Commas from here to the end of the line.
  [[nodiscard]] std::int64_t commas() const {
    std::int64_t count = 0;
    for (auto i = position_; i < text_.size() && text_[i] != '\n'; ++i) count += text_[i] == ',' ? 1 : 0;
    return count;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw ParseError(std::string(name_) + ", line " + std::to_string(line_) + ", column " +
                     std::to_string(position_ - line_start_ + 1) + ": " + what);
  }

 private:
  [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(position_); }

  /// Characters of a number that begins here; 0 if none does, or if it does not fit.
  template <class T>
  std::size_t parse(T& value) const {
    const auto* begin = text_.data() + position_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    return error == std::errc{} ? static_cast<std::size_t>(end - begin) : 0;
  }

  std::string_view text_, name_;
  std::size_t position_ = 0, line_start_ = 0, line_ = 1;
};

}  // namespace bitloom::train::detail
