// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/cosimulate.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <doctest/doctest.h>

#include "simulations.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;
using rtl::test::drive_randomly;
using rtl::test::simulation;

/// What a machine is configured for, and how many configurations there are, beside none after a reset.
template <class B>
auto operands_of(const BramacMachine<rtl::Recorded<B>>& m) {
  return std::tuple(m.precision(), m.precision(), m.signed_inputs(), 1);
}
template <class View>
auto operands_of(const rtl::Recorder<View>& m) {
  const auto& c = m.configuration();
  return std::tuple(c.weight_bits, c.activation_bits, c.signed_activations, c.duplication);
}
template <class B>
constexpr int operand_kinds = rtl::BramacBlock<B> ? 3 * 2 : 3 * 7 * 2 * 3;

TEST_CASE_TEMPLATE(
    "random instructions, resets, restarts and memory traffic: RTL and machine are the same bits", B,
    Bramac2sa, Bramac1da, rtl::test::M4bramSyncSmall, rtl::test::M4bramSyncLarge,
    rtl::test::M4bramPumpedSmall, rtl::test::M4bramPumpedLarge) {
  if (!rtl::test::can_simulate()) return;
  using H = rtl::Hardware<B>;
  constexpr auto table = H::table();
  // what the stream has to go through: every state, both ways out of it, with all operands of the block
  constexpr int cycles = rtl::BramacBlock<B> ? 12000 : 36000;
  std::set<std::pair<int, int>> ways;
  std::set<int> first{0};  // states in the first half of a main cycle
  std::map<decltype(operands_of(std::declval<typename rtl::Recorded<B>::Machine>())), int> readouts;
  for (const std::uint64_t seed : {21U, 22U}) {
    CAPTURE(seed);
    int state = 0;
    const auto verdict = simulation<B>().check([&](auto& machine) {
      drive_randomly(machine, seed, cycles, [&](const auto& m) {
        ways.emplace(state, m.state());
        state = m.state();
        if (!m.in_main_cycle()) first.insert(state);
        readouts[operands_of(m)] += m.readout() ? 1 : 0;
      });
    });
    CAPTURE(verdict.text);
    CHECK(verdict.passed);
    CHECK(verdict.cycles == (cycles + 256) * H::clock_ratio);
  }
  CHECK(std::ssize(readouts) == operand_kinds<B> + 1);
  int never = 0;
  for (const auto& [operands, count] : readouts) never += count == 0 ? 1 : 0;
  CHECK(never <= 1);  // nothing is configured
  for (int from = 0; from < std::ssize(table); ++from) {
    CAPTURE(from);
    if (!rtl::BramacBlock<B> || first.contains(from)) CHECK(ways.contains({from, 0}));  // reset
    for (const auto& way : table[static_cast<std::size_t>(from)].transitions) {
      const bool taken = ways.contains({from, way.next}) || way.next == 0;
      CHECK(taken);
    }
  }
}

struct Drifting : M4bramPolicies {
  using Timing = DriftingPeriod;
};

TEST_CASE_TEMPLATE("so they are with the released sign step and with every timing", B,
                   M4bram<Small, Synchronous, 1, M4bramAsReleased>,
                   M4bram<Small, DoublePumped, 1, M4bramAsReleased>,
                   M4bram<Large, DoublePumped, 1, Drifting>) {
  if (!rtl::test::can_simulate()) return;
  std::set<int> states;
  const auto verdict = simulation<B>().check([&](auto& machine) {
    drive_randomly(machine, 26, 6000, [&](const auto& m) { states.insert(m.state()); });
  });
  CAPTURE(verdict.text);
  CHECK(verdict.passed);
  // no padding, and as released no bubble either
  const int unused = B::clocking::clock_ratio == 1 ? 0 : B::timing::extra_shift ? 2 : 1;
  CHECK(std::ssize(states) == std::ssize(rtl::Hardware<B>::table()) - unused);
}

TEST_CASE_TEMPLATE("a BRAMAC that does not compute is a memory, also in RTL", B, Bramac2sa, Bramac1da) {
  if (!rtl::test::can_simulate()) return;
  const auto verdict = simulation<B>().check(
      [&](auto& machine) { drive_randomly(machine, 23, 2000, [](const auto&) {}); }, BlockMode::Memory);
  CAPTURE(verdict.text);
  CHECK(verdict.passed);
}

