// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/assignment_json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

const Assignment example{{{"conv \"1\"", "int4", "bf16"}, {"fc", "e2m1fn", "e2m1fn"}},
                         {{"width", 0.1}, {"depth", 3}}};

std::string reason(std::string_view text) {
  try {
    static_cast<void>(parse_assignment(text));
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("an assignment is read as it was written") {
  const auto text = to_json(example);
  CHECK(text ==
        "{\"layers\": [\n"
        "  {\"layer\": \"conv \\\"1\\\"\", \"weight\": \"int4\", \"activation\": \"bf16\"},\n"
        "  {\"layer\": \"fc\", \"weight\": \"e2m1fn\", \"activation\": \"e2m1fn\"}\n"
        "], \"architecture\": [\n"
        "  {\"decision\": \"width\", \"value\": 0.1},\n"
        "  {\"decision\": \"depth\", \"value\": 3}\n"
        "]}\n");
  CHECK(parse_assignment(text) == example);
  CHECK(parse_assignment(to_json({})) == Assignment{});
  CHECK_THROWS_AS(static_cast<void>(to_json({{{"\xff", "", ""}}, {}})), ParseError);
}

TEST_CASE("what is no assignment is refused, with its place") {
  CHECK(reason("") == "assignment: it is no valid JSON");
  CHECK(reason("[]") == "assignment: it has to be an object");
  CHECK(reason(R"({"layers": []})") == "assignment.architecture: the key is missing");
  CHECK(reason(R"({"layers": [], "architecture": [], "more": 1})") ==
        "assignment: the key \"more\" is unknown");
  CHECK(reason(R"({"layers": [], "layers": [], "architecture": []})") ==
        "assignment: the key \"layers\" is given twice");
  CHECK(reason(R"({"layers": {}, "architecture": []})") == "layers: it has to be an array");
  CHECK(reason(R"({"layers": [1], "architecture": []})") == "layers[0]: it has to be an object");
  CHECK(reason(R"({"layers": [{"layer": 1, "weight": "", "activation": ""}], "architecture": []})") ==
        "layers[0].layer: it has to be a text");
  CHECK(reason(R"({"layers": [], "architecture": [{"decision": "a", "value": "b"}]})") ==
        "architecture[0].value: it has to be a number");
  CHECK(reason(std::string("{\"layers\": []\0, \"architecture\": []}", 36)) ==
        "assignment: it has a zero byte");
  CHECK_THROWS_AS(static_cast<void>(read_assignment("/nowhere/at/all")), ParseError);
}

TEST_CASE("truncated and corrupted text never does more than be refused") {
  const auto text = to_json(example);
  for (std::size_t length = 0; length + 1 < text.size(); ++length)
    CHECK(reason(text.substr(0, length)) != "no error");
  core::Random random(2);
  for (int i = 0; i < 2000; ++i) {
    auto other = text;
    other[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(text.size()) - 1))] =
        static_cast<char>(random.integer(0, 255));
    static_cast<void>(reason(other));  // throws nothing else
  }
}

}  // namespace
