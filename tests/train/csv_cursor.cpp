// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/csv_cursor.hpp>

#include <string>

#include <doctest/doctest.h>

using bitloom::train::detail::CsvCursor;

namespace {

template <class Read>
void check_refused(const std::string& text, Read&& read, const std::string& message) {
  CsvCursor cursor(text, "file");
  CHECK_THROWS_WITH_AS(read(cursor), ("file, " + message).c_str(), bitloom::ParseError);
}

}  // namespace

TEST_CASE("a cursor reads whole numbers, numbers and text, and both kinds of line ends") {
  CsvCursor cursor("7,-2.5e1,some text\r\n-3,a\n", "file");
  CHECK((!cursor.at_end() && !cursor.at_line_end()));
  CHECK(cursor.commas() == 2);
  CHECK(cursor.integer("count", 0, 7) == 7);
  cursor.comma("count");
  CHECK(cursor.commas() == 1);
  CHECK(cursor.number("number") == -25.0F);
  cursor.comma("number");
  CHECK(cursor.text("name") == "some text");
  CHECK(cursor.at_line_end());
  cursor.end_line("name");
  CHECK(cursor.integer("count", -3, 0) == -3);
  cursor.comma("count");
  CHECK(cursor.text("name") == "a");
  CHECK((cursor.at_line_end() && !cursor.at_end()));
  cursor.end_line("name");
  CHECK((cursor.at_line_end() && cursor.at_end() && cursor.commas() == 0));
  cursor.end_line("name");  // the text may end instead
}

TEST_CASE("what is not there, or does not fit, is refused with line and column") {
  const auto number = [](CsvCursor& cursor) { static_cast<void>(cursor.number("pixel")); };
  for (const auto* text : {"", "x", "nan", "inf", "-inf", "1e39", "1e999", ",", " 1", "+1"})
    check_refused(text, number, "line 1, column 1: pixel is not a finite number of fitting size");
  const auto integer = [](CsvCursor& cursor) { static_cast<void>(cursor.integer("label", 1, 9)); };
  for (const auto* text : {"", "x", "99999999999", "+1"})
    check_refused(text, integer, "line 1, column 1: label is not an integer of fitting size");
  check_refused("10", integer, "line 1, column 1: label 10 is outside 1..9");
  check_refused("0", integer, "line 1, column 1: label 0 is outside 1..9");
  check_refused(
      ",", [](CsvCursor& cursor) { static_cast<void>(cursor.text("name")); },
      "line 1, column 1: name is missing");
  check_refused(
      "1;2",
      [](CsvCursor& cursor) {
        static_cast<void>(cursor.integer("label", 1, 9));
        cursor.comma("label");
      },
      "line 1, column 2: a comma has to follow the label");
  for (const auto* text : {"12\n1,", "12\n1\r", "12\r\n1\rx"})
    check_refused(
        text,
        [](CsvCursor& cursor) {
          for (int line = 0; line < 3; ++line) {
            static_cast<void>(cursor.number("pixel"));
            cursor.end_line("pixel");
          }
        },
        "line 2, column 2: the line has to end after the pixel");
}
