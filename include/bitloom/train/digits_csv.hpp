// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/train/dataset.hpp>

namespace bitloom::train {

namespace detail {

/// Reads comma-separated integers and knows where it is.
class CsvCursor {
 public:
  CsvCursor(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  [[nodiscard]] bool at_end() const noexcept { return position_ == text_.size(); }

  /// The next field, in low..high, with the separator behind it: a comma, or the end of the line or text.
  int field(const char* what, int low, int high, bool last) {
    int value = 0;
    const auto* begin = text_.data() + position_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{}) fail(std::string(what) + " is not an integer of fitting size");
    if (value < low || value > high)
      fail(std::string(what) + ' ' + std::to_string(value) + " is outside " + std::to_string(low) + ".." +
           std::to_string(high));
    position_ += static_cast<std::size_t>(end - begin);
    if (!last) {
      if (at_end() || text_[position_] != ',') fail(std::string("a comma has to follow the ") + what);
      ++position_;
    } else if (!at_end()) {
      if (text_.substr(position_).starts_with("\r\n")) ++position_;
      if (text_[position_] != '\n') fail(std::string("the line has to end after the ") + what);
      ++position_;
      ++line_;
      line_start_ = position_;
    }
    return value;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw ParseError(std::string(name_) + ", line " + std::to_string(line_) + ", column " +
                     std::to_string(position_ - line_start_ + 1) + ": " + what);
  }

 private:
  std::string_view text_, name_;
  std::size_t position_ = 0, line_start_ = 0, line_ = 1;
};

}  // namespace detail

/// Reads handwritten digits of 8x8 pixels: each line has 64 values 0..16, row by row, and the label 0..9.
///
/// @param text  the lines; the last one may lack its newline
/// @param name  for messages
/// @return      pixels divided by 16, so in 0..1
/// @throws ParseError  with line and column, the text is not of that form or has no line
[[nodiscard]] inline Dataset parse_digits_csv(std::string_view text, std::string_view name = "digits csv") {
  constexpr int pixels = 64;
  detail::CsvCursor cursor(text, name);
  if (cursor.at_end()) cursor.fail("there is no line");
  std::vector<float> values;
  Dataset dataset{.images = {}, .labels = {}, .shape = {1, 8, 8}, .class_count = 10};
  while (!cursor.at_end()) {
    for (int i = 0; i < pixels; ++i)
      values.push_back(static_cast<float>(cursor.field("pixel", 0, 16, false)) / 16);
    dataset.labels.push_back(cursor.field("label", 0, 9, true));
  }
  dataset.images = Eigen::Map<const Matrix<float>>(values.data(), pixels, std::ssize(dataset.labels));
  return dataset;
}

/// Reads a file of handwritten digits, see `parse_digits_csv`.
/// @throws Error       the file cannot be read
/// @throws ParseError  with line and column, its content is not of that form
[[nodiscard]] inline Dataset read_digits_csv(const std::string& path) {
  return parse_digits_csv(core::read_file(path), path);
}

}  // namespace bitloom::train
