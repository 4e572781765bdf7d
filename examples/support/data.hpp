// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <zlib.h>

#include <bitloom/core/error.hpp>
#include <bitloom/train/digits_csv.hpp>
#include <bitloom/train/idx.hpp>

namespace bitloom::examples {

/// All bytes of a file, unpacked if it is compressed by gzip.
/// @throws ParseError  it cannot be read, or its compressed content is damaged
inline std::string read_gzip_file(const std::string& path) {
  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  const std::unique_ptr<std::remove_pointer_t<gzFile>, Close> file(gzopen(path.c_str(), "rb"));
  if (!file) throw ParseError(path + ": the file cannot be opened");
  std::string bytes;
  char buffer[1 << 16];
  int count = 0;
  while ((count = gzread(file.get(), buffer, sizeof buffer)) > 0)
    bytes.append(buffer, static_cast<std::size_t>(count));
  int status = Z_OK;
  const char* message = gzerror(file.get(), &status);
  if (count < 0 || (status != Z_OK && status != Z_STREAM_END))
    throw ParseError(path + ": the compressed content is damaged: " + message);
  return bytes;
}

/// Images and labels of a folder with IDX files, named as those of MNIST and Fashion-MNIST, with or without .gz.
/// @param part  "train" or "t10k"
/// @throws ParseError  a file is missing or damaged
inline train::Dataset read_idx_part(const std::string& folder, const std::string& part) {
  const auto find = [&](const std::string& name) {
    const auto path = std::filesystem::path(folder) / name;
    for (const auto* ending : {"", ".gz"})
      if (std::filesystem::is_regular_file(path.string() + ending)) return path.string() + ending;
    throw ParseError(path.string() + ": the file is missing (with or without .gz)");
  };
  const auto images_path = find(part + "-images-idx3-ubyte");
  const auto labels_path = find(part + "-labels-idx1-ubyte");
  auto images = train::parse_idx_images(read_gzip_file(images_path), images_path);
  auto labels = train::parse_idx_labels(read_gzip_file(labels_path), 10, labels_path);
  core::check_equal(images_path.c_str(), images.images.cols(), labels_path.c_str(), std::ssize(labels));
  return {.images = std::move(images.images),
          .labels = std::move(labels),
          .shape = images.shape,
          .class_count = 10};
}

/// A data set with the split that it comes with.
struct NamedSplit {
  std::string name;
  train::Split parts;
};

/// Fashion-MNIST or alike from a folder, or without one the 8 × 8 digits in file order: 1437 to train, 360 to test.
inline NamedSplit load_data(const std::string& folder, const std::string& digits_file) {
  if (!folder.empty())
    return {folder, {.train = read_idx_part(folder, "train"), .test = read_idx_part(folder, "t10k")}};
  return {"digits 8x8", train::split(train::read_digits_csv(digits_file), 1437)};
}

}  // namespace bitloom::examples
