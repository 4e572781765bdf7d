// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/block_array.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/fabric.hpp>
#include <bitloom/fabric/m4bram_product.hpp>
#include <bitloom/fabric/m4bram_value.hpp>
#include <bitloom/op/gemm.hpp>

namespace {

using namespace bitloom;
using accel::BlockArray;
using fabric::MatrixShape;
using fabric::Operands;

constexpr Operands int4{.weight_bits = 4, .activation_bits = 4};

TEST_CASE("outputs are split over blocks first, then the sums, and idle blocks are not counted") {
  const auto blocks = [](std::int64_t count, const MatrixShape& shape) {
    const auto m = BlockArray<fabric::Bramac2sa>(count, int4).map(shape);
    return std::pair{m.row_blocks, m.column_blocks};
  };
  CHECK(blocks(1, {.rows = 100, .columns = 100}) == std::pair<std::int64_t, std::int64_t>{1, 1});
  CHECK(blocks(4, {.rows = 40, .columns = 100}) == std::pair<std::int64_t, std::int64_t>{4, 1});
  CHECK(blocks(3, {.rows = 40, .columns = 100}) ==
        std::pair<std::int64_t, std::int64_t>{2, 1});  // 2 + 2 groups
  CHECK(blocks(8, {.rows = 40, .columns = 100}) == std::pair<std::int64_t, std::int64_t>{4, 2});
  CHECK(blocks(99, {.rows = 5, .columns = 5}) == std::pair<std::int64_t, std::int64_t>{1, 3});
}

TEST_CASE("the adder tree takes one cycle for every doubling of the parts") {
  for (const auto& [parts, levels] : {std::pair{1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {8, 3}})
    CHECK(accel::Mapping{.column_blocks = parts}.tree_levels() == levels);
}

template <class B>
void check_array(std::int64_t count, const MatrixShape& shape, const Operands& o, core::Random& random) {
  std::vector<std::int16_t> weights, activations;
  for (std::int64_t i = 0; i < shape.rows * shape.columns; ++i)
    weights.push_back(static_cast<std::int16_t>(
        random.integer(-(1 << (o.weight_bits - 1)), (1 << (o.weight_bits - 1)) - 1)));
  for (std::int64_t i = 0; i < shape.columns * shape.vectors; ++i)
    activations.push_back(static_cast<std::int16_t>(random.integer(0, (1 << o.activation_bits) - 1)));
  std::vector<std::int32_t> plain(static_cast<std::size_t>(shape.rows * shape.vectors));
  auto value = plain;
  auto cycle = plain;
  op::PlainGemm{}(shape, weights, activations, plain);
  const BlockArray<B> array(count, o);
  accel::ValueEngine<B>{array}(shape, weights, activations, value);
  accel::MachineEngine<B> machines{array};
  machines(shape, weights, activations, cycle);
  CHECK(value == plain);
  CHECK(cycle == plain);
  CHECK(machines.cycles == array.cost(shape).cycles);
}

TEST_CASE_TEMPLATE("any number of blocks gives the plain product in the cycles of the formula", B,
                   fabric::Bramac2sa, fabric::Bramac1da, fabric::DspSlice) {
  static_assert(op::Gemm<accel::ValueEngine<B>, std::int16_t, std::int32_t>);
  static_assert(op::Gemm<accel::MachineEngine<B>, std::int16_t, std::int32_t>);
  core::Random random(16);
  for (const int bits : {2, 4, 8}) {
    const Operands o{.weight_bits = bits, .activation_bits = bits};
    for (const std::int64_t count : {1, 2, 3, 7, 16, 1000})
      check_array<B>(count, {random.integer(1, 60), random.integer(1, 90), random.integer(1, 4)}, o, random);
  }
}

TEST_CASE_TEMPLATE("any number of M4BRAM blocks does so with activations of any width", B,
                   fabric::M4bram<fabric::Small, fabric::Synchronous, 4>,
                   fabric::M4bram<fabric::Large, fabric::DoublePumped, 1>) {
  static_assert(accel::StoresWeights<B>);
  core::Random random(17);
  for (const int weight : {2, 4, 8})
    for (const int activation : {3, 6, 8}) {
      const Operands o{.weight_bits = weight, .activation_bits = activation};
      for (const std::int64_t count : {1, 2, 7, 1000})
        check_array<B>(count, {random.integer(1, 60), random.integer(1, 90), random.integer(1, 6)}, o,
                       random);
    }
}

TEST_CASE("an array refuses what its block lacks, no blocks, and impossible shapes") {
  CHECK_THROWS_AS((BlockArray<fabric::Bramac1da>(1, {.weight_bits = 5, .activation_bits = 5})), RangeError);
  CHECK_THROWS_AS((BlockArray<fabric::Bramac1da>(0, int4)), RangeError);
  const BlockArray<fabric::Bramac1da> array(1, int4);
  CHECK_THROWS_AS(static_cast<void>(array.cost({0, 4, 1})), ShapeError);
  const BlockArray<fabric::Bramac2sa> bytes(4, {.weight_bits = 8, .activation_bits = 8});
  CHECK_THROWS_AS(static_cast<void>(bytes.cost({.rows = 1, .columns = 200000})),
                  RangeError);  // beyond 32 bits
  CHECK_THROWS_AS(static_cast<void>(array.cost({1LL << 30, 1LL << 20, 1LL << 10})), ShapeError);
}

}  // namespace
