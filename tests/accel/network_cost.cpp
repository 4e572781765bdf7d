// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/network_cost.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/dsp.hpp>
#include <bitloom/fabric/m4bram.hpp>

namespace {

using namespace bitloom;

struct Stage {
  std::string name;
  op::ConvGeometry geometry;
};

const std::vector<Stage> chain{
    {"conv", {.input = {1, 8, 8}, .out_channels = 16, .window = {.kernel = 3, .padding = 1}}},
    {"dense", op::dense_geometry(256, 10)}};
constexpr fabric::Operands int4{.weight_bits = 4, .activation_bits = 4};

TEST_CASE("a network takes the sum of its layers' cycles, at the block's clock") {
  const accel::BlockArray<fabric::Bramac1da> array(4, int4);
  const auto cost = accel::network_cost<fabric::Bramac1da>(accel::layer_products(chain), array);
  REQUIRE(cost.layers.size() == 2);
  // 16 outputs on two blocks, 9 terms on two: 3 MAC2 of 4 cycles and a readout of 4 for each of 64 positions
  CHECK(cost.layers[0].product.cycles == 1 + 64 * (3 * 4 + 4) + 1);
  CHECK(cost.layers[1].product.cycles == 1 + 32 * 4 + 4 + 2);
  CHECK(cost.cycles == cost.layers[0].product.cycles + cost.layers[1].product.cycles);
  CHECK(cost.blocks == 4);
  CHECK(cost.load_cycles == 0);
  CHECK(cost.latency_us == doctest::Approx(static_cast<double>(cost.cycles) / 500));
  CHECK(cost.area == doctest::Approx(4 * 40 * 1.17));
  CHECK(cost.port_occupancy ==
        doctest::Approx(static_cast<double>(64 * 3 + 32) / static_cast<double>(cost.cycles)));
}

TEST_CASE(
    "weights that do not fit wait only where a layer leaves too few free cycles for those of the next") {
  const std::vector<Stage> large{{"a", op::dense_geometry(256, 30)}, {"b", op::dense_geometry(64, 10)}};
  const auto products = accel::layer_products(large);
  const auto on_blocks = [&](std::int64_t count) {
    return accel::network_cost<fabric::Bramac1da>(products, {count, int4});
  };
  const auto small = on_blocks(1);
  CHECK(small.weight_words == 3 * 256 + 64);
  // a: 384 MAC2 leave 3 free cycles each, of which 256 stream its own weights; b's 32 pairs find room.
  // b: 32 MAC2 leave 96 free cycles, but the first half memory of a needs 128
  CHECK(small.load_cycles == 128 - 96);
  CHECK(small.latency_us == doctest::Approx(static_cast<double>(small.cycles + small.load_cycles) / 500));
  CHECK(on_blocks(3).load_cycles == 0);
  const auto slices = accel::network_cost<fabric::DspSlice>(products, {3, int4});
  CHECK(slices.weight_words == 0);
  CHECK(slices.port_occupancy == 0);
  CHECK(slices.constants.front().standing == core::Standing::Assumed);
  static_assert(accel::StoresWeights<fabric::Bramac2sa> && !accel::StoresWeights<fabric::DspSlice>);
}

TEST_CASE("M4BRAM refills through port B in every cycle and port A between copies: fewer layers wait") {
  using B = fabric::M4bram<fabric::Large, fabric::Synchronous, 1>;
  static_assert(accel::StoresWeights<B>);
  const fabric::Operands o{.weight_bits = 8, .activation_bits = 2};
  const std::vector<Stage> large{{"a", op::dense_geometry(256, 8)}, {"b", op::dense_geometry(9, 8)}};
  const auto cost = accel::network_cost<B>(accel::layer_products(large), {1, o});
  // words of 64 bits: 256 and, filled up to a MAC2, 10
  CHECK(cost.weight_words == 512 + 20);
  // a: 128 MAC2 of 4 cycles leave 3 pairs each, of which 128 are its own; b's 10 find room.
  // b: 5 MAC2 leave 15 pairs, but the first half memory of a needs 128
  CHECK(cost.load_cycles == 128 - 15);
  CHECK(cost.cycles == 3 + 128 * 4 + 8 + 3 + 5 * 4 + 8);
  CHECK(cost.port_occupancy == doctest::Approx(2.0 * 133 / static_cast<double>(cost.cycles)));
  CHECK(cost.latency_standing == core::Standing::Assumed);
}

TEST_CASE("a total that does not fit is refused") {
  const std::vector<accel::LayerProduct> many(600,
                                              {"x", {.rows = 1, .columns = 1 << 10, .vectors = 1LL << 46}});
  CHECK_THROWS_AS(static_cast<void>(accel::network_cost<fabric::Bramac1da>(many, {1, int4})), ShapeError);
}

TEST_CASE("a list of layers by shape becomes the same products, and an impossible one is refused") {
  const net::LayerList list{
      {net::ConvShape{.r = 3, .s = 3, .c = 1, .p = 8, .q = 8, .k = 16}, net::FcShape{256, 10}}};
  const auto products = accel::layer_products(list);
  const auto stages = accel::layer_products(chain);
  REQUIRE(products.size() == 2);
  CHECK(products[0].shape == stages[0].shape);
  CHECK(products[1].shape == stages[1].shape);
  CHECK(products[1].name == "fc2");
  CHECK_THROWS_AS(static_cast<void>(accel::layer_products(net::LayerList{{net::FcShape{0, 10}}})),
                  ShapeError);
  CHECK_THROWS_AS(static_cast<void>(accel::network_cost<fabric::DspSlice>({}, {3, int4})), ShapeError);
}

}  // namespace
