// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/dla_bramac.hpp>

#include <cstdint>

#include <doctest/doctest.h>

#include <support/reference_table.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::ConvShape;
using net::FcShape;

using TwoSync = DlaBramac<fabric::TwoSync>;
using DoublePumped = DlaBramac<fabric::OneDoublePumped>;

TEST_CASE(
    "2SA computes two columns, 1DA one, and two at 2 bits with 4 columns, for which it copies weights") {
  const auto split = []<class O>(O, std::int64_t q, int bits) {
    return O::split({.q = q, .c = 4, .k = 20}, bits);
  };
  for (const int bits : {2, 4, 8}) {
    CHECK(split(TwoSync{}, 4, bits) == ColumnSplit{.dsp = 2, .bram = 2});
    CHECK(split(TwoSync{}, 3, bits) == ColumnSplit{.dsp = 1, .bram = 2});
    CHECK(split(DoublePumped{}, 3, bits) == ColumnSplit{.dsp = 2, .bram = 1});
    CHECK(split(DoublePumped{}, 2, bits) == ColumnSplit{.dsp = 1, .bram = 1});
  }
  CHECK(split(DoublePumped{}, 4, 2) == ColumnSplit{.dsp = 2, .bram = 2, .copies = 2});
  CHECK(split(DoublePumped{}, 4, 4) == ColumnSplit{.dsp = 3, .bram = 1});
  CHECK(split(DoublePumped{}, 4, 8) == ColumnSplit{.dsp = 3, .bram = 1});
}

TEST_CASE("output channels are rounded up to words of a block, and one more changes nothing within a word") {
  static_assert(TwoSync::built({.q = 4, .c = 4, .k = 21}, 2).k == 40);
  static_assert(TwoSync::built({.q = 4, .c = 4, .k = 21}, 4).k == 30);
  static_assert(TwoSync::built({.q = 4, .c = 4, .k = 21}, 8).k == 25);
  constexpr ConvShape layer{3, 3, 64, 14, 14, 100};
  for (std::int64_t k = 21; k <= 30; ++k) {
    const Tile tile{.q = 4, .c = 4, .k = k};
    CHECK(TwoSync::cycles(layer, tile, 4) == TwoSync::cycles(layer, {.q = 4, .c = 4, .k = 30}, 4));
    CHECK(TwoSync::dsp(tile, 4) == 2 * 3 * 4 * 30 / 4);
  }
}

/// Groups of outputs one after the other: in each, steps of MAC2 over filters and channels, then a readout.
template <class O>
std::int64_t walk(const ConvShape& l, const Tile& t, int bits, std::int64_t mac2, std::int64_t readout) {
  std::int64_t cycles = 0;
  for (std::int64_t p = 0; p < l.p; ++p)
    for (std::int64_t q = 0; q < l.q; q += t.q)
      for (std::int64_t k = 0; k < l.k; k += O::built(t, bits).k) {
        for (std::int64_t s = 0; s < l.s; ++s)
          for (std::int64_t r = 0; r < l.r; r += t.r)
            for (std::int64_t c = 0; c < l.c; c += mac2 * t.c) cycles += mac2;
        cycles += readout;
      }
  return cycles;
}

TEST_CASE("cycles are those of a walk through all groups of outputs") {
  std::int64_t wrong = 0;
  for (std::int64_t r = 1; r <= 5; r += 2)
    for (std::int64_t s = 1; s <= 3; s += 2)
      for (std::int64_t c = 1; c <= 100; c += 9)
        for (std::int64_t q = 1; q <= 7; ++q)
          for (std::int64_t k = 5; k <= 65; k += 20)
            for (std::int64_t tc = 4; tc <= 6; tc += 2) {
              const ConvShape layer{r, s, c, 2, q, k};
              const Tile tile{.q = 3, .c = tc, .k = 20};
              const auto check = [&]<class O>(O, int bits, std::int64_t mac2, std::int64_t readout) {
                wrong += O::cycles(layer, tile, bits) == walk<O>(layer, tile, bits, mac2, readout) ? 0 : 1;
              };
              check(TwoSync{}, 2, 4, 8);
              check(TwoSync{}, 4, 6, 8);
              check(TwoSync{}, 8, 10, 8);
              check(DoublePumped{}, 2, 3, 4);
              check(DoublePumped{}, 4, 4, 4);
              check(DoublePumped{}, 8, 6, 4);
            }
  CHECK(wrong == 0);
}

