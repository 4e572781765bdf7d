// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/dla.hpp>

#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <support/reference_table.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::ConvShape;
using net::FcShape;

static_assert(OverlayArithmetic<ExactArithmetic> && OverlayArithmetic<ReleasedArithmetic> &&
              !OverlayArithmetic<Tile>);

/// One step for each tile that the layer is cut into.
std::int64_t steps(const ConvShape& l, const Tile& t) {
  std::int64_t count = 0;
  for (std::int64_t s = 0; s < l.s; ++s)
    for (std::int64_t p = 0; p < l.p; ++p)
      for (std::int64_t q = 0; q < l.q; q += t.q)
        for (std::int64_t k = 0; k < l.k; k += t.k)
          for (std::int64_t c = 0; c < l.c; c += t.c)
            for (std::int64_t r = 0; r < l.r; r += t.r) ++count;
  return count;
}

TEST_CASE("where the slices are just enough for a tile, a convolution takes a cycle for each tile") {
  std::int64_t wrong = 0;
  std::int64_t layers = 0;
  for (std::int64_t r = 1; r <= 5; r += 2)
    for (std::int64_t s = 1; s <= 2; ++s)
      for (std::int64_t c = 1; c <= 9; c += 2)
        for (std::int64_t q = 1; q <= 5; ++q)
          for (std::int64_t k = 1; k <= 9; k += 2)
            for (std::int64_t tq = 1; tq <= 3; ++tq)
              for (std::int64_t tc = 2; tc <= 4; tc += 2)
                for (std::int64_t tk = 4; tk <= 8; tk += 4) {
                  const ConvShape layer{r, s, c, 2, q, k};
                  const Tile tile{.q = tq, .c = tc, .k = tk};
                  ++layers;
                  wrong += Dla<>::cycles(layer, tile, 8) == steps(layer, tile) ? 0 : 1;
                  wrong += Dla<>::cycles(layer, tile, 2) == steps(layer, tile) ? 0 : 1;
                }
  CHECK(wrong == 0);
  CHECK(layers == 9000);
}

TEST_CASE("released arithmetic gives the exact cycles or one more, and it does the latter") {
  std::int64_t more = 0;
  std::int64_t wrong = 0;
  for (std::int64_t c = 1; c <= 200; c += 3)
    for (std::int64_t k = 5; k <= 300; k += 7) {
      const ConvShape layer{3, 3, c, 13, 13, k};
      const Tile tile{.q = 3, .c = 14, .k = 24};
      const auto difference =
          Dla<ReleasedArithmetic>::cycles(layer, tile, 4) - Dla<ExactArithmetic>::cycles(layer, tile, 4);
      more += difference == 1 ? 1 : 0;
      wrong += difference < 0 || difference > 1 ? 1 : 0;
    }
  CHECK(wrong == 0);
  CHECK(more > 0);
}

TEST_CASE("filter caches are whole words and whole block RAMs") {
  constexpr Tile tile{.q = 2, .c = 16, .k = 96};
  // 3·16 weights of 2 bits fill three words of 32; 3·384·4 positions fit 512 words
  static_assert(Dla<>::filter_bram({3, 3, 384, 13, 13, 384}, tile, 2) == 3 * 96);
  static_assert(Dla<>::filter_bram({3, 3, 688, 13, 13, 384}, tile, 2) == 2 * 3 * 96);  // 3·43·4 = 516 words
  static_assert(Dla<>::filter_bram({3, 3, 2720, 13, 13, 1}, tile, 2) == 3 * 96);       // 3·170 = 510 words
  static_assert(Dla<>::resources(tile, 2, 288, 64).area == 40 * (288 + 64) + 30 * 1152);
  CHECK(Dla<>::clock().value == 549);
  CHECK(Dla<>::clock().standing == core::Standing::Assumed);
}

