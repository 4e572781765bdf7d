// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace bitloom::fabric {

// What the drivers of blocks with dummy arrays have in common.

/// One MAC2 of a block: two words of weights, two activations for each vector.
template <class B>
struct Mac2 {
  std::array<typename B::WeightWord, 2> words{};
  std::array<std::array<std::int16_t, 2>, B::vectors> activations{};  ///< [vector][word]
  bool last{};  ///< the accumulators are read after this one
};

/// One eFSM cycle as an observer sees it, beside the machine after the cycle.
template <class Control>
struct BlockStep {
  int state{};
  int counter{};
  Control control{};
};

/// What a run took, in main-clock cycles.
struct BlockUse {
  std::int64_t cycles{};              ///< from the start instruction to the last word of the last readout
  std::int64_t load_cycles{};         ///< before that: the first weights, two words a cycle
  std::int64_t busy_cycles{};         ///< of `cycles`: the eFSM read the main array
  std::int64_t instruction_cycles{};  ///< of `cycles`: port A carried an instruction
  std::int64_t streamed_words{};      ///< words of weights written through free port cycles during the run
};

namespace detail {

/// Steps a machine to the end of a run, `Steps` eFSM cycles with the same ports at a time.
///
/// @param next_ports  next_ports(running) is what the ports carry in the coming cycles; in the last ones it sets
///                    `running` to false
/// @param read        called before an eFSM cycle in which the accumulators are at the output
/// @param after       called when the cycles are over
/// @param on_step     called after every eFSM cycle with (BlockStep, machine), unless it is nullptr
/// @return            the cycles that the machine counted
template <int Steps, class Machine, class NextPorts, class Read, class After, class OnStep>
BlockUse drive(Machine& machine, NextPorts&& next_ports, Read&& read, After&& after, OnStep& on_step) {
  const auto cycles = machine.main_cycles();
  const auto busy = machine.busy_cycles();
  const auto instructions = machine.instruction_cycles();
  for (bool running = true; running;) {
    const auto ports = next_ports(running);
    for (int i = 0; i < Steps; ++i) {
      if (machine.readout()) read();
      if constexpr (std::is_null_pointer_v<OnStep>) {
        machine.step(ports);
      } else {
        const BlockStep<decltype(machine.control(ports))> step{machine.state(), machine.counter(),
                                                               machine.control(ports)};
        machine.step(ports);
        on_step(step, std::as_const(machine));
      }
    }
    after();
  }
  return {.cycles = machine.main_cycles() - cycles,
          .busy_cycles = machine.busy_cycles() - busy,
          .instruction_cycles = machine.instruction_cycles() - instructions};
}

}  // namespace detail
}  // namespace bitloom::fabric
