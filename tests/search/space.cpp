// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/space.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::search;

using Formats = JoinedFormats<FliqsSmallIntegers, FormatSet<format::E4m3fn>>;

/// A stem, then one or two blocks of a width; the second block has a kernel of its own.
Space elastic() {
  Space space(Formats::facts);
  const auto width = space.add_values("width", {8, 16, 24});
  const auto depth = space.add_values("depth", {1, 2});
  const auto kernel = space.add_values("kernel", {3, 5}, {{depth, {1}}});
  const auto stem = space.add_formats("stem", {0, 1});
  const auto first = space.add_formats("first");
  const auto second = space.add_formats("second");
  space.add_layer(
      "stem", {width},
      [](std::span<const double> v) {
        return net::ConvShape{3, 3, 3, 8, 8, static_cast<std::int64_t>(v[0])};
      },
      ByDecision{stem}, FixedFormat{1});
  space.add_layer(
      "first", {width},
      [](std::span<const double> v) {
        const auto channels = static_cast<std::int64_t>(v[0]);
        return net::ConvShape{3, 3, channels, 8, 8, channels};
      },
      ByDecision{first}, ByDecision{first});
  space.add_layer(
      "second", {depth, kernel, width},
      [](std::span<const double> v) -> std::optional<net::LayerShape> {
        if (v[0] == 1) return std::nullopt;
        const auto size = static_cast<std::int64_t>(v[1]), channels = static_cast<std::int64_t>(v[2]);
        return net::ConvShape{size, size, channels, 8, 8, channels};
      },
      ByDecision{second}, ByDecision{second});
  space.add_layer({"fc", net::FcShape{24, 10}}, FixedFormat{1}, FixedFormat{1});
  return space;
}

TEST_CASE("every architecture has the shapes that its values give") {
  const auto space = elastic();
  CHECK(space.option_counts() == std::vector<std::size_t>{3, 2, 2, 2, 3, 3});
  CHECK(space.size() == 3 * 2 * 2 * 2 * 3 * 3);
  const double widths[] = {8, 16, 24}, kernels[] = {3, 5};
  for (std::size_t w = 0; w < 3; ++w)
    for (std::size_t d = 0; d < 2; ++d)
      for (std::size_t k = 0; k < 2; ++k) {
        const Choice choice{w, d, k, 0, 0, 0};
        const auto channels = static_cast<std::int64_t>(widths[w]),
                   size = static_cast<std::int64_t>(kernels[k]);
        CHECK(space.shape(space.layers()[0], choice) ==
              net::LayerShape(net::ConvShape{3, 3, 3, 8, 8, channels}));
        const auto& second = space.shape(space.layers()[2], choice);
        if (d == 0)
          CHECK_FALSE(second);
        else
          CHECK(second == net::LayerShape(net::ConvShape{size, size, channels, 8, 8, channels}));
        CHECK(space.shape(space.layers()[3], choice) == net::LayerShape(net::FcShape{24, 10}));
      }
}

TEST_CASE("decisions about what is absent do not matter") {
  const auto space = elastic();
  CHECK(space.active(Choice{2, 0, 1, 1, 2, 2}) == std::vector<bool>{true, true, false, true, true, false});
  CHECK(space.active(Choice{2, 1, 1, 1, 2, 2}) == std::vector<bool>(6, true));
  CHECK(space.canonical(Choice{2, 0, 1, 1, 2, 2}) == Choice{2, 0, 0, 1, 2, 0});
  CHECK(space.canonical(Choice{2, 1, 1, 1, 2, 2}) == Choice{2, 1, 1, 1, 2, 2});
  Space chain(Formats::facts);  // a condition on a decision that does not matter does not hold
  const auto a = chain.add_values("a", {0, 1});
  const auto b = chain.add_values("b", {0, 1}, {{a, {1}}});
  chain.add_values("c", {0, 1}, {{b, {0, 1}}});
  chain.add_values("d", {0, 1}, {{a, {0}}, {b, {0}}});
  CHECK(chain.active(Choice{0, 1, 0, 0}) == std::vector<bool>{true, false, false, false});
  CHECK(chain.active(Choice{1, 1, 0, 0}) == std::vector<bool>{true, true, true, false});
}

