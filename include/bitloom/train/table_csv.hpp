// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/train/csv_cursor.hpp>
#include <bitloom/train/dataset.hpp>

namespace bitloom::train {

/// What the first line of a table says of the others; empty or 0 where it says nothing.
struct TableHead {
  std::int64_t row_count = 0;
  std::int64_t feature_count = 0;
  std::vector<std::string> feature_names;
  std::vector<std::string> class_names;
};

/// What a table begins with.
template <class H>
concept TableHeader = requires(detail::CsvCursor& cursor) {
  { H::read(cursor) } -> std::same_as<TableHead>;  // takes the line, and its end; ParseError if unfit
};

/// A first line with the number of rows, the number of features and the names of the classes, as in
/// `150,4,setosa,versicolor,virginica`.
struct SizesHeader {
  static TableHead read(detail::CsvCursor& cursor) {
    constexpr int most_rows = 0x7fffffff, most_features = 1 << 24;
    TableHead head;
    head.row_count = cursor.integer("number of rows", 1, most_rows);
    cursor.comma("number of rows");
    head.feature_count = cursor.integer("number of features", 1, most_features);
    do {
      cursor.comma(head.class_names.empty() ? "number of features" : "class name");
      head.class_names.emplace_back(cursor.text("class name"));
    } while (!cursor.at_line_end());
    cursor.end_line("class name");
    return head;
  }
};

/// A first line with the names of the features and of the label's column.
struct NamesHeader {
  static TableHead read(detail::CsvCursor& cursor) {
    TableHead head;
    head.feature_names.emplace_back(cursor.text("feature name"));
    do {
      cursor.comma("feature name");
      head.feature_names.emplace_back(cursor.text("feature name"));
    } while (!cursor.at_line_end());
    cursor.end_line("feature name");
    head.feature_names.pop_back();
    head.feature_count = std::ssize(head.feature_names);
    return head;
  }
};

/// The first line is a row already.
struct NoHeader {
  static TableHead read(detail::CsvCursor&) { return {}; }
};

/// A data set with the names that its file gives; a list is empty where it gives none.
struct Table {
  Dataset dataset;
  std::vector<std::string> feature_names;  ///< one per feature
  std::vector<std::string> class_names;    ///< one per class
};

/// Reads a table of numbers: each line has the features of an item and its label, a whole number from 0 on.
///
/// @tparam H    what comes first: `SizesHeader`, `NamesHeader` or `NoHeader`
/// @param text  the lines; the last one may lack its newline
/// @param name  for messages
/// @return      items of shape {features}; as many classes as names, or else up to the largest label
/// @throws ParseError  with line and column, the text is not of that form, has no row or another number of rows than
///                     it says
template <TableHeader H = SizesHeader>
[[nodiscard]] Table parse_table_csv(std::string_view text, std::string_view name = "table csv") {
  constexpr int most_classes = 1 << 16;
  detail::CsvCursor cursor(text, name);
  if (cursor.at_end()) cursor.fail("there is no line");
  auto head = H::read(cursor);
  if (cursor.at_end()) cursor.fail("there is no row");
  const auto features =
      head.feature_count > 0 ? head.feature_count : std::max<std::int64_t>(cursor.commas(), 1);
  const auto classes =
      head.class_names.empty() ? most_classes : static_cast<int>(std::ssize(head.class_names));

  std::vector<float> values;
  std::vector<int> labels;
  while (!cursor.at_end()) {
    for (std::int64_t i = 0; i < features; ++i) {
      values.push_back(cursor.number("feature"));
      cursor.comma("feature");
    }
    labels.push_back(cursor.integer("label", 0, classes - 1));
    cursor.end_line("label");
  }
  if (head.row_count > 0 && head.row_count != std::ssize(labels))
    cursor.fail("there are " + std::to_string(labels.size()) + " rows, but the first line says " +
                std::to_string(head.row_count));
  const int class_count = head.class_names.empty() ? *std::ranges::max_element(labels) + 1 : classes;
  return {.dataset = {.images = Eigen::Map<const Matrix<float>>(values.data(), features, std::ssize(labels)),
                      .labels = std::move(labels),
                      .shape = {features},
                      .class_count = class_count},
          .feature_names = std::move(head.feature_names),
          .class_names = std::move(head.class_names)};
}

/// Reads a file of a table, see `parse_table_csv`.
/// @throws ParseError  the file cannot be read, or, with line and column, its content is not of that form
template <TableHeader H = SizesHeader>
[[nodiscard]] Table read_table_csv(const std::string& path) {
  return parse_table_csv<H>(core::read_file(path), path);
}

}  // namespace bitloom::train
