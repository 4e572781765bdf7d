// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/layer_widths.hpp>

#include <vector>

#include <doctest/doctest.h>

#include <bitloom/net/lowering.hpp>
#include <bitloom/net/zoo.hpp>

using namespace bitloom;
using quant::LayerWidths;

namespace {

const net::LayerList small{{net::ConvShape{.r = 3, .s = 3, .c = 3, .p = 8, .q = 8, .k = 16},
                            net::ConvShape{.r = 3, .s = 3, .c = 16, .p = 8, .q = 8, .k = 20},
                            net::FcShape{.c = 100, .k = 50}, net::FcShape{.c = 50, .k = 10}}};
constexpr LayerWidths mixed{
    .weights = {8, 4, 0.25}, .activation_bits = 6, .activation_sign = quant::ActivationSign::Unsigned};

}  // namespace

TEST_CASE("the first convolution and the last dense layer of a list have 8 bits") {
  const auto widths = net::layer_widths(small, mixed);
  CHECK(widths == std::vector<LayerWidths>{
                      LayerWidths{}, mixed, mixed, {.activation_sign = quant::ActivationSign::Unsigned}});
  const auto resnet = net::layer_list(net::resnet34());
  const auto all = net::layer_widths(resnet, mixed);
  REQUIRE(all.size() == resnet.layers.size());
  CHECK((all.front() == LayerWidths{} && all.back().weights == quant::WeightMix::uniform(8)));
  for (std::size_t i = 1; i + 1 < all.size(); ++i) CHECK(all[i] == mixed);
}

TEST_CASE("the weights of a list take the bits of all layers together") {
  const auto widths = net::layer_widths(small, mixed);
  CHECK(net::nominal_weight_bits(small, widths) == 8 * (432 + 500) + 5 * (2880 + 5000));
  CHECK_THROWS_WITH_AS(static_cast<void>(net::nominal_weight_bits(small, std::span(widths).first(3))),
                       "widths is 3, but the layers is 4", ShapeError);
}
