// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac_batch_product.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

struct Other : BramacPolicies {
  using LaneOrder = InterleavedLanes;
  using ReadoutOrder = HighestFirst;
  using CopyLatency = AddressedBefore;
};
struct InCycle : BramacPolicies {
  using CopyLatency = AddressedInCycle;
};
using OtherSync = Bramac<TwoSync, ShiftAfterSign, Other>;
using InCycleDoublePumped = Bramac<OneDoublePumped, ShiftAfterSign, InCycle>;

std::vector<std::int16_t> values(std::int64_t count, int bits, bool is_signed, core::Random& random) {
  const auto range = operand_range(bits, is_signed);
  std::vector<std::int16_t> result;
  for (std::int64_t i = 0; i < count; ++i)
    result.push_back(static_cast<std::int16_t>(random.integer(range.lowest, range.max)));
  return result;
}

TEST_CASE_TEMPLATE("products on a batch have the sums and the cycles of products on machines", B, Bramac2sa,
                   Bramac1da, OtherSync, InCycleDoublePumped) {
  core::Random random(3);
  for (const int bits : {2, 4, 8})
    for (const bool is_signed : {false, true})
      for (const std::int64_t count : {1, 5, 19}) {
        const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
        const MatrixShape shape{.rows = random.integer(1, 45),
                                .columns = random.integer(1, count == 5 ? 150 : 30),
                                .vectors = random.integer(1, 3)};
        CAPTURE(bits);
        CAPTURE(is_signed);
        CAPTURE(shape.rows);
        CAPTURE(shape.columns);
        const std::int64_t slots = random.bernoulli(0.5) ? 4 : 256;
        std::vector<std::vector<std::int16_t>> weights, activations;
        std::vector<std::vector<std::int32_t>> results;
        std::vector<BlockProduct> products;
        for (std::int64_t i = 0; i < count; ++i) {
          weights.push_back(values(shape.rows * shape.columns, bits, true, random));
          activations.push_back(values(shape.columns * shape.vectors, bits, is_signed, random));
          results.emplace_back(static_cast<std::size_t>(shape.rows * shape.vectors), 99);
        }
        for (std::size_t i = 0; i < results.size(); ++i)
          products.push_back({weights[i], activations[i], results[i]});
        BramacBatch<B> batch(count);
        const auto use = run_products(batch, shape, o, products, slots);
        for (std::size_t i = 0; i < results.size(); ++i) {
          std::vector<std::int32_t> expected(results[i].size());
          const auto machine = std::make_unique<BramacMachine<B>>();
          const auto alone = run_product<B>(*machine, shape, o, weights[i], activations[i], expected, slots);
          REQUIRE(results[i] == expected);
          REQUIRE(use.cycles == alone.cycles);
          REQUIRE(use.streamed_words == alone.streamed_words);
          REQUIRE(use.busy_cycles == alone.busy_cycles);
        }
        REQUIRE(use.cycles == B::cycles(shape, o));
      }
}

TEST_CASE("a product that does not fit a batch is refused") {
  const Operands o{.weight_bits = 4, .activation_bits = 4, .signed_activations = true};
  const MatrixShape shape{.rows = 1, .columns = 2, .vectors = 1};
  BramacBatch<Bramac2sa> batch(2);
  const std::vector<std::int16_t> good{1, 2}, large{1, 8};
  std::vector<std::int32_t> result(1), other(1);
  const BlockProduct right{good, good, other};
  const auto run = [&](const BlockProduct& second) {
    const std::vector<BlockProduct> products{right, second};
    run_products<Bramac2sa>(batch, shape, o, products);
  };
  run({good, good, result});
  CHECK(result[0] == 5);
  CHECK_THROWS_WITH_AS(run_products<Bramac2sa>(batch, shape, o, {&right, 1}),
                       doctest::Contains("1 of 2 blocks"), ShapeError);
  CHECK_THROWS_AS(run({std::span(good).first(1), good, result}), ShapeError);
  CHECK_THROWS_AS(run({large, good, result}), RangeError);
  CHECK_THROWS_AS(run({good, large, result}), RangeError);
}

}  // namespace
