// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/safetensors_json.hpp>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/core/random.hpp>

namespace train = bitloom::train;

namespace {

/// A file of that header and data.
std::string file_of(std::string_view header, std::string_view data = {}) {
  std::string bytes(8, '\0');
  const auto length = static_cast<std::uint64_t>(header.size());
  std::memcpy(bytes.data(), &length, 8);
  return bytes.append(header).append(data);
}

std::string error_of(std::string_view bytes) {
  try {
    static_cast<void>(train::parse_safetensors(bytes));
  } catch (const bitloom::ParseError& error) {
    return error.what();
  }
  return "none";
}

train::TensorFile of_all_types() {
  return {.tensors = {{"u8", {3}, std::vector<std::uint8_t>{0, 255, 7}},
                      {"f32", {2, 1, 2}, std::vector<float>{1.5F, -0.0F, 3e38F, 1e-45F}},
                      {"i8", {1, 1}, std::vector<std::int8_t>{-128}},
                      {"f64", {}, std::vector<double>{0.1}},
                      {"i64", {2}, std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(), 5}},
                      {"nothing", {2, 0}, std::vector<std::int16_t>{}},
                      {"a \"name\"/\xc3\xa4", {1}, std::vector<std::uint32_t>{4000000000}},
                      {"u64", {1}, std::vector<std::uint64_t>{~std::uint64_t{}}},
                      {"i32", {1}, std::vector<std::int32_t>{-7}},
                      {"u16", {2}, std::vector<std::uint16_t>{65535, 1}}},
          .metadata = {{"format", "pt"}, {"text", "two\nlines"}}};
}

}  // namespace

TEST_CASE("what is written is read again, in the same order and with the same bits") {
  const auto file = of_all_types();
  const auto bytes = train::to_safetensors(file);
  CHECK(train::parse_safetensors(bytes) == file);
  CHECK(train::to_safetensors(train::parse_safetensors(bytes)) == bytes);
  CHECK(train::parse_safetensors(train::to_safetensors({})) == train::TensorFile{});
}

TEST_CASE("the bytes are those of the format") {
  const train::TensorFile file{
      .tensors = {{"b", {2}, std::vector<std::uint8_t>{1, 2}}, {"a", {1, 1}, std::vector<float>{1}}},
      .metadata = {{"k", "v"}}};
  const std::string header =
      R"({"__metadata__":{"k":"v"},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},)"
      R"("a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}})";
  const auto padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  CHECK(train::to_safetensors(file) == file_of(padded, {"\0\0\x80\x3f\x01\x02", 6}));
}

TEST_CASE("a file of others is read: any order of the data, spaces, escapes") {
  const auto file = train::parse_safetensors(
      file_of("{\"x\": {\"shape\": [1], \"data_offsets\": [2, 4], \"dtype\": \"I16\"},\n \"\\u0079\": "
              "{\"dtype\": \"U8\", \"shape\": [2, 1], \"data_offsets\": [0, 2]}}   ",
              "\x05\x06\xff\xff"));
  CHECK(file == train::TensorFile{.tensors = {{"x", {1}, std::vector<std::int16_t>{-1}},
                                              {"y", {2, 1}, std::vector<std::uint8_t>{5, 6}}},
                                  .metadata = {}});
}

