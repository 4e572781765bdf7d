// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/block_cost.hpp>

#include <vector>

#include <doctest/doctest.h>

#include <bitloom/accel/dla_bramac.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/dsp.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

static_assert(ConstantCostModel<BlockCycles<fabric::Bramac2sa>> &&
              ConstantCostModel<BlockCycles<fabric::DspSlice>> &&
              ConstantCostModel<OverlayCycles<accel::DlaBramac<fabric::OneDoublePumped>>>);

using Integers = IntegerFormats<2, 8>;

TEST_CASE("cycles of blocks are those of the same network on an array of padded blocks") {
  const net::LayerList network{
      {net::ConvShape{.r = 3, .s = 3, .c = 16, .p = 14, .q = 14, .k = 32}, net::FcShape{.c = 256, .k = 40}}};
  const auto products = accel::layer_products(network);
  const auto check = [&]<class B>(std::type_identity<B>) {
    const BlockCycles<B> model{.blocks = 12};
    for (const auto& format : Integers::facts) {
      const int bits = format.bits <= 2 ? 2 : format.bits <= 4 ? 4 : 8;
      const accel::BlockArray<B> array(
          12, {.weight_bits = bits, .activation_bits = bits, .signed_activations = true});
      double sum = 0;
      for (const auto& layer : network.layers) sum += model.cost(layer, format, format);
      CAPTURE(format.name);
      CHECK(sum == static_cast<double>(accel::network_cost<B>(products, array).cycles));
    }
  };
  check(std::type_identity<fabric::Bramac1da>{});
  check(std::type_identity<fabric::Bramac2sa>{});
  const auto constants = constants_of(BlockCycles<fabric::Bramac1da>{});
  CHECK(constants.front() == fabric::Bramac1da::clock());
}

TEST_CASE("a block takes no floats and no operands beyond its widest") {
  const net::LayerShape layer = net::FcShape{.c = 64, .k = 8};
  const BlockCycles<fabric::DspSlice> slices{.blocks = 2};
  CHECK(slices.cost(layer, Integers::facts[6], Integers::facts[6]) ==
        2 * 64);  // 2 outputs at a time on 2 slices
  CHECK(slices.cost(layer, Integers::facts[0], Integers::facts[0]) ==
        32 + 1);  // 8 outputs at a time, sums halved
  CHECK_THROWS_WITH_AS(
      static_cast<void>(slices.cost(layer, format_facts<format::E2m1fn>, Integers::facts[0])),
      "format: the block computes with integers, not with e2m1fn", RangeError);
  CHECK_THROWS_AS(static_cast<void>(slices.cost(layer, format_facts<format::Int<9>>, Integers::facts[0])),
                  RangeError);
  CHECK_THROWS_AS(
      static_cast<void>(BlockCycles<fabric::DspSlice>{0}.cost(layer, Integers::facts[0], Integers::facts[0])),
      RangeError);
}

TEST_CASE("an overlay computes at the wider of both operands") {
  using Overlay = accel::DlaBramac<fabric::OneDoublePumped>;
  const accel::Tile tile{.q = 2, .c = 8, .k = 40};
  const OverlayCycles<Overlay> model{tile};
  const net::ConvShape conv{.r = 3, .s = 3, .c = 64, .p = 14, .q = 14, .k = 96};
  const net::FcShape dense{.c = 512, .k = 1000};
  for (const auto& weight : Integers::facts)
    for (const auto& activation : Integers::facts) {
      const int widest = std::max(weight.bits, activation.bits);
      const int bits = widest <= 2 ? 2 : widest <= 4 ? 4 : 8;
      CHECK(model.cost(conv, weight, activation) == static_cast<double>(Overlay::cycles(conv, tile, bits)));
      CHECK(model.cost(dense, weight, activation) == static_cast<double>(Overlay::cycles(dense, tile, bits)));
    }
  CHECK_THROWS_AS(static_cast<void>(model.cost(dense, format_facts<format::Int<9>>, Integers::facts[0])),
                  RangeError);
}

}  // namespace
