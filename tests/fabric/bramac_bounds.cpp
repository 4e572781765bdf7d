// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac_bounds.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/fabric/bramac_value.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;
using B = Bramac1da;

std::vector<std::int16_t> random_weights(std::int64_t count, int bits, int shrink, core::Random& random) {
  std::vector<std::int16_t> weights(static_cast<std::size_t>(count));
  const auto range = operand_range(bits, true);
  for (auto& w : weights) w = static_cast<std::int16_t>(random.integer(range.lowest, range.max) / shrink);
  return weights;
}

}  // namespace

TEST_CASE("no part wraps with the worst activations, and one MAC2 more might") {
  core::Random random(1);
  for (const int bits : {2, 4, 8})
    for (const bool is_signed : {false, true})
      for (const int shrink : {1, 3}) {
        const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
        const std::int64_t columns = 151;
        const std::int64_t outputs = B::lanes(o);
        const auto weights = random_weights(outputs * columns, bits, shrink, random);
        const auto parts = safe_parts<B>(weights, columns, o);
        CHECK(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}) == 76);
        const auto x = operand_range(bits, is_signed);
        std::int64_t first = 0;
        for (std::size_t p = 0; p < parts.size(); ++p) {
          const auto exact = [&](std::int64_t r, std::int64_t end, bool largest) {
            std::int64_t sum = 0;
            for (auto c = first; c < std::min(end, columns); ++c) {
              const std::int64_t w = weights[static_cast<std::size_t>(r * columns + c)];
              sum += w * ((w > 0) == largest ? x.max : x.lowest);
            }
            return sum;
          };
          const auto lane = std::int64_t{1} << (B::lane_bits(o) - 1);
          bool inside = true;
          bool next_inside = true;
          for (std::int64_t r = 0; r < outputs; ++r)
            for (const bool largest : {false, true}) {
              const auto fits = [&](std::int64_t sum) { return -lane <= sum && sum < lane; };
              inside = inside && fits(exact(r, first + 2 * parts[p], largest));
              next_inside = next_inside && fits(exact(r, first + 2 * parts[p] + 2, largest));
            }
          CHECK(inside);
          if (p + 1 < parts.size()) CHECK(!next_inside);
          first += 2 * parts[p];
        }
      }
}

TEST_CASE("the machine's lanes hold a part with the worst activations") {
  const Operands o{.weight_bits = 2, .activation_bits = 2, .signed_activations = false};
  core::Random random(2);
  const std::int64_t columns = 60;
  const auto weights = random_weights(columns, 2, 1, random);
  const auto parts = safe_parts<B>(weights, columns, o);
  REQUIRE(parts.front() > B::safe_mac2(o));  // more than the worst case allows
  const MatrixShape shape{.rows = 1, .columns = 2 * parts.front(), .vectors = 2};
  std::vector<std::int16_t> activations(static_cast<std::size_t>(2 * shape.columns));
  std::int64_t sums[2]{};
  for (std::int64_t c = 0; c < shape.columns; ++c) {
    const std::int64_t w = weights[static_cast<std::size_t>(c)];
    activations[static_cast<std::size_t>(2 * c + (w > 0 ? 0 : 1))] = 3;
    sums[w > 0 ? 0 : 1] += 3 * w;
  }
  std::vector<std::int32_t> result(2);
  B::accumulate(shape, o, std::span(weights).first(static_cast<std::size_t>(shape.columns)), activations,
                result);
  CHECK(result[0] == sums[0]);
  CHECK(result[1] == sums[1]);
}

TEST_CASE("readouts from the weights are never more than in the worst case, and equal there") {
  core::Random random(3);
  const Operands o{.weight_bits = 4, .activation_bits = 4, .signed_activations = false};
  const MatrixShape shape{.rows = 23, .columns = 1001, .vectors = 3};
  const auto weights = random_weights(shape.rows * shape.columns, 4, 1, random);
  const auto r = readouts<B>(shape, o, weights);
  CHECK(r.worst_case == 3 * 3 * 4);
  CHECK(r.from_weights < r.worst_case);
  CHECK(r.one_output * 9 <= r.worst_case);
  CHECK(r.saved_cycles(4) == 4 * (r.worst_case - r.from_weights));
  const std::vector<std::int16_t> lowest(weights.size(), -8);
  const auto worst = readouts<B>(shape, o, lowest);
  CHECK(worst.from_weights == worst.worst_case);
  CHECK_THROWS_AS((void)safe_parts<B>(weights, 1000, o), ShapeError);
  CHECK_THROWS_AS((void)safe_parts<B>(std::vector<std::int16_t>{8, 0}, 2, o), RangeError);
}
