// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/strict_json.hpp>

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace core = bitloom::core;

namespace {

std::string error_of(std::string_view text, int depth = 3) {
  try {
    static_cast<void>(core::parse_strict_json(text, "thing", depth));
  } catch (const bitloom::ParseError& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("strict JSON keeps the order of members") {
  const auto json = core::parse_strict_json(R"( {"b": [1, {"a": 2}], "a": null} )", "thing", 3);
  CHECK(json.dump() == R"({"b":[1,{"a":2}],"a":null})");
}

TEST_CASE("strict JSON refuses what a tree would hide") {
  CHECK(error_of(R"({"a": 1, "b": {"a": 2}})") == "none");
  CHECK(error_of(R"({"a": 1, "a": 2})") == R"(thing: the key "a" is given twice)");
  CHECK(error_of(R"([{"a": {"b\n": 1, "b\n": 2}}])") == R"(thing: the key "b\n" is given twice)");
  CHECK(error_of(std::string_view("{}\0x", 4)) == "thing: it has a zero byte");
  CHECK(error_of("[[[]]]") == "none");
  CHECK(error_of("[[[[]]]]") == "thing: it is nested deeper than 3");
  CHECK(error_of(R"({"a": [{"b": {}}]})") == "thing: it is nested deeper than 3");
  for (const auto* text : {"", "{", "{}}", "{'a': 1}", "[1,]", "nan", "\"\xff\""})
    CHECK(error_of(text) == "thing: it is no valid JSON");
  CHECK(error_of(std::string(1 << 20, '[')) == "thing: it is nested deeper than 3");
}

TEST_CASE("a text for a message is one line, whatever it is") {
  CHECK(core::quoted_for_message("a\nb\"\xff") == R"("a\nb\"\ufffd")");
  CHECK(core::quoted_for_message(std::string(1000, 'x')).size() == 42);
}
