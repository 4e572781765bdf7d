// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac_batch.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

/// A batch beside as many machines, with the same random memories and rows.
template <class B>
struct Pair {
  BramacBatch<B> batch;
  std::vector<BramacMachine<B>> machines;
  core::Random& random;

  Pair(std::int64_t blocks, const M20k::Configuration& memory, core::Random& r)
      : batch(blocks, memory),
        machines(static_cast<std::size_t>(blocks), BramacMachine<B>(BlockMode::Compute, memory)),
        random(r) {
    for (std::int64_t i = 0; i < blocks; ++i) {
      auto& machine = machines[static_cast<std::size_t>(i)];
      for (int row = 0; row < M20k::geometry.rows; ++row)
        for (int column = 0; column < M20k::geometry.column_mux; ++column) {
          const auto word = random();  // of which 40 bits count
          machine.memory().set_word(row, column, word);
          batch.set_word(i, row, column, word);
        }
      for (int k = 0; k < B::arrays; ++k) {
        const auto content = BramacBatch<B>::RowVector::from_words({random(), random(), random()});
        machine.array(k).fill(content);
        batch.fill(i, k, content);
      }
    }
  }

  [[nodiscard]] bool chance(double probability) { return random.bernoulli(probability); }

  [[nodiscard]] std::uint32_t address() { return static_cast<std::uint32_t>(random.integer(0, 511)); }

  /// An instruction word that keeps the machine going from most states.
  [[nodiscard]] std::uint64_t instruction(double reset) {
    using V = typename B::variant;
    const int widths[] = {2, 4, 8};
    auto word = encode<V>({.precision = widths[random.integer(0, 2)],
                           .signed_inputs = chance(0.5),
                           .reset = chance(reset),
                           .start = chance(0.6),
                           .copy = chance(0.6),
                           .done = chance(0.3),
                           .row1 = static_cast<int>(random.integer(0, 127)),
                           .row2 = V::clock_ratio == 2 ? static_cast<int>(random.integer(0, 127)) : 0,
                           .column = static_cast<int>(random.integer(0, 3)),
                           .input1 = static_cast<std::uint8_t>(random.integer(0, 255)),
                           .input2 = static_cast<std::uint8_t>(random.integer(0, 255))});
    if (chance(0.02)) word &= ~std::uint64_t{3};  // the undefined precision code
    return word;
  }

  /// Requests of all kinds; what a block cannot serve is among them.
  [[nodiscard]] BlockPorts ports() {
    BlockPorts result;
    const auto word = instruction(0.02);
    if (chance(0.5)) {
      result = BlockPorts::instruction(word);
    } else {
      result.a.data = word;  // the eFSM sees the bus without a request, too
      if (chance(0.3))
        result.a =
            chance(0.5) ? PortRequest::read_from(address()) : PortRequest::write_to(address(), random());
    }
    if (chance(0.25)) {
      auto place = chance(0.3) && result.a.address < 512 ? result.a.address : address();
      if (chance(0.02)) place = 512;
      result.b = chance(0.5) ? PortRequest::read_from(place) : PortRequest::write_to(place, random());
    }
    return result;
  }

  /// Words of each block: any where they are data alone, such that differ in activations elsewhere.
  [[nodiscard]] std::vector<std::uint64_t> words(const PortRequest& request, bool steers) {
    std::vector<std::uint64_t> result;
    const auto kept =
        steers ? core::low_mask(InstructionLayout<typename B::variant>::input1.offset) : std::uint64_t{0};
    for (std::size_t i = 0; i < machines.size(); ++i) result.push_back(request.data ^ (random() & ~kept));
    return result;
  }

  /// One edge of the eFSM's clock for all; true if all did the same, an error included.
  [[nodiscard]] bool step(const BlockPorts& common, const std::vector<std::uint64_t>& a,
                          const std::vector<std::uint64_t>& b) {
    ++visits[static_cast<std::size_t>(batch.state())];
    std::optional<std::string> expected, found;
    for (std::size_t i = 0; i < machines.size(); ++i) {
      auto own = common;
      if (!a.empty()) own.a.data = a[i];
      if (!b.empty()) own.b.data = b[i];
      std::optional<std::string> error;
      try {
        machines[i].step(own);
      } catch (const ScheduleError& e) {
        error = std::string("schedule ") + e.what();
      } catch (const RangeError& e) {
        error = std::string("range ") + e.what();
      }
      if (i > 0 && error != expected) return false;
      expected = error;
    }
    try {
      batch.step({common, a, b});
    } catch (const ScheduleError& e) {
      found = std::string("schedule ") + e.what();
    } catch (const RangeError& e) {
      found = std::string("range ") + e.what();
    }
    refused += found ? 1 : 0;
    return found == expected;
  }

