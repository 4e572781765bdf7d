// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/train/dataset.hpp>

namespace bitloom::train {

namespace detail {

[[noreturn]] inline void idx_error(std::string_view name, std::size_t offset, const std::string& what) {
  throw ParseError(std::string(name) + ", byte " + std::to_string(offset) + ": " + what);
}

/// The big-endian word at an offset.
inline std::uint32_t idx_word(std::string_view bytes, std::string_view name, std::size_t offset,
                              const char* what) {
  if (bytes.size() < offset + 4)
    idx_error(name, bytes.size(),
              "the file ends, but the " + std::string(what) + " needs bytes " + std::to_string(offset) +
                  ".." + std::to_string(offset + 3));
  std::uint32_t word = 0;
  for (std::size_t i = offset; i < offset + 4; ++i) word = (word << 8) | static_cast<unsigned char>(bytes[i]);
  return word;
}

inline void check_idx_magic(std::string_view bytes, std::string_view name, std::uint32_t wanted) {
  if (bytes.starts_with("\x1f\x8b"))
    idx_error(name, 0, "the file is compressed by gzip; unpack it first: gzip -dk " + std::string(name));
  const auto magic = idx_word(bytes, name, 0, "magic number");
  if (magic != wanted)
    idx_error(name, 0,
              "the magic number is " + std::to_string(magic) + ", but has to be " + std::to_string(wanted));
}

/// An extent of 1..limit.
inline std::int64_t idx_extent(std::string_view bytes, std::string_view name, std::size_t offset,
                               const char* what, std::uint32_t limit) {
  const auto extent = idx_word(bytes, name, offset, what);
  if (extent < 1 || extent > limit)
    idx_error(name, offset,
              "the " + std::string(what) + ' ' + std::to_string(extent) + " is outside 1.." +
                  std::to_string(limit));
  return extent;
}

inline void check_idx_size(std::string_view bytes, std::string_view name, std::int64_t header,
                           std::int64_t content) {
  if (std::ssize(bytes) != header + content)
    idx_error(name, bytes.size(),
              "the file ends, but its header promises " + std::to_string(header) + " + " +
                  std::to_string(content) + " bytes");
}

inline constexpr std::uint32_t largest_idx_count = 0x7fffffff;
inline constexpr std::uint32_t largest_idx_side = 0x7fff;  // count · side² then fits 64 bits

}  // namespace detail

/// Images of an IDX file.
struct IdxImages {
  Matrix<float> images;   ///< [height · width × count], values 0..1
  op::TensorShape shape;  ///< {1, height, width}
};

/// Reads images of unsigned bytes: big-endian magic number 2051, count, rows, columns, then the bytes.
///
/// @param bytes  the whole uncompressed file
/// @param name   for messages
/// @return       bytes divided by 255
/// @throws ParseError  with the byte offset, the bytes are not of that form, or of another length than they say
/// Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", file formats.
[[nodiscard]] inline IdxImages parse_idx_images(std::string_view bytes,
                                                std::string_view name = "idx images") {
  detail::check_idx_magic(bytes, name, 2051);
  const auto count = detail::idx_extent(bytes, name, 4, "count", detail::largest_idx_count);
  const auto height = detail::idx_extent(bytes, name, 8, "number of rows", detail::largest_idx_side);
  const auto width = detail::idx_extent(bytes, name, 12, "number of columns", detail::largest_idx_side);
  detail::check_idx_size(bytes, name, 16, count * height * width);
  IdxImages result{.images = Matrix<float>(height * width, count), .shape = {1, height, width}};
  for (Eigen::Index i = 0; i < result.images.size(); ++i)
    result.images.data()[i] =
        static_cast<float>(static_cast<unsigned char>(bytes[static_cast<std::size_t>(16 + i)])) / 255.0F;
  return result;
}

/// Reads labels: big-endian magic number 2049, count, then one byte each.
///
/// @param bytes        the whole uncompressed file
/// @param class_count  labels are 0..class_count - 1
/// @param name         for messages
/// @throws ParseError  with the byte offset, the bytes are not of that form, or a label is no class
[[nodiscard]] inline std::vector<int> parse_idx_labels(std::string_view bytes, int class_count = 10,
                                                       std::string_view name = "idx labels") {
  detail::check_idx_magic(bytes, name, 2049);
  const auto count = detail::idx_extent(bytes, name, 4, "count", detail::largest_idx_count);
  detail::check_idx_size(bytes, name, 8, count);
  std::vector<int> labels;
  labels.reserve(static_cast<std::size_t>(count));
  for (std::size_t i = 8; i < bytes.size(); ++i) {
    const int label = static_cast<unsigned char>(bytes[i]);
    if (label >= class_count)
      detail::idx_error(
          name, i,
          "the label " + std::to_string(label) + " is outside 0.." + std::to_string(class_count - 1));
    labels.push_back(label);
  }
  return labels;
}

/// Reads a pair of uncompressed files, images and labels, as MNIST and Fashion-MNIST come.
/// @throws Error       a file cannot be read
/// @throws ParseError  with the byte offset, a content is not of the form, or the two counts differ
[[nodiscard]] inline Dataset read_idx_dataset(const std::string& images_path, const std::string& labels_path,
                                              int class_count = 10) {
  auto [images, shape] = parse_idx_images(core::read_file(images_path), images_path);
  auto labels = parse_idx_labels(core::read_file(labels_path), class_count, labels_path);
  if (images.cols() != std::ssize(labels))
    detail::idx_error(labels_path, 4,
                      "there are " + std::to_string(labels.size()) + " labels, but " +
                          std::to_string(images.cols()) + " images in " + images_path);
  return {
      .images = std::move(images), .labels = std::move(labels), .shape = shape, .class_count = class_count};
}

}  // namespace bitloom::train
