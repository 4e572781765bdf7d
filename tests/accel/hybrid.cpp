// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/hybrid.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <doctest/doctest.h>

#include <bitloom/accel/dla_bramac.hpp>
#include <bitloom/accel/dla_m4bram.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::ConvShape;
using net::FcShape;

using Engine = M4bramEngine<fabric::Large, fabric::Synchronous>;
using Hybrid = DlaM4bram<fabric::Large, fabric::Synchronous>;
using Alone = BramOverlay<Engine>;

static_assert(ComputeEngine<Engine> && ComputeEngine<BramacEngine<fabric::TwoSync>> &&
              !ComputeEngine<Hybrid>);

/// Groups of outputs one after the other. In each, both engines run through their channels; the slower one decides.
std::int64_t walk(const ConvShape& l, const HybridTile& t, std::int64_t mac2, bool slices) {
  std::int64_t cycles = 0;
  for (std::int64_t p = 0; p < l.p; p += t.bram.p)
    for (std::int64_t q = 0; q < l.q; q += t.bram.q + (slices ? t.dsp.q : 0)) {
      std::int64_t on_dsp = 0, on_bram = 0, reading = 0;
      for (std::int64_t k = 0; slices && k < l.k; k += t.dsp.k)
        for (std::int64_t s = 0; s < l.s; ++s)
          for (std::int64_t r = 0; r < l.r; r += t.dsp.r)
            for (std::int64_t c = 0; c < l.c; c += t.dsp.c) ++on_dsp;
      for (std::int64_t k = 0; k < l.k; k += t.bram.k) {
        for (std::int64_t s = 0; s < l.s; ++s)
          for (std::int64_t r = 0; r < l.r; r += t.bram.r)
            for (std::int64_t c = 0; c < l.c; c += t.bram.c) on_bram += mac2;
        reading += 8;
      }
      cycles += std::max(on_dsp, on_bram) + reading;
    }
  return cycles;
}

TEST_CASE("cycles are those of a walk through all groups of outputs on both engines") {
  std::int64_t wrong = 0;
  std::int64_t slices_decide = 0, blocks_decide = 0;
  for (std::int64_t r = 1; r <= 5; r += 2)
    for (std::int64_t c = 1; c <= 60; c += 11)
      for (std::int64_t q = 1; q <= 8; ++q)
        for (std::int64_t p = 1; p <= 3; ++p)
          for (std::int64_t k = 5; k <= 65; k += 20)
            for (std::int64_t dk = 4; dk <= 32; dk += 14)
              for (const std::int64_t mc : {8, 24})
                for (const std::int64_t rows : {1, 2}) {
                  const ConvShape layer{r, 2, c, p, q, k};
                  const HybridTile tile{.dsp = {.q = 2, .c = 4, .k = dk, .p = rows},
                                        .bram = {.q = 2, .c = mc, .k = 16, .p = rows}};
                  const auto count = Hybrid::count(layer, tile, {8, 6});
                  wrong += Hybrid::cycles(layer, tile, {8, 6}) != walk(layer, tile, 8, true);
                  wrong += Alone::cycles(layer, tile.bram, {8, 6}) != walk(layer, tile, 8, false);
                  wrong += count.unchecked() != count.cycles();
                  const auto dsp = count.dsp_steps * count.dsp_outputs;
                  const auto bram = count.bram_steps * count.bram_outputs;
                  slices_decide += dsp > bram;
                  blocks_decide += dsp < bram;
                }
  CHECK(wrong == 0);
  CHECK(slices_decide > 0);
  CHECK(blocks_decide > 0);
}

TEST_CASE("counts of a convolution depend on the extents that they name") {
  constexpr ConvShape layer{3, 3, 100, 27, 27, 200};
  constexpr HybridTile tile{.dsp = {.q = 3, .c = 8, .k = 32}, .bram = {.q = 1, .c = 16, .k = 64}};
  constexpr auto count = Hybrid::count(layer, tile, 8);
  constexpr HybridCount expected{.dsp_steps = 13 * 3,
                                 .dsp_outputs = 7,
                                 .bram_steps = 7 * 3 * 10,
                                 .bram_outputs = 4,
                                 .readout = 8,
                                 .groups = 7 * 27};
  static_assert(count == expected);
  const auto with = [&](auto change) {
    auto other = tile;
    change(other);
    return Hybrid::count(layer, other, 8);
  };
  auto only = expected;
  only.dsp_steps = 25 * 3;
  CHECK(with([](HybridTile& t) { t.dsp.c = 4; }) == only);
  only = expected;
  only.dsp_outputs = 13;
  CHECK(with([](HybridTile& t) { t.dsp.k = 16; }) == only);
  only = expected;
  only.bram_steps = 13 * 3 * 10;
  CHECK(with([](HybridTile& t) { t.bram.c = 8; }) == only);
  only = expected;
  only.bram_outputs = 2;
  CHECK(with([](HybridTile& t) { t.bram.k = 128; }) == only);
  only = expected;
  only.groups = 6 * 27;
  CHECK(with([](HybridTile& t) { t.dsp.q = 4; }) == only);
  CHECK(with([](HybridTile& t) { t.bram.q = 2; }) == only);
}

