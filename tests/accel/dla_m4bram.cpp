// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/dla_m4bram.hpp>

#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

#include <support/reference_table.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using fabric::DoublePumped;
using fabric::Large;
using fabric::Small;
using fabric::Synchronous;
using net::ConvShape;
using net::FcShape;

static_assert(ComputeEngine<M4bramEngine<Small, Synchronous>> &&
              ComputeEngine<M4bramEngine<Large, DoublePumped>>);
static_assert(CopyCount<ReleasedCopies> && CopyCount<EveryCopy> && !CopyCount<PublishedMac2>);

Tile vectors(std::int64_t q, std::int64_t p) { return {.q = q, .c = 2, .k = 8, .p = p}; }

TEST_CASE("a block's memory is full of weights and its lanes busy, whatever the duplication") {
  const auto check = []<class Size>(std::type_identity<Size>) {
    using E = M4bramEngine<Size, Synchronous>;
    for (const int weight : {2, 4, 8})
      for (int activation = 2; activation <= 8; ++activation)
        for (const std::int64_t q : {1, 2, 4})
          for (const std::int64_t p : {1, 2, 4}) {
            const Widths widths{weight, activation};
            const auto tile = vectors(q, p);
            const auto duplication = q * p < 4 ? q * p : 4;
            CHECK(E::duplication(tile) == duplication);
            CHECK(E::lanes(tile, widths) * E::weight_pairs(tile, widths) * 2 * weight == 512 * 32);
            CHECK(E::lanes(tile, widths) * duplication * 2 == E::macs_per_mac2(widths));
            CHECK(E::lanes(tile, widths) * weight * duplication == Size::word_bits);
          }
  };
  check(std::type_identity<Small>{});
  check(std::type_identity<Large>{});
}

TEST_CASE("multiply-accumulates and slices are those of the published table") {
  const auto file = test::reference_table("m4bram/precision_table.csv");
  if (!file) return;
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    CAPTURE(file->where(i));
    const Widths widths{file->integer(i, "pw", 2, 8), file->integer(i, "pi", 2, 8)};
    CHECK(M4bramEngine<Small, Synchronous>::macs_per_mac2(widths) == file->integer(i, "mac_per_mac2_S"));
    CHECK(M4bramEngine<Large, Synchronous>::macs_per_mac2(widths) == file->integer(i, "mac_per_mac2_L"));
    CHECK(M4bramEngine<Large, DoublePumped>::mac2_cycles(widths) == file->integer(i, "model_cycles_dp"));
    CHECK(MixedPacking::products(widths) == file->integer(i, "dsp_mac_per_cycle"));
    CHECK(MixedPacking::products(widths) == 2 * file->integer(i, "dsp_packing_factor"));
  }
  CHECK(file->row_count() == 21);
}

TEST_CASE(
    "a tile with more vectors than a block takes several blocks with the same weights, or is counted once") {
  using Released = BramOverlay<M4bramEngine<Large, Synchronous>>;
  using Every = BramOverlay<M4bramEngine<Large, Synchronous, PublishedMac2, OneReadout, EveryCopy>>;
  const Tile four{.q = 2, .c = 8, .k = 64, .p = 2};
  const Tile eight{.q = 2, .c = 8, .k = 64, .p = 4};
  const Tile sixteen{.q = 4, .c = 8, .k = 64, .p = 4};
  const auto blocks = Every::compute_bram(four, 8);
  CHECK(Released::compute_bram(four, 8) == blocks);
  CHECK(Released::compute_bram(eight, 8) == blocks);
  CHECK(Every::compute_bram(eight, 8) == 2 * blocks);
  CHECK(Every::compute_bram(sixteen, 8) == 4 * blocks);
  // twice the vectors of the same channels take twice the blocks, up to a block's four as beyond
  CHECK(2 * Every::compute_bram({.q = 1, .c = 8, .k = 64, .p = 2}, 8) == blocks);
  CHECK(4 * Every::compute_bram({.q = 1, .c = 8, .k = 64, .p = 1}, 8) == blocks);
  for (const std::int64_t q : {3, 5, 6, 7, 12, 32}) CHECK(!Released::supports({.q = q, .c = 8, .k = 64}, 8));
  CHECK(!Released::supports({.q = 1, .c = 8, .k = 64, .p = 32}, 8));
}

TEST_CASE("signed activations cost a synchronous block a cycle of every MAC2, a double-pumped one none") {
  constexpr HybridTile tile{.dsp = {.q = 1, .c = 8, .k = 64}, .bram = {.q = 1, .c = 16, .k = 64}};
  constexpr ConvShape layer{3, 3, 64, 14, 14, 64};
  const auto cycles = [&]<class C, class M>(std::type_identity<C>, std::type_identity<M>) {
    return DlaM4bram<Large, C, ExactArithmetic, MixedPacking, M>::cycles(layer, tile, {8, 6});
  };
  const std::type_identity<PublishedMac2> published;
  const std::type_identity<SignedMac2> with_sign;
  // 4 tiles of channels for 3 filter rows; then 8 cycles to read
  CHECK(cycles(std::type_identity<Synchronous>{}, published) == (4 * 3 * 8 + 8) * 7 * 14);
  CHECK(cycles(std::type_identity<Synchronous>{}, with_sign) == (4 * 3 * 9 + 8) * 7 * 14);
  CHECK(cycles(std::type_identity<DoublePumped>{}, published) == (4 * 3 * 5 + 8) * 7 * 14);
  CHECK(cycles(std::type_identity<DoublePumped>{}, with_sign) == (4 * 3 * 5 + 8) * 7 * 14);
}

TEST_CASE("sums that must not overflow are read more often, and narrow lanes widened") {
  using Once = DlaM4bram<Large, Synchronous>;
  using Safe = DlaM4bram<Large, Synchronous, ExactArithmetic, MixedPacking, PublishedMac2, SafeReadouts>;
  constexpr HybridTile tile{.dsp = {.q = 1, .c = 8, .k = 64}, .bram = {.q = 1, .c = 16, .k = 64}};
  constexpr ConvShape layer{3, 3, 64, 14, 14, 64};
  for (const int activation : {2, 4, 6, 8})
    CHECK(Safe::count(layer, tile, {8, activation}) == Once::count(layer, tile, {8, activation}));
  // 12 MAC2; 4-bit activations and 2-bit weights have 4 safe products, 2 MAC2
  CHECK(Safe::count(layer, tile, {2, 4}).readout == 6 * 8);
  CHECK(Once::count(layer, tile, {2, 4}).readout == 8);
  CHECK(Safe::Bram::compute_bram(tile.bram, {2, 4}) == Once::Bram::compute_bram(tile.bram, {2, 4}));
  // 6-bit activations overflow in a MAC2: weights take 4 bits
  CHECK(Safe::Bram::compute_bram(tile.bram, {2, 6}) == Once::Bram::compute_bram(tile.bram, {4, 6}));
}

TEST_CASE("the area of a block is that of a block RAM times a published factor") {
  CHECK(M4bramEngine<Small, Synchronous>::area().value == doctest::Approx(1.196 * 40));
  CHECK(M4bramEngine<Large, DoublePumped>::area().value == doctest::Approx(1.334 * 40));
}

}  // namespace
