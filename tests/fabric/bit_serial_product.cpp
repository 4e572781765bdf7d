// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bit_serial_product.hpp>
#include <bitloom/fabric/bit_serial_value.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/fabric/agreement.hpp>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

static_assert(Block<ComefaD> && Block<ComefaA> && Block<Ccb<2>> && Block<Ccb<4>>);
static_assert(Block<BitSerial<ComefaDelay, FixedAccumulator<20>>>);

TEST_CASE_TEMPLATE(
    "value view, machine and formula agree on every product of two narrow terms and on random matrices", B,
    ComefaD, Ccb<2>, Ccb<4>, BitSerial<ComefaDelay, FixedAccumulator<10>>) {
  for (const auto& [weight, activation] : {std::pair{2, 2}, {3, 3}, {4, 4}, {2, 5}, {5, 2}, {3, 4}})
    for (const bool is_signed : {false, true}) {
      const Operands o{.weight_bits = weight, .activation_bits = activation, .signed_activations = is_signed};
      const auto agreement = verify<B>(o, 1, 2);
      CAPTURE(to_string(o));
      CHECK(to_string(agreement) ==
            "value = machine on " + std::to_string(agreement.operands) + " operands, cycles = formula");
      const auto every = std::int64_t{1} << (2 * (weight + activation));
      CHECK(agreement.operands > every);
    }
}

TEST_CASE_TEMPLATE("value view, machine and formula agree on random matrices of wide and of mixed operands",
                   B, ComefaA, Ccb<2>, BitSerial<ComefaDelay, FixedAccumulator<16>>) {
  for (const auto& [weight, activation] : {std::pair{8, 8}, {8, 3}, {3, 8}, {6, 7}, {5, 5}})
    for (const bool is_signed : {false, true}) {
      const Operands o{.weight_bits = weight, .activation_bits = activation, .signed_activations = is_signed};
      CHECK(verify<B>(o, 2, 3).holds());
    }
}

TEST_CASE("both views give the product by definition") {
  core::Random random(3);
  for (int w = 2; w <= 8; ++w)
    for (int a = 2; a <= 8; ++a) {
      const Operands o{.weight_bits = w, .activation_bits = a, .signed_activations = (w + a) % 2 == 0};
      const MatrixShape shape{random.integer(1, 330), random.integer(1, 30), random.integer(1, 3)};
      const fabric::test::Product p(shape, o, random);
      std::vector<std::int32_t> value(p.result.size()), cycle(p.result.size());
      ComefaD::multiply(p.shape, o, p.weights, p.activations, value);
      const auto machine = std::make_unique<comefa::Machine>();
      ComefaD::run(*machine, p.shape, o, p.weights, p.activations, cycle);
      REQUIRE(value == p.result);
      REQUIRE(cycle == p.result);
    }
}

TEST_CASE("sums of extreme products are exact, where one accumulator would wrap") {
  for (const int bits : {2, 4, 8})
    for (const bool is_signed : {false, true}) {
      const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
      const auto low = static_cast<std::int16_t>(-(1 << (bits - 1)));
      const auto high = static_cast<std::int16_t>((1 << (is_signed ? bits - 1 : bits)) - 1);
      const std::int64_t terms = 2 * ComefaD::safe_terms(o) + 1;
      for (const auto w : {low, static_cast<std::int16_t>(-low - 1)})
        for (const auto x : {high, static_cast<std::int16_t>(is_signed ? low : 0)}) {
          const std::vector<std::int16_t> weights(static_cast<std::size_t>(terms), w),
              activations(weights.size(), x);
          std::vector<std::int32_t> sum(1);
          const auto machine = std::make_unique<comefa::Machine>();
          ComefaD::run(*machine, {1, terms}, o, weights, activations, sum);
          REQUIRE(sum[0] == w * x * terms);
        }
    }
}

