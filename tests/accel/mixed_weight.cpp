// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/mixed_weight.hpp>

#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/accel/dla_bramac.hpp>
#include <bitloom/accel/dla_m4bram.hpp>
#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::ConvShape;
using net::FcShape;

using Engine = M4bramEngine<fabric::Large, fabric::Synchronous>;
using Hybrid = HybridOverlay<Engine, ExactArithmetic, MixedPacking>;

static_assert(MixedRate<HighRate> && MixedRate<OwnRate> && !MixedRate<ExactArithmetic>);

constexpr MixedWidths mix(int high, int low, double ratio, int activation = 6) {
  return {.weights = {.high_bits = high, .low_bits = low, .high_ratio = ratio}, .activation = activation};
}

struct Drawn {
  HybridTile tile;
  ConvShape conv;
  FcShape fc;

  explicit Drawn(core::Random& random)
      : tile{.dsp = {.q = random.integer(1, 6),
                     .c = 4 * random.integer(1, 8),
                     .k = 4 * random.integer(1, 32)},
             .bram = {.q = std::int64_t{1} << random.integer(0, 2),
                      .c = 4 * random.integer(1, 16),
                      .k = 8 * random.integer(1, 32)}},
        conv{random.integer(1, 5),  random.integer(1, 5),  random.integer(1, 300),
             random.integer(1, 60), random.integer(1, 60), random.integer(1, 300)},
        fc{random.integer(1, 4000), random.integer(1, 4000)} {}
};

TEST_CASE("with all filters at the high width, mixed overlays are those of that width") {
  core::Random random(21);
  std::int64_t wrong = 0;
  for (int i = 0; i < 2000; ++i) {
    const Drawn d(random);
    const auto& [tile, conv, fc] = d;
    const Widths bits{i % 2 == 0 ? 8 : 4, static_cast<int>(random.integer(2, 8))};
    const auto widths = mix(bits.weight, 2, 1, bits.activation);
    using Mixed = MixedDla<>;
    using Uniform = Mixed::Uniform;
    wrong += Mixed::dsp(tile.dsp, widths) != Uniform::dsp(tile.dsp, bits);
    wrong += Mixed::filter_bram(conv, tile.dsp, widths) != Uniform::filter_bram(conv, tile.dsp, bits);
    wrong += Mixed::cycles(conv, tile.dsp, widths) != Uniform::cycles(conv, tile.dsp, bits);
    wrong += Mixed::cycles(fc, tile.dsp, widths) != Uniform::cycles(fc, tile.dsp, bits);
    using Both = MixedHybrid<Engine>;
    const auto filters = Hybrid::filter_bram(conv, tile, bits);
    wrong += Both::filter_bram(conv, tile, widths) != MixedCount{filters, 0};
    wrong += Both::dsp(tile, widths) != Hybrid::dsp(tile, bits);
    wrong += Both::cycles(conv, tile, widths) != Hybrid::cycles(conv, tile, bits);
    wrong += Both::cycles(fc, {filters, 0}, tile, widths) != Hybrid::cycles(fc, filters, tile, bits);
  }
  CHECK(wrong == 0);
}

TEST_CASE("both halves at one width take the slices and caches of that width, where nothing is rounded") {
  // 32 of 64 channels at each
  constexpr HybridTile tile{.dsp = {.q = 2, .c = 8, .k = 64}, .bram = {.q = 1, .c = 16, .k = 64}};
  constexpr ConvShape conv{3, 3, 100, 13, 13, 128};
  constexpr auto widths = mix(4, 4, 0.5);
  static_assert(MixedDla<>::dsp(tile.dsp, widths) == MixedDla<>::Uniform::dsp(tile.dsp, {4, 6}));
  static_assert(MixedDla<>::filter_bram(conv, tile.dsp, widths) ==
                MixedDla<>::Uniform::filter_bram(conv, tile.dsp, {4, 6}));
  static_assert(MixedDla<>::cycles(conv, tile.dsp, widths) ==
                MixedDla<>::Uniform::cycles(conv, tile.dsp, {4, 6}));
  static_assert(MixedHybrid<Engine>::filter_bram(conv, tile, widths).sum() ==
                Hybrid::filter_bram(conv, tile, {4, 6}));
  static_assert(MixedHybrid<Engine>::cycles(FcShape{512, 1000}, {50, 50}, tile, widths) ==
                Hybrid::cycles(FcShape{512, 1000}, 100, tile, {4, 6}));
  CHECK(MixedHybrid<Engine>::resources(tile, widths, {50, 50}, 20).area ==
        Hybrid::resources(tile, {4, 6}, 100, 20).area);
  CHECK(MixedDla<>::resources(tile.dsp, widths, 100, 20) ==
        MixedDla<>::Uniform::resources(tile.dsp, {4, 6}, 100, 20));
}

