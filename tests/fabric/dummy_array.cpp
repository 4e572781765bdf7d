// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/dummy_array.hpp>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;
using Array = DummyArray<160>;
using RowVector = Array::RowVector;

RowVector random_row(core::Random& random) { return RowVector::from_words({random(), random(), random()}); }

Array filled(core::Random& random) {
  Array array;
  for (const auto target : {Row::W1, Row::W2, Row::W12, Row::Inverted, Row::Partial, Row::Accumulator})
    array.step({.write1 = Write1::Word1, .target1 = target}, 8, random_row(random), {});
  return array;
}

TEST_CASE("row 0 of a dummy array stays zero when the array is filled") {
  Array array;
  array.fill(~RowVector{});
  CHECK(array.row(Row::Zero) == RowVector{});
  CHECK(array.row(Row::Accumulator) == ~RowVector{});
}

TEST_CASE("reads see the rows as they were before the cycle, whatever the write ports do") {
  core::Random random(5);
  for (int i = 0; i < 500; ++i) {
    Array array = filled(random);
    const Array before = array;
    const auto word = random_row(random);
    // ADD of the 2SA: the row that is read by the activation bits is overwritten by the next weight
    array.step({.read1 = Row::W1,
                .read2 = Row::Partial,
                .write1 = Write1::Sum,
                .target1 = Row::Partial,
                .write2 = Write2::Word,
                .target2 = Row::W1},
               16, {}, word);
    REQUIRE(array.row(Row::Partial) == lanes::add(before.row(Row::W1), before.row(Row::Partial), false, 16));
    REQUIRE(array.row(Row::W1) == word);
    for (const auto row : {Row::W2, Row::W12, Row::Inverted, Row::Accumulator})
      REQUIRE(array.row(row) == before.row(row));
  }
}

TEST_CASE("the complement is that of the row as it was read, also when the other port overwrites that row") {
  core::Random random(16);
  Array array = filled(random);
  const Array before = array;
  array.step({.read1 = Row::Partial,
              .read2 = Row::W1,
              .write1 = Write1::Sum,
              .target1 = Row::Partial,
              .write2 = Write2::Inverted,
              .target2 = Row::Inverted},
             8, {}, {});
  CHECK(array.row(Row::Inverted) == ~before.row(Row::Partial));
  CHECK(array.row(Row::Partial) == lanes::add(before.row(Row::Partial), before.row(Row::W1), false, 8));
}

TEST_CASE("each write source stores what it is named after") {
  core::Random random(6);
  const Array before = filled(random);
  const auto after = [&](const ArrayCycle& cycle) {
    Array array = before;
    array.step(cycle, 8, random_row(random), {});
    return array;
  };
  const auto sum = lanes::add(before.row(Row::W1), before.row(Row::W2), true, 8);
  ArrayCycle cycle{
      .read1 = Row::W1, .read2 = Row::W2, .carry = true, .target1 = Row::Partial, .target2 = Row::Inverted};
  cycle.write1 = Write1::Sum;
  CHECK(after(cycle).row(Row::Partial) == sum);
  cycle.write1 = Write1::ShiftedSum;
  CHECK(after(cycle).row(Row::Partial) == lanes::shift_left(sum, 8));
  cycle.write1 = Write1::SignStep;
  CHECK(after(cycle).row(Row::Partial) == lanes::shift_left(sum, 8));
  cycle.write1 = Write1::None;
  cycle.write2 = Write2::Inverted;
  CHECK(after(cycle).row(Row::Partial) == before.row(Row::Partial));
  CHECK(after(cycle).row(Row::Inverted) == ~before.row(Row::W1));
  cycle.write2 = Write2::Zero;
  CHECK(after(cycle).row(Row::Inverted) == RowVector{});

  DummyArray<160, AsReleased> released;
  released.step({.write1 = Write1::Word1, .target1 = Row::W1}, 8, RowVector(5), {});
  released.step({.read1 = Row::W1, .write1 = Write1::SignStep, .target1 = Row::Partial}, 8, {}, {});
  CHECK(released.row(Row::Partial) == RowVector(5));
}

}  // namespace
