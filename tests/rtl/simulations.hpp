// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/rtl/cosimulate.hpp>

namespace bitloom::rtl::test {

using namespace fabric;

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

/// Random instructions and memory traffic.
struct RandomPorts {
  core::Random random;
  bool compute = true;

  BlockPorts operator()() {
    BlockPorts ports;
    if (compute && random.bernoulli(0.45)) {
      ports = BlockPorts::instruction(instruction_word());
    } else if (random.bernoulli(0.7)) {
      ports.a = request();
    } else {
      ports.a.data = word();  // on the bus, but nobody asks for it
    }
    if (random.bernoulli(0.4)) ports.b = request();
    return ports;
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

  PortRequest request() {
    const auto address = static_cast<std::uint32_t>(random.integer(0, random.bernoulli(0.5) ? 3 : 511));
    return {true, random.bernoulli(0.5), address, word()};
  }

  std::uint64_t word() { return random() & core::low_mask(40); }
};

/// Fills the memory through the ports, then drives the machine through random main cycles that it accepts, and calls
/// `after(machine)` after each.
template <class B, class After>
void drive_randomly(BramacMachine<Recorded<B>>& machine, std::uint64_t seed, int cycles, After after) {
  RandomPorts next{core::Random(seed), machine.mode() == BlockMode::Compute};
  for (std::uint32_t address = 0; address < 512; address += 2)
    machine.tick({.a = PortRequest::write_to(address, next.word()),
                  .b = PortRequest::write_to(address + 1, next.word())});
  for (int i = 0; i < cycles; ++i) {
    for (int attempt = 0;; ++attempt) {
      // an instruction alone is always accepted
      auto ports = attempt < 20 || !next.compute ? next() : BlockPorts::instruction(next.instruction_word());
      BramacMachine<B> trial = machine;
      try {
        trial.tick(ports);
      } catch (const Error&) {
        continue;
      }
      machine.tick(ports);
      break;
    }
    after(machine);
  }
}

}  // namespace bitloom::rtl::test
