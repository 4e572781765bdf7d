// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/assignment.hpp>

#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/search/format_space.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

using Formats = FormatSet<format::Int<4>, format::Int<8>, format::Bfloat16>;

Space elastic() {
  Space space(Formats::facts);
  const auto depth = space.add_values("depth", {1, 2});
  const auto width = space.add_values("width", {0.5, 1}, {{depth, {1}}});
  const auto first = space.add_formats("first", {0, 1});
  const auto second = space.add_formats("second", {1, 0});
  space.add_layer({"first", net::FcShape{2, 3}}, ByDecision{first}, FixedFormat{2});
  space.add_layer(
      "second", {depth, width},
      [](std::span<const double> v) -> std::optional<net::LayerShape> {
        if (v[0] == 1) return std::nullopt;
        return net::FcShape{3, static_cast<std::int64_t>(8 * v[1])};
      },
      ByDecision{second}, ByDecision{second});
  return space;
}

std::string reason(const Space& space, const Assignment& assignment) {
  try {
    static_cast<void>(choice_of(space, assignment));
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("an assignment has the layers that are there and the decisions that matter") {
  const auto space = elastic();
  CHECK(assignment_of(space, Choice{1, 0, 1, 0}) ==
        Assignment{{{"first", "int8", "bf16"}, {"second", "int8", "int8"}}, {{"depth", 2}, {"width", 0.5}}});
  CHECK(assignment_of(space, Choice{0, 1, 0, 1}) == Assignment{{{"first", "int4", "bf16"}}, {{"depth", 1}}});
}

TEST_CASE("every choice is found again from its assignment") {
  const auto space = elastic();
  for (std::size_t i = 0; i < 16; ++i) {
    const Choice choice{i & 1, i >> 1 & 1, i >> 2 & 1, i >> 3};
    CHECK(choice_of(space, assignment_of(space, choice)) == space.canonical(choice));
  }
  const std::vector<WeightLayer> layers{{"a", net::FcShape{1, 1}}, {"b", net::FcShape{1, 1}}};
  const auto shared = format_space<Free>(Formats::facts, layers, WholeNetwork{});
  for (std::size_t w = 0; w < 3; ++w)
    for (std::size_t a = 0; a < 3; ++a)
      CHECK(choice_of(shared, assignment_of(shared, Choice{w, a})) == Choice{w, a});
  CHECK(reason(shared, {{{"a", "int4", "int4"}, {"b", "int8", "int4"}}, {}}) ==
        "assignment: decision 'network:weight' would be both int4 and int8");
}

TEST_CASE("an assignment of another space is refused") {
  const auto space = elastic();
  const auto whole = assignment_of(space, Choice{1, 0, 1, 0});
  const auto changed = [&](auto change) {
    auto assignment = whole;
    change(assignment);
    return reason(space, assignment);
  };
  CHECK(changed([](Assignment&) {}) == "no error");
  CHECK(changed([](Assignment& a) { a.layers.pop_back(); }) ==
        "assignment: layer 'second' is missing, or given twice");
  CHECK(changed([](Assignment& a) { a.layers.push_back(a.layers[0]); }) ==
        "assignment: layer 'first' is missing, or given twice");
  CHECK(changed([](Assignment& a) { a.layers[0].layer = "third"; }) ==
        "assignment: the space has no layer 'third'");
  CHECK(changed([](Assignment& a) { a.layers[0].weight = "int5"; }) ==
        "format: 'int5' is not one of int4, int8, bf16");
  CHECK(changed([](Assignment& a) { a.layers[0].weight = "bf16"; }) ==
        "assignment: layer 'first' cannot have bf16");
  CHECK(changed([](Assignment& a) { a.layers[0].activation = "int4"; }) ==
        "assignment: layer 'first' has bf16 fixed, not int4");
  CHECK(changed([](Assignment& a) { a.layers[1].activation = "int4"; }) ==
        "assignment: decision 'second' would be both int8 and int4");
  CHECK(changed([](Assignment& a) { a.architecture.pop_back(); }) ==
        "assignment: decision 'width' is missing, or given twice");
  CHECK(changed([](Assignment& a) { a.architecture[1].value = 2; }) ==
        "assignment: decision 'width' has no option 2");
  CHECK(changed([](Assignment& a) { a.architecture[1].decision = "first"; }) ==
        "assignment: the space has no decision 'first' about the architecture");
  CHECK(changed([](Assignment& a) { a.architecture[0].value = 1; }) ==
        "assignment: it has 2 decisions, but in its architecture there are 1");
}

}  // namespace