  /// What differs, or nothing.
  [[nodiscard]] std::string difference() const {
    for (std::size_t i = 0; i < machines.size(); ++i) {
      const auto& m = machines[i];
      const auto block = static_cast<std::int64_t>(i);
      if (m.state() != batch.state() || m.counter() != batch.counter()) return "state";
      if (m.precision() != batch.precision() || m.signed_inputs() != batch.signed_inputs())
        return "precision";
      if (m.readout() != batch.readout() || m.in_main_cycle() != batch.in_main_cycle()) return "phase";
      if (m.main_cycles() != batch.main_cycles() || m.busy_cycles() != batch.busy_cycles() ||
          m.instruction_cycles() != batch.instruction_cycles() ||
          m.stalled_cycles() != batch.stalled_cycles())
        return "cycles";
      if (m.waiting().a != batch.waiting().a || m.waiting().b != batch.waiting().b) return "waiting";
      for (int k = 0; k < B::arrays; ++k) {
        if (m.inputs(k) != batch.inputs(block, k)) return "activations";
        for (int r = 0; r < 7; ++r)
          if (m.array(k).row(static_cast<Row>(r)) != batch.row(block, k, static_cast<Row>(r)))
            return "row " + std::to_string(r) + " of block " + std::to_string(i);
      }
      const auto same = [](const PortOutput& x, const PortOutput& y) {
        return x.data == y.data && x.defined == y.defined;
      };
      if (!same(m.memory().output_a(), batch.memory().output(block, 0))) return "output A";
      if (!same(m.memory().output_b(), batch.memory().output(block, 1))) return "output B";
    }
    return {};
  }

  [[nodiscard]] std::int64_t different_words() const {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < machines.size(); ++i)
      for (int row = 0; row < M20k::geometry.rows; ++row)
        for (int column = 0; column < M20k::geometry.column_mux; ++column)
          count += machines[i].memory().word(row, column) !=
                           batch.memory().word(static_cast<std::int64_t>(i), row, column)
                       ? 1
                       : 0;
    return count;
  }

  /// Every word of the readout, one block at a time and of all blocks at once.
  [[nodiscard]] std::int64_t different_readouts() const {
    std::int64_t count = 0;
    std::vector<std::uint64_t> all(machines.size());
    for (int k = 0; k < B::arrays; ++k)
      for (int j = 0; j < 4; ++j) {
        batch.readout_words(k, j, all);
        for (std::size_t i = 0; i < machines.size(); ++i) {
          const auto word = machines[i].readout_word(k, j);
          const bool same = word == batch.readout_word(static_cast<std::int64_t>(i), k, j);
          count += same && word.words()[0] == all[i] ? 0 : 1;
        }
      }
    return count;
  }

  std::array<int, B::variant::states> visits{};
  std::int64_t refused = 0;
};

/// Runs main cycles of random requests. With `torn`, the ports change inside main cycles.
template <class B>
void compare(Pair<B>& pair, int main_cycles, bool torn = false) {
  for (int cycle = 0; cycle < main_cycles; ++cycle) {
    auto common = pair.ports();
    std::vector<std::uint64_t> a, b;
    const auto draw = [&] {
      a = pair.chance(0.7) ? pair.words(common.a, pair.batch.steers(common)) : std::vector<std::uint64_t>{};
      b = pair.chance(0.7) ? pair.words(common.b, false) : std::vector<std::uint64_t>{};
    };
    draw();
    for (int half = 0; half < B::variant::clock_ratio; ++half) {
      if (torn && half == 1) {
        common = pair.ports();
        draw();
      }
      if (half == 1 && pair.batch.steers(common)) a.clear();  // what was data in the first half is no more
      REQUIRE(pair.step(common, a, b));
      const auto difference = pair.difference();
      REQUIRE_MESSAGE(difference.empty(), difference);
    }
    if (pair.batch.readout()) REQUIRE(pair.different_readouts() == 0);
  }
  REQUIRE(pair.different_words() == 0);
}

template <BramacVariant V>
using Released = Bramac<V, AsReleased>;

TEST_CASE_TEMPLATE("every block of a batch has the bits of a machine of its own", B, Bramac2sa, Bramac1da,
                   Released<TwoSync>, Released<OneDoublePumped>) {
  core::Random random(7);
  std::int64_t refused = 0, busy = 0;
  for (std::int64_t blocks = 1; blocks <= 70; ++blocks) {
    CAPTURE(blocks);
    Pair<B> pair(blocks, {}, random);
    compare(pair, 60);
    refused += pair.refused;
    busy += pair.batch.busy_cycles();
  }
  CHECK(refused > 100);
  CHECK(busy > 200);
}

TEST_CASE_TEMPLATE("long streams pass through every state, precision and sign, and all bits stay equal", B,
                   Bramac2sa, Bramac1da) {
  core::Random random(11);
  Pair<B> pair(17, {}, random);
  std::vector<int> operands(17);
  for (int cycle = 0; cycle < 4000; ++cycle) {
    ++operands[static_cast<std::size_t>(pair.batch.precision() + (pair.batch.signed_inputs() ? 8 : 0))];
    compare(pair, cycle % 100 == 0 ? 2 : 1);
  }
  for (const auto count : pair.visits) CHECK(count > 20);
  for (const int width : {2, 4, 8})
    for (const int sign : {0, 8}) CHECK(operands[static_cast<std::size_t>(width + sign)] > 20);
}

