// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/tiled_hybrid.hpp>

#include <doctest/doctest.h>

#include <bitloom/accel/dla.hpp>
#include <bitloom/accel/dla_bramac.hpp>
#include <bitloom/accel/dla_m4bram.hpp>
#include <bitloom/accel/mixed_weight.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::ConvShape;
using net::FcShape;

using Engine = M4bramEngine<fabric::Large, fabric::Synchronous>;
using Hybrid = DlaM4bram<fabric::Large, fabric::Synchronous>;
using Mixed = MixedHybrid<Engine>;

static_assert(CachedOverlay<Hybrid> && CachedOverlay<BramOverlay<Engine>> && CachedOverlay<Mixed> &&
              CachedOverlay<HybridOverlay<BramacEngine<fabric::TwoSync>>> && !CachedOverlay<Dla<>>);

template <class O, auto W, auto T>
concept Builds = requires {
  typename TiledHybrid<O, W, T>;
};

TEST_CASE("an enhanced overlay as a type has constant costs, and one that cannot be built is no type") {
  constexpr HybridTile tile{.dsp = {.q = 1, .c = 8, .k = 32}, .bram = {.q = 1, .c = 16, .k = 64}};
  using Design = TiledHybrid<Hybrid, 8, tile>;
  constexpr auto filters = Design::filter_bram({3, 3, 100, 1, 1, 200});
  static_assert(filters == 192);
  static_assert(Design::dsp() == 384);
  static_assert(Design::cycles(ConvShape{3, 3, 100, 1, 2, 200}) == (7 * 3 * 10 + 8) * 4);
  static_assert(Design::cycles(FcShape{1000, 1000}, filters) == 931);
  static_assert(Builds<Hybrid, Widths{2, 5}, tile> && !Builds<Hybrid, Widths{3, 5}, tile>);
  static_assert(!Builds<Hybrid, Widths{8}, HybridTile{.dsp = {1, 8, 32}, .bram = {3, 16, 64}}>);
  constexpr MixedWidths mixed{.weights = {.high_bits = 8, .low_bits = 4, .high_ratio = 0.25},
                              .activation = 6};
  using MixedDesign = TiledHybrid<Mixed, mixed, tile>;
  static_assert(MixedDesign::dsp() == 3 * 8 * 8 / 2 + 3 * 8 * 24 / 4);
  static_assert(MixedDesign::cycles(ConvShape{3, 3, 100, 1, 2, 200}) ==
                Hybrid::cycles(ConvShape{3, 3, 100, 1, 2, 200}, tile, {8, 6}));
  static_assert(
      !Builds<Mixed,
              MixedWidths{.weights = {.high_bits = 8, .low_bits = 4, .high_ratio = 0}, .activation = 6},
              tile>);
  CHECK(Design::tile == tile);
}

}  // namespace