TEST_CASE("slices of the low width compute at its rate, or at that of the high one as released") {
  constexpr HybridTile tile{.dsp = {.q = 1, .c = 8, .k = 64}, .bram = {.q = 1, .c = 16, .k = 64}};
  constexpr auto widths = mix(8, 4, 0.25);
  // 16 channels on 192 slices of 2 products, 48 on 288 of 4; a MAC2 of 8 cycles
  static_assert(MixedHybrid<Engine>::slices(tile, widths) == MixedCount{192, 288});
  using Released = MixedHybrid<Engine, ExactArithmetic, MixedPacking, HighRate>;
  using Own = MixedHybrid<Engine, ExactArithmetic, MixedPacking, OwnRate>;
  static_assert(Released::macs_per_mac2({10, 20}, tile, widths) == 480 * 2 * 8 + 10 * 16 + 20 * 32);
  static_assert(Own::macs_per_mac2({10, 20}, tile, widths) == (192 * 2 + 288 * 4) * 8 + 10 * 16 + 20 * 32);
  CHECK(Own::cycles(FcShape{512, 1000}, {10, 20}, tile, widths) <
        Released::cycles(FcShape{512, 1000}, {10, 20}, tile, widths));
}

TEST_CASE("the width with the narrower lanes decides how often accumulators are read") {
  using Safe = MixedHybrid<M4bramEngine<fabric::Large, fabric::Synchronous, PublishedMac2, SafeReadouts>>;
  constexpr HybridTile tile{.dsp = {.q = 1, .c = 8, .k = 64}, .bram = {.q = 1, .c = 16, .k = 64}};
  constexpr ConvShape conv{3, 3, 64, 14, 14, 64};
  CHECK(Safe::count(conv, tile, mix(8, 2, 0.25, 4)).readout == 6 * 8);  // 12 MAC2, 2 at a time
  CHECK(Safe::count(conv, tile, mix(8, 2, 1, 4)).readout == 8);
}

TEST_CASE("impossible widths, tiles and caches are errors") {
  using Mixed = MixedHybrid<Engine>;
  constexpr HybridTile tile{.dsp = {.q = 1, .c = 8, .k = 64}, .bram = {.q = 1, .c = 16, .k = 64}};
  constexpr auto widths = mix(8, 4, 0.25);
  CHECK(Mixed::supports(tile, widths));
  CHECK(!Mixed::supports(tile, mix(8, 3, 0.25)));
  CHECK(!Mixed::supports({.dsp = tile.dsp, .bram = {.q = 3, .c = 16, .k = 64}}, widths));
  CHECK(!MixedDla<>::supports({.q = 0, .c = 8, .k = 64}, widths));
  CHECK_THROWS_AS(static_cast<void>(Mixed::dsp(tile, mix(8, 3, 0.25))), RangeError);
  CHECK_THROWS_AS(static_cast<void>(MixedDla<>::dsp(tile.dsp, mix(8, 4, 0))), RangeError);
  CHECK_THROWS_AS(static_cast<void>(MixedDla<>::dsp({.q = 0, .c = 8, .k = 64}, widths)), RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Mixed::cycles(FcShape{8, 8}, {0, 5}, tile, widths)),
                       "filter cache of the high width: 0 has to be at least 1", ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Mixed::cycles(FcShape{8, 8}, {5, 0}, tile, widths)),
                       "filter cache of the low width: 0 has to be at least 1", ShapeError);
  CHECK_NOTHROW(static_cast<void>(Mixed::cycles(FcShape{8, 8}, {5, 0}, tile, mix(8, 4, 1))));
  // BRAMAC multiplies operands of one width
  CHECK_THROWS_AS(
      static_cast<void>(MixedHybrid<BramacEngine<fabric::OneDoublePumped>>::dsp(tile, mix(8, 4, 0.5, 8))),
      RangeError);
  CHECK_THROWS_AS(static_cast<void>(MixedDla<>::cycles(ConvShape{3, 3, 8, 8, 8, 0}, tile.dsp, widths)),
                  ShapeError);
}

}  // namespace
