// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include <bitloom/fabric/efsm.hpp>
#include <bitloom/rtl/text.hpp>

namespace bitloom::rtl {

/// Names of the rows of a dummy array in the emitted text, by number.
inline constexpr std::array<const char*, 7> row_names{
    "ROW_ZERO", "ROW_W1", "ROW_W2", "ROW_W12", "ROW_INVERTED", "ROW_PARTIAL", "ROW_ACCUMULATOR"};

[[nodiscard]] inline std::string row_name(fabric::Row row) {
  return row_names[static_cast<std::size_t>(row)];
}

/// What write port 1 stores once the sign policy has decided about the sign step.
template <fabric::SignPolicy Sign>
[[nodiscard]] constexpr fabric::Write1 resolved(fabric::Write1 write) noexcept {
  if (write != fabric::Write1::SignStep) return write;
  return Sign::shift ? fabric::Write1::ShiftedSum : fabric::Write1::Sum;
}

/// Names of the write selects in the emitted text.
[[nodiscard]] inline std::string select_name(fabric::Write1 write) {
  return write == fabric::Write1::Word1        ? "WRITE1_WORD"
         : write == fabric::Write1::ShiftedSum ? "WRITE1_SHIFTED"
                                               : "WRITE1_SUM";
}
[[nodiscard]] inline std::string select_name(fabric::Write2 write) {
  return write == fabric::Write2::Word       ? "WRITE2_WORD"
         : write == fabric::Write2::Inverted ? "WRITE2_INVERTED"
                                             : "WRITE2_ZERO";
}

namespace detail {

inline std::string condition(fabric::efsm::When when) {
  using fabric::efsm::When;
  switch (when) {
    case When::Start: return "start";
    case When::Done: return "done";
    case When::SignedInput: return "signed_inputs";
    case When::CounterBelowPrecision: return "counter < activation_bits";
    case When::OddPrecision: return "activation_bits[0]";
    case When::Always: break;
  }
  return "1'b1";
}

inline std::string condition(fabric::efsm::If when) {
  using fabric::efsm::If;
  return when == If::Start ? "start" : when == If::Copy ? "copy" : "1'b1";
}

inline std::string counted(fabric::efsm::Count count) {
  using fabric::efsm::Count;
  switch (count) {
    case Count::Clear: return "4'd0";
    case Count::Add1: return "counter + 4'd1";
    case Count::Add2: return "counter + 4'd2";
    case Count::Hold: break;
  }
  return "counter";
}

/// Where a state leads. What both ways have in common stands in front.
template <std::size_t N>
std::string transition_lines(const fabric::efsm::State& state,
                             const std::array<fabric::efsm::State, N>& table) {
  const auto& [first, second] = state.transitions;
  const auto next = [&](const fabric::efsm::Transition& t) {
    return "next_state = " + std::string(table[t.next].name) + ";";
  };
  const auto count = [&](const fabric::efsm::Transition& t) {
    return "next_counter = " + counted(t.count) + ";";
  };
  if (first.when == fabric::efsm::When::Always || (first.next == second.next && first.count == second.count))
    return next(first) + "\n" + count(first) + "\n";
  const auto either = "if (" + condition(first.when) + ") ";
  if (first.count == second.count)
    return count(first) + "\n" + either + next(first) + "\nelse " + next(second) + "\n";
  return either + "begin\n  " + next(first) + "\n  " + count(first) + "\nend else begin\n  " + next(second) +
         "\n  " + count(second) + "\nend\n";
}

/// The control outputs of a state that are not zero. What a port that is not used would do is left out.
template <fabric::SignPolicy Sign>
std::string control_lines(const fabric::efsm::State& state) {
  using namespace fabric;
  std::string text;
  if (state.read1 == efsm::Read1::Fixed) text += "reads1 = 1'b1; row1 = " + row_name(state.row1) + ";\n";
  if (state.read1 == efsm::Read1::Activation) text += "reads1 = 1'b1; row1_is_selected = 1'b1;\n";
  if (state.reads2) text += "reads2 = 1'b1; row2 = " + row_name(state.row2) + ";\n";
  if (state.carry) text += "carry = 1'b1;\n";
  if (state.write1 != Write1::None)
    text += "writes1 = 1'b1; select1 = " + select_name(resolved<Sign>(state.write1)) +
            "; target1 = " + row_name(state.target1) + ";\n";
  if (state.write2 != Write2::None)
    text += "writes2 = " + condition(state.write2_if) + "; select2 = " + select_name(state.write2) +
            "; target2 = " + row_name(state.target2) + ";\n";
  if (state.readout) text += "readout = 1'b1;\n";
  if (state.loads_precision) text += "loads_precision = 1'b1;\n";
  const auto loads = condition(state.loads_inputs_if);
  if (state.loads_inputs1) text += "loads_inputs1 = " + loads + ";\n";
  if (state.loads_inputs2) text += "loads_inputs2 = " + loads + ";\n";
  if (state.shifts_inputs) text += "shifts_inputs = 1'b1;\n";
  return text;
}

}  // namespace detail

/// Whether a state of the table looks at the flag `copy`.
template <std::size_t N>
[[nodiscard]] constexpr bool looks_at_copy(const std::array<fabric::efsm::State, N>& table) noexcept {
  using fabric::efsm::If;
  return std::ranges::any_of(table, [](const fabric::efsm::State& state) {
    return (state.write2 != fabric::Write2::None && state.write2_if == If::Copy) ||
           ((state.loads_inputs1 || state.loads_inputs2) && state.loads_inputs_if == If::Copy);
  });
}

/// Whether a state of the table copies a word through write port 1.
template <std::size_t N>
[[nodiscard]] constexpr bool stores_word1(const std::array<fabric::efsm::State, N>& table) noexcept {
  return std::ranges::any_of(
      table, [](const fabric::efsm::State& state) { return state.write1 == fabric::Write1::Word1; });
}

/// Names of the signals that let registers load, as far as the states of a table use them.
template <std::size_t N>
[[nodiscard]] std::vector<std::string> load_signals(const std::array<fabric::efsm::State, N>& table) {
  using fabric::efsm::State;
  std::vector<std::string> names;
  const auto add = [&](const char* name, bool State::*loads) {
    if (std::ranges::any_of(table, loads)) names.emplace_back(name);
  };
  add("loads_precision", &State::loads_precision);
  add("loads_inputs1", &State::loads_inputs1);
  add("loads_inputs2", &State::loads_inputs2);
  return names;
}

/// `localparam` lines with the states of a table, numbered as there.
template <std::size_t N>
[[nodiscard]] std::string state_constants(const std::array<fabric::efsm::State, N>& table) {
  static_assert(N <= 16, "the emitted state register has four bits");
  std::string text;
  for (std::size_t i = 0; i < N; ++i)
    text += "localparam logic [3:0] " + std::string(table[i].name) + " = " + literal(4, static_cast<int>(i)) +
            ";\n";
  return text;
}

/// The branches of a `case (state)`: control outputs, next state and next counter of every state.
///
/// Outputs that a state does not name keep the defaults that were assigned before the `case`, all zero.
template <fabric::SignPolicy Sign, std::size_t N>
[[nodiscard]] std::string state_branches(const std::array<fabric::efsm::State, N>& table) {
  std::string text;
  for (const auto& state : table)
    text += std::string(state.name) + ": begin\n  " +
            detail::indented(detail::control_lines<Sign>(state) + detail::transition_lines(state, table), 2) +
            "end\n";
  return text;
}

}  // namespace bitloom::rtl
