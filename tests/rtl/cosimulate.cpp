// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/cosimulate.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "simulations.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;
using rtl::test::drive_randomly;
using rtl::test::simulation;

TEST_CASE_TEMPLATE(
    "random instructions, resets, restarts and memory traffic: RTL and machine are the same bits", B,
    Bramac2sa, Bramac1da) {
  if (!rtl::test::can_simulate()) return;
  constexpr auto table = B::variant::table();
  // what the stream has to go through: every state, both ways out of it, with every precision and sign
  std::set<std::pair<int, int>> ways;
  std::set<int> between;
  std::set<std::pair<int, bool>> kinds;
  std::map<int, int> readouts;
  for (const std::uint64_t seed : {21U, 22U}) {
    CAPTURE(seed);
    int state = 0;
    const auto verdict = simulation<B>().check([&](auto& machine) {
      drive_randomly(machine, seed, 12000, [&](const auto& m) {
        if (B::variant::clock_ratio == 1) ways.emplace(state, m.state());
        state = m.state();
        between.insert(state);
        kinds.emplace(m.precision(), m.signed_inputs());
        if (m.readout() || (B::variant::clock_ratio == 2 && m.state() == OneDoublePumped::Done1))
          ++readouts[m.precision()];
      });
    });
    CAPTURE(verdict.text);
    CHECK(verdict.passed);
    CHECK(verdict.cycles == (12000 + 256) * B::variant::clock_ratio);
  }
  CHECK(kinds.size() == 7);  // three precisions with two signs, and none after a reset
  for (const int bits : {2, 4, 8}) CHECK(readouts[bits] > 50);
  if (B::variant::clock_ratio == 2) {  // seen between main cycles; the others lie inside
    using V = OneDoublePumped;
    for (const int at : {V::Idle, V::Copy, V::Bubble, V::Inv, V::Asl, V::Add, V::Done1})
      CHECK(between.contains(at));
  } else {
    for (int from = 0; from < B::variant::states; ++from) {
      CAPTURE(from);
      CHECK(ways.contains({from, 0}));  // reset
      for (const auto& way : table[static_cast<std::size_t>(from)].transitions) {
        const bool taken = ways.contains({from, way.next}) || way.next == 0;
        CHECK(taken);
      }
    }
  }
}

TEST_CASE_TEMPLATE("a block that does not compute is a memory, also in RTL", B, Bramac2sa, Bramac1da) {
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

TEST_CASE("what stops the simulation in its contract is told") {
  if (!rtl::test::can_simulate()) return;
  const rtl::TemporaryFolder folder;
  // reads address 600, which the machine refuses
  core::write_file(folder.file("trace"),
                   "trace 2 1\nc 0 2 258 0000000000 0 000 0000000000 00000000000 00000000000 0000000010060 "
                   "000000000000\nend 1\n");
  const auto verdict = simulation<Bramac2sa>().run(folder.file("trace"));
  CHECK(!verdict.passed);
  CHECK(verdict.text.find("a_address: 600 is beyond the memory") != std::string::npos);
}

}  // namespace