TEST_CASE("what lay in the block before a run does not matter") {
  core::Random random(4);
  const Operands o{.weight_bits = 4, .activation_bits = 4, .signed_activations = true};
  const fabric::test::Product p({100, 40, 3}, o, random);
  const auto machine = std::make_unique<comefa::Machine>();
  for (int r = 0; r < comefa::Array::rows; ++r)
    machine->array().set_row(r, comefa::Array::RowVector::from_words({random(), random(), random()}));
  machine->array().set_latches(comefa::Array::RowVector(random()), comefa::Array::RowVector(random()));
  machine->set_mode(comefa::Mode::Memory);
  std::vector<std::int32_t> cycle(p.result.size());
  const auto cycles = ComefaD::run(*machine, p.shape, o, p.weights, p.activations, cycle);
  CHECK(cycle == p.result);
  CHECK(cycles == ComefaD::cycles(p.shape, o));
}

TEST_CASE(
    "loading counts unless all weights stay in the block, and computing takes the rest but for readouts") {
  core::Random random(5);
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  for (const MatrixShape shape : {MatrixShape{20, 26, 2}, {20, 27, 2}, {200, 13, 1}, {200, 14, 1}}) {
    const fabric::test::Product p(shape, o, random);
    std::vector<std::int32_t> sums(p.result.size());
    const auto machine = std::make_unique<comefa::Machine>();
    const auto use = BitSerialRun<ComefaD>(*machine, shape, o, p.weights, p.activations, sums).run();
    const auto cut = ComefaD::cut(shape, o);
    CHECK(sums == p.result);
    CHECK(cut.resident == (shape.columns == 26 || shape.columns == 13));
    CHECK(use.load_cycles + use.cycles == ComefaD::tiled_cycles(shape, o));
    CHECK(use.load_cycles == (cut.resident ? cut.groups * shape.columns * ComefaD::load_cycles(o) : 0));
    CHECK(use.compute_cycles == 1 + cut.groups * shape.columns * shape.vectors * ComefaD::mac_cycles(o));
  }
}

TEST_CASE_TEMPLATE("an array of blocks computes exactly and takes the cycles of its mapping", B, ComefaD,
                   Ccb<4>) {
  core::Random random(6);
  const Operands o{.weight_bits = 4, .activation_bits = 4, .signed_activations = true};
  for (int i = 0; i < 12; ++i) {
    const MatrixShape shape{random.integer(1, 400), random.integer(1, 120), random.integer(1, 3)};
    const fabric::test::Product p(shape, o, random);
    const accel::BlockArray<B> array(random.integer(1, 12), o);
    std::vector<std::int32_t> sums(p.result.size());
    CHECK(array.run(shape, p.weights, p.activations, sums) == array.cost(shape).cycles);
    CHECK(sums == p.result);
  }
}

TEST_CASE("operands and shapes that do not fit are refused by both views") {
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  const auto machine = std::make_unique<comefa::Machine>();
  std::vector<std::int32_t> sum(1);
  const std::vector<std::int16_t> fits{1, 2}, large{1, 8}, negative{-1, 0};
  const MatrixShape shape{.rows = 1, .columns = 2};
  CHECK_THROWS_WITH_AS(ComefaD::multiply(shape, o, large, fits, sum), "weight: 8 is outside -8..7",
                       RangeError);
  CHECK_THROWS_WITH_AS(ComefaD::run(*machine, shape, o, large, fits, sum), "weight: 8 is outside -8..7",
                       RangeError);
  CHECK_THROWS_AS(ComefaD::multiply(shape, o, fits, negative, sum), RangeError);
  CHECK_THROWS_AS(ComefaD::run(*machine, shape, o, fits, negative, sum), RangeError);
  CHECK_THROWS_AS(ComefaD::multiply({2, 2}, o, fits, fits, sum), ShapeError);
  CHECK_THROWS_AS(ComefaD::run(*machine, {2, 2}, o, fits, fits, sum), ShapeError);
  CHECK_THROWS_AS(ComefaD::run(*machine, shape, {.weight_bits = 9, .activation_bits = 4}, fits, fits, sum),
                  RangeError);
  CHECK(machine->cycles() == 0);
}

}  // namespace
