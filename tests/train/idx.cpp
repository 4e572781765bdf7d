// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/idx.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/core/random.hpp>

namespace train = bitloom::train;

namespace {

std::string words(std::initializer_list<std::uint32_t> values) {
  std::string bytes;
  for (const auto value : values)
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((value >> shift) & 255);
  return bytes;
}

/// `count` images of 2x3 pixels; byte i of the content is 37 i mod 256.
std::string images(std::uint32_t count) {
  auto bytes = words({2051, count, 2, 3});
  for (std::uint32_t i = 0; i < 6 * count; ++i) bytes += static_cast<char>((37 * i) & 255);
  return bytes;
}

std::string labels(std::initializer_list<int> values) {
  auto bytes = words({2049, static_cast<std::uint32_t>(values.size())});
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

void images_throw(const std::string& bytes, const std::string& message) {
  CHECK_THROWS_WITH_AS(static_cast<void>(train::parse_idx_images(bytes)), message.c_str(),
                       bitloom::ParseError);
}

void labels_throw(const std::string& bytes, const std::string& message) {
  CHECK_THROWS_WITH_AS(static_cast<void>(train::parse_idx_labels(bytes)), message.c_str(),
                       bitloom::ParseError);
}

/// Parses changed bytes; returns whether they were refused.
template <class Parse>
int refused(int trials, const std::string& bytes, Parse&& parse) {
  bitloom::core::Random random(1);
  int count = 0;
  for (int trial = 0; trial < trials; ++trial) {
    auto corrupt = bytes;
    corrupt[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(bytes.size()) - 1))] =
        static_cast<char>(random.integer(0, 255));
    if (random.bernoulli(0.3))
      corrupt.resize(corrupt.size() + static_cast<std::size_t>(random.integer(0, 3)));
    try {
      parse(corrupt);
    } catch (const bitloom::ParseError&) {
      ++count;
    }
  }
  return count;
}

}  // namespace

TEST_CASE("idx images and labels are read as they are written") {
  const auto parsed = train::parse_idx_images(images(4));
  CHECK(parsed.shape == bitloom::op::TensorShape{1, 2, 3});
  REQUIRE((parsed.images.rows() == 6 && parsed.images.cols() == 4));
  for (int i = 0; i < 24; ++i) CHECK(parsed.images.data()[i] == static_cast<float>((37 * i) & 255) / 255.0F);
  CHECK(train::parse_idx_labels(labels({3, 9, 0})) == std::vector<int>{3, 9, 0});
  CHECK(train::parse_idx_labels(labels({3, 200}), 201) == std::vector<int>{3, 200});
}

TEST_CASE("wrong idx files are refused with the byte offset") {
  images_throw("", "idx images, byte 0: the file ends, but the magic number needs bytes 0..3");
  images_throw(words({2051}).substr(0, 3),
               "idx images, byte 3: the file ends, but the magic number needs bytes 0..3");
  images_throw(labels({1}), "idx images, byte 0: the magic number is 2049, but has to be 2051");
  images_throw(words({2051, 1, 0, 3}), "idx images, byte 8: the number of rows 0 is outside 1..32767");
  images_throw(words({2051, 1, 2, 40000}),
               "idx images, byte 12: the number of columns 40000 is outside 1..32767");
  images_throw(words({2051, 0, 2, 3}), "idx images, byte 4: the count 0 is outside 1..2147483647");
  images_throw(words({2051, 0xffffffff, 2, 3}),
               "idx images, byte 4: the count 4294967295 is outside 1..2147483647");
  images_throw(words({2051, 0x7fffffff, 0x7fff, 0x7fff}),
               "idx images, byte 16: the file ends, but its header promises 16 + 2305702272799145983 bytes");
  images_throw(images(2) + "x", "idx images, byte 29: the file ends, but its header promises 16 + 12 bytes");
  labels_throw(images(1), "idx labels, byte 0: the magic number is 2051, but has to be 2049");
  labels_throw(labels({3, 10, 0}), "idx labels, byte 9: the label 10 is outside 0..9");
  images_throw(std::string("\x1f\x8b\x08", 3),
               "idx images, byte 0: the file is compressed by gzip; unpack it first: gzip -dk idx images");
}

TEST_CASE("idx files cut at any length, or corrupted, are refused or still consistent") {
  const auto image_bytes = images(4), label_bytes = labels({3, 9, 0, 1, 2, 3, 4, 5});
  for (std::size_t length = 0; length < image_bytes.size(); ++length)
    CHECK_THROWS_AS(static_cast<void>(train::parse_idx_images(image_bytes.substr(0, length))),
                    bitloom::ParseError);
  for (std::size_t length = 0; length < label_bytes.size(); ++length)
    CHECK_THROWS_AS(static_cast<void>(train::parse_idx_labels(label_bytes.substr(0, length))),
                    bitloom::ParseError);

  const auto of_images = refused(5000, image_bytes, [](const std::string& bytes) {
    const auto parsed = train::parse_idx_images(bytes);
    REQUIRE(parsed.images.size() + 16 == std::ssize(bytes));
  });
  CHECK((of_images > 1000 && of_images < 5000));
  const auto of_labels = refused(5000, label_bytes, [](const std::string& bytes) {
    for (const int label : train::parse_idx_labels(bytes)) REQUIRE((label >= 0 && label < 10));
  });
  CHECK((of_labels > 1000 && of_labels < 5000));
}

TEST_CASE("a pair of files is one data set, and has to match") {
  const auto folder = std::filesystem::temp_directory_path();
  const auto image_path = (folder / "bitloom_idx_images_test").string(),
             label_path = (folder / "bitloom_idx_labels_test").string();
  std::ofstream(image_path, std::ios::binary) << images(3);
  std::ofstream(label_path, std::ios::binary) << labels({1, 0, 1});
  const auto dataset = train::read_idx_dataset(image_path, label_path, 2);
  CHECK_NOTHROW(check(dataset));
  CHECK((dataset.count() == 3 && dataset.class_count == 2));
  std::ofstream(label_path, std::ios::binary) << labels({1, 0});
  CHECK_THROWS_WITH_AS(static_cast<void>(train::read_idx_dataset(image_path, label_path, 2)),
                       doctest::Contains("byte 4: there are 2 labels, but 3 images in"), bitloom::ParseError);
  CHECK_THROWS_AS(static_cast<void>(train::read_idx_dataset(image_path, label_path, 1)), bitloom::ParseError);
  std::filesystem::remove(image_path);
  std::filesystem::remove(label_path);
  CHECK_THROWS_AS(static_cast<void>(train::read_idx_dataset(image_path, label_path)), bitloom::Error);
}

TEST_CASE("a real compressed file is refused with the command that unpacks it") {
  const std::string path = BITLOOM_REFERENCE_DIR "/datasets/fashion-test-images-4k-idx3-ubyte.gz";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: there is no " << path);
    return;
  }
  const auto message = "gzip -dk " + path;
  CHECK_THROWS_WITH_AS(static_cast<void>(train::read_idx_dataset(path, path)),
                       doctest::Contains(message.c_str()), bitloom::ParseError);
}
