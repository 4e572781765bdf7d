// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/comefa_array.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric::comefa;

/// The same block column by column, one bool a cell, as many columns as the blocks of a chain have together.
struct SlowArray {
  std::vector<std::array<bool, 128>> cells;
  std::vector<bool> carry, mask;

  explicit SlowArray(std::size_t columns) : cells(columns), carry(columns), mask(columns) {}

  void step(const Instruction& i, bool below, bool above) {
    const auto before = *this;
    const auto count = cells.size();
    std::vector<bool> sum(count);
    for (std::size_t c = 0; c < count; ++c) {
      const bool op1 = before.cells[c][static_cast<std::size_t>(i.source1)];
      const bool op2 = i.broadcast ? i.broadcast_bit : before.cells[c][static_cast<std::size_t>(i.source2)];
      const bool t = (i.truth_table >> (2 * (op2 ? 1 : 0) + (op1 ? 1 : 0)) & 1) != 0;
      sum[c] = t != before.carry[c];
      const int ones = (op1 ? 1 : 0) + (op2 ? 1 : 0) + (before.carry[c] ? 1 : 0);
      if (i.carry == Latch::Load) carry[c] = ones >= 2;
      if (i.carry == Latch::Clear) carry[c] = false;
      if (i.mask == Latch::Load) mask[c] = t;
      if (i.mask == Latch::Clear) mask[c] = false;
    }
    for (std::size_t c = 0; c < count; ++c) {
      const bool enabled = i.predicate == Predicate::Mask ? before.mask[c]
                           : i.predicate == Predicate::Carry
                               ? before.carry[c]
                               : i.predicate == Predicate::Always || !before.carry[c];
      if (!enabled || i.write == Write::None) continue;
      cells[c][static_cast<std::size_t>(i.destination)] = i.write == Write::Result  ? sum[c]
                                                          : i.write == Write::Carry ? before.carry[c]
                                                          : i.write == Write::FromLower
                                                              ? (c == 0 ? below : sum[c - 1])
                                                              : (c + 1 == count ? above : sum[c + 1]);
    }
  }
};

Instruction random_instruction(core::Random& random) {
  const auto pick = [&](int high) { return static_cast<int>(random.integer(0, high)); };
  return {.predicate = static_cast<Predicate>(pick(3)),
          .broadcast = pick(3) == 0,
          .broadcast_bit = pick(1) != 0,
          .write = static_cast<Write>(pick(4)),
          .carry = static_cast<Latch>(pick(2)),
          .mask = static_cast<Latch>(pick(2)),
          .truth_table = pick(15),
          .destination = pick(7),  // few rows, so that results meet again
          .source2 = pick(7),
          .source1 = pick(7)};
}

void fill(Array& array, SlowArray& slow, std::size_t first_column, core::Random& random) {
  for (int r = 0; r < Array::rows; ++r) {
    auto row = array.row(r);
    for (int c = 0; c < Array::columns; ++c) {
      const bool bit = random.bernoulli(0.5);
      row.insert(c, 1, bit ? 1 : 0);
      slow.cells[first_column + static_cast<std::size_t>(c)][static_cast<std::size_t>(r)] = bit;
    }
    array.set_row(r, row);
  }
}

int differences(const Array& array, const SlowArray& slow, std::size_t first_column) {
  int count = 0;
  for (int c = 0; c < Array::columns; ++c) {
    const auto column = first_column + static_cast<std::size_t>(c);
    count += array.carry().test(c) != slow.carry[column] ? 1 : 0;
    count += array.mask().test(c) != slow.mask[column] ? 1 : 0;
    for (int r = 0; r < Array::rows; ++r)
      count += array.row(r).test(c) != slow.cells[column][static_cast<std::size_t>(r)] ? 1 : 0;
  }
  return count;
}

TEST_CASE("random instructions do what a loop over single columns does, latches and ends included") {
  core::Random random(1);
  const auto array = std::make_unique<Array>();
  SlowArray slow(160);
  fill(*array, slow, 0, random);
  for (int i = 0; i < 4000; ++i) {
    const auto instruction = random_instruction(random);
    const Neighbours neighbours{.below = random.bernoulli(0.5), .above = random.bernoulli(0.5)};
    array->step(instruction, neighbours);
    slow.step(instruction, neighbours.below, neighbours.above);
    if (i % 50 == 0 || i > 3990) REQUIRE(differences(*array, slow, 0) == 0);
  }
}

TEST_CASE("a chain of blocks shifts as one array of all their columns") {
  core::Random random(2);
  std::vector<Array> chain(3);
  SlowArray slow(3 * 160);
  for (std::size_t i = 0; i < chain.size(); ++i) fill(chain[i], slow, i * 160, random);
  for (int i = 0; i < 1500; ++i) {
    const auto instruction = random_instruction(random);
    step_chain(chain, instruction);
    slow.step(instruction, false, false);
    if (i % 50 != 0 && i < 1490) continue;
    for (std::size_t k = 0; k < chain.size(); ++k) REQUIRE(differences(chain[k], slow, k * 160) == 0);
  }
}

TEST_CASE("what neighbours see are the result bits of the outer columns before the edge") {
  Array array;
  array.set_row(0, Array::RowVector(1));
  constexpr Instruction up{.write = Write::FromLower, .truth_table = truth::first, .destination = 0};
  CHECK(array.edges(up).lowest);
  CHECK(!array.edges(up).highest);
  for (int i = 0; i < 159; ++i) array.step(up);
  CHECK(array.edges(up).highest);
  array.step(up, {.below = true});
  CHECK(array.row(0) == Array::RowVector(1));  // the old bit left at the end, a new one came in
  array.set_latches(~Array::RowVector(), {});
  CHECK(!array.edges(up).lowest);  // the carry inverts a result
}

TEST_CASE("words of 40 bits lie in a row one after the other") {
  Array array;
  array.set_word(5, 1, 0x123456789A);
  CHECK(array.word(5, 1) == 0x123456789A);
  CHECK(array.word(5, 0) == 0);
  CHECK(array.word(5, 2) == 0);
  for (int i = 0; i < 40; ++i) REQUIRE(array.row(5).test(40 + i) == ((0x123456789A >> i & 1) != 0));
  array.set_word(5, 3, ~0ULL);  // bits beyond the word must not leak
  CHECK(array.word(5, 2) == 0);
  CHECK(array.row(6) == Array::RowVector());
}

TEST_CASE("an instruction beyond the rows changes nothing") {
  Array array;
  CHECK_THROWS_AS(array.step({.write = Write::Result, .truth_table = 15, .destination = 128}), RangeError);
  CHECK_THROWS_AS(static_cast<void>(array.edges({.source1 = -1})), RangeError);
  CHECK_THROWS_AS(array.step({.carry = Latch::Load, .truth_table = 16}), RangeError);
}

}  // namespace
