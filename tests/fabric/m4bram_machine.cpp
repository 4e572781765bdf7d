// SPDX-License-Identifier: Apache-2.0
// The released controllers' traces are held in m4bram_reference.cpp, products in m4bram_product.cpp.
#include <bitloom/fabric/m4bram_machine.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

struct Stalling : M4bramPolicies {
  using PortConflict = StallConflicts;
};
struct Trapping : M4bramPolicies {
  using Overflow = TrapWraps;
};

template <class Clocking, class Policies = M4bramPolicies>
using Machine = M4bramMachine<Small, Clocking, Policies>;

constexpr AspectRatio port{512, 32};

CimBus issue(std::uint64_t flags, std::uint32_t data = 0, std::uint32_t word = 0, std::uint32_t slice = 0) {
  return {.enable = true,
          .byte_enable = static_cast<std::uint8_t>(flags),
          .data = data,
          .word = word,
          .slice = slice};
}
constexpr auto reset = cim::reset.put(1), start = cim::start.put(1), copy = cim::copy.put(1),
               done = cim::done.put(1);

TEST_CASE(
    "the shuffler spreads the chunks of a slice over the elements, each to as many as there are vectors") {
  constexpr std::uint32_t word = 0x44332211;
  using Elements = std::array<std::uint64_t, 4>;
  static_assert(shuffle<32>(word, 0, 1) == Elements{0x11, 0x22, 0x33, 0x44});
  static_assert(shuffle<32>(word, 0, 2) == Elements{0x11, 0x22, 0x11, 0x22});
  static_assert(shuffle<32>(word, 1, 2) == Elements{0x33, 0x44, 0x33, 0x44});
  for (int slice = 0; slice < 4; ++slice) {
    const auto chunk = static_cast<std::uint64_t>(0x11 * (slice + 1));
    CHECK(shuffle<32>(word, slice, 4) == Elements{chunk, chunk, chunk, chunk});
  }
  static_assert(shuffle<64>(0x4444333322221111, 1, 2) == Elements{0x3333, 0x4444, 0x3333, 0x4444});
}

TEST_CASE("a copy extends the weights of the slice on the bus into the lanes of the elements") {
  const auto machine = std::make_unique<M4bramMachine<Large, Synchronous, M4bramPolicies>>();
  machine->memory().write(10, port, 0x0000F321);  // word 5, the low half
  machine->memory().write(11, port, 0x8765CBA9);
  machine->step({.cim = encode({.weight_bits = 4, .activation_bits = 4, .duplication = 2})});
  machine->step({.cim = issue(start)});
  machine->step({.cim = issue(copy, 0, 5, 1)});
  const auto lane = [&](int element, int i) {
    return lanes::value(machine->array(element).row(Row::W1), i, 16);
  };
  for (const int element : {0, 2}) {
    CHECK(lane(element, 0) == -7);
    CHECK(lane(element, 3) == -4);
  }
  for (const int element : {1, 3}) {
    CHECK(lane(element, 0) == 5);
    CHECK(lane(element, 3) == -8);
  }
  CHECK_THROWS_WITH_AS(machine->step({.cim = issue(copy, 0, 256, 0)}), "weight word: 256 is outside 0..255",
                       RangeError);
  CHECK_THROWS_WITH_AS(machine->step({.cim = issue(copy, 0, 5, 2)}), "slice: 2 is outside 0..1", RangeError);
  machine->step({.cim = issue(copy, 0, 5, 0)});  // nothing had changed
  CHECK(lanes::value(machine->array(1).row(Row::W2), 0, 16) == 0);
  CHECK(lanes::value(machine->array(0).row(Row::W2), 3, 16) == -1);
}

