// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/overlay.hpp>

#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <bitloom/accel/dla.hpp>
#include <bitloom/accel/dla_bramac.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::ConvShape;
using net::FcShape;
using net::FeatureMap;

static_assert(Overlay<Dla<>> && Overlay<DlaBramac<fabric::TwoSync>> &&
              Overlay<DlaBramac<fabric::OneDoublePumped>>);
static_assert(DspPacking<SlicePacking> && DspPacking<FixedPacking<6, 3, 1>> && !DspPacking<Tile>);
static_assert(StreamWidth<ReleasedWidth> && StreamWidth<StrideWidth>);

template <class O, int Bits, Tile T>
concept Builds = requires {
  typename TiledOverlay<O, Bits, T>;
};

TEST_CASE("tiles are ordered by output columns, then input channels, then output channels") {
  static_assert(Tile{.q = 1, .c = 9, .k = 9} < Tile{.q = 2, .c = 1, .k = 1});
  static_assert(Tile{.q = 2, .c = 1, .k = 9} < Tile{.q = 2, .c = 2, .k = 1});
  static_assert(Tile{.q = 2, .c = 2, .k = 1} < Tile{.q = 2, .c = 2, .k = 2});
  CHECK(Tile{.q = 2, .c = 2, .k = 2}.r == 3);
}

TEST_CASE("a DSP slice packs 8, 4 and 2 products, or what a policy says") {
  static_assert(SlicePacking::products(2) == 8 && SlicePacking::products(4) == 4 &&
                SlicePacking::products(8) == 2);
  using Poor = FixedPacking<6, 3, 1>;
  static_assert(Dla<ExactArithmetic, Poor>::dsp({.q = 2, .c = 2, .k = 3}, 2) == 6);
  static_assert(Dla<ExactArithmetic, Poor>::dsp({.q = 2, .c = 2, .k = 3}, 4) == 12);
  static_assert(Dla<ExactArithmetic, Poor>::dsp({.q = 2, .c = 2, .k = 3}, 8) == 36);
}

TEST_CASE("a stream buffer has a bank for each column and channel, and each bank whole block RAMs") {
  constexpr FeatureMap map{.pin = 8, .qin = 8, .cin = 4, .pout = 4, .qout = 4, .cout = 8};
  // 2 + 3 columns of 4 channels; (256 + 128) / 20 words of a bank
  constexpr Tile tile{.q = 3, .c = 4, .k = 4};
  static_assert(stream_bram(map, StreamForm::Plain, tile, 8) == 20);
  // with the stride of 2 the tile reads 4 + 3 columns
  static_assert(stream_bram<StrideWidth>(map, StreamForm::Plain, tile, 8) == 28);
  // 8-bit banks hold 2048: 256·64 + 64·64 elements in 20 banks are 1024 each, twice the output is 1229
  constexpr FeatureMap large{.pin = 64, .qin = 64, .cin = 4, .pout = 32, .qout = 32, .cout = 4};
  static_assert(stream_bram(large, StreamForm::Plain, tile, 8) == 20);
  constexpr FeatureMap twice{.pin = 64, .qin = 64, .cin = 8, .pout = 32, .qout = 32, .cout = 8};
  static_assert(stream_bram(twice, StreamForm::Plain, tile, 8) == 20);     // 40,960 elements: just 2048
  static_assert(stream_bram(twice, StreamForm::Residual, tile, 8) == 40);  // 49,152
  static_assert(stream_bram(twice, StreamForm::Residual, tile, 4) == 20);
  static_assert(stream_bram(map, StreamForm::Plain, {.q = 1, .c = 1, .k = 1, .r = 5}, 8) == 5);
  CHECK(ReleasedWidth::step({.pin = 7, .qin = 7, .cin = 1, .pout = 14, .qout = 14, .cout = 1}) == 2);
}

TEST_CASE("an overlay as a type has constant costs, and one that cannot be built is no type") {
  using Design = TiledOverlay<Dla<>, 2, Tile{.q = 2, .c = 16, .k = 96}>;
  static_assert(Design::dsp() == 1152);
  static_assert(Design::cycles(ConvShape{3, 3, 48, 55, 55, 96}) == 13860);
  static_assert(Design::cycles(FcShape{4096, 1000}) == 445);
  using Enhanced = TiledOverlay<DlaBramac<fabric::TwoSync>, 2, Tile{.q = 3, .c = 24, .k = 140}>;
  static_assert(Enhanced::dsp() == 1260);
  static_assert(Enhanced::cycles(ConvShape{3, 1, 128, 55, 55, 96}) == 16720);
  static_assert(Builds<DlaBramac<fabric::TwoSync>, 4, Tile{.q = 4, .c = 4, .k = 20}>);
  static_assert(!Builds<DlaBramac<fabric::TwoSync>, 4, Tile{.q = 2, .c = 4, .k = 20}>);
  static_assert(!Builds<DlaBramac<fabric::OneDoublePumped>, 4, Tile{.q = 1, .c = 4, .k = 20}>);
  static_assert(!Builds<DlaBramac<fabric::OneDoublePumped>, 4, Tile{.q = 5, .c = 4, .k = 20}>);
  static_assert(!Builds<Dla<>, 3, Tile{.q = 1, .c = 4, .k = 20}>);
  static_assert(!Builds<Dla<>, 4, Tile{.q = 0, .c = 4, .k = 20}>);
  const net::LayerList list{{ConvShape{3, 3, 48, 55, 55, 96}, FcShape{4096, 1000}}};
  CHECK(Design::cycles(list) == 13860 + 445);
}

