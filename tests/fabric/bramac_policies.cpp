// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac_policies.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/fabric/agreement.hpp>
#include <bitloom/fabric/bramac_product.hpp>
#include <bitloom/fabric/bramac_value.hpp>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

struct Interleaved : BramacPolicies {
  using LaneOrder = InterleavedLanes;
};
struct Backwards : BramacPolicies {
  using ReadoutOrder = HighestFirst;
};
struct InCycle : BramacPolicies {
  using CopyLatency = AddressedInCycle;
};
struct Before : BramacPolicies {
  using CopyLatency = AddressedBefore;
};
struct Stalling : BramacPolicies {
  using PortConflict = StallConflicts;
};
struct Checked : BramacPolicies {
  using Overflow = TrapWraps;
};
struct Everything : BramacPolicies {
  using LaneOrder = InterleavedLanes;
  using ReadoutOrder = HighestFirst;
  using PortConflict = StallConflicts;
  using Overflow = TrapWraps;
};
struct EverythingBefore : Everything {
  using CopyLatency = AddressedBefore;
};
struct EverythingInCycle : Everything {
  using CopyLatency = AddressedInCycle;
};

template <class Policies>
using Sync = Bramac<TwoSync, ShiftAfterSign, Policies>;
template <class Policies>
using Pumped = Bramac<OneDoublePumped, ShiftAfterSign, Policies>;

struct AllInOne {
  static constexpr int lane(int, int) noexcept { return 0; }
};
struct PartOutside {
  static constexpr int part(int word, int) noexcept { return word + 1; }
};
struct NoOrder : BramacPolicies {
  using LaneOrder = AllInOne;
};
struct NoReadout : BramacPolicies {
  using ReadoutOrder = PartOutside;
};
struct NoAnswer : BramacPolicies {
  using PortConflict = WrapLanes;
};

static_assert(BramacPolicySet<BramacPolicies> && BramacPolicySet<EverythingBefore>);
static_assert(!BramacPolicySet<NoOrder> && !BramacPolicySet<NoReadout> && !BramacPolicySet<NoAnswer>);
static_assert(std::is_same_v<Bramac2sa, Sync<BramacPolicies>>);
static_assert(Block<Sync<Everything>> && Block<Pumped<EverythingInCycle>>);
static_assert(!Bramac2sa::addressed_before && Bramac1da::addressed_before);

TEST_CASE_TEMPLATE("whatever the policies answer, the views agree to the bit and to the cycle", B,
                   Sync<Interleaved>, Pumped<Interleaved>, Sync<Backwards>, Pumped<Backwards>, Sync<Before>,
                   Pumped<InCycle>, Sync<Stalling>, Pumped<Stalling>, Sync<Checked>, Pumped<Checked>,
                   Sync<EverythingBefore>, Pumped<EverythingInCycle>) {
  for (const auto& o : test::bramac_operands()) {
    const auto agreement = fabric::verify<B>(o, 41, 2);
    CAPTURE(to_string(agreement));
    CHECK(agreement.holds());
  }
}

/// Two dot products of four MAC2 each with weights 1, 2, 3, … that are told apart in every lane.
template <class B>
std::vector<typename BramacRun<B>::Accumulators> some_accumulators(const Operands& o, BramacUse& use,
                                                                   std::int64_t slots = 256) {
  core::Random random(42);
  std::vector<Mac2<B>> mac2(8);
  for (auto& m : mac2) {
    for (auto& word : m.words) word = random() & core::low_mask(40);
    for (auto& array : m.activations)
      for (auto& a : array) a = test::random_activation(o, random);
  }
  mac2[3].last = mac2[7].last = true;
  std::vector<typename BramacRun<B>::Accumulators> rows;
  const auto machine = std::make_unique<typename B::Machine>();
  BramacRun<B> run(*machine, o, slots);
  use = run.run(
      8, 8, [&](std::int64_t i) { return mac2[static_cast<std::size_t>(i)]; },
      [&](const auto& r) { rows.push_back(r); });
  return rows;
}

TEST_CASE("interleaved lanes hold the same sums in other places") {
  for (const auto& o : test::bramac_operands()) {
    BramacUse use;
    const auto plain = some_accumulators<Bramac2sa>(o, use);
    const auto interleaved = some_accumulators<Sync<Interleaved>>(o, use);
    for (std::size_t i = 0; i < plain.size(); ++i)
      for (std::size_t k = 0; k < 2; ++k)
        for (int e = 0; e < Bramac2sa::lanes(o); ++e)
          REQUIRE(lanes::value(interleaved[i][k], Sync<Interleaved>::lane_of(e, o), 4 * o.weight_bits) ==
                  lanes::value(plain[i][k], e, 4 * o.weight_bits));
    CHECK((interleaved == plain) == (o.weight_bits == 8));  // a byte holds one element then
  }
  static_assert(InterleavedLanes::lane(1, 20) == 5 && InterleavedLanes::lane(4, 20) == 1 &&
                InterleavedLanes::lane(9, 10) == 9 && InterleavedLanes::lane(8, 10) == 4);
}