TEST_CASE("a configuration takes effect in the next cycle, in any state, and its cycle carries no flags") {
  Machine<Synchronous> machine;
  machine.step({.cim = encode({.weight_bits = 2, .activation_bits = 2})});
  CHECK(machine.configuration() == M4bramConfiguration{.weight_bits = 2, .activation_bits = 2});
  auto both = encode({.weight_bits = 8, .activation_bits = 5, .signed_activations = true, .duplication = 4});
  both.byte_enable |= static_cast<std::uint8_t>(start);  // bit 2 of the precision: no start
  machine.step({.cim = both});
  CHECK(machine.state() == TwoSync::Idle);
  CHECK(machine.configuration().weight_bits == 8);
  CHECK(machine.configuration().duplication == 4);
  machine.step({.cim = issue(start)});
  machine.step({.cim = issue(copy)});
  machine.step({.cim = issue(copy)});
  machine.step(
      {.cim = encode({.weight_bits = 4, .activation_bits = 3})});  // in PREADD, still signed in this cycle
  CHECK(machine.state() == TwoSync::Inv);
  CHECK(!machine.configuration().signed_activations);
  machine.step({.cim = issue(reset)});
  CHECK(machine.state() == TwoSync::Idle);
  CHECK(machine.configuration().activation_bits == 3);  // the flag leaves it
  CimBus undefined{.enable = true, .configure = true, .byte_enable = 0};
  CHECK_THROWS_WITH_AS(machine.step({.cim = undefined}), "precision code: 0 is undefined", RangeError);
  undefined = {.enable = true, .configure = true, .byte_enable = 1, .data = 3};
  CHECK_THROWS_AS(machine.step({.cim = undefined}), RangeError);
  undefined.data = 12;
  CHECK_THROWS_AS(machine.step({.cim = undefined}), RangeError);
  machine.step({.reset = true});
  CHECK(machine.configuration().activation_bits == 0);
}

TEST_CASE(
    "activations load with the copies that bring them, double-pumped through a buffer, and the flag clears "
    "them") {
  Machine<Synchronous> sync;
  sync.step({.cim = encode({.activation_bits = 4})});
  sync.step({.cim = issue(start)});
  sync.step({.cim = issue(0, 0x40302010)});  // without copy: the word is copied, the register keeps its value
  CHECK(sync.inputs(0)[0] == 0);
  sync.step({.cim = issue(copy, 0x80706050)});
  for (int b = 0; b < 4; ++b)
    CHECK(sync.inputs(b) == std::array<std::uint8_t, 2>{0, static_cast<std::uint8_t>(0x50 + 0x10 * b)});
  sync.step({.cim = issue(reset)});
  CHECK(sync.inputs(3)[1] == 0);

  Machine<DoublePumped> pumped;
  pumped.tick({.cim = encode({.activation_bits = 4})});
  pumped.tick({.cim = issue(start | copy, 0x11)});
  CHECK(pumped.activation_buffer() == 0x11);
  CHECK(pumped.inputs(0)[0] == 0);
  pumped.tick({.cim = issue(copy, 0x22)});
  CHECK(pumped.inputs(0)[0] == 0x11);
  CHECK(pumped.activation_buffer() == 0x22);
  pumped.tick({.cim = issue(copy, 0x33)});
  CHECK(pumped.inputs(0)[1] == 0x22);
  CHECK(pumped.activation_buffer() == 0x33);
  pumped.tick({.cim = issue(reset)});
  CHECK(pumped.inputs(0)[1] == 0);
  CHECK(pumped.activation_buffer() == 0x33);
  pumped.tick({.reset = true});
  CHECK(pumped.activation_buffer() == 0);
}

TEST_CASE_TEMPLATE("memory requests on port A conflict with instructions and copies, on port B with nothing",
                   M, Machine<Synchronous>, Machine<DoublePumped>) {
  const auto machine = std::make_unique<M>();
  const auto request = PortRequest::write_to(7, 0x1234);
  machine->tick({.a = request, .b = PortRequest::write_to(8, 1)});  // idle
  CHECK(machine->memory().read(7, port) == 0x1234);
  machine->tick({.cim = encode({.activation_bits = 4}), .b = request});
  CHECK_THROWS_AS(machine->tick({.cim = issue(start), .a = request}), ScheduleError);
  machine->tick({.cim = issue(start), .b = PortRequest::write_to(9, 5)});
  CHECK(machine->memory().read(9, port) == 5);
  // the first word is copied whether there is an instruction or not
  CHECK_THROWS_AS(machine->tick({.a = request}), ScheduleError);
  CHECK_THROWS_AS(machine->tick({.a = PortRequest::read_from(512)}), Error);
  machine->tick({.b = PortRequest::write_to(10, 6)});
  CHECK(machine->memory().read(10, port) == 6);
  CHECK(machine->busy_cycles() == 1);
}

