// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <bitloom/fabric/dummy_array.hpp>

namespace bitloom::fabric::efsm {

/// What a transition looks at.
enum class When : std::uint8_t { Always, Start, Done, SignedInput, CounterBelowPrecision, OddPrecision };

/// What happens to the 4-bit counter on the way to the next state.
enum class Count : std::uint8_t { Hold, Clear, Add1, Add2 };

/// Leads to `next` if `when` holds.
struct Transition {
  When when{};
  std::uint8_t next{};
  Count count{};
};

/// Something that a state does always, or only if the instruction asks for it.
enum class If : std::uint8_t { Always, Start, Copy };

/// Read port 1 addresses a fixed row, or the row that the current activation bits select.
enum class Read1 : std::uint8_t { None, Fixed, Activation };

/// One state: its control word, what it loads at its end, and where it leads.
struct State {
  std::string_view name;
  Read1 read1{};
  Row row1{};
  bool reads2{};
  Row row2{};
  bool carry{};
  Write1 write1{};
  Row target1{};
  Write2 write2{};
  Row target2{};
  If write2_if{};
  bool readout{};          ///< the accumulator is at the output port
  bool loads_precision{};  ///< precision and input type come from the instruction
  bool loads_inputs1{};    ///< the first bank of input registers loads
  bool loads_inputs2{};    ///< the second bank loads
  If loads_inputs_if{};
  bool shifts_inputs{};                     ///< all input registers shift left by one; a load goes first
  std::array<Transition, 2> transitions{};  ///< the first that holds is taken
};

/// Control bits of an instruction; all zero in a cycle without one.
struct Flags {
  bool reset{}, start{}, copy{}, done{};
};

[[nodiscard]] constexpr bool holds(If when, const Flags& flags) noexcept {
  return when == If::Always || (when == If::Start ? flags.start : flags.copy);
}

/// What a dummy array does in a cycle of a state.
///
/// @param selected  the row that the activation bits of this array select
[[nodiscard]] constexpr ArrayCycle array_cycle(const State& state, const Flags& flags,
                                               Row selected) noexcept {
  return {.read1 = state.read1 == Read1::Activation ? selected : state.row1,
          .read2 = state.row2,
          .carry = state.carry,
          .write1 = state.write1,
          .target1 = state.target1,
          .write2 = holds(state.write2_if, flags) ? state.write2 : Write2::None,
          .target2 = state.target2};
}

/// The row that the top bits of two activation registers select.
[[nodiscard]] constexpr Row selected_row(std::uint8_t first, std::uint8_t second) noexcept {
  return static_cast<Row>((second >> 7) << 1 | first >> 7);
}

/// Activation registers of a dummy array: one for each word of a MAC2.
using InputRegisters = std::array<std::uint8_t, 2>;

/// Control outputs of an eFSM in one of its cycles.
template <std::size_t Arrays>
struct Control {
  std::array<ArrayCycle, Arrays> arrays{};  ///< what each dummy array does; they differ in read port 1 only
  bool reads1{};
  bool reads2{};
  bool readout{};
};

/// Those of a state; arrays beyond those that have registers do nothing.
template <std::size_t Arrays, std::size_t Used>
  requires(Used <= Arrays)
[[nodiscard]] constexpr Control<Arrays> control(const State& state, const Flags& flags,
                                                const std::array<InputRegisters, Used>& inputs) noexcept {
  Control<Arrays> result{
      .reads1 = state.read1 != Read1::None, .reads2 = state.reads2, .readout = state.readout};
  for (std::size_t k = 0; k < Used; ++k)
    result.arrays[k] = array_cycle(state, flags, selected_row(inputs[k][0], inputs[k][1]));
  return result;
}

/// Facts that the transitions look at, in one cycle.
struct Inputs {
  bool start{};
  bool done{};
  bool signed_input{};
  int precision{};  ///< bits of an activation
};

[[nodiscard]] constexpr bool holds(When when, const Inputs& inputs, int counter) noexcept {
  switch (when) {
    case When::Start: return inputs.start;
    case When::Done: return inputs.done;
    case When::SignedInput: return inputs.signed_input;
    case When::CounterBelowPrecision: return counter < inputs.precision;
    case When::OddPrecision: return inputs.precision % 2 != 0;
    case When::Always: break;
  }
  return true;
}

/// State register and counter of an embedded state machine that runs a table of states.
template <std::size_t N>
class Sequencer {
 public:
  [[nodiscard]] constexpr int state() const noexcept { return state_; }

  /// The table's row of the state.
  [[nodiscard]] constexpr const State& row(const std::array<State, N>& table) const noexcept {
    return table[state_];
  }

  [[nodiscard]] constexpr int counter() const noexcept { return counter_; }

  /// The clock edge. `reset` wins over everything.
  constexpr void step(const std::array<State, N>& table, const Inputs& inputs, bool reset) noexcept {
    if (reset) {
      *this = {};
      return;
    }
    const auto& [first, second] = row(table).transitions;
    const auto& taken = holds(first.when, inputs, counter_) ? first : second;
    switch (taken.count) {
      case Count::Hold: break;
      case Count::Clear: counter_ = 0; break;
      case Count::Add1: counter_ = (counter_ + 1) & 15; break;
      case Count::Add2: counter_ = (counter_ + 2) & 15; break;
    }
    state_ = taken.next;
  }

 private:
  std::uint8_t state_ = 0;
  std::uint8_t counter_ = 0;
};

}  // namespace bitloom::fabric::efsm
