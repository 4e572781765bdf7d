// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/train/csv_cursor.hpp>
#include <bitloom/train/dataset.hpp>

namespace bitloom::train {

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
    for (int i = 0; i < pixels; ++i) {
      values.push_back(static_cast<float>(cursor.integer("pixel", 0, 16)) / 16);
      cursor.comma("pixel");
    }
    dataset.labels.push_back(cursor.integer("label", 0, 9));
    cursor.end_line("label");
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