TEST_CASE("a readout from the other end has the same row") {
  const Operands o{.weight_bits = 4, .activation_bits = 4};
  BramacUse use;
  CHECK(some_accumulators<Bramac1da>(o, use) == some_accumulators<Pumped<Backwards>>(o, use));
  Bramac2sa::Machine plain;
  Sync<Backwards>::Machine backwards;
  for (auto* array : {&plain.array(1), &backwards.array(1)})
    array->fill(Bramac2sa::Machine::RowVector::from_words({1, 2, 3}));
  for (int word = 0; word < 4; ++word)
    CHECK(plain.readout_word(1, word) == backwards.readout_word(1, 3 - word));
  CHECK(plain.readout_word(1, 0).words()[0] == 1);
}

TEST_CASE_TEMPLATE("an address at another time costs an instruction for a MAC2, but no cycle", B,
                   Sync<Before>, Pumped<InCycle>) {
  using Default = Bramac<typename B::variant>;
  for (const auto& o : test::bramac_operands())
    for (const std::int64_t slots : {256, 4}) {  // 4: half of the weights stream
      BramacUse use, default_use;
      CHECK(some_accumulators<B>(o, use, slots) == some_accumulators<Default>(o, default_use, slots));
      CHECK(use.cycles == default_use.cycles);
      CHECK(use.busy_cycles == default_use.busy_cycles);
      CHECK(use.instruction_cycles > default_use.instruction_cycles);
      CHECK(use.streamed_words == default_use.streamed_words);
    }
  const MatrixShape shape{.rows = 5, .columns = 20};
  const Operands o{.weight_bits = 8, .activation_bits = 8};
  CHECK(B::instruction_cycles == Default::instruction_cycles + 1);
  CHECK(B::free(shape, o) == Default::free(shape, o) - 10);
  CHECK(B::cycles(shape, o) == Default::cycles(shape, o));
}

TEST_CASE("the word of a copy is the one addressed in the cycle that the policy says") {
  const auto start = [](auto& machine, int row_of_start, int row_of_init) {
    machine.memory().set_word(7, 0, 0x5);
    machine.memory().set_word(9, 0, 0x3);
    machine.tick(BlockPorts::instruction(
        encode<TwoSync>({.precision = 4, .signed_inputs = true, .start = true, .row1 = row_of_start})));
    machine.tick(BlockPorts::instruction(
        encode<TwoSync>({.precision = 4, .signed_inputs = true, .row1 = row_of_init})));
    return lanes::value(machine.array(0).row(Row::W1), 0, 16);
  };
  Bramac2sa::Machine in_cycle;
  CHECK(start(in_cycle, 7, 9) == 3);
  CHECK(in_cycle.busy_cycles() == 1);
  Sync<Before>::Machine before;
  CHECK(start(before, 7, 9) == 5);
  CHECK(before.busy_cycles() == 2);  // the second word is on its way
}

