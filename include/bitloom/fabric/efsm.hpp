// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <bitloom/fabric/dummy_array.hpp>

namespace bitloom::fabric::efsm {

/// What a transition looks at.
enum class When : std::uint8_t { Always, Start, Done, SignedInput, CounterBelowPrecision };

/// What happens to the 4-bit counter on the way to the next state.
enum class Count : std::uint8_t { Hold, Clear, Add1, Add2 };

/// Leads to `next` if `when` holds.
struct Transition {
  When when{};
  std::uint8_t next{};
  Count count{};
};

/// A write port that is used always, or only if the instruction asks for it.
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
  bool readout{};                           ///< the accumulator is at the output port
  bool loads_precision{};                   ///< precision and input type come from the instruction
  bool loads_inputs1{};                     ///< the first bank of input registers loads
  bool loads_inputs2{};                     ///< the second bank loads
  bool shifts_inputs{};                     ///< all input registers shift left by one; a load goes first
  std::array<Transition, 2> transitions{};  ///< the first that holds is taken
};

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
