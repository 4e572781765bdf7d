// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/format_space.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::search;

using Formats = FormatSet<format::Int<4>, format::Int<8>, format::Bfloat16>;

const std::vector<WeightLayer> layers{{"stem", net::FcShape{2, 3}},
                                      {"layer1.0.conv1", net::FcShape{3, 4}},
                                      {"layer1.0.conv2", net::FcShape{4, 5}},
                                      {"layer2.0.conv1", net::FcShape{5, 6}}};

std::vector<std::string> names(const Space& space) {
  std::vector<std::string> result;
  for (const auto& decision : space.decisions()) result.push_back(decision.name);
  return result;
}

/// The decision of a layer's weights, and of its activations.
std::vector<std::size_t> weight_decisions(const Space& space) {
  std::vector<std::size_t> result;
  for (const auto& layer : space.layers()) result.push_back(std::get<ByDecision>(layer.weight).decision);
  return result;
}

TEST_CASE("by default every layer chooses one format for weights and activations") {
  const auto space = format_space(Formats::facts, layers);
  CHECK(names(space) ==
        std::vector<std::string>{"stem", "layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv1"});
  CHECK(weight_decisions(space) == std::vector<std::size_t>{0, 1, 2, 3});
  const Choice choice{2, 0, 1, 0};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    CHECK(space.place(space.layers()[i].weight, choice) == choice[i]);
    CHECK(space.place(space.layers()[i].activation, choice) == choice[i]);
    CHECK(space.shape(space.layers()[i], choice) == layers[i].shape);
  }
}

TEST_CASE("weights and activations can choose apart, or weights alone") {
  const auto free = format_space<Free>(Formats::facts, layers);
  CHECK(free.decisions().size() == 8);
  CHECK(free.decisions()[1].name == "stem:activation");
  CHECK(free.place(free.layers()[1].weight, Choice{0, 0, 2, 1, 0, 0, 0, 0}) == 2);
  CHECK(free.place(free.layers()[1].activation, Choice{0, 0, 2, 1, 0, 0, 0, 0}) == 1);
  const std::vector<std::size_t> integers{0, 1};
  const auto weights =
      format_space<WeightOnly<format::Bfloat16>>(Formats::facts, layers, EachLayer{}, integers);
  CHECK(weights.option_counts() == std::vector<std::size_t>(4, 2));
  CHECK(weights.place(weights.layers()[3].weight, Choice{0, 0, 0, 1}) == 1);
  CHECK(weights.place(weights.layers()[3].activation, Choice{0, 0, 0, 1}) == 2);
  CHECK_THROWS_AS(static_cast<void>(format_space<WeightOnly<format::Half>>(Formats::facts, layers)),
                  ParseError);
}

TEST_CASE("layers can decide together") {
  CHECK(names(format_space(Formats::facts, layers, WholeNetwork{})) == std::vector<std::string>{"network"});
  const auto types = format_space<Free>(Formats::facts, layers, BlockType{});
  CHECK(names(types) == std::vector<std::string>{"stem:weight", "stem:activation", "conv1:weight",
                                                 "conv1:activation", "conv2:weight", "conv2:activation"});
  CHECK(weight_decisions(types) == std::vector<std::size_t>{0, 2, 4, 2});
  const Prefixes stages{{"stem", "layer1.", "layer2."}};
  CHECK(weight_decisions(format_space(Formats::facts, layers, stages)) ==
        std::vector<std::size_t>{0, 1, 1, 2});
  CHECK_THROWS_WITH_AS(static_cast<void>(format_space(Formats::facts, layers, Prefixes{{"layer"}})),
                       "layer 'stem': its name starts with 0 of the prefixes, not with one", RangeError);
  CHECK_THROWS_AS(static_cast<void>(format_space(Formats::facts, layers, Prefixes{{"s", "stem", "layer"}})),
                  RangeError);
  struct ByLength {
    static std::string key(const std::string& layer) { return std::to_string(layer.size()); }
  };
  CHECK(weight_decisions(format_space(Formats::facts, layers, ByLength{})) ==
        std::vector<std::size_t>{0, 1, 1, 1});
}

TEST_CASE("two layers of one name are refused") {
  const std::vector<WeightLayer> twice{layers[0], layers[0]};
  CHECK_THROWS_AS(static_cast<void>(format_space(Formats::facts, twice)), RangeError);
}

}  // namespace