TEST_CASE("files that are something else are refused, and the message says why") {
  CHECK(error_of("") == "safetensors: 0 bytes are too few for a header");
  CHECK(error_of("1234567") == "safetensors: 7 bytes are too few for a header");
  CHECK(error_of("\xff\xff\xff\xff\xff\xff\xff\xff{}") ==
        "safetensors: a header of 18446744073709551615 bytes is longer than 2");
  CHECK(error_of(file_of("{\"a\": ")) == "safetensors: header: it is no valid JSON");
  CHECK(error_of(file_of("[]")) == "safetensors: the header has to be an object");
  CHECK(error_of(file_of("{}", "x")) == "safetensors: the tensors have 0 bytes, but the data has 1");

  const auto tensor = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return error_of(
        file_of(R"({"t":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}",
                "01234567"));
  };
  const std::string f32 = "\"F32\"", t = "safetensors: tensor \"t\"";
  CHECK(tensor(f32, "[2]", "[0,8]") == "none");
  CHECK(tensor("\"F8\"", "[2]", "[0,8]") ==
        t + ": dtype \"F8\" is none of F64 F32 I64 U64 I32 U32 I16 U16 I8 U8");
  CHECK(tensor("4", "[2]", "[0,8]") == t + ": dtype has to be a text");
  CHECK(tensor(f32, "[3]", "[0,8]") == t + ": F32 3 does not have 8 bytes");
  CHECK(tensor(f32, "[1]", "[0,6]") == t + ": F32 1 does not have 6 bytes");
  CHECK(tensor(f32, "[1]", "[4,8]") ==
        "safetensors: the tensors leave a gap or overlap at byte 0 of the data");
  CHECK(tensor(f32, "[1]", "[0,4]") == "safetensors: the tensors have 4 bytes, but the data has 8");
  for (const auto* offsets : {"[0]", "[0,8,8]", "[8,0]", "[0,9]", "[0,9223372036854775807]"})
    CHECK(tensor(f32, "[2]", offsets) ==
          t + ": data_offsets have to be a begin and an end in the 8 bytes of data");
  for (const auto* shape : {"[-1]", "[2.0]", "[\"2\"]", "[9223372036854775808]", "[1e400]", "[null]"})
    CHECK(tensor(f32, shape, "[0,8]") != "none");
  CHECK(tensor(f32, "2", "[0,8]") == t + ".shape: it has to be an array");
  CHECK(tensor(f32, "[4611686018427387904,4]", "[0,8]").starts_with(t + ": tensor elements: "));
  CHECK(tensor(f32, "[4611686018427387904]", "[0,8]") ==
        t + ": F32 4611686018427387904 does not have 8 bytes");

  const std::string pair = R"("dtype":"U8","shape":[2],"data_offsets":)";
  const auto two = [&](const std::string& first, const std::string& second) {
    return error_of(file_of("{\"a\":{" + pair + first + "},\"b\":{" + pair + second + "}}", "0123"));
  };
  CHECK(two("[0,2]", "[2,4]") == "none");
  CHECK(two("[2,4]", "[0,2]") == "none");
  CHECK(two("[0,2]", "[1,3]") == "safetensors: the tensors leave a gap or overlap at byte 2 of the data");
  CHECK(two("[0,2]", "[0,2]") == "safetensors: the tensors leave a gap or overlap at byte 2 of the data");
  CHECK(error_of(file_of("{\"a\":{" + pair + "[0,2]},\"a\":{" + pair + "[2,4]}}", "0123")) ==
        "safetensors: header: the key \"a\" is given twice");
  CHECK(error_of(file_of("{\"a\":{" + pair + "[0,2],\"more\":1}}", "01")) ==
        "safetensors: tensor \"a\": it has to be an object of dtype, shape and data_offsets");
  CHECK(error_of(file_of("{\"a\\n\":{" + pair + "[0,2]}}", "01")) ==
        "safetensors: tensor \"a\\n\": the name has a control character");
  CHECK(error_of(file_of(R"({"__metadata__":{"a":1}})")) ==
        "safetensors: __metadata__.\"a\" has to be a text");
  CHECK(error_of(file_of(R"({"__metadata__":[]})")) == "safetensors: __metadata__ has to be an object");
}

TEST_CASE("a file that is cut short anywhere is refused, and one with a wrong byte is refused or read") {
  const auto bytes = train::to_safetensors(of_all_types());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    REQUIRE(error_of(std::string_view(bytes).substr(0, size)) != "none");
  }
  bitloom::core::Random random(1);
  for (int i = 0; i < 20000; ++i) {
    auto damaged = bytes;
    for (int k = 0; k < 1 + i % 3; ++k)
      damaged[static_cast<std::size_t>(random.integer(0, std::ssize(bytes) - 1))] =
          static_cast<char>(random.integer(-128, 127));
    CHECK(error_of(damaged).find('\n') == std::string::npos);
  }
}

TEST_CASE("tensors that contradict themselves are not written") {
  const auto write = [](const train::TensorFile& file) { static_cast<void>(train::to_safetensors(file)); };
  const auto one = train::to_tensor("a", std::vector<float>{1});
  CHECK_THROWS_AS(write({{{"a", {2}, std::vector<float>{1}}}, {}}), bitloom::ShapeError);
  CHECK_THROWS_AS(write({{one, one}, {}}), bitloom::RangeError);
  CHECK_THROWS_AS(write({{train::to_tensor("__metadata__", std::vector<float>{1})}, {}}),
                  bitloom::RangeError);
  CHECK_THROWS_AS(write({{train::to_tensor("\xff", std::vector<float>{1})}, {}}), bitloom::ParseError);
  CHECK_THROWS_AS(write({{}, {{"k", "\xff"}}}), bitloom::ParseError);
  // what would not be read again
  CHECK_THROWS_WITH_AS(write({{train::to_tensor("a\n", std::vector<float>{1})}, {}}),
                       R"(safetensors: the name "a\n" has a control character)", bitloom::RangeError);
  CHECK_THROWS_WITH_AS(write({{}, {{"k", std::string(100'000'000, 'x')}}}),
                       doctest::Contains("bytes is longer than 100000000"), bitloom::RangeError);
}

TEST_CASE("a file on disk is read again, and errors start with its name") {
  const auto path = (std::filesystem::temp_directory_path() / "bitloom_test.safetensors").string();
  const auto file = of_all_types();
  train::write_safetensors(path, file);
  CHECK(train::read_safetensors(path) == file);
  std::filesystem::resize_file(path, 20);
  CHECK_THROWS_WITH_AS(static_cast<void>(train::read_safetensors(path)),
                       doctest::Contains((path + ": safetensors: ").c_str()), bitloom::ParseError);
  std::filesystem::remove(path);
  CHECK_THROWS_AS(static_cast<void>(train::read_safetensors(path)), bitloom::ParseError);
}