TEST_CASE(
    "filter caches that hold less than the baseline's are replicated, which does not speed up a dense "
    "layer") {
  constexpr Tile tile{.q = 4, .c = 4, .k = 20};
  constexpr auto blocks = TwoSync::compute_bram(tile, 4);
  static_assert(blocks == 12 * 3 * 2);
  static_assert(TwoSync::filter_bram(tile, 4, 0) == blocks);
  static_assert(TwoSync::filter_bram(tile, 4, blocks) == blocks);
  static_assert(TwoSync::filter_bram(tile, 4, blocks + 1) == 2 * blocks);
  static_assert(TwoSync::filter_bram(tile, 4, 5 * blocks) == 5 * blocks);
  // 120 slices with 4 products a cycle and 72 blocks with 40 a MAC2 of 6 cycles
  static_assert(TwoSync::macs_per_mac2(tile, 4) == 120 * 4 * 6 + 72 * 40);
  static_assert(TwoSync::cycles(FcShape{512, 1000}, tile, 4) == (512'000 * 6 + 5759) / 5760);
  static_assert(TwoSync::cycles(FcShape{960'000, 6}, tile, 4) == 6000);  // without a rest
  static_assert(TwoSync::cycles(FcShape{960'000 + 1, 6}, tile, 4) == 6001);
  CHECK(TwoSync::resources(tile, 4, 144, 10).area == doctest::Approx(40 * 1.34 * 154 + 30 * 120));
  CHECK(DoublePumped::resources(tile, 4, 144, 10).area ==
        doctest::Approx(40 * 1.17 * 154 + 30 * static_cast<double>(DoublePumped::dsp(tile, 4))));
  CHECK(TwoSync::clock().value == 549);  // that of the slices
  CHECK(DoublePumped::clock().value == 500);
}

template <class O>
void check_unit_case(const core::Csv& file, std::size_t i) {
  const auto n = [&](const char* column) { return file.integer(i, column); };
  const auto bits = static_cast<int>(n("precision"));
  const Tile tile{.q = n("qvec"), .c = n("cvec"), .k = n("kvec")};
  CAPTURE(file.where(i));
  CHECK(O::dsp(tile, bits) == n("num_dsp"));
  CHECK(O::cycles(ConvShape{n("r"), n("s"), n("c"), n("p"), n("q"), n("k")}, tile, bits) == n("conv_cycles"));
  CHECK(O::cycles(FcShape{n("fc_c"), n("fc_k")}, tile, bits) == n("fc_cycles"));
  CHECK(O::compute_bram(tile, bits) == n("fcache_bram"));
  const net::FeatureMap map{n("sb_pin"), n("sb_qin"), n("sb_cin"), n("sb_pout"), n("sb_qout"), n("sb_cout")};
  const auto form = file.flag(i, "residual") ? StreamForm::Residual : StreamForm::Plain;
  CHECK(stream_bram(map, form, tile, bits) == n("streambuf_bram"));
}

TEST_CASE("all cases of the released simulator give its slices, cycles and block RAMs") {
  const auto file = test::reference_table("bramac/dla_unit_cases.csv");
  if (!file) return;
  std::int64_t cases = 0;
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    const auto& model = file->text(i, "model");
    if (model == "DLA") continue;
    ++cases;
    if (model == "DLA_BRAMAC_2SA")
      check_unit_case<TwoSync>(*file, i);
    else
      check_unit_case<DoublePumped>(*file, i);
  }
  CHECK(cases == 240);
}

}  // namespace
