// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/layer_widths.hpp>

#include <vector>

#include <doctest/doctest.h>

using namespace bitloom;
using namespace bitloom::quant;

namespace {

constexpr auto conv = WeightedLayer::Convolution;
constexpr auto dense = WeightedLayer::Dense;
constexpr LayerWidths requested{
    .weights = {4, 2, 0.25}, .activation_bits = 6, .activation_sign = ActivationSign::Unsigned};
constexpr LayerWidths first{};
constexpr LayerWidths last{.activation_sign = ActivationSign::Unsigned};

}  // namespace

TEST_CASE("the first convolution and the last dense layer have 8 bits, wherever they stand") {
  using Widths = std::vector<LayerWidths>;
  const auto widths = [](std::vector<WeightedLayer> layers) { return layer_widths(layers, requested); };
  CHECK(widths({conv, conv, conv, dense}) == Widths{first, requested, requested, last});
  CHECK(widths({conv, dense, dense, dense}) == Widths{first, requested, requested, last});
  CHECK(widths({dense, conv, conv, dense, conv}) == Widths{requested, first, requested, last, requested});
  CHECK(widths({dense, dense}) == Widths{requested, last});
  CHECK(widths({conv, conv}) == Widths{first, requested});
  CHECK(widths({dense}) == Widths{last});
  CHECK(widths({}).empty());
}

TEST_CASE("the first convolution is signed, whatever is requested, and the last dense layer as requested") {
  auto signed_ones = requested;
  signed_ones.activation_sign = ActivationSign::Signed;
  CHECK(layer_widths(std::vector{conv, dense}, signed_ones)[1] == first);
  CHECK(layer_widths(std::vector{conv, dense}, requested)[0] == first);
}

TEST_CASE("impossible widths are refused") {
  const std::vector layers{conv, dense};
  CHECK_THROWS_AS(static_cast<void>(layer_widths(layers, {.weights = {4, 8, 1}})), RangeError);
  CHECK_THROWS_AS(static_cast<void>(layer_widths(layers, {.activation_bits = 0})), RangeError);
}
