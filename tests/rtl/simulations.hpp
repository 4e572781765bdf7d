// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/rtl/bramac_trace.hpp>
#include <bitloom/rtl/cosimulate.hpp>
#include <bitloom/rtl/m4bram_trace.hpp>

namespace bitloom::rtl::test {

using namespace fabric;

using M4bramSyncSmall = M4bram<Small, Synchronous>;
using M4bramSyncLarge = M4bram<Large, Synchronous>;
using M4bramPumpedSmall = M4bram<Small, DoublePumped>;
using M4bramPumpedLarge = M4bram<Large, DoublePumped>;

/// False, with a message, where there is no Verilator.
inline bool can_simulate() {
  const bool found = !find_program("verilator").empty();
  if (!found) MESSAGE("skipped: Verilator is not on PATH");
  return found;
}

/// The simulation of a block, compiled once for all tests.
template <class B>
const Simulation<B>& simulation() {
  static const Simulation<B> compiled(BITLOOM_RTL_FOLDER);
  return compiled;
}

/// Random requests, instructions and memory traffic.
struct RandomWords {
  core::Random random;
  int word_bits;

  std::uint64_t word() { return random() & core::low_mask(word_bits); }

  PortRequest request() {
    const auto address = static_cast<std::uint32_t>(random.integer(0, random.bernoulli(0.5) ? 3 : 511));
    return {true, random.bernoulli(0.5), address, word()};
  }
};

/// What a machine sees in the eFSM cycles of a main cycle.
template <class Machine>
using MainCycle = std::array<typename Machine::Ports, Machine::Description::clock_ratio>;

/// Random main cycles for a machine.
template <class Machine>
struct Stimulus;

template <class B>
struct Stimulus<BramacMachine<Recorded<B>>> : RandomWords {
  using Machine = BramacMachine<Recorded<B>>;

  bool compute = true;

  Stimulus(std::uint64_t seed, const Machine& machine)
      : RandomWords{core::Random(seed), 40}, compute(machine.mode() == BlockMode::Compute) {}

  MainCycle<Machine> next() {
    BlockPorts ports;
    if (compute && random.bernoulli(0.45)) {
      ports = BlockPorts::instruction(instruction_word());
    } else if (random.bernoulli(0.7)) {
      ports.a = request();
    } else {
      ports.a.data = word();  // on the bus, but nobody asks for it
    }
    if (random.bernoulli(0.4)) ports.b = request();
    return both(ports);
  }

  /// A cycle that is always accepted.
  MainCycle<Machine> harmless() {
    return both(compute ? BlockPorts::instruction(instruction_word()) : BlockPorts{});
  }

 private:
  static MainCycle<Machine> both(const BlockPorts& ports) {
    MainCycle<Machine> cycle;
    cycle.fill(ports);
    return cycle;
  }

  /// A word whose fields are random, with a defined precision and rare resets.
  std::uint64_t instruction_word() {
    auto bits = word() & ~std::uint64_t{0x7B};
    bits |= static_cast<std::uint64_t>(random.integer(1, 3));
    if (random.bernoulli(0.02)) bits |= 1U << 3;
    if (random.bernoulli(0.5)) bits |= 1U << 4;
    if (random.bernoulli(0.5)) bits |= 1U << 5;
    if (random.bernoulli(0.3)) bits |= 1U << 6;
    return bits;
  }
};

template <class B>
struct Stimulus<Recorder<detail::M4bramView<B>>> : RandomWords {
  using Machine = Recorder<detail::M4bramView<B>>;

  Stimulus(std::uint64_t seed, const Machine&) : RandomWords{core::Random(seed), 32} {}

  /// Memory requests last for the main cycle, instructions and resets for an eFSM cycle.
  MainCycle<Machine> next() {
    M4bramPorts memory;
    if (random.bernoulli(0.3)) memory.a = request();
    if (random.bernoulli(0.4)) memory.b = request();
    return cycles(memory, static_cast<std::uint32_t>(random.integer(0, 3)));
  }

  MainCycle<Machine> harmless() { return cycles({}, 0); }

 private:
  MainCycle<Machine> cycles(const M4bramPorts& memory, std::uint32_t slice) {
    MainCycle<Machine> result;
    result.fill(memory);
    for (auto& ports : result) {
      ports.reset = random.bernoulli(0.003);
      ports.cim = bus(slice);
      if (memory.a.enable) ports.cim.enable = false;
    }
    if (random.bernoulli(0.7)) result.fill(result[0]);
    return result;
  }

  CimBus bus(std::uint32_t slice) {
    if (random.bernoulli(0.04))
      return encode({.weight_bits = 2 << random.integer(0, 2),
                     .activation_bits = static_cast<int>(random.integer(2, 8)),
                     .signed_activations = random.bernoulli(0.5),
                     .duplication = 1 << random.integer(0, 2)});
    std::uint8_t flags = 0;
    if (random.bernoulli(0.02)) flags |= 8;
    if (random.bernoulli(0.3)) flags |= 4;
    if (random.bernoulli(0.6)) flags |= 2;
    if (random.bernoulli(0.4)) flags |= 1;
    constexpr int last_word = B::word_bits == 64 ? 255 : 511;
    return {.enable = random.bernoulli(0.8),
            .byte_enable = flags,
            .data = static_cast<std::uint32_t>(word()),
            .word = static_cast<std::uint32_t>(random.integer(0, random.bernoulli(0.5) ? 3 : last_word)),
            .slice = slice};
  }
};

/// Fills the memory through the ports, then drives the machine through random main cycles that it accepts, and calls
/// `after(machine)` after each eFSM cycle of them.
template <class Machine, class After>
void drive_randomly(Machine& machine, std::uint64_t seed, int cycles, After after) {
  Stimulus<Machine> stimulus(seed, machine);
  for (std::uint32_t address = 0; address < 512; address += 2)
    machine.tick({.a = PortRequest::write_to(address, stimulus.word()),
                  .b = PortRequest::write_to(address + 1, stimulus.word())});
  for (int i = 0; i < cycles; ++i) {
    for (int attempt = 0;; ++attempt) {
      const auto cycle = attempt < 20 ? stimulus.next() : stimulus.harmless();
      typename Machine::Base trial = machine;
      try {
        for (const auto& ports : cycle) trial.step(ports);
      } catch (const Error&) {
        continue;
      }
      for (const auto& ports : cycle) {
        machine.step(ports);
        after(machine);
      }
      break;
    }
  }
}

}  // namespace bitloom::rtl::test