TEST_CASE_TEMPLATE("a stalled request has no effect until it is repeated, and the sums do not suffer", B,
                   Sync<Stalling>, Pumped<Stalling>, Pumped<EverythingInCycle>, Sync<EverythingBefore>) {
  using Variant = typename B::variant;
  const auto machine = std::make_unique<typename B::Machine>();
  machine->memory().set_word(0, 0, 0x9);  // -7
  machine->memory().set_word(1, 0, 0x3);
  const auto reads_out = [&] {  // in the coming main cycle
    if constexpr (Variant::clock_ratio == 1)
      return machine->readout();
    else
      return machine->state() == Variant::Done1;
  };
  // the instructions of one MAC2 on port A, and a write in every cycle on port B
  std::int64_t written = 0;
  std::int64_t waited = 0;
  for (int cycle = 0; cycle < 40 && !reads_out(); ++cycle) {
    Instruction i{.precision = 4, .signed_inputs = true};
    const int state = machine->state();
    bool instruction = true;
    if constexpr (Variant::clock_ratio == 1) {
      if (state == Variant::Idle) {
        i.start = true;
      } else if (state == Variant::InitW1) {
        i.row1 = B::addressed_before ? 1 : 0;
        i.input1 = justify(5, 4, true);
        i.input2 = justify(-2, 4, true);
      } else if (state == Variant::InitW2) {
        i.row1 = B::addressed_before ? 0 : 1;
      } else if (state == Variant::Acc) {
        i.done = true;
      } else {
        instruction = false;
      }
    } else {
      i.row2 = 1;
      i.input1 = justify(5, 4, true);
      i.input2 = justify(-2, 4, true);
      i.start = state == Variant::Idle;
      i.done = state == Variant::Add;
      instruction = i.start || i.done || (!B::addressed_before && state == Variant::Copy);
    }
    const auto address = static_cast<std::uint32_t>(100 + written);
    const auto write = PortRequest::write_to(address, 77);
    auto ports = instruction ? BlockPorts::instruction(encode<Variant>(i)) : BlockPorts{};
    ports.b = write;
    const auto busy = machine->busy_cycles();
    machine->tick(ports);
    CHECK(machine->waiting().b == (machine->busy_cycles() > busy));
    CHECK(!machine->waiting().a);
    const auto word = machine->memory().word(static_cast<int>(address / 4), static_cast<int>(address % 4));
    CHECK(word == (machine->waiting().b ? 0 : 77));
    ++(machine->waiting().b ? waited : written);
  }
  CHECK(lanes::value(machine->array(0).row(Row::Accumulator), 0, 16) == -7 * 5 + 3 * -2);
  CHECK(waited == Variant::busy_cycles);
  CHECK(machine->stalled_cycles() == waited);
  // at the readout a read on port A waits, a read on port B does not
  machine->tick({.a = PortRequest::read_from(0), .b = PortRequest::read_from(4)});
  CHECK(machine->waiting().a);
  CHECK(!machine->waiting().b);
  CHECK(machine->memory().output_b().data == 0x3);
  CHECK(!machine->memory().output_a().defined);
  CHECK(machine->stalled_cycles() == waited + 1);
  machine->tick({});
  CHECK(!machine->waiting().any());
  // neither a bad address nor two writes to one word gets better by waiting
  CHECK_THROWS_AS(machine->tick({.b = PortRequest::read_from(512)}), RangeError);
  CHECK_THROWS_AS(machine->tick({.a = PortRequest::write_to(3, 1), .b = PortRequest::write_to(3, 2)}),
                  ScheduleError);
}

/// Both weights and both activations as far from zero as they go, in one lane of the last array.
template <class B>
void accumulate_extremes(const Operands& o, std::int64_t count, bool positive) {
  const int element = B::lanes(o) - 1;
  core::BitVector<40> word;
  const int weight =
      positive && !o.signed_activations ? (1 << (o.weight_bits - 1)) - 1 : -(1 << (o.weight_bits - 1));
  const auto range = operand_range(o.activation_bits, o.signed_activations);
  const auto activation =
      static_cast<std::int16_t>(positive && o.signed_activations ? range.lowest : range.max);
  word.insert(element * o.weight_bits, o.weight_bits, static_cast<std::uint64_t>(weight));
  Mac2<B> mac2{.words = {word.words()[0], word.words()[0]}};
  mac2.activations.back() = {activation, activation};
  const auto machine = std::make_unique<typename B::Machine>();
  BramacRun<B> run(*machine, o);
  run.run(
      count, 1,
      [&](std::int64_t i) {
        mac2.last = i + 1 == count;
        return mac2;
      },
      [](const auto&) {});
}

TEST_CASE_TEMPLATE("a trap springs in the first MAC2 beyond the safe number, and never before", B,
                   Sync<Checked>, Pumped<Checked>) {
  for (const auto& o : test::bramac_operands()) {
    if (o.weight_bits == 8) continue;  // 65,536 MAC2: the same adder, in seconds
    const auto safe = B::safe_mac2(o);
    bool trapped = false;
    for (const bool positive : {false, true}) {
      CHECK_NOTHROW(accumulate_extremes<B>(o, safe, positive));
      try {
        accumulate_extremes<B>(o, safe + 1, positive);
      } catch (const RangeError& error) {
        trapped = true;
        const std::string message = error.what();
        CAPTURE(message);
        CHECK(message.find("accumulator: lane " + std::to_string(B::lanes(o) - 1) + " of array " +
                           std::to_string(B::arrays - 1) + " wraps in main cycle ") == 0);
      }
    }
    CHECK(trapped);  // in the direction that has less room
  }
}

TEST_CASE("a trap names what was added, and leaves the machine as it was") {
  const Operands o{.weight_bits = 2, .activation_bits = 2};
  CHECK_THROWS_WITH_AS(
      accumulate_extremes<Sync<Checked>>(o, 11, false),
      "accumulator: lane 19 of array 1 wraps in main cycle 47: -120 + -12 does not fit 8 bits", RangeError);
  CHECK_NOTHROW(accumulate_extremes<Bramac2sa>(o, 11, false));
}

}  // namespace
