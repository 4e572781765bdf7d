// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac_product.hpp>
#include <bitloom/fabric/bramac_value.hpp>

#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

template <class B>
void check_views(const MatrixShape& shape, const Operands& o, core::Random& random) {
  const test::Product p(shape, o, random);
  std::vector<std::int32_t> value(p.result.size()), cycle(p.result.size());
  B::multiply(shape, o, p.weights, p.activations, value);
  const auto machine = std::make_unique<typename B::Machine>();
  const auto use = run_product<B>(*machine, shape, o, p.weights, p.activations, cycle);
  CAPTURE(shape.rows);
  CAPTURE(shape.columns);
  CAPTURE(shape.vectors);
  CAPTURE(o.weight_bits);
  CAPTURE(o.signed_activations);
  CHECK(cycle == p.result);
  CHECK(value == p.result);
  CHECK(use.cycles == B::cycles(shape, o));
  CHECK(use.busy_cycles == B::busy(shape, o));
}

TEST_CASE_TEMPLATE("value view, cycle view and integers agree on every 2-bit and 4-bit MAC2", B, Bramac2sa,
                   Bramac1da) {
  static_assert(Block<B>);
  for (const int bits : {2, 4})
    for (const bool is_signed : {false, true}) {
      const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
      const int count = 1 << bits;
      std::vector<std::int16_t> weights, activations;
      for (int i = 0; i < count * count; ++i)
        for (const int w : {i / count, i % count})
          weights.push_back(static_cast<std::int16_t>(w - count / 2));
      for (const int divisor : {count, 1})
        for (int i = 0; i < count * count; ++i)
          activations.push_back(static_cast<std::int16_t>(i / divisor % count - (is_signed ? count / 2 : 0)));
      const MatrixShape shape{.rows = count * count, .columns = 2, .vectors = count * count};
      std::vector<std::int32_t> value(static_cast<std::size_t>(shape.rows * shape.vectors)),
          cycle(value.size());
      B::multiply(shape, o, weights, activations, value);
      const auto machine = std::make_unique<typename B::Machine>();
      CHECK(B::run(*machine, shape, o, weights, activations, cycle) == B::cycles(shape, o));
      int mismatches = 0;
      for (std::size_t r = 0; r < static_cast<std::size_t>(shape.rows); ++r)
        for (std::size_t v = 0; v < static_cast<std::size_t>(shape.vectors); ++v) {
          const auto vectors = static_cast<std::size_t>(shape.vectors);
          const int sum = weights[2 * r] * activations[v] + weights[2 * r + 1] * activations[vectors + v];
          mismatches += value[r * vectors + v] == sum && cycle[r * vectors + v] == sum ? 0 : 1;
        }
      CHECK(mismatches == 0);
    }
}

TEST_CASE_TEMPLATE(
    "the views agree on matrices of any shape, and the machine takes the cycles of the formula", B, Bramac2sa,
    Bramac1da) {
  core::Random random(13);
  for (const auto& o : test::bramac_operands()) {
    check_views<B>({.rows = 1, .columns = 1, .vectors = 1}, o, random);
    check_views<B>({.rows = 21, .columns = 31, .vectors = 3}, o,
                   random);  // padding in every axis, several readouts
    check_views<B>({.rows = 40, .columns = 600, .vectors = 1}, o, random);  // more words than the block has
    for (int i = 0; i < 5; ++i)
      check_views<B>({random.integer(1, 50), random.integer(1, 200), random.integer(1, 6)}, o, random);
  }
}

TEST_CASE("sums cut by readouts stay exact where one readout would wrap") {
  const Operands o{.weight_bits = 2, .activation_bits = 2};
  const MatrixShape shape{.rows = 1, .columns = 200};
  const std::vector<std::int16_t> weights(200, -2), activations(200, 3);
  std::vector<std::int32_t> sum(1);
  Bramac1da::multiply(shape, o, weights, activations, sum);
  CHECK(sum[0] == -1200);
  const auto machine = std::make_unique<Bramac1da::Machine>();
  Bramac1da::run(*machine, shape, o, weights, activations, sum);
  CHECK(sum[0] == -1200);
  Bramac1da::accumulate(shape, o, weights, activations, sum);
  CHECK(sum[0] == -1200 + 5 * 256);  // modulo 256, as a lane of 8 bits keeps it
}

TEST_CASE("without the shift of the sign step the sign bit of an activation weighs half, in both views") {
  using Released = Bramac<TwoSync, AsReleased>;
  core::Random random(14);
  for (const int bits : {2, 4, 8}) {
    const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = true};
    const test::Product p({.rows = 30, .columns = 6, .vectors = 4}, o, random);
    std::vector<std::int32_t> value(p.result.size()), cycle(p.result.size());
    Released::multiply(p.shape, o, p.weights, p.activations, value);
    const auto machine = std::make_unique<Released::Machine>();
    Released::run(*machine, p.shape, o, p.weights, p.activations, cycle);
    CHECK(value == cycle);
    CHECK(value != p.result);
  }
}

TEST_CASE("operands and shapes that do not fit are refused by both views") {
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  const auto machine = std::make_unique<Bramac2sa::Machine>();
  std::vector<std::int32_t> sum(1);
  const std::vector<std::int16_t> fits{1, 2}, large{1, 8}, negative{-1, 0};
  const MatrixShape shape{.rows = 1, .columns = 2};
  CHECK_THROWS_WITH_AS(Bramac2sa::multiply(shape, o, large, fits, sum), "weight: 8 is outside -8..7",
                       RangeError);
  CHECK_THROWS_WITH_AS(Bramac2sa::run(*machine, shape, o, large, fits, sum), "weight: 8 is outside -8..7",
                       RangeError);
  CHECK_THROWS_AS(Bramac2sa::multiply(shape, o, fits, negative, sum), RangeError);
  CHECK_THROWS_AS(Bramac2sa::multiply({.rows = 2, .columns = 2}, o, fits, fits, sum), ShapeError);
  CHECK_THROWS_AS(Bramac2sa::multiply({.rows = 0, .columns = 2}, o, fits, fits, sum), ShapeError);
  CHECK_THROWS_AS(Bramac2sa::multiply(shape, {.weight_bits = 3, .activation_bits = 3}, fits, fits, sum),
                  RangeError);
  const Operands bytes{.weight_bits = 8, .activation_bits = 8};
  const std::vector<std::int16_t> long_row(65794, 1);
  CHECK_THROWS_AS(Bramac2sa::multiply({.rows = 1, .columns = 65794}, bytes, long_row, long_row, sum),
                  RangeError);
}

}  // namespace
