// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/m4bram_space.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using Int = std::int64_t;

template <class T>
std::vector<T> tiles(const FactoredSpace<T>& space) {
  std::vector<T> result;
  for (std::size_t i = 0; i < space.columns.size(); ++i)
    for (std::size_t j = 0; j < space.channels.size(); ++j) result.push_back(space.tile(i, j));
  return result;
}

TEST_CASE("the baselines are those that loops over every combination leave, in their order") {
  for (const Int r : {1, 2, 3})
    for (const int bits : {2, 4, 8})
      for (const bool bramac : {false, true}) {
        std::vector<Tile> expected;
        for (Int p = 1; p <= 8; ++p)
          for (Int q = 1; q <= 8; ++q)
            for (Int c = 4; c <= (bramac ? 32 : 64); c += bramac ? 2 : 4)
              for (Int k = 4; k <= (bramac ? 256 : 128); k += 4) {
                const bool odd = p * q % 2 != 0;
                if ((bits == 2 && odd) || c * r > 64 || k % c != 0) continue;
                if (!bramac && k / c % 2 != 0) continue;
                expected.push_back({.q = q, .c = c, .k = k, .r = r, .p = p});
              }
        CHECK(tiles(bramac ? bramac_baseline_space(bits, r) : m4bram_baseline_space(bits, r)) == expected);
      }
}

TEST_CASE("the hybrids are those that loops over every combination leave, in their order") {
  const auto expect = [](int bits, Int r, int most, Int step) {
    std::vector<HybridTile> expected;
    for (const Int p : {1, 2, 4})
      for (const Int mq : {1, 2, 4})
        for (Int dq = 1; dq <= 8; ++dq)
          for (Int dc = 4; dc <= 64; dc += 4)
            for (Int mc = 4; mc <= 128; mc += 4)
              for (Int dk = 4; dk <= 256; dk += 4) {
                if (dk % dc != 0 || dk / dc % 2 != 0 || mc / 2 % dc != 0) continue;
                if (mq * p > most || (bits == 2 && dq * p % 2 != 0)) continue;
                if (mc / 2 * r > 64 || dc * r > 64) continue;
                for (Int mk = 16; mk <= 256; mk += step)
                  if (mk % dk == 0)
                    expected.push_back({.dsp = {.q = dq, .c = dc, .k = dk, .r = r, .p = p},
                                        .bram = {.q = mq, .c = mc, .k = mk, .r = r, .p = p}});
              }
    return expected;
  };
  for (const Int r : {1, 3}) {
    CHECK(tiles(m4bram_space(8, r)) == expect(8, r, 4, 16));
    CHECK(tiles(m4bram_space({2, 5}, r, 2)) == expect(2, r, 2, 16));
    CHECK(tiles(mixed_m4bram_space({{8, 4, 0.5}, 6}, r)) == expect(8, r, 4, 8));
    CHECK(tiles(mixed_m4bram_space({{2, 2, 0.5}, 6}, r, 1)) == expect(2, r, 1, 8));
  }
  CHECK(tiles(m4bram_space(8)).size() == 26208);
}

TEST_CASE("overlays without slices have twice as many outputs as inputs, or 4, 6, … times") {
  for (const Int r : {1, 3})
    for (const int most : {1, 4}) {
      std::vector<Tile> expected;
      for (const Int p : {1, 2, 4})
        for (const Int q : {1, 2, 4})
          for (Int c = 4; c <= 128; c += 4)
            for (Int k = 16; k <= 256; k += 16)
              if (q * p <= most && k % c == 0 && k / c % 2 == 0 && c / 2 * r <= 64)
                expected.push_back({.q = q, .c = c, .k = k, .r = r, .p = p});
      CHECK(tiles(m4bram_alone_space(r, most)) == expected);
    }
}

TEST_CASE("hybrids with BRAMAC fill whole words of blocks and all of their arrays") {
  const auto check = [&]<class Variant>(Variant, int bits, Int mac2) {
    std::vector<HybridTile> expected;
    const Int lanes = 40 / bits;
    for (Int q = 1; q <= 4; ++q)
      for (Int c = 2; c <= 64; c += 2)
        for (Int k = 2 * lanes; k <= 29 * lanes; k += lanes) {
          if ((bits == 2 && q % 2 != 0) || c * mac2 / 2 * 3 > 64) continue;
          expected.push_back(
              {.dsp = {.q = q, .c = c, .k = k}, .bram = {.q = Variant::arrays, .c = c * mac2, .k = k}});
        }
    CHECK(tiles(bramac_space<Variant>(bits)) == expected);
  };
  check(fabric::TwoSync{}, 2, 4);
  check(fabric::TwoSync{}, 4, 6);
  check(fabric::TwoSync{}, 8, 10);
  check(fabric::OneDoublePumped{}, 2, 3);
  check(fabric::OneDoublePumped{}, 4, 4);
  check(fabric::OneDoublePumped{}, 8, 6);
}

TEST_CASE("impossible widths and duplications are refused") {
  CHECK_THROWS_AS(static_cast<void>(m4bram_baseline_space({3, 4})), RangeError);
  CHECK_THROWS_AS(static_cast<void>(m4bram_space({8, 9})), RangeError);
  CHECK_THROWS_AS(static_cast<void>(bramac_space<fabric::TwoSync>({8, 4})), RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(m4bram_space(8, 3, 3)), "largest duplication: 3 has to be 1, 2 or 4",
                       RangeError);
  CHECK(m4bram_baseline_space(8, 17).channels.empty());
}

}  // namespace
