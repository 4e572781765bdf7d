// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/overlay_arithmetic.hpp>

#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::ConvShape;
using net::FcShape;

static_assert(OverlayArithmetic<ExactArithmetic> && OverlayArithmetic<ReleasedArithmetic> &&
              !OverlayArithmetic<Tile>);

TEST_CASE("all channels of a tile are a part of it, in integers to the cycle") {
  core::Random random(11);
  std::int64_t wrong = 0;
  std::int64_t more = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Tile tile{.q = random.integer(1, 8),
                    .c = 4 * random.integer(1, 16),
                    .k = 4 * random.integer(1, 32),
                    .r = 3,
                    .p = random.integer(1, 4)};
    const ConvShape conv{random.integer(1, 5),  random.integer(1, 5),  random.integer(1, 300),
                         random.integer(1, 60), random.integer(1, 60), random.integer(1, 300)};
    const auto macs = random.integer(1, 20'000);
    wrong += ExactArithmetic::part_cycles(conv, tile, tile.k, macs) !=
             ExactArithmetic::conv_cycles(conv, tile, macs);
    const auto difference =
        ReleasedArithmetic::conv_cycles(conv, tile, macs) - ExactArithmetic::conv_cycles(conv, tile, macs);
    wrong += difference != 0 && difference != 1;
    more += difference;
    // a part of whole tiles: nothing is filled up twice
    auto whole = conv;
    whole.k = tile.k * random.integer(1, 9);
    const auto part = random.integer(1, tile.k);
    const auto excess = ReleasedArithmetic::part_cycles(whole, tile, part, macs) -
                        ExactArithmetic::part_cycles(whole, tile, part, macs);
    wrong += excess != 0 && excess != 1;
  }
  CHECK(wrong == 0);
  CHECK(more > 0);
}

TEST_CASE("the released arithmetic charges a part of a partial tile twice for what is filled up") {
  // 33 of 64 channels: 2 tiles of 32, of which 8 are the part; 64 / 33 of the cycles
  constexpr ConvShape conv{3, 1, 16, 8, 8, 33};
  constexpr Tile tile{.q = 1, .c = 4, .k = 32};
  static_assert(ExactArithmetic::part_cycles(conv, tile, 8, 1) == 3 * 16 * 8 * 8 * 2 * 8);
  CHECK(ReleasedArithmetic::part_cycles(conv, tile, 8, 1) == (3 * 16 * 8 * 8 * 2 * 8 * 64 + 32) / 33);
}

TEST_CASE("released cycles of fully connected layers are exact but for MAC2 of 7 and 11 cycles") {
  core::Random random(12);
  std::int64_t wrong = 0;
  std::int64_t more = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto mac2 = random.integer(1, 12);
    const auto macs = mac2 * random.integer(1, 40'000);
    const auto batch = 8 * random.integer(1, 64);
    const auto whole = random.integer(1, 4000);
    // a layer that needs a whole number of cycles, and one that does not
    const FcShape fc{.c = whole * (macs / mac2), .k = 1};
    const FcShape rest{.c = fc.c + 1, .k = 1};
    const auto released = ReleasedArithmetic::fc_cycles(fc, batch, macs, mac2);
    wrong += ExactArithmetic::fc_cycles(fc, batch, macs, mac2) != whole;
    wrong += ExactArithmetic::fc_cycles(rest, batch, macs, mac2) !=
             ReleasedArithmetic::fc_cycles(rest, batch, macs, mac2);
    // x / n * n is x in double where n is a sum of two powers of two
    const bool may_differ = mac2 == 7 || mac2 == 11;
    wrong += released != whole && (!may_differ || released != whole + 1);
    more += released - whole;
  }
  CHECK(wrong == 0);
  CHECK(more > 0);
  static_assert(ReleasedArithmetic::fc_cycles({18'915'200, 1}, 400, 103'040, 7) == 1286);
  static_assert(ExactArithmetic::fc_cycles({18'915'200, 1}, 400, 103'040, 7) == 1285);
}

TEST_CASE("work beyond 63 bits is an error") {
  constexpr auto huge = std::int64_t{1} << 31;
  CHECK_THROWS_AS(static_cast<void>(ExactArithmetic::fc_cycles({huge, huge}, 2, 1, 2)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(ReleasedArithmetic::fc_cycles({huge, huge}, 2, 1, 1)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(ReleasedArithmetic::fc_cycles({0, huge}, 2, 1, 1)), ShapeError);
}

}  // namespace
