// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac_machine.hpp>

#include <cstdint>
#include <memory>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

/// One MAC2 on a machine, driven by hand: lanes of every array after the first readout cycle.
struct Sync {
  std::unique_ptr<Bramac2sa::Machine> machine = std::make_unique<Bramac2sa::Machine>();

  Sync() {
    machine->memory().set_word(0, 0, 0x9);  // W1: element 0 is -7
    machine->memory().set_word(0, 1, 0x3);  // W2: element 0 is 3
  }

  void issue(const Instruction& instruction) {
    machine->tick(BlockPorts::instruction(encode<TwoSync>(instruction)));
  }

  /// From idle to PREADD, with activations (5, -2) for array 0 and (1, 1) for array 1.
  void start() {
    issue({.precision = 4, .signed_inputs = true, .start = true});
    issue({.precision = 4,
           .signed_inputs = true,
           .column = 0,
           .input1 = justify(5, 4, true),
           .input2 = justify(-2, 4, true)});
    issue({.precision = 4,
           .signed_inputs = true,
           .column = 1,
           .input1 = justify(1, 4, true),
           .input2 = justify(1, 4, true)});
  }

  /// Ticks without requests until the machine is in that state.
  void run_to(int state) {
    for (int i = 0; i < 20 && machine->state() != state; ++i) machine->tick({});
    REQUIRE(machine->state() == state);
  }

  [[nodiscard]] int accumulator(int array) const {
    return lanes::value(machine->array(array).row(Row::Accumulator), 0, 16);
  }
};

TEST_CASE("two synchronous arrays multiply the same weights with activations of their own") {
  Sync s;
  s.start();
  s.run_to(TwoSync::Acc);
  s.issue({.precision = 4, .done = true});
  CHECK(s.machine->readout());
  CHECK(s.accumulator(0) == -7 * 5 + 3 * -2);
  CHECK(s.accumulator(1) == -7 + 3);
  CHECK(core::sign_extend(s.machine->readout_word(0, 0).words()[0], 16) == -41);
}

TEST_CASE("done is looked at in ACC only, and start only while idle or done") {
  Sync s;
  s.start();
  s.issue({.precision = 4, .start = true, .done = true});  // PREADD
  CHECK(s.machine->state() == TwoSync::Inv);
  s.run_to(TwoSync::Acc);
  s.machine->tick({});
  CHECK(s.machine->state() == TwoSync::PreAdd);  // no done: the next MAC2
  s.run_to(TwoSync::Acc);
  s.issue({.precision = 4, .done = true});
  s.machine->tick({});
  CHECK(s.machine->state() == TwoSync::Done);  // stays until told otherwise
}

TEST_CASE("without a copy the weights stay and meet new activations") {
  Sync s;
  s.start();
  s.run_to(TwoSync::Add);
  s.issue({.precision = 4, .input1 = justify(2, 4, true), .input2 = justify(3, 4, true)});
  s.issue({.precision = 4, .input1 = justify(-1, 4, true), .input2 = justify(0, 4, true)});
  CHECK(s.machine->busy_cycles() == 2);  // INIT_W1 and INIT_W2 alone
  s.run_to(TwoSync::Acc);
  s.issue({.precision = 4, .done = true});
  CHECK(s.accumulator(0) == (-7 * 5 + 3 * -2) + (-7 * 2 + 3 * 3));
  CHECK(s.accumulator(1) == (-7 + 3) + 7);
}

TEST_CASE("restart clears the accumulators and goes on with the weights that were copied before") {
  Sync s;
  s.start();
  s.run_to(TwoSync::Add);
  s.issue({.precision = 4,
           .copy = true,
           .column = 1,
           .input1 = justify(1, 4, true),
           .input2 = justify(2, 4, true)});
  s.issue(
      {.precision = 4, .copy = true, .done = true, .column = 0, .input1 = 0, .input2 = justify(1, 4, true)});
  CHECK(s.accumulator(0) == -41);
  s.issue({.precision = 4, .start = true});
  CHECK(s.machine->state() == TwoSync::PreAdd);
  CHECK(s.accumulator(0) == 0);
  s.run_to(TwoSync::Acc);
  s.issue({.precision = 4, .done = true});
  CHECK(s.accumulator(0) == 3 * 1 + -7 * 2);  // the words changed places
  CHECK(s.accumulator(1) == -7);
}

TEST_CASE("reset leaves the rows alone, executes its cycle, and clears precision and activations") {
  Sync s;
  s.start();
  s.run_to(TwoSync::Acc);
  const auto partial = s.machine->array(0).row(Row::Partial);
  s.issue({.precision = 4, .reset = true, .start = true, .done = true});
  CHECK(s.machine->state() == TwoSync::Idle);  // it wins over done and start
  CHECK(s.machine->precision() == 0);
  CHECK(s.accumulator(0) == -41);  // the addition of that cycle took place
  CHECK(s.machine->array(0).row(Row::Partial) == partial);
  for (int i = 0; i < TwoSync::states; ++i) {  // from every state
    Sync t;
    t.start();
    for (int k = 0; k < i; ++k) t.machine->tick({});
    t.issue({.precision = 4, .reset = true});
    CHECK(t.machine->state() == TwoSync::Idle);
  }
}