TEST_CASE("all cases of the released simulator give its slices, cycles and block RAMs") {
  const auto file = test::reference_table("bramac/dla_unit_cases.csv");
  if (!file) return;
  std::int64_t cases = 0;
  std::int64_t rounded_up = 0;
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    if (file->text(i, "model") != "DLA") continue;
    const auto n = [&](const char* column) { return file->integer(i, column); };
    const auto bits = static_cast<int>(n("precision"));
    const Tile tile{.q = n("qvec"), .c = n("cvec"), .k = n("kvec")};
    const ConvShape conv{n("r"), n("s"), n("c"), n("p"), n("q"), n("k")};
    CAPTURE(file->where(i));
    ++cases;
    CHECK(Dla<>::dsp(tile, bits) == n("num_dsp"));
    CHECK(Dla<ReleasedArithmetic>::cycles(conv, tile, bits) == n("conv_cycles"));
    const auto more = n("conv_cycles") - Dla<>::cycles(conv, tile, bits);
    CHECK((more == 0 || more == 1));
    rounded_up += more;
    CHECK(Dla<>::cycles(FcShape{n("fc_c"), n("fc_k")}, tile, bits) == n("fc_cycles"));
    CHECK(Dla<>::filter_bram(conv, tile, bits) == n("fcache_bram"));
    const net::FeatureMap map{n("sb_pin"),  n("sb_qin"),  n("sb_cin"),
                              n("sb_pout"), n("sb_qout"), n("sb_cout")};
    const auto form = file->flag(i, "residual") ? StreamForm::Residual : StreamForm::Plain;
    CHECK(stream_bram(map, form, tile, bits) == n("streambuf_bram"));
  }
  CHECK(cases == 120);
  CHECK(rounded_up == 18);
}

TEST_CASE("output rows of a tile take slices and cycles as output columns do") {
  std::int64_t wrong = 0;
  using O = Dla<ExactArithmetic, MixedPacking>;
  for (std::int64_t p = 1; p <= 5; ++p)
    for (std::int64_t q = 1; q <= 5; ++q)
      for (std::int64_t height = 5; height <= 20; height += 3)
        for (std::int64_t width = 5; width <= 20; width += 4) {
          const ConvShape layer{3, 3, 10, height, width, 30};
          const ConvShape turned{3, 3, 10, width, height, 30};
          const Tile tile{.q = q, .c = 4, .k = 8, .p = p};
          const Tile turned_tile{.q = p, .c = 4, .k = 8, .p = q};
          wrong += O::dsp(tile, {4, 6}) != O::dsp(turned_tile, {4, 6});
          wrong += O::cycles(layer, tile, {4, 6}) != O::cycles(turned, turned_tile, {4, 6});
        }
  CHECK(wrong == 0);
  static_assert(Dla<>::dsp({.q = 2, .c = 16, .k = 96, .p = 3}, 2) == 3 * 1152);
  static_assert(Dla<>::stream_banks<StrideWidth>({8, 8, 8, 8, 8, 8}, {.q = 2, .c = 4, .k = 8, .p = 3}, 8) ==
                48);
}

TEST_CASE("filter caches lie by output channel or by filter column") {
  static_assert(FilterLayout<ChannelCaches> && FilterLayout<ColumnCaches> && !FilterLayout<SlicePacking>);
  constexpr Tile tile{.q = 1, .c = 5, .k = 6};
  // 15 weights of a channel in words of 8; 30 of a column in words of 8
  static_assert(ChannelCaches::caches(tile, 4) == 6 * 2);
  static_assert(ColumnCaches::caches(tile, 4) == 3 * 4);
  static_assert(ChannelCaches::caches(tile, 2) == 6 * 1);
  static_assert(ColumnCaches::caches(tile, 2) == 3 * 2);
  using Columns = Dla<ExactArithmetic, MixedPacking, ColumnCaches>;
  // 3 * 3 * 20 = 180 positions, three matrices of which need two block RAMs
  static_assert(Columns::filter_bram({3, 3, 15, 1, 1, 120}, tile, {4, 6}) == 12);
  CHECK(Columns::filter_bram({3, 3, 15, 1, 1, 120}, tile, {4, 6}, 3) == 24);
}

TEST_CASE("extents that overflow when they are filled up are errors") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  constexpr Tile tile{.q = 2, .c = 4, .k = 8, .p = 2};
  for (const auto& layer :
       {ConvShape{1, 1, 1, 1, most, 1}, ConvShape{1, 1, 1, most, 1, 1}, ConvShape{1, 1, most, 1, 1, 1},
        ConvShape{most, 1, 1, 1, 1, 1}, ConvShape{1, 1, 1, 1, 1, most}})
    CHECK_THROWS_AS(static_cast<void>(Dla<>::cycles(layer, tile, 4)), ShapeError);
}

}  // namespace