TEST_CASE("while accumulators are at the output, port A writes but does not read") {
  Machine<Synchronous> machine;
  machine.step({.cim = encode({.weight_bits = 8, .activation_bits = 2})});
  machine.memory().write(0, port, 0x04030201);
  machine.step({.cim = issue(start)});
  machine.step({.cim = issue(copy, 0x40404040)});
  machine.step({.cim = issue(copy, 0x00000000)});
  while (machine.state() != TwoSync::Acc) machine.step({});
  machine.step({.cim = issue(done)});
  CHECK(machine.readout());
  for (int element = 0; element < 4; ++element)
    CHECK(machine.readout_word(element) == static_cast<std::uint32_t>(element + 1));  // W1 · 1
  CHECK_THROWS_WITH_AS(
      machine.step({.a = PortRequest::read_from(1)}),
      "port conflict: a memory read on port A in main cycle 8, in which the accumulator is at its "
      "output",
      ScheduleError);
  machine.step({.a = PortRequest::write_to(1, 9), .b = PortRequest::read_from(0)});
  CHECK(machine.memory().read(1, port) == 9);
  CHECK(machine.memory().output_b().data == 0x04030201);
  CHECK(machine.state() == TwoSync::Done);
  machine.step({.cim = issue(start)});
  CHECK(machine.state() == TwoSync::PreAdd);
  CHECK(machine.array(0).row(Row::Accumulator) == Machine<Synchronous>::RowVector{});
}

TEST_CASE("a request that waits has no effect and is told so") {
  Machine<DoublePumped, Stalling> machine;
  machine.tick({.cim = encode({.activation_bits = 4})});
  machine.tick({.cim = issue(start), .a = PortRequest::write_to(3, 4)});
  CHECK(machine.waiting().a);
  CHECK(machine.stalled_cycles() == 1);
  CHECK(machine.memory().read(3, port) == 0);
  machine.tick({.a = PortRequest::write_to(3, 4)});  // a copy
  CHECK(machine.stalled_cycles() == 2);
  CHECK(machine.memory().read(3, port) == 0);
  machine.tick({});  // another
  machine.tick({.a = PortRequest::write_to(3, 4)});
  CHECK(!machine.waiting().a);
  CHECK(machine.memory().read(3, port) == 4);
}

TEST_CASE("double-pumped, a readout alternates, so that a start of a main cycle is seen wherever it comes") {
  for (const int cycles : {1, 2, 5}) {
    Machine<DoublePumped> machine;
    machine.tick({.cim = encode({.activation_bits = 3})});  // filled up to a whole number of main cycles
    machine.tick({.cim = issue(start | copy)});
    machine.tick({.cim = issue(copy)});
    machine.tick({.cim = issue(copy)});
    while (machine.state() != DoublePumped::Add) machine.tick({});
    machine.tick({.cim = issue(done)});
    int readouts = 0;
    for (int i = 0; i < 2 * cycles; ++i) {
      CHECK(machine.state() == (i % 2 == 0 ? DoublePumped::DoneBub : DoublePumped::Done));
      readouts += machine.readout();
      machine.step({});
    }
    CHECK(readouts == cycles);
    machine.tick({.cim = issue(start)});
    CHECK(machine.state() == DoublePumped::CopyW2);
  }
}

TEST_CASE(
    "where wraps are trapped, the machine names lane, element and main cycle, and nothing has changed") {
  Machine<Synchronous, Trapping> machine;
  machine.step({.cim = encode({.weight_bits = 2, .activation_bits = 6})});
  machine.memory().write(0, port, 0x00000200);  // output 4: -2
  machine.step({.cim = issue(start)});
  machine.step({.cim = issue(copy, 0xFCFCFCFC)});
  machine.step({.cim = issue(copy, 0xFCFCFCFC)});
  while (machine.state() != TwoSync::Acc) machine.step({});
  const auto at = machine.main_cycles();
  CHECK(at == 11);
  for (int i = 0; i < 2; ++i)
    CHECK_THROWS_WITH_AS(
        machine.step({.cim = issue(done)}),
        "accumulator: lane 0 of array 1 wraps in main cycle 11: 0 + -252 does not fit 8 bits", RangeError);
  CHECK(machine.main_cycles() == at);
  CHECK(machine.state() == TwoSync::Acc);
}

}  // namespace
