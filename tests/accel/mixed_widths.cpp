// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/mixed_widths.hpp>

#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::accel;

constexpr MixedWidths mix(int high, int low, double ratio, int activation = 6) {
  return {.weights = {.high_bits = high, .low_bits = low, .high_ratio = ratio}, .activation = activation};
}

template <MixedWidths>
struct IsStructural {};
using Structural [[maybe_unused]] = IsStructural<mix(8, 4, 0.25)>;

TEST_CASE("the high width has the fewest channels that are not less than its share, in double") {
  for (const auto& [numerator, denominator] : {std::pair{1, 4}, {1, 2}, {3, 4}, {1, 8}, {1, 1}})
    for (std::int64_t k = 1; k <= 300; ++k) {
      const auto [high, low] =
          mixed_channels(k, mix(8, 4, static_cast<double>(numerator) / denominator).weights);
      CHECK(high + low == k);
      CHECK(high * denominator >= k * numerator);
      CHECK((high - 1) * denominator < k * numerator);
    }
  // 0.05 is a little more than a twentieth: 20 * 0.05 rounds to 1, and 0.07 * 100 to a little more than 7
  static_assert(mixed_channels(20, mix(8, 4, 0.05).weights) == MixedCount{1, 19});
  static_assert(mixed_channels(100, mix(8, 4, 0.07).weights) == MixedCount{8, 92});
  static_assert(mixed_channels(4, mix(8, 4, std::numeric_limits<double>::denorm_min()).weights) ==
                MixedCount{1, 3});
}

TEST_CASE("parts of a tile differ in output channels and width, and a part without channels counts nothing") {
  constexpr Tile tile{.q = 2, .c = 3, .k = 10, .r = 3, .p = 2};
  const auto weigh = [](const Tile& part, Widths widths) {
    return part.q * part.c * part.r * part.p * part.k * widths.weight * widths.activation;
  };
  CHECK(for_each_part(tile, mix(8, 2, 0.25), weigh) == MixedCount{36 * 3 * 48, 36 * 7 * 12});
  CHECK(for_each_part(tile, mix(8, 2, 1), weigh) == MixedCount{36 * 10 * 48, 0});
  CHECK(MixedCount{5, 7}.sum() == 12);
}

TEST_CASE("widths that no overlay has are errors") {
  CHECK_NOTHROW(check_overlay_bits(mix(8, 4, 0.25)));
  CHECK_NOTHROW(check_overlay_bits(mix(4, 4, 1)));
  for (const auto& widths :
       {mix(8, 4, 0), mix(8, 4, -0.5), mix(8, 4, 1.5), mix(4, 8, 0.5), mix(8, 3, 0.5), mix(6, 4, 0.5),
        mix(8, 4, 0.5, 9), mix(8, 4, 0.5, 1), mix(8, 4, std::numeric_limits<double>::quiet_NaN())}) {
    CHECK(!is_overlay_widths(widths));
    CHECK_THROWS_AS(check_overlay_bits(widths), RangeError);
  }
  CHECK_THROWS_WITH_AS(check_overlay_bits(mix(8, 4, 0)),
                       "high ratio: no filter of an overlay has the high width", RangeError);
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  CHECK_THROWS_AS(static_cast<void>(MixedCount{most, 1}.sum()), ShapeError);
}

}  // namespace
