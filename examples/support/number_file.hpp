// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <png.h>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>

namespace bitloom::examples {

/// Numbers in rows, from a CSV file or an image.
struct NumberTable {
  std::vector<float> values{};           ///< row after row
  std::vector<std::int64_t> row_ends{};  ///< index behind the last number of every row
  std::string header{};                  ///< first line of a CSV file without any number, else empty
  std::int64_t channels = 0;             ///< of an image's pixels, 1 or 3; 0: this is no image

  [[nodiscard]] bool is_image() const { return channels > 0; }
};

namespace detail {

/// The number that a CSV field is; NaN and infinities as C writes them. False for other text, and for numbers that are
/// too large for a float.
inline bool parse_number(std::string_view field, float& value) {
  const auto first = field.find_first_not_of(" \t\"");
  if (first == std::string_view::npos) return false;
  const std::string text(field.substr(first, field.find_last_not_of(" \t\"") - first + 1));
  char* end = nullptr;
  value = std::strtof(text.c_str(), &end);
  const bool overflowed = std::isinf(value) && text.find_first_of("iI") == std::string::npos;
  return end == text.c_str() + text.size() && !overflowed;
}

/// Some field of a line begins like a number.
inline bool has_digit_in_front(std::string_view line) {
  bool at_start = true;
  for (const char c : line) {
    if (at_start && ((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+')) return true;
    at_start = c == ',' || (at_start && (c == ' ' || c == '\t' || c == '"'));
  }
  return false;
}

}  // namespace detail

/// Comma-separated numbers, line after line. A first line of names, none of which begins like a number, is a header; blank
/// lines and a byte order mark in front are skipped.
/// @throws ParseError  with the line and column of a field that is no number
inline NumberTable parse_number_csv(std::string_view text, const std::string& name) {
  NumberTable table;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::int64_t line_number = 0;
  bool is_first = true;
  while (!text.empty()) {
    ++line_number;
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    const auto whole_line = line;
    std::int64_t column = 0;
    std::int64_t bad_column = 0;
    std::string bad;
    std::vector<float> row;
    for (bool more = true; more;) {
      ++column;
      const auto comma = std::min(line.find(','), line.size());
      float value = 0;
      if (detail::parse_number(line.substr(0, comma), value)) {
        row.push_back(value);
      } else if (bad_column == 0) {
        bad_column = column;
        bad = line.substr(0, std::min<std::size_t>(comma, 40));
      }
      more = comma < line.size();
      line.remove_prefix(std::min(comma + 1, line.size()));
    }
    const bool is_header = is_first && row.empty() && !detail::has_digit_in_front(whole_line);
    is_first = false;
    if (is_header) {
      table.header = whole_line;
      continue;
    }
    if (bad_column != 0)
      throw ParseError(fmt::format("{}, line {}, column {}: '{}' is not a number of float32", name,
                                   line_number, bad_column, bad));
    table.values.insert(table.values.end(), row.begin(), row.end());
    table.row_ends.push_back(std::ssize(table.values));
  }
  if (table.values.empty()) throw ParseError(name + ": there is no number in it");
  return table;
}

/// A PNG image, grey or colour, as numbers 0 to 1, of 8 bits; what is transparent shows black behind it.
/// @throws ParseError  it is damaged
inline NumberTable parse_png(std::string_view bytes, const std::string& name) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0)
    throw ParseError(fmt::format("{}: {}", name, image.message));
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16-bit samples are what they say, as 8-bit ones
  NumberTable table{.channels = (image.format & PNG_FORMAT_FLAG_COLOR) != 0 ? 3 : 1};
  image.format = table.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  const auto row = static_cast<std::int64_t>(image.width) * table.channels;
  if (row * image.height > std::int64_t{1} << 28) {
    png_image_free(&image);
    throw ParseError(fmt::format("{}: {} x {} pixels are too many", name, image.width, image.height));
  }
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
  const png_color black{};
  if (png_image_finish_read(&image, &black, pixels.data(), 0, nullptr) == 0)
    throw ParseError(fmt::format("{}: {}", name, image.message));
  for (const auto pixel : pixels) table.values.push_back(static_cast<float>(pixel) / 255.0F);
  for (std::int64_t y = 1; y <= image.height; ++y) table.row_ends.push_back(y * row);
  return table;
}

/// Reads a CSV file or a PNG image, whichever it is.
inline NumberTable read_numbers(const std::string& path) {
  const auto bytes = core::read_file(path);
  return bytes.starts_with("\x89PNG") ? parse_png(bytes, path) : parse_number_csv(bytes, path);
}

/// Writes numbers in the form that the table came in: an image, or CSV lines with the shortest text of every float.
/// @throws ParseError  the file cannot be written
inline void write_numbers(const std::string& path, const NumberTable& table, std::span<const float> values) {
  if (!table.is_image()) {
    std::string text = table.header.empty() ? "" : table.header + "\n";
    std::int64_t i = 0;
    for (const auto end : table.row_ends)
      for (; i < end; ++i)
        text += fmt::format("{}{}", values[static_cast<std::size_t>(i)], i + 1 < end ? "," : "\n");
    return core::write_file(path, text);
  }
  std::vector<std::uint8_t> pixels;
  for (const float x : values)
    pixels.push_back(
        static_cast<std::uint8_t>(std::isnan(x) ? 0 : std::clamp(x, 0.0F, 1.0F) * 255.0F + 0.5F));
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(table.row_ends.front() / table.channels);
  image.height = static_cast<png_uint_32>(table.row_ends.size());
  image.format = table.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = 0;
  std::string bytes;
  bool ok = png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr) != 0;
  if (ok) {
    bytes.resize(size);
    ok = png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr) != 0;
  }
  if (!ok) throw ParseError(fmt::format("{}: {}", path, image.message));
  bytes.resize(size);
  core::write_file(path, bytes);
}

}  // namespace bitloom::examples
