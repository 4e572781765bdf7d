// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/csv.hpp>

#include <string>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using core::Csv;

TEST_CASE("fields are found by column name and row, with and without a line end at the end") {
  for (const char* text : {"a,b\n1,x\n-7,y\n", "a,b\r\n1,x\r\n-7,y"}) {
    const auto csv = Csv::parse(text, "t");
    REQUIRE(csv.row_count() == 2);
    CHECK(csv.text(1, "b") == "y");
    CHECK(csv.integer(1, "a") == -7);
    CHECK(csv.has_column("a"));
    CHECK(!csv.has_column("c"));
    CHECK(csv.where(1) == "t, line 3");
  }
}

TEST_CASE(
    "a byte order mark and blank lines at the end do not matter, but a carriage return inside a line does") {
  const auto csv = Csv::parse(
      "\xEF\xBB\xBF"
      "a,b\n1,2\r3\n\n\r\n",
      "t");
  CHECK(csv.row_count() == 1);
  CHECK(csv.header().front() == "a");
  CHECK(csv.text(0, "b") == "2\r3");
}

TEST_CASE("a quoted field holds commas, quotes and line breaks") {
  const auto csv = Csv::parse("a,b\n\"x,\"\"y\"\"\nz\",2\n3,4\n", "t");
  CHECK(csv.text(0, "a") == "x,\"y\"\nz");
  CHECK(csv.integer(0, "b") == 2);
  CHECK(csv.where(1) == "t, line 4");
}

TEST_CASE("a table that is none is refused with its line") {
  const auto fails = [](const char* text, const char* message) {
    CHECK_THROWS_WITH_AS(static_cast<void>(Csv::parse(text, "t")), message, ParseError);
  };
  fails("", "t: the file is empty");
  fails("a,b\n1\n", "t, line 2: 1 fields, but the header has 2");
  fails("a,b\n\n1,2\n", "t, line 2: 1 fields, but the header has 2");
  fails("a,a\n", "t: column 'a' is named twice");
  fails("a,b\n1,\"2\n", "t, line 3: a quoted field does not end");
}

TEST_CASE("a field that is not the number asked for is refused with its place") {
  const auto csv = Csv::parse("a\n1.5\n\n99999999999999999999\n 2\n2\n", "t");
  CHECK_THROWS_WITH_AS(static_cast<void>(csv.integer(0, "a")), "t, line 2, a: '1.5' is not a whole number",
                       ParseError);
  for (const std::size_t row : {1U, 2U, 3U})
    CHECK_THROWS_AS(static_cast<void>(csv.integer(row, "a")), ParseError);
  CHECK(csv.integer(4, "a", 2, 2) == 2);
  CHECK_THROWS_WITH_AS(static_cast<void>(csv.integer(4, "a", 3, 4)), "t, line 6, a: 2 is outside 3..4",
                       ParseError);
  CHECK_THROWS_WITH_AS(static_cast<void>(csv.flag(4, "a")), "t, line 6, a: '2' is neither 0 nor 1",
                       ParseError);
  CHECK_THROWS_WITH_AS(static_cast<void>(csv.text(0, "b")), "t: there is no column 'b'", ParseError);
}

TEST_CASE("truncated and corrupted text parses or throws, and never more") {
  const std::string text = "a,b,c\n1,\"two, and\",3\n4,5,6\n";
  for (std::size_t length = 0; length <= text.size(); ++length) try {
      static_cast<void>(Csv::parse(text.substr(0, length), "t"));
    } catch (const ParseError&) {
    }
  core::Random random(2);
  int parsed = 0;
  for (int i = 0; i < 5000; ++i) {
    auto broken = text;
    for (int k = 0; k < 3; ++k)
      broken[static_cast<std::size_t>(random.integer(0, std::ssize(text) - 1))] =
          static_cast<char>(random.integer(0, 255));
    try {
      static_cast<void>(Csv::parse(broken, "t"));
      ++parsed;
    } catch (const ParseError&) {
    }
  }
  CHECK(parsed > 0);
}

}  // namespace