TEST_CASE(
    "the released control table in RTL differs from the corrected machine, and only in signed products") {
  if (!rtl::test::can_simulate()) return;
  using Released = Bramac<TwoSync, AsReleased>;
  const rtl::TemporaryFolder folder;
  const auto record = [&]<class B>(std::type_identity<B>, bool is_signed) {
    std::ofstream trace(folder.file("trace"));
    const auto machine = std::make_unique<BramacMachine<rtl::Recorded<B>>>(trace);
    const MatrixShape shape{.rows = 2, .columns = 2};
    const std::vector<std::int16_t> weights{1, 2, 3, -4};
    const std::vector<std::int16_t> activations{static_cast<std::int16_t>(is_signed ? -3 : 5), 2};
    std::vector<std::int32_t> sums(2);
    rtl::Recorded<B>::run(*machine, shape,
                          {.weight_bits = 4, .activation_bits = 4, .signed_activations = is_signed}, weights,
                          activations, sums);
    machine->end_trace();
  };
  const auto corrected = std::type_identity<Bramac2sa>{};
  const auto released = std::type_identity<Released>{};
  const auto verdict = [&](const auto& compiled) { return compiled.run(folder.file("trace")); };
  record(corrected, true);
  CHECK(verdict(simulation<Bramac2sa>()).passed);
  CHECK(verdict(simulation<Released>()).text == "FAIL cycle 6: select1 is 1 instead of 2");
  record(released, true);
  CHECK(verdict(simulation<Released>()).passed);
  CHECK(verdict(simulation<Bramac2sa>()).text == "FAIL cycle 6: select1 is 2 instead of 1");
  record(released, false);  // unsigned activations have no sign step
  CHECK(verdict(simulation<Bramac2sa>()).passed);
}

/// The 2SA with one entry of its table changed.
template <void (*Change)(std::array<efsm::State, TwoSync::states>&)>
struct Mutant : TwoSync {
  static constexpr std::array<efsm::State, states> table() noexcept {
    auto t = TwoSync::table();
    Change(t);
    return t;
  }
};

using Table = std::array<efsm::State, TwoSync::states>;
constexpr void no_carry(Table& t) { t[TwoSync::Sub].carry = false; }
constexpr void stale_inputs(Table& t) { t[TwoSync::Acc].loads_inputs2 = false; }
constexpr void always_copies(Table& t) { t[TwoSync::Add].write2_if = efsm::If::Always; }
constexpr void slow_start(Table& t) { t[TwoSync::PreAdd].transitions[1].count = efsm::Count::Add1; }
constexpr void keeps_accumulator(Table& t) { t[TwoSync::Done].write2 = Write2::None; }
constexpr void wrong_row(Table& t) { t[TwoSync::Asl].row2 = Row::Accumulator; }
constexpr void never_ends(Table& t) { t[TwoSync::Acc].transitions[0].next = TwoSync::PreAdd; }

/// The double-pumped eFSM of M4BRAM with one entry of its table changed.
using PumpedTable = std::array<efsm::State, DoublePumped::states>;
template <void (*Change)(PumpedTable&)>
struct PumpedMutant : DoublePumped {
  template <TimingPolicy Timing>
  static constexpr PumpedTable table() noexcept {
    auto t = DoublePumped::table<Timing>();
    Change(t);
    return t;
  }
};

constexpr void loads_always(PumpedTable& t) { t[DoublePumped::Add].loads_inputs_if = efsm::If::Always; }
constexpr void no_padding(PumpedTable& t) {
  t[DoublePumped::CopyW2].transitions[0].next = DoublePumped::PreAdd;
}
constexpr void no_bubble(PumpedTable& t) { t[DoublePumped::PreAdd].transitions[1].next = DoublePumped::Asl; }
constexpr void copies_too_late(PumpedTable& t) { t[DoublePumped::Add].write2 = Write2::None; }
constexpr void stays_done(PumpedTable& t) { t[DoublePumped::Done].transitions[1].next = DoublePumped::Done; }

}  // namespace

template <auto Change>
struct bitloom::fabric::InstructionLayout<Mutant<Change>> : InstructionLayout<TwoSync> {};

