// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/file.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

namespace core = bitloom::core;

TEST_CASE("read_file gives every byte, and names a file that it cannot read") {
  const auto path = (std::filesystem::temp_directory_path() / "bitloom_core_file_test").string();
  const std::string bytes("a\0b\r\n\xff", 6);
  std::ofstream(path, std::ios::binary) << bytes;
  CHECK(core::read_file(path) == bytes);
  std::filesystem::remove(path);
  CHECK_THROWS_WITH_AS(static_cast<void>(core::read_file(path)), doctest::Contains("bitloom_core_file_test"),
                       bitloom::ParseError);
  CHECK_THROWS_AS(static_cast<void>(core::read_file(std::filesystem::temp_directory_path().string())),
                  bitloom::ParseError);
}

TEST_CASE("what is wrong in a file is told with the file's name, and other errors as they are") {
  CHECK(core::naming_file("a.json", [] { return 7; }) == 7);
  CHECK_THROWS_WITH_AS(core::naming_file("a.json", [] { throw bitloom::ParseError("layers: none"); }),
                       "a.json: layers: none", bitloom::ParseError);
  CHECK_THROWS_WITH_AS(core::naming_file("a.json", [] { throw bitloom::RangeError("x"); }), "x",
                       bitloom::RangeError);
}

TEST_CASE("write_file replaces a file whole, and leaves nothing behind where it cannot write") {
  const auto folder = std::filesystem::temp_directory_path() / "bitloom_core_file_test_folder";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const auto path = (folder / "report.json").string();
  core::write_file(path, "first and longer");
  core::write_file(path, std::string("a\0b", 3));
  CHECK(core::read_file(path) == std::string("a\0b", 3));
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
  CHECK_THROWS_WITH_AS(core::write_file((folder / "no" / "file").string(), ""), doctest::Contains("no/file"),
                       bitloom::Error);
  std::filesystem::create_directory(folder / "taken");
  CHECK_THROWS_AS(core::write_file((folder / "taken").string(), "x"), bitloom::Error);
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 2);
  CHECK_NOTHROW(core::check_writable(path));
  CHECK_NOTHROW(core::check_writable((folder / "new").string()));
  CHECK_THROWS_AS(core::check_writable((folder / "taken").string()), bitloom::Error);
  CHECK_THROWS_AS(core::check_writable((folder / "no" / "file").string()), bitloom::Error);
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 2);
  std::filesystem::create_symlink(path, folder / "link");
  core::write_file((folder / "link").string(), "through");
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(core::read_file(path) == "through");
  std::filesystem::remove_all(folder);
}