struct Stalling : BramacPolicies {
  using PortConflict = StallConflicts;
};
struct Other : Stalling {
  using LaneOrder = InterleavedLanes;
  using ReadoutOrder = HighestFirst;
  using CopyLatency = AddressedBefore;
};
struct InCycle : BramacPolicies {
  using LaneOrder = InterleavedLanes;
  using CopyLatency = AddressedInCycle;
};

using StallingSync = Bramac<TwoSync, ShiftAfterSign, Stalling>;
using OtherSync = Bramac<TwoSync, ShiftAfterSign, Other>;
using OtherDoublePumped = Bramac<OneDoublePumped, ShiftAfterSign, Other>;
using InCycleDoublePumped = Bramac<OneDoublePumped, ShiftAfterSign, InCycle>;

TEST_CASE_TEMPLATE("a batch of blocks follows their policies", B, StallingSync, OtherSync, OtherDoublePumped,
                   InCycleDoublePumped) {
  core::Random random(19);
  Pair<B> pair(18, {}, random);
  compare(pair, 1500);
  CHECK((pair.batch.stalled_cycles() > 20) == B::policies::PortConflict::stalls);
}

TEST_CASE("ports that change inside a main cycle do to a batch what they do to a machine") {
  core::Random random(13);
  Pair<Bramac1da> pair(19, {}, random);
  compare(pair, 3000, true);
}

TEST_CASE("the outputs of a batch's memories follow the policies for reads during writes") {
  core::Random random(17);
  const ReadDuringWrite rules[] = {ReadDuringWrite::OldData, ReadDuringWrite::NewData,
                                   ReadDuringWrite::DontCare};
  for (const auto same_port : {ReadDuringWrite::OldData, ReadDuringWrite::NewData})
    for (const auto mixed_port : rules) {
      Pair<Bramac2sa> pair(5, {.same_port = same_port, .mixed_port = mixed_port}, random);
      compare(pair, 400);
    }
}

TEST_CASE("a batch says what it cannot do, and changes nothing") {
  CHECK_THROWS_WITH_AS(BramacBatch<Bramac2sa>(0), doctest::Contains("blocks"), RangeError);
  CHECK_THROWS_AS(BramacBatch<Bramac2sa>(70000), RangeError);
  CHECK_THROWS_AS(BramacBatch<Bramac2sa>(1, {.mode = PortMode::SimpleDualPort}), RangeError);

  BramacBatch<Bramac2sa> batch(3);
  const auto word = [](int row, int input) {
    return encode<TwoSync>({.precision = 4, .start = true, .row1 = row, .input1 = justify(input, 4, true)});
  };
  const std::vector<std::uint64_t> short_data(2, word(0, 0));
  const std::vector<std::uint64_t> activations{word(0, 1), word(0, 2), word(0, 3)};
  const std::vector<std::uint64_t> rows{word(0, 1), word(1, 1), word(0, 1)};
  const auto instruction = BlockPorts::instruction(word(0, 0));
  CHECK_THROWS_WITH_AS(batch.step({instruction, short_data, {}}),
                       doctest::Contains("data_a: 2 words for 3 blocks"), ShapeError);
  CHECK_THROWS_AS(batch.step({instruction, {}, short_data}), ShapeError);
  CHECK_THROWS_WITH_AS(batch.step({instruction, rows, {}}), doctest::Contains("more than activations"),
                       ScheduleError);
  CHECK(batch.state() == TwoSync::Idle);
  batch.step({instruction, activations, {}});
  CHECK(batch.state() == TwoSync::InitW1);
  CHECK_THROWS_AS(batch.step({{.b = PortRequest::read_from(0)}, activations, {}}), ScheduleError);
  batch.step({instruction, activations, {}});
  CHECK(batch.inputs(2, 0)[0] == 0x30);

  std::vector<std::uint64_t> words(3);
  CHECK_THROWS_AS(batch.readout_words(0, 4, words), RangeError);
  CHECK_THROWS_AS(batch.readout_words(2, 0, words), RangeError);
  CHECK_THROWS_AS(batch.readout_words(0, 0, std::span(words).first(2)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(batch.memory().word(3, 0, 0)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(batch.memory().word(0, 128, 0)), RangeError);
  CHECK_THROWS_AS(batch.set_word(0, 0, 4, 0), RangeError);
  CHECK_THROWS_AS(static_cast<void>(batch.memory().output(0, 2)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(batch.row(-1, 0, Row::W1)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(batch.inputs(0, 2)), RangeError);
  CHECK_THROWS_AS(batch.fill(0, 2, {}), RangeError);
}

}  // namespace