TEST_CASE("with the tile of BRAMAC's study the hybrid is that study's overlay") {
  std::int64_t wrong = 0;
  const auto compare = [&]<class V>(std::type_identity<V>) {
    using Study = DlaBramac<V>;
    using General = HybridOverlay<BramacEngine<V>>;
    for (const int bits : {2, 4, 8})
      for (std::int64_t q = V::arrays + 1; q <= 4; ++q)
        for (std::int64_t c = 4; c <= 20; c += 4)
          for (std::int64_t words = 1; words <= 6; ++words) {
            const Tile tile{.q = q, .c = c, .k = words * Study::lanes(bits)};
            if (Study::split(tile, bits).copies > 1) continue;
            const auto mac2 = Study::mac2_cycles(bits);
            const HybridTile both{.dsp = {.q = q - V::arrays, .c = c, .k = tile.k},
                                  .bram = {.q = V::arrays, .c = c * mac2, .k = tile.k}};
            const ConvShape layer{3, 3, 50, 9, 9, 70};
            const auto blocks = Study::compute_bram(tile, bits);
            // the slices never wait for more cycles than the blocks
            const auto count = General::count(layer, both, bits);
            wrong += count.dsp_steps * count.dsp_outputs > count.bram_steps * count.bram_outputs;
            wrong += General::cycles(layer, both, bits) != Study::cycles(layer, tile, bits);
            wrong += General::dsp(both, bits) != Study::dsp(tile, bits);
            wrong += General::filter_bram({3, 3, 4, 1, 1, 4}, both, bits) != blocks;  // fit once
            wrong += General::cycles(FcShape{100, 900}, blocks, both, bits) !=
                     Study::cycles(FcShape{100, 900}, tile, bits);
          }
  };
  compare(std::type_identity<fabric::TwoSync>{});
  compare(std::type_identity<fabric::OneDoublePumped>{});
  CHECK(wrong == 0);
}

TEST_CASE("filter caches hold the filters of the largest convolution, and compute fully connected layers") {
  constexpr HybridTile tile{.dsp = {.q = 1, .c = 8, .k = 32}, .bram = {.q = 1, .c = 16, .k = 64}};
  // 8 weights of 8 bits in a word of 64: 8 words of outputs, 8 pairs of channels, 3 filter columns
  static_assert(Hybrid::Bram::compute_bram(tile.bram, 8) == 3 * 8 * 8);
  // 128 pairs of words in a block; 3 * 7 * 4 = 84 and 3 * 11 * 4 = 132 pairs of words
  static_assert(Hybrid::filter_bram({3, 3, 100, 1, 1, 200}, tile, 8) == 192);
  static_assert(Hybrid::filter_bram({3, 3, 176, 1, 1, 200}, tile, 8) == 2 * 192);
  static_assert(Hybrid::filter_bram({3, 3, 100, 1, 1, 200}, tile, 8, 3) == 2 * 192);  // 252 pairs
  static_assert(Hybrid::filter_bram({3, 3, 100, 1, 1, 200}, tile, 8) ==
                Alone::filter_bram({3, 3, 100, 1, 1, 200}, tile.bram, 8));
  // 384 slices with 2 products a cycle, a MAC2 of 10 cycles; 192 blocks with 16 in it
  static_assert(Hybrid::dsp(tile, 8) == 384 && Alone::dsp(tile.bram, 8) == 0);
  static_assert(Hybrid::macs_per_mac2(192, tile, 8) == 384 * 2 * 10 + 192 * 16);
  static_assert(Hybrid::cycles(FcShape{1000, 1000}, 192, tile, 8) == (10'000'000 + 10751) / 10752);
  static_assert(Hybrid::cycles(FcShape{1000, 1000}, 384, tile, 8) <
                Hybrid::cycles(FcShape{1000, 1000}, 192, tile, 8));
  static_assert(Alone::cycles(FcShape{3072, 16}, 192, tile.bram, 8) == 160);
  CHECK(Hybrid::resources(tile, 8, 192, 10).area == doctest::Approx(40 * 1.334 * 202 + 30 * 384));
  CHECK(Alone::resources(tile.bram, 8, 192, 10).area == doctest::Approx(40 * 1.334 * 202));
}

