// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <bitloom/core/version.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/bramac_instruction.hpp>
#include <bitloom/rtl/bramac_text.hpp>
#include <bitloom/rtl/efsm.hpp>
#include <bitloom/rtl/text.hpp>

namespace bitloom::rtl {

/// A BRAMAC block of any variant and sign policy.
template <class B>
concept BramacBlock = std::derived_from<B, fabric::Bramac<typename B::variant, typename B::sign_policy>>;

/// Name of the emitted module, e.g. `bramac_2sa`.
template <BramacBlock B>
[[nodiscard]] std::string module_name() {
  return identifier(B::name);
}

namespace detail {

/// The text once for every dummy array, with its number at the places `k`, from 0, and `n`, from 1.
template <BramacBlock B>
std::string for_each_array(std::string_view text) {
  std::string result;
  for (int k = 0; k < B::arrays; ++k)
    result += fill(text, {{"k", std::to_string(k)}, {"n", std::to_string(k + 1)}});
  return result;
}

inline std::string bus(const fabric::InstructionField& field) {
  return "a_data" + bit_range(field.offset, field.width);
}

/// One line of a comment for every field of the instruction, from the lowest bit.
template <fabric::BramacVariant V>
std::string field_lines() {
  using L = fabric::InstructionLayout<V>;
  const auto line = [](const fabric::InstructionField& field, std::string_view name,
                       std::string_view meaning) {
    if (field.width == 0) return std::string();
    auto text = "//   " + bit_range(field.offset, field.width);
    text.append(13 - text.size(), ' ').append(name);
    text.append(28 - text.size(), ' ').append(meaning);
    return text + "\n";
  };
  constexpr bool two_rows = L::row2.width > 0;
  return line(L::precision, "precision", "1, 2, 3: weights and activations of 2, 4, 8 bits") +
         line(L::signed_inputs, "signed_inputs", "activations are two's complement") +
         line(L::reset, "reset", "back to IDLE; wins over everything") +
         line(L::start, "start", "from IDLE or from readout") +
         line(L::copy, "copy",
              V::clock_ratio == 1 ? "in ADD and ACC: copy a weight word" : "without effect") +
         line(L::done, "done", "in ACC: read the accumulators out") +
         line(L::row1, "row1", two_rows ? "row of the first weight word" : "row of the weight word") +
         line(L::row2, "row2", "row of the second weight word") +
         line(L::column, "column", "column of the main array") +
         line(L::input1, "input1", "activation 1, in the top bits") +
         line(L::input2, "input2", "activation 2, in the top bits");
}

inline std::string constant_line(int width, const std::string& name, int value) {
  return "localparam logic [" + std::to_string(width - 1) + ":0] " + name + " = " + literal(width, value) +
         ";\n";
}

template <fabric::BramacVariant V>
std::string select_constants() {
  using fabric::Write1;
  using fabric::Write2;
  std::string text;
  for (const auto write : {Write1::Sum, Write1::ShiftedSum, Write1::Word1})
    if (write != Write1::Word1 || V::clock_ratio == 2)
      text += constant_line(2, select_name(write), V::select_code(write));
  for (const auto write : {Write2::Zero, Write2::Inverted, Write2::Word})
    text += constant_line(2, select_name(write), V::select_code(write));
  return text;
}

/// The states that copy weights, as a condition on the next state.
template <fabric::BramacVariant V>
std::string leads_to_copy() {
  std::string text;
  for (const auto& state : V::table())
    if (state.write2 == fabric::Write2::Word)
      text += (text.empty() ? "next_state == " : " || next_state == ") + std::string(state.name);
  return text;
}

template <fabric::BramacVariant V>
std::string weight_lines() {
  using L = fabric::InstructionLayout<V>;
  const auto address = [](const fabric::InstructionField& row) {
    return "{" + bus(row) + ", " + bus(L::column) + "}";
  };
  const std::vector<Place> places{{"address1", address(L::row1)},
                                  {"address2", L::row2.width > 0 ? address(L::row2) : std::string()},
                                  {"precision", bus(L::precision)},
                                  {"leads_to_copy", leads_to_copy<V>()}};
  return fill(V::clock_ratio == 1 ? bramac_copy : bramac_capture, places);
}

}  // namespace detail

/// Writes the block as one synthesizable SystemVerilog module.
///
/// Control outputs, next states, instruction fields and codes come from the tables that the machine runs; the ports
/// are described at the head of the module. The memory is true dual port, 512 x 40, with the machine's default
/// read-during-write policies: new data on the same port, old data on the other.
template <BramacBlock B>
void emit(std::ostream& out) {
  using V = typename B::variant;
  using L = fabric::InstructionLayout<V>;
  constexpr auto table = V::table();
  constexpr bool pumped = V::clock_ratio == 2;

  std::string rows;
  for (std::size_t i = 0; i < row_names.size(); ++i)
    rows += detail::constant_line(3, row_names[i], static_cast<int>(i));
  std::string loads, no_loads;
  for (int k = 1; k <= B::arrays; ++k) {
    loads += (k == 1 ? "loads_inputs" : ", loads_inputs") + std::to_string(k);
    no_loads += "loads_inputs" + std::to_string(k) + " = 1'b0;\n";
  }
  bool copies_if_asked = false;
  for (const auto& state : table)
    copies_if_asked = copies_if_asked ||
                      (state.write2 != fabric::Write2::None && state.write2_if == fabric::efsm::If::Copy);

  std::string arrays;
  for (int k = 0; k < B::arrays; ++k) {
    const auto number = std::to_string(k);
    arrays +=
        fill(detail::bramac_array,
             {{"k", number},
              {"write1_word", pumped ? "WRITE1_WORD: array_" + number + "[target1] <= weights1;" : ""}});
  }

  const std::vector<Place> places{
      {"name", std::string(B::name)},
      {"version", std::string(version)},
      {"module", module_name<B>()},
      {"fields", detail::field_lines<V>()},
      {"clocking", std::string(pumped ? detail::bramac_clocking : "")},
      {"phase_port", std::string(pumped ? detail::bramac_phase_port : "")},
      {"phase", std::string(pumped ? detail::bramac_phase : "")},
      {"and_last", pumped ? " && phase" : ""},
      {"select_high", B::arrays == 2 ? "2" : "1"},
      {"select_note", B::arrays == 2 ? "{array, word}" : "word"},
      {"rows", rows},
      {"selects", detail::select_constants<V>()},
      {"states", state_constants(table)},
      {"copy_flag", copies_if_asked ? ", copy" : ""},
      {"copy_assign", copies_if_asked ? "assign copy = instruction && " + detail::bus(L::copy) + ";" : ""},
      {"reset", detail::bus(L::reset)},
      {"start", detail::bus(L::start)},
      {"done", detail::bus(L::done)},
      {"precision", detail::bus(L::precision)},
      {"signed_inputs", detail::bus(L::signed_inputs)},
      {"inputs", detail::for_each_array<B>("logic [7:0] input1_@k@, input2_@k@;\n")},
      {"clear_inputs", detail::for_each_array<B>("{input1_@k@, input2_@k@} <= 16'd0;\n")},
      {"load_inputs",
       detail::for_each_array<B>("if (loads_inputs@n@) {input1_@k@, input2_@k@} <= {" +
                                 detail::bus(L::input1) + ", " + detail::bus(L::input2) +
                                 "};\nelse if (shifts_inputs) "
                                 "{input1_@k@, input2_@k@} <= {input1_@k@ << 1, input2_@k@ << 1};\n")},
      {"loads", loads},
      {"no_loads", no_loads},
      {"branches", state_branches<typename B::sign_policy>(table)},
      {"weights", detail::weight_lines<V>()},
      {"arrays", arrays},
      {"accumulator",
       std::string(B::arrays == 2 ? detail::bramac_two_accumulators : detail::bramac_accumulator)},
      {"word_select", B::arrays == 2 ? "[1:0]" : ""}};
  out << fill(detail::bramac_header, places) << fill(detail::bramac_efsm, places)
      << fill(detail::bramac_datapath, places);
}

}  // namespace bitloom::rtl
