// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/m4bram_conv.hpp>

#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/accel/m4bram_study.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/fabric/m4bram_value.hpp>
#include <bitloom/op/conv2d.hpp>

namespace {

using namespace bitloom;
using accel::Tile;
using fabric::Operands;

struct Wrapping : fabric::M4bramPolicies {
  using Flushing = fabric::ReadoutAtEnd;
};

template <class B>
Tile tile_of(std::int64_t c, std::int64_t k, std::int64_t rows) {
  return {.q = B::vectors / rows, .c = c, .k = k, .r = 3, .p = rows};
}

net::ConvShape shape_of(const op::ConvGeometry& g) {
  const auto out = g.output();
  return {.r = g.window.kernel,
          .s = g.window.kernel,
          .c = g.input.channels,
          .p = out.height,
          .q = out.width,
          .k = g.out_channels};
}

std::vector<std::int16_t> random_values(std::int64_t count, int bits, bool is_signed, core::Random& random) {
  std::vector<std::int16_t> values;
  const auto range = fabric::operand_range(bits, is_signed);
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<std::int16_t>(random.integer(range.lowest, range.max)));
  return values;
}

/// The formula of the performance model without DSP slices, with the cycles of a MAC2 and readouts for each group.
std::int64_t published(const net::ConvShape& l, const Tile& t, std::int64_t mac2, std::int64_t readout,
                       std::int64_t readouts) {
  const auto up = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  const auto g = up(l.q, t.q) * up(l.p, t.p);
  return up(l.c, t.c) * mac2 * l.s * up(l.r, t.r) * up(l.k, t.k) * g + readouts * readout * up(l.k, t.k) * g;
}

/// Runs a layer on machines; true if it is the plain convolution.
template <class Conv>
bool is_exact(Conv& conv, const op::ConvGeometry& g, const Operands& o, core::Random& random) {
  const auto weights = random_values(g.out_channels * g.patch(), o.weight_bits, true, random);
  const auto image = random_values(g.input.size(), o.activation_bits, o.signed_activations, random);
  std::vector<std::int32_t> plain(static_cast<std::size_t>(g.output().size())), cycle(plain.size());
  op::conv2d<std::int16_t, std::int32_t>(op::PlainGemm{}, g, 1, weights, image, std::span(plain));
  op::conv2d<std::int16_t, std::int32_t>(conv, g, 1, weights, image, std::span(cycle));
  return plain == cycle;
}

const std::vector<op::ConvGeometry> layers{
    {.input = {5, 6, 7}, .out_channels = 10, .window = {.kernel = 3, .stride = 1, .padding = 1}},
    {.input = {8, 9, 5}, .out_channels = 17, .window = {.kernel = 4, .stride = 2, .padding = 2}},
    {.input = {6, 3, 4}, .out_channels = 9, .window = {.kernel = 1, .stride = 1, .padding = 0}},
};

TEST_CASE_TEMPLATE("a convolution on machines is exact, in the cycles of the performance model", B,
                   fabric::M4bram<fabric::Small, fabric::Synchronous, 1>,
                   fabric::M4bram<fabric::Small, fabric::DoublePumped, 2>,
                   fabric::M4bram<fabric::Large, fabric::Synchronous, 4>,
                   fabric::M4bram<fabric::Large, fabric::DoublePumped, 4>) {
  static_assert(op::Gemm<accel::M4bramConv<B>&, std::int16_t, std::int32_t>);
  using Model = accel::M4bramAlone<accel::ExactM4bramStudy, typename B::size, typename B::clocking>;
  using Safe = accel::M4bramAlone<accel::WithReadouts<accel::ExactM4bramStudy, accel::SafeReadouts>,
                                  typename B::size, typename B::clocking>;
  core::Random random(1);
  int at_end = 0;  // layers whose sums need one readout
  int early = 0;
  for (const auto& layer : layers)
    for (const auto& [weight, activation] : {std::pair{8, 6}, {4, 3}, {4, 8}, {2, 2}})
      for (const std::int64_t rows : {std::int64_t{1}, std::int64_t{B::vectors} / 2}) {
        if (rows == 0) continue;
        const Operands o{.weight_bits = weight, .activation_bits = activation};
        const auto tile = tile_of<B>(4, 8, rows);
        const auto shape = shape_of(layer);
        CAPTURE(to_string(o));
        CAPTURE(layer.window.kernel);
        CAPTURE(rows);
        accel::M4bramConv<B> conv(shape, tile, o);
        CHECK(is_exact(conv, layer, o, random));
        CHECK(conv.counted_cycles() == conv.cycles());
        const auto cut = B::cut(conv.product(), o);
        const auto formula =
            published(shape, tile, B::clocking::model_cycles(activation), B::readout_cycles(), 1);
        CHECK(conv.model_cycles() == formula);
        CHECK(Model::cycles(shape, tile, {weight, activation}) == formula);
        // the machines, from the first MAC2 on, with the readouts before a lane could wrap
        CHECK(
            conv.counted_cycles() - B::clocking::prologue_cycles ==
            published(shape, tile, B::clocking::model_cycles(activation), B::readout_cycles(), cut.readouts));
        CHECK(conv.blocks() == Model::compute_bram(tile, {weight, activation}));
        CHECK(conv.counted_cycles() - B::clocking::prologue_cycles ==
              Safe::cycles(shape, tile, {weight, activation}));
        ++(cut.readouts == 1 ? at_end : early);
      }
  CHECK(at_end > 5);
  CHECK(early > 1);
}

