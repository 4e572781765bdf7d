// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/efsm.hpp>

#include <array>

#include <doctest/doctest.h>

namespace {

using namespace bitloom::fabric::efsm;

// waits for start, counts to the precision by twos, ends on done
constexpr std::array<State, 3> table{{
    {.name = "WAIT", .transitions = {{{When::Start, 1, Count::Clear}, {When::Always, 0, Count::Hold}}}},
    {.name = "COUNT",
     .transitions = {{{When::CounterBelowPrecision, 1, Count::Add2}, {When::Always, 2, Count::Add1}}}},
    {.name = "END", .transitions = {{{When::Done, 0, Count::Clear}, {When::SignedInput, 1, Count::Hold}}}},
}};

TEST_CASE("the sequencer takes the first transition whose condition holds, else the second") {
  Sequencer<3> sequencer;
  CHECK(sequencer.state() == 0);
  sequencer.step(table, {}, false);
  CHECK(sequencer.state() == 0);
  sequencer.step(table, {.start = true}, false);
  CHECK(sequencer.state() == 1);
  sequencer.step(table, {.precision = 4}, false);
  sequencer.step(table, {.precision = 4}, false);
  CHECK(sequencer.state() == 1);
  CHECK(sequencer.counter() == 4);
  sequencer.step(table, {.precision = 4}, false);
  CHECK(sequencer.state() == 2);
  CHECK(sequencer.counter() == 5);
  sequencer.step(table, {.done = true}, false);
  CHECK(sequencer.state() == 0);
  CHECK(sequencer.counter() == 0);
}

TEST_CASE("reset wins over every transition and clears the counter") {
  Sequencer<3> sequencer;
  sequencer.step(table, {.start = true}, false);
  sequencer.step(table, {.precision = 8}, false);
  sequencer.step(table, {.start = true, .precision = 8}, true);
  CHECK(sequencer.state() == 0);
  CHECK(sequencer.counter() == 0);
}

TEST_CASE("the counter has four bits") {
  Sequencer<3> sequencer;
  sequencer.step(table, {.start = true}, false);
  for (int i = 0; i < 9; ++i) sequencer.step(table, {.precision = 99}, false);
  CHECK(sequencer.counter() == 2);
}

}  // namespace