TEST_CASE("formats come from decisions or are fixed") {
  const auto space = elastic();
  const Choice choice{0, 0, 0, 1, 2, 0};
  CHECK(space.place(space.layers()[0].weight, choice) == 1);
  CHECK(space.place(space.layers()[1].weight, choice) == 2);
  CHECK(space.place(space.layers()[0].activation, choice) == 1);
  CHECK(space.option_name(4, 2) == "e4m3fn");
  CHECK(space.option_name(0, 1) == "16");
  CHECK(space.uniform(0) == Choice{2, 1, 1, 0, 0, 0});
  CHECK(space.uniform(1, {0, 0, 0, 0, 0, 0}) == Choice{0, 0, 0, 1, 1, 1});
  CHECK(space.offers_everywhere(1));
  CHECK_FALSE(space.offers_everywhere(2));
  CHECK_THROWS_WITH_AS(static_cast<void>(space.uniform(2)), "decision 'stem': it does not have e4m3fn",
                       RangeError);
}

TEST_CASE("an impossible space is refused") {
  Space space(Formats::facts);
  const auto format = space.add_formats("format");
  const auto width = space.add_values("width", {1, 2});
  CHECK_THROWS_AS(Space(std::span<const FormatFacts>{}), ShapeError);
  CHECK_THROWS_WITH_AS(space.add_formats("format"), "decision 'format': the name is taken", RangeError);
  CHECK_THROWS_WITH_AS(space.add_formats(""), "decision: its name is empty", RangeError);
  CHECK_THROWS_AS(space.add_formats("x", {3}), RangeError);
  CHECK_THROWS_WITH_AS(space.add_formats("x", {1, 1}), "decision 'x': an option is there twice", RangeError);
  CHECK_THROWS_AS(space.add_values("x", {}), ShapeError);
  CHECK_THROWS_AS(space.add_values("x", {1, 1}), RangeError);
  CHECK_THROWS_AS(space.add_values("x", {std::nan("")}), RangeError);
  CHECK_THROWS_AS(space.add_values("x", {1}, {{7, {0}}}), RangeError);
  CHECK_THROWS_AS(space.add_values("x", {1}, {{width, {2}}}), RangeError);
  const WeightLayer layer{"fc", net::FcShape{1, 1}};
  CHECK_THROWS_AS(space.add_layer(layer, ByDecision{2}, FixedFormat{0}), RangeError);
  CHECK_THROWS_WITH_AS(space.add_layer(layer, ByDecision{width}, FixedFormat{0}),
                       "layer 'fc': decision 'width' is not about formats", RangeError);
  CHECK_THROWS_AS(space.add_layer(layer, FixedFormat{0}, FixedFormat{3}), RangeError);
  const auto shape_of = [](std::span<const double>) { return net::FcShape{1, 1}; };
  CHECK_THROWS_WITH_AS(space.add_layer("fc", {format}, shape_of, FixedFormat{0}, FixedFormat{0}),
                       "layer 'fc': 'format' is about formats", RangeError);
  space.add_layer(layer, ByDecision{format}, ByDecision{format});
  CHECK_THROWS_WITH_AS(space.add_layer(layer, FixedFormat{0}, FixedFormat{0}),
                       "layer 'fc': the name is taken", RangeError);
  CHECK_THROWS_AS(space.check(Choice{0}), ShapeError);
  CHECK_THROWS_WITH_AS(space.check(Choice{0, 2}), "choice: decision 'width' has no option 2", RangeError);
  std::vector<std::size_t> many;
  for (int i = 0; i < 17; ++i) many.push_back(space.add_values("w" + std::to_string(i), {0, 1}));
  CHECK_THROWS_AS(space.add_layer("big", many, shape_of, FixedFormat{0}, FixedFormat{0}), RangeError);
}

}  // namespace