namespace {

TEST_CASE_TEMPLATE("a machine with one wrong entry of its table is not the RTL", V, Mutant<no_carry>,
                   Mutant<stale_inputs>, Mutant<always_copies>, Mutant<slow_start>, Mutant<keeps_accumulator>,
                   Mutant<wrong_row>, Mutant<never_ends>) {
  if (!rtl::test::can_simulate()) return;
  const rtl::TemporaryFolder folder;
  std::ofstream trace(folder.file("trace"));
  const auto machine = std::make_unique<BramacMachine<rtl::Recorded<Bramac<V>>>>(trace);
  drive_randomly(*machine, 24, 3000, [](const auto&) {});
  machine->end_trace();
  const auto verdict = simulation<Bramac2sa>().run(folder.file("trace"));
  CAPTURE(verdict.text);
  CHECK(!verdict.passed);
  CHECK(verdict.text.starts_with("FAIL cycle "));
}

TEST_CASE_TEMPLATE("nor is one of M4BRAM", Clocking, PumpedMutant<loads_always>, PumpedMutant<no_padding>,
                   PumpedMutant<no_bubble>, PumpedMutant<copies_too_late>, PumpedMutant<stays_done>) {
  if (!rtl::test::can_simulate()) return;
  const rtl::TemporaryFolder folder;
  std::ofstream trace(folder.file("trace"));
  const auto machine = std::make_unique<typename rtl::Recorded<M4bram<Small, Clocking>>::Machine>(trace);
  drive_randomly(*machine, 24, 3000, [](const auto&) {});
  machine->end_trace();
  const auto verdict = simulation<rtl::test::M4bramPumpedSmall>().run(folder.file("trace"));
  CAPTURE(verdict.text);
  CHECK(!verdict.passed);
  CHECK(verdict.text.starts_with("FAIL cycle "));
}

TEST_CASE("a simulation is compiled once for a folder, and its start values do not matter") {
  if (!rtl::test::can_simulate()) return;
  const auto& compiled = simulation<Bramac1da>();
  const auto files = [] {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(BITLOOM_RTL_FOLDER))
      names.insert(entry.path().filename().string());
    return names;
  };
  const auto before = files();
  CHECK(std::ranges::any_of(before, [](const auto& name) { return name.starts_with("bramac_1da-"); }));
  const rtl::Simulation<Bramac1da> again(BITLOOM_RTL_FOLDER);
  CHECK(files() == before);
  const rtl::TemporaryFolder folder;
  std::ofstream trace(folder.file("trace"));
  const auto machine = std::make_unique<BramacMachine<rtl::Recorded<Bramac1da>>>(trace);
  drive_randomly(*machine, 25, 300, [](const auto&) {});
  machine->end_trace();
  for (const std::uint32_t seed : {1U, 2U, 77U}) CHECK(compiled.run(folder.file("trace"), seed).passed);
}

TEST_CASE("a folder that cannot be made is named") {
  if (!rtl::test::can_simulate()) return;
  CHECK_THROWS_WITH_AS(rtl::Simulation<Bramac2sa>("/dev/null/x"), "/dev/null/x: the folder cannot be made",
                       Error);
}

/// What a simulation says about a trace of one line.
template <class B>
std::string verdict_of(const std::string& head, const std::string& line) {
  const rtl::TemporaryFolder folder;
  core::write_file(folder.file("trace"), head + "\nc " + line + "\nend 1\n");
  const auto verdict = simulation<B>().run(folder.file("trace"));
  CHECK(!verdict.passed);
  return verdict.text;
}

TEST_CASE("what stops the simulation in its contract is told") {
  if (!rtl::test::can_simulate()) return;
  // reads address 600, which the machine refuses
  CHECK(verdict_of<Bramac2sa>(
            "trace 2 1",
            "0 2 258 0000000000 0 000 0000000000 00000000000 00000000000 0000000010060 000000000000")
            .find("a_address: 600 is beyond the memory") != std::string::npos);
  const auto m4bram = [](const std::string& bus, const std::string& port_a, const std::string& message) {
    const auto text = verdict_of<rtl::test::M4bramSyncSmall>(
        "trace 4 1", "0 " + bus + ' ' + port_a +
                         " 0 000 00000000 000000000 000000000 000000000000060 0000000000000000000000");
    CAPTURE(text);
    CHECK(text.find(message) != std::string::npos);
  };
  m4bram("01000", "2 000 00000000", "port conflict: port A carries an instruction");
  m4bram("01100", "0 000 00000000", "precision code: 0 is undefined");
  m4bram("01110", "0 000 00000003", "weight precision code: 3 is undefined");
  m4bram("01110", "0 000 0000000c", "duplication code: 3 is undefined");
}

}  // namespace
