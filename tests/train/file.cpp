// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/file.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

namespace train = bitloom::train;

TEST_CASE("read_file gives every byte, and names a file that it cannot read") {
  const auto path = (std::filesystem::temp_directory_path() / "bitloom_train_file_test").string();
  const std::string bytes("a\0b\r\n\xff", 6);
  std::ofstream(path, std::ios::binary) << bytes;
  CHECK(train::read_file(path) == bytes);
  std::filesystem::remove(path);
  CHECK_THROWS_WITH_AS(static_cast<void>(train::read_file(path)),
                       doctest::Contains("bitloom_train_file_test"), bitloom::Error);
  CHECK_THROWS_AS(static_cast<void>(train::read_file(std::filesystem::temp_directory_path().string())),
                  bitloom::Error);
}
