// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include <bitloom/fabric/dummy_array.hpp>
#include <bitloom/fabric/efsm.hpp>

namespace bitloom::examples {

/// Rows of a dummy array as the papers call them, by number.
inline constexpr std::array<std::string_view, 7> row_names{"ZERO", "W1", "W2", "W12", "INV", "PSUM", "ACC"};

inline std::string_view row_name(fabric::Row row) { return row_names[static_cast<std::size_t>(row)]; }

/// What one cycle of a dummy array does, e.g. `PSUM <- (W12 + PSUM) << 1`; empty if it does nothing.
/// @param first   name of what read port 1 reads
/// @param shifts  the sign step shifts
inline std::string operation_text(const fabric::ArrayCycle& cycle, std::string_view first, bool shifts) {
  using fabric::Write1;
  using fabric::Write2;
  const auto sum = fmt::format("{} + {}{}", first, row_name(cycle.read2), cycle.carry ? " + 1" : "");
  std::string text;
  if (cycle.write1 == Write1::Word1)
    text = fmt::format("{} <- word 1", row_name(cycle.target1));
  else if (cycle.write1 == Write1::ShiftedSum || (cycle.write1 == Write1::SignStep && shifts))
    text = fmt::format("{} <- ({}) << 1", row_name(cycle.target1), sum);
  else if (cycle.write1 != Write1::None)
    text = fmt::format("{} <- {}", row_name(cycle.target1), sum);
  if (cycle.write2 == Write2::None) return text;
  if (!text.empty()) text += ", ";
  text += row_name(cycle.target2);
  if (cycle.write2 == Write2::Zero) return text + " <- 0";
  if (cycle.write2 == Write2::Inverted) return text + fmt::format(" <- ~{}", first);
  return text + (cycle.write1 == Write1::Word1 ? " <- word 2" : " <- word");
}

/// The same for a state of the table; what depends on the instruction stands in brackets.
inline std::string operation_text(const fabric::efsm::State& state, bool shifts) {
  using fabric::efsm::If;
  const fabric::ArrayCycle cycle{
      .read1 = state.row1,
      .read2 = state.row2,
      .carry = state.carry,
      .write1 = state.write1,
      .target1 = state.target1,
      .write2 = state.write2_if == If::Always ? state.write2 : fabric::Write2::None,
      .target2 = state.target2};
  const auto first =
      state.read1 == fabric::efsm::Read1::Activation ? std::string_view("row[sel]") : row_name(state.row1);
  auto text = operation_text(cycle, first, shifts);
  if (state.write2_if != If::Always && state.write2 != fabric::Write2::None) {
    const fabric::ArrayCycle conditional{.write2 = state.write2, .target2 = state.target2};
    text +=
        fmt::format("{}[{}: {}]", text.empty() ? "" : ", ", state.write2_if == If::Start ? "start" : "copy",
                    operation_text(conditional, first, shifts));
  }
  if (state.readout) text += text.empty() ? "readout" : ", readout";
  return text;
}

}  // namespace bitloom::examples
