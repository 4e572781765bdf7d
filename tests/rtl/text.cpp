// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/text.hpp>

#include <doctest/doctest.h>

namespace rtl = bitloom::rtl;

TEST_CASE("places of a template get their texts, and all other signs stay") {
  CHECK(rtl::fill("a @x@ b @y_2@@x@", {{"x", "1"}, {"y_2", "2"}}) == "a 1 b 21");
  CHECK(rtl::fill("always @(posedge clk) @ @x", {}) == "always @(posedge clk) @ @x");
  CHECK(rtl::fill("@x@", {{"x", "@x@"}}) == "@x@");  // what was filled in is no template
  CHECK(rtl::fill("", {}).empty());
  CHECK_THROWS_WITH_AS(static_cast<void>(rtl::fill("@x@", {{"y", ""}})), doctest::Contains("'x'"),
                       bitloom::RangeError);
}

TEST_CASE("a text alone in its line takes over the indentation, or takes the line with it") {
  CHECK(rtl::fill("{\n  @x@\n}\n", {{"x", "a\nb"}}) == "{\n  a\n  b\n}\n");
  CHECK(rtl::fill("{\n  @x@\n}\n", {{"x", "a\n\nb\n"}}) == "{\n  a\n\n  b\n}\n");
  CHECK(rtl::fill("{\n  @x@\n}\n", {{"x", ""}}) == "{\n}\n");
  CHECK(rtl::fill("  @x@", {{"x", ""}}).empty());
  CHECK(rtl::fill("  @x@;\n", {{"x", "a\nb"}}) == "  a\nb;\n");  // it is not alone
}

TEST_CASE("names become identifiers, numbers literals, fields ranges") {
  CHECK(rtl::identifier("BRAMAC-2SA as released") == "bramac_2sa_as_released");
  CHECK(rtl::literal(4, 9) == "4'd9");
  CHECK(rtl::bit_range(7, 7) == "[13:7]");
  CHECK(rtl::bit_range(3, 1) == "[3]");
  std::string text = "x";
  rtl::append_hex(text, 0xFEDCBA98, 3);
  rtl::append_hex(text, 0, 2);
  CHECK(text == "xa9800");
}