TEST_CASE(
    "outside the compute mode the flags are off, but a running machine goes on and loads what is on the "
    "bus") {
  Sync s;
  s.start();
  s.run_to(TwoSync::Add);
  const auto word =
      encode<TwoSync>({.precision = 4, .start = true, .copy = true, .input1 = justify(1, 4, true)});
  s.machine->tick({.a = PortRequest::write_to(100, word)});  // an ordinary write in ADD
  CHECK(s.machine->memory().word(25, 0) == word);
  CHECK(s.machine->busy_cycles() == 2);  // no copy took place
  s.machine->tick({});
  CHECK(s.machine->state() == TwoSync::PreAdd);
  s.run_to(TwoSync::Acc);
  s.issue({.precision = 4, .done = true});
  CHECK(s.accumulator(0) == -41 + -7);  // activation 1 came from the data of the write
}

TEST_CASE("memory is free in every cycle without a copy, and a request in a cycle with one is refused") {
  Sync s;
  s.start();
  for (; s.machine->state() != TwoSync::Add;) {
    s.machine->tick({.a = PortRequest::write_to(200, 42), .b = PortRequest::read_from(1)});
    CHECK(s.machine->memory().output_b().data == 0x3);
  }
  const auto copy = BlockPorts::instruction(encode<TwoSync>({.precision = 4, .copy = true}));
  CHECK_THROWS_AS(s.machine->tick({.a = copy.a, .b = PortRequest::read_from(1)}), ScheduleError);

  Sync t;
  t.start();
  t.run_to(TwoSync::Acc);
  t.issue({.precision = 4, .done = true});
  CHECK_NOTHROW(t.machine->tick({.a = PortRequest::write_to(0, 1), .b = PortRequest::read_from(1)}));
  CHECK_THROWS_AS(t.machine->tick({.a = PortRequest::read_from(0)}),
                  ScheduleError);  // the accumulator is there
}

TEST_CASE(
    "in memory mode the block is an ordinary memory at every aspect ratio, and 0xFFF an address like any "
    "other") {
  const auto plain = std::make_unique<Bramac2sa::Machine>(
      BlockMode::Memory, M20k::Configuration{.ratio_a = {4096, 5}, .ratio_b = {4096, 5}});
  const auto word = encode<TwoSync>({.precision = 4, .start = true}) & core::low_mask(5);
  plain->tick({.a = PortRequest::write_to(cim_address, word)});
  plain->tick({.b = PortRequest::read_from(cim_address)});
  CHECK(plain->memory().output_b().data == word);
  CHECK(plain->state() == TwoSync::Idle);
  CHECK(plain->instruction_cycles() == 0);
  CHECK_THROWS_AS(Bramac2sa::Machine(BlockMode::Compute, {.ratio_a = {4096, 5}}), RangeError);
  CHECK_THROWS_AS(Bramac2sa::Machine(BlockMode::Compute, {.mode = PortMode::SimpleDualPort}), RangeError);
}

TEST_CASE("a cycle that is refused changes nothing, so that it can be tried again") {
  Sync s;
  s.start();
  s.run_to(TwoSync::Add);
  const auto copy = BlockPorts::instruction(encode<TwoSync>({.precision = 4, .copy = true}));
  CHECK_THROWS_AS(s.machine->tick({.a = copy.a, .b = PortRequest::read_from(1)}), ScheduleError);
  CHECK_THROWS_AS(s.machine->tick({.b = PortRequest::read_from(512)}), RangeError);
  CHECK(s.machine->state() == TwoSync::Add);
  s.machine->tick({});
  s.issue({.precision = 4, .done = true});
  CHECK(s.accumulator(0) == -41);
}

TEST_CASE("the undefined precision code and addresses beyond the memory are refused") {
  Sync s;
  s.machine->tick(BlockPorts::instruction(encode<TwoSync>({.precision = 4, .start = true})));
  CHECK_THROWS_AS(s.machine->tick(BlockPorts::instruction(0)), RangeError);
  Sync t;
  CHECK_THROWS_AS(t.machine->tick({.b = PortRequest::read_from(512)}), RangeError);
}

TEST_CASE("the double-pumped array resumes after done and resets in the first half of a main cycle") {
  const auto machine = std::make_unique<Bramac1da::Machine>();
  machine->memory().set_word(0, 0, 0x9);
  machine->memory().set_word(1, 0, 0x3);
  const auto issue = [&](const Instruction& i) {
    machine->tick(BlockPorts::instruction(encode<OneDoublePumped>(i)));
  };
  const auto accumulator = [&] { return lanes::value(machine->array(0).row(Row::Accumulator), 0, 16); };
  const Instruction first{.precision = 4,
                          .signed_inputs = true,
                          .start = true,
                          .row2 = 1,
                          .input1 = justify(5, 4, true),
                          .input2 = justify(-2, 4, true)};
  issue(first);
  CHECK(machine->state() == OneDoublePumped::Copy);
  CHECK(machine->busy_cycles() == 1);
  for (int i = 0; i < 3; ++i) machine->tick({});
  CHECK(machine->state() == OneDoublePumped::Add);
  issue({.precision = 4, .done = true, .input1 = justify(2, 4, true), .input2 = justify(1, 4, true)});
  CHECK(machine->state() == OneDoublePumped::Done1);
  CHECK(accumulator() == -41);
  machine->tick({});
  CHECK(machine->state() == OneDoublePumped::Done1);
  issue({.precision = 4, .start = true, .row1 = 1, .row2 = 0});
  CHECK(accumulator() == 0);
  for (int i = 0; i < 3; ++i) machine->tick({});
  issue({.precision = 4, .done = true});
  CHECK(accumulator() == 3 * 2 + -7 * 1);  // the rows came with the start, the activations with the last done
  issue({.precision = 4, .reset = true});
  CHECK(machine->state() == OneDoublePumped::Idle);
  CHECK(machine->main_cycles() == 12);
}

}  // namespace