TEST_CASE(
    "the batch of a fully connected layer is twice the output channels of the slices, or of blocks alone") {
  // 1285 cycles; with a batch of 400 images, and not of 128, the released arithmetic rounds them up
  constexpr FcShape layer{18'915'200, 1};
  constexpr Widths widths{8, 5};
  using Released = DlaM4bram<fabric::Large, fabric::Synchronous, ReleasedArithmetic>;
  using ReleasedAlone = BramOverlay<Engine, ReleasedArithmetic>;
  constexpr HybridTile wide{.dsp = {.q = 1, .c = 4, .k = 200}, .bram = {.q = 1, .c = 16, .k = 64}};
  constexpr HybridTile narrow{.dsp = {.q = 1, .c = 4, .k = 64}, .bram = {.q = 1, .c = 16, .k = 200}};
  // a MAC2 of 7 cycles; 600 and 192 slices of 4 products; blocks of 16
  static_assert(Released::macs_per_mac2(5390, wide, widths) == 103'040);
  static_assert(Released::macs_per_mac2(6104, narrow, widths) == 103'040);
  CHECK(Released::cycles(layer, 5390, wide, widths) == 1286);
  CHECK(Released::cycles(layer, 6104, narrow, widths) == 1285);
  CHECK(ReleasedAlone::cycles(layer, 6440, narrow.bram, widths) == 1286);
  CHECK(ReleasedAlone::cycles(layer, 6440, wide.bram, widths) == 1285);
}

TEST_CASE("impossible tiles, widths and caches are errors, and counts never wrap") {
  constexpr ConvShape conv{3, 3, 8, 8, 8, 8};
  constexpr HybridTile tile{.dsp = {.q = 1, .c = 8, .k = 32}, .bram = {.q = 1, .c = 16, .k = 64}};
  constexpr auto huge = std::int64_t{1} << 31;
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  const auto with = [&](auto change) {
    auto other = tile;
    change(other);
    CHECK(!Hybrid::supports(other, 8));
    return Hybrid::cycles(conv, other, 8);
  };
  CHECK(Hybrid::supports(tile, 8));
  CHECK_THROWS_WITH_AS(with([](HybridTile& t) { t.dsp.q = 0; }), "tile q: 0 is outside 1..65536", RangeError);
  CHECK_THROWS_WITH_AS(with([](HybridTile& t) { t.bram.k = 65537; }), "tile k: 65537 is outside 1..65536",
                       RangeError);
  CHECK_THROWS_WITH_AS(with([](HybridTile& t) { t.bram.r = 1; }),
                       "bram tile r, that of dsp: 1 is outside 3..3", RangeError);
  CHECK_THROWS_WITH_AS(with([](HybridTile& t) { t.dsp.p = 2; }),
                       "bram tile p, that of dsp: 1 is outside 2..2", RangeError);
  CHECK_THROWS_WITH_AS(
      with([](HybridTile& t) { t.bram.q = 3; }),
      "bram tile: 3 columns of 1 rows; M4BRAM takes 1, 2 or 4 vectors of activations, or 8 or "
      "16 on several blocks",
      RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Hybrid::dsp(tile, 3)),
                       "bits: an overlay computes on 2, 4 or 8 bits, not 3", RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Hybrid::dsp(tile, {8, 9})), "activation bits: 9 is outside 2..8",
                       RangeError);
  CHECK_THROWS_AS(static_cast<void>(Hybrid::cycles(FcShape{8, 8}, 0, tile, 8)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Hybrid::cycles(FcShape{8, 8}, most, tile, 8)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Hybrid::cycles(FcShape{huge, huge}, 1, tile, 8)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Hybrid::cycles(ConvShape{3, 3, 8, 8, 8, 0}, tile, 8)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Hybrid::cycles(ConvShape{1, most, 1, 1, 1, 1}, tile, 8)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Hybrid::filter_bram(conv, tile, 8, 0)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Hybrid::filter_bram({1, huge, huge, 1, 1, 1}, tile, 8, 64)), ShapeError);
  constexpr auto side = std::int64_t{65536};
  CHECK_THROWS_AS(
      static_cast<void>(Hybrid::dsp({.dsp = {side, side, side, side, 1}, .bram = {1, 1, 1, side, 1}}, 8)),
      ShapeError);
  CHECK(HybridCount{1, most - 1, 1, 1, 1, 1}.cycles() == most);
  CHECK_THROWS_AS(static_cast<void>(HybridCount{1, most, 1, 1, 1, 1}.cycles()), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(HybridCount{2, most, 1, 1, 1, 1}.cycles()), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(HybridCount{0, 0, 1, most / 2, 1, 2}.cycles()), ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(HybridOverlay<BramacEngine<fabric::TwoSync>>::dsp(tile, 8)),
                       "bram tile: 1 columns of 1 rows do not fill the 2 arrays of BRAMAC-2SA", RangeError);
  CHECK_THROWS_AS(static_cast<void>(HybridOverlay<BramacEngine<fabric::OneDoublePumped>>::dsp(tile, {8, 6})),
                  RangeError);
}

}  // namespace
