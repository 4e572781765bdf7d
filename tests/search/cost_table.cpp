// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/cost_table.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/search/format_space.hpp>
#include <bitloom/search/layer_zoo.hpp>
#include <bitloom/search/mac_cost.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

Choice random_choice(const Space& space, core::Random& random) {
  Choice choice;
  for (const auto count : space.option_counts())
    choice.push_back(static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(count) - 1)));
  return choice;
}

template <CostModel M>
void check_table(const Space& space, const M& model, int choices) {
  const CostTable table(space, model);
  CHECK(table.name() == M::name);
  CHECK(table.unit() == M::unit);
  core::Random random(3);
  for (int i = 0; i < choices; ++i) {
    const auto choice = random_choice(space, random);
    REQUIRE(table.cost(choice) == total_cost(model, assigned_layers(space, choice)));
    double sum = 0;
    for (const double cost : table.layer_costs(choice)) sum += cost;
    REQUIRE(sum == table.cost(choice));
  }
}

TEST_CASE("look-ups give the cost of the layers of a choice") {
  const auto layers = layers_of(resnet18_layers(0.5));
  check_table(format_space(FliqsLargeIntegers::facts, layers), Bops{}, 50);
  check_table(format_space<Free>(FliqsLargeFloats::facts, layers, BlockType{}), MacCells{}, 50);
  check_table(format_space<Free>(FliqsSmallIntegers::facts, layers, WholeNetwork{}), WeightMebibytes<>{}, 10);
  CHECK(CostTable(format_space(FliqsSmallIntegers::facts, layers), MacCells{}).constants().size() == 1);
}

TEST_CASE("look-ups give the cost of the sampled architecture") {
  Space space(FliqsSmallIntegers::facts);
  const auto width = space.add_values("width", {8, 16});
  const auto depth = space.add_values("depth", {1, 2});
  const auto first = space.add_formats("first");
  const auto second = space.add_formats("second");
  space.add_layer(
      "first", {width},
      [](std::span<const double> v) {
        return net::FcShape{10, static_cast<std::int64_t>(v[0])};
      },
      ByDecision{first}, ByDecision{first});
  space.add_layer(
      "second", {width, depth},
      [](std::span<const double> v) -> std::optional<net::LayerShape> {
        if (v[1] == 1) return std::nullopt;
        return net::FcShape{static_cast<std::int64_t>(v[0]), 3};
      },
      ByDecision{second}, ByDecision{first});
  check_table(space, Bops{}, 60);
  const CostTable table(space, Bops{});
  CHECK(table.cost(Choice{0, 0, 0, 1}) == 80 * 16);
  CHECK(table.cost(Choice{1, 1, 0, 1}) == 160 * 16 + 48 * 32);
  CHECK(table.layer_costs(Choice{0, 0, 0, 1}) == std::vector<double>{80 * 16, 0});
}

TEST_CASE("a choice of another space is refused") {
  const CostTable table(format_space(FliqsSmallIntegers::facts, layers_of(resnet18_layers())), Bops{});
  CHECK_THROWS_AS(static_cast<void>(table.cost(Choice(21))), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(table.cost(Choice(22, 2))), RangeError);
}

TEST_CASE("a model that gives no cost is refused, with the layer") {
  const std::vector<WeightLayer> layers{{"fc", net::FcShape{1, 1}}};
  const auto space = format_space(FliqsSmallIntegers::facts, layers);
  for (const double wrong : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    const UserCost model("wrong", "", [&](const auto&, const auto& weight, const auto&) {
      return weight.bits == 8 ? wrong : 1;
    });
    try {
      static_cast<void>(CostTable(space, model));
      FAIL("no error");
    } catch (const RangeError& error) {
      CHECK(std::string(error.what()).starts_with("layer 'fc': its cost of "));
      CHECK(std::string(error.what()).find("with int8 and int8") != std::string::npos);
    }
  }
}

}  // namespace