TEST_CASE("signed activations take a cycle more for a MAC2 on the main clock, and none more double-pumped") {
  core::Random random(2);
  const auto check = [&]<class B>(std::type_identity<B>, std::int64_t extra) {
    const Operands o{.weight_bits = 4, .activation_bits = 5, .signed_activations = true};
    const auto tile = tile_of<B>(2, 16, 1);
    const auto shape = shape_of(layers[0]);
    accel::M4bramConv<B> conv(shape, tile, o);
    CHECK(is_exact(conv, layers[0], o, random));
    const auto mac2 = B::clocking::model_cycles(5) + extra;
    CHECK(conv.counted_cycles() - B::clocking::prologue_cycles ==
          published(shape, tile, mac2, B::readout_cycles(), 1));
    using Study = accel::WithMac2<accel::ExactM4bramStudy, accel::SignedMac2>;
    using Model = accel::M4bramAlone<Study, typename B::size, typename B::clocking>;
    CHECK(conv.model_cycles() == Model::cycles(shape, tile, {4, 5}));
  };
  check(std::type_identity<fabric::M4bram<fabric::Large, fabric::Synchronous, 2>>{}, 1);
  check(std::type_identity<fabric::M4bram<fabric::Small, fabric::DoublePumped, 2>>{}, 0);
}

TEST_CASE(
    "read at the end only, a layer takes the published cycles whatever it sums, and narrow lanes wrap") {
  using B = fabric::M4bram<fabric::Large, fabric::Synchronous, 2, Wrapping>;
  core::Random random(3);
  const Operands narrow{.weight_bits = 2, .activation_bits = 6}, wide{.weight_bits = 8, .activation_bits = 6};
  const auto tile = tile_of<B>(2, 8, 2);
  for (const auto& o : {narrow, wide}) {
    accel::M4bramConv<B> conv(shape_of(layers[1]), tile, o);
    CHECK(is_exact(conv, layers[1], o, random) == (o == wide));
    CHECK(conv.counted_cycles() - 3 == published(shape_of(layers[1]), tile, 8, 8, 1));
  }
}

TEST_CASE("weights that are widened take more blocks, but no more cycles") {
  using B = fabric::M4bram<fabric::Small, fabric::DoublePumped, 1>;
  core::Random random(4);
  const Operands o{.weight_bits = 2, .activation_bits = 8};
  const auto tile = tile_of<B>(4, 16, 1);
  accel::M4bramConv<B> conv(shape_of(layers[0]), tile, o);
  CHECK(is_exact(conv, layers[0], o, random));
  CHECK(conv.blocks() == 3 * 2 * 2);  // 8 outputs in a block, not 16
  CHECK(conv.counted_cycles() - 2 == published(shape_of(layers[0]), tile, 6, 4, 1));
}

/// Runs iterations from the last to the first.
struct Backwards {
  template <class Body>
  void for_each_index(std::int64_t count, Body&& body) const {
    while (count-- > 0) body(count);
  }
};

TEST_CASE("the order in which blocks are stepped does not matter, and calls add up") {
  using B = fabric::M4bram<fabric::Small, fabric::Synchronous, 4>;
  const Operands o{.weight_bits = 4, .activation_bits = 6};
  const auto tile = tile_of<B>(4, 8, 2);
  const auto shape = shape_of(layers[0]);
  accel::M4bramConv<B, Backwards> conv(shape, tile, o, {});
  core::Random random(6);
  CHECK(is_exact(conv, layers[0], o, random));
  CHECK(is_exact(conv, layers[0], o, random));
  CHECK(conv.counted_cycles() == 2 * conv.cycles());
}

TEST_CASE("layers and tiles that do not go together are refused") {
  using B = fabric::M4bram<fabric::Small, fabric::Synchronous, 2>;
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  const auto shape = shape_of(layers[0]);
  CHECK_THROWS_AS((accel::M4bramConv<B>(shape, {.q = 4, .c = 4, .k = 8}, o)), RangeError);
  CHECK_THROWS_WITH_AS((accel::M4bramConv<B>(shape, {.q = 2, .c = 3, .k = 8}, o)), "tile c: 3 is not even",
                       RangeError);
  CHECK_THROWS_AS((accel::M4bramConv<B>(shape, {.q = 2, .c = 0, .k = 8}, o)), RangeError);
  CHECK_THROWS_AS(
      (accel::M4bramConv<B>(shape, {.q = 2, .c = 4, .k = 8}, {.weight_bits = 3, .activation_bits = 3})),
      RangeError);
  CHECK_THROWS_AS(
      (accel::M4bramConv<B>({.r = 3, .s = 3, .c = 4, .p = 0, .q = 4, .k = 4}, {.q = 2, .c = 4, .k = 8}, o)),
      ShapeError);
  accel::M4bramConv<B> conv(shape, {.q = 2, .c = 4, .k = 8}, o);
  core::Random random(5);
  CHECK_THROWS_AS(static_cast<void>(is_exact(conv, layers[1], o, random)), ShapeError);
}

}  // namespace