TEST_CASE("impossible tiles, widths and layers are refused by name") {
  constexpr ConvShape conv{3, 3, 8, 8, 8, 8};
  constexpr FeatureMap map{8, 8, 8, 8, 8, 8};
  constexpr Tile tile{.q = 3, .c = 4, .k = 20};
  constexpr auto huge = std::int64_t{1} << 31;
  CHECK_THROWS_WITH_AS(static_cast<void>(Dla<>::dsp({.q = 0, .c = 4, .k = 4}, 4)),
                       "tile q: 0 is outside 1..4096", RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Dla<>::dsp({.q = 1, .c = 4, .k = 5000}, 4)),
                       "tile k: 5000 is outside 1..4096", RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Dla<>::cycles(conv, tile, 3)),
                       "bits: an overlay computes on 2, 4 or 8 bits, not 3", RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(DlaBramac<fabric::TwoSync>::split({.q = 2, .c = 4, .k = 20}, 4)),
                       "tile q: 2 is outside 3..4", RangeError);
  CHECK_THROWS_AS(static_cast<void>(Dla<>::cycles(ConvShape{3, 3, 0, 8, 8, 8}, tile, 4)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Dla<>::cycles(FcShape{0, 8}, tile, 4)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Dla<>::cycles(ConvShape{3, 3, huge, huge, 1, 1}, tile, 4)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Dla<>::filter_bram(ConvShape{3, 3, 8, 8, 8, 0}, tile, 4)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(stream_bram({8, 8, 8, 8, 0, 8}, StreamForm::Plain, tile, 4)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(stream_bram(map, StreamForm::Plain, {.q = 1, .c = 0, .k = 1}, 4)),
                  RangeError);
  using Enhanced = DlaBramac<fabric::OneDoublePumped>;
  CHECK_THROWS_AS(static_cast<void>(Enhanced::cycles(ConvShape{3, 3, 8, 8, 8, -8}, tile, 4)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Enhanced::cycles(ConvShape{1, 1, 1, huge, huge, huge}, tile, 4)),
                  ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Enhanced::cycles(FcShape{huge, huge}, tile, 4)), ShapeError);
}

TEST_CASE("weights of 2, 4 or 8 bits go with activations of 2 to 8, and one number is both") {
  static_assert(Widths{4} == Widths{4, 4});
  std::int64_t possible = 0;
  for (int weight = -1; weight <= 10; ++weight)
    for (int activation = -1; activation <= 10; ++activation)
      possible += is_overlay_widths({weight, activation});
  CHECK(possible == 3 * 7);
  CHECK_NOTHROW(check_overlay_bits({2, 7}));
  CHECK_THROWS_WITH_AS(check_overlay_bits({8, 1}), "activation bits: 1 is outside 2..8", RangeError);
  CHECK_THROWS_WITH_AS(check_overlay_bits({3, 4}), "bits: an overlay computes on 2, 4 or 8 bits, not 3",
                       RangeError);
  using Enhanced = DlaBramac<fabric::TwoSync>;
  constexpr Tile tile{.q = 3, .c = 4, .k = 20};
  CHECK(!Enhanced::supports(tile, {8, 6}));
  CHECK_THROWS_WITH_AS(
      static_cast<void>(Enhanced::dsp(tile, {8, 6})),
      "bits: BRAMAC computes on operands of one width, not on weights of 8 and activations of 6", RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Enhanced::dsp({.q = 3, .c = 4, .k = 20, .p = 2}, 4)),
                       "tile p: 2 is outside 1..1", RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Dla<>::dsp({.q = 1, .c = 4, .k = 4, .p = 0}, 4)),
                       "tile p: 0 is outside 1..4096", RangeError);
}

TEST_CASE("mixed packing is that of the slice at equal widths, and never falls with fewer bits") {
  static_assert(DspPacking<MixedPacking>);
  for (const int bits : {2, 4, 8}) CHECK(MixedPacking::products(bits) == SlicePacking::products(bits));
  for (const int weight : {2, 4, 8})
    for (int activation = 3; activation <= 8; ++activation) {
      CHECK(MixedPacking::products({weight, activation - 1}) >= MixedPacking::products({weight, activation}));
      if (weight > 2)
        CHECK(MixedPacking::products({weight / 2, activation}) >=
              MixedPacking::products({weight, activation}));
    }
  // 18 products of 2-bit weights and 5-bit activations
  static_assert(packed_slices<MixedPacking>({.q = 1, .c = 2, .k = 3}, {2, 5}) == 3);
  static_assert(packed_slices<MixedPacking>({.q = 1, .c = 2, .k = 3}, {2, 6}) == 5);
  CHECK(FixedPacking<6, 3, 1>::products({2, 5}) == 1);
}

}  // namespace
