// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/bramac_instruction.hpp>
#include <bitloom/rtl/bramac_text.hpp>
#include <bitloom/rtl/efsm.hpp>
#include <bitloom/rtl/emit.hpp>
#include <bitloom/rtl/hardware.hpp>
#include <bitloom/rtl/text.hpp>

namespace bitloom::rtl {

/// A BRAMAC block of any variant and sign policy.
template <class B>
concept BramacBlock = std::derived_from<B, fabric::Bramac<typename B::variant, typename B::sign_policy>>;

namespace detail {

/// Bits of a signal that hold a field of an instruction.
inline std::string bits_of(std::string_view signal, const fabric::InstructionField& field) {
  return std::string(signal) + bit_range(field.offset, field.width);
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
std::string copy_lines() {
  using L = fabric::InstructionLayout<V>;
  const auto address = [](const fabric::InstructionField& row) {
    return "{" + bits_of("a_data", row) + ", " + bits_of("a_data", L::column) + "}";
  };
  return fill(V::clock_ratio == 1 ? bramac_copy : bramac_capture,
              {{"address1", address(L::row1)},
               {"address2", L::row2.width > 0 ? address(L::row2) : std::string()},
               {"precision", bits_of("a_data", L::precision)},
               {"leads_to_copy", leads_to_copy<V>()}});
}

}  // namespace detail

/// BRAMAC: the word of an instruction is written to a reserved address; precision and sign come with it.
template <BramacBlock B>
struct Hardware<B> {
  using Emitted = B;
  using Variant = typename B::variant;
  using Sign = typename B::sign_policy;
  static constexpr std::string_view name = B::name;
  static constexpr int arrays = B::arrays;
  static constexpr int row_bits = B::row_bits;
  static constexpr int word_bits = B::word_bits;
  static constexpr int address_bits = 12;
  static constexpr int clock_ratio = Variant::clock_ratio;
  static constexpr std::string_view header = detail::bramac_header;

  static constexpr auto table() noexcept { return Variant::table(); }
  static constexpr int select_code(fabric::Write1 write) noexcept { return Variant::select_code(write); }
  static constexpr int select_code(fabric::Write2 write) noexcept { return Variant::select_code(write); }

  static std::vector<Column> registers() {
    std::vector<Column> columns{{"state"}, {"counter"}, {"precision"}, {"signed_inputs"}};
    for (int k = 0; k < arrays; ++k)
      for (const char* input : {"input1_", "input2_"}) columns.push_back({input + std::to_string(k), 2});
    return columns;
  }

  static std::vector<Input> bus() { return {}; }

  static std::vector<Place> places() {
    using L = fabric::InstructionLayout<Variant>;
    constexpr bool pumped = clock_ratio == 2;
    const auto field = [](const fabric::InstructionField& f) { return detail::bits_of("a_data", f); };
    const auto each = [](const std::string& text) { return detail::for_each_array(arrays, text); };
    const auto precision = std::pair{std::string_view("precision"), field(L::precision)};
    return {
        {"fields", detail::field_lines<Variant>()},
        {"clocking", std::string(pumped ? detail::bramac_clocking : "")},
        {"phase_port", std::string(pumped ? detail::bramac_phase_port : "")},
        {"select_note", arrays == 2 ? "{array, word}" : "word"},
        {"instruction", "comp_en && a_enable && a_write && a_address == 12'hFFF"},
        {"copy_assign", looks_at_copy(table()) ? "assign copy = instruction && " + field(L::copy) + ";" : ""},
        {"reset", field(L::reset)},
        {"start", field(L::start)},
        {"done", field(L::done)},
        {"registers",
         fill(detail::bramac_registers, {{"inputs", each("logic [7:0] input1_@k@, input2_@k@;\n")},
                                         {"phase", std::string(pumped ? detail::bramac_phase : "")}})},
        {"clear_registers",
         "precision <= 2'd0;\nsigned_inputs <= 1'b0;\n" + each("{input1_@k@, input2_@k@} <= 16'd0;\n")},
        {"load_registers", "if (loads_precision) {signed_inputs, precision} <= {" + field(L::signed_inputs) +
                               ", " + field(L::precision) + "};\n" +
                               each("if (loads_inputs@n@) {input1_@k@, input2_@k@} <= {" + field(L::input1) +
                                    ", " + field(L::input2) +
                                    "};\nelse if (shifts_inputs) "
                                    "{input1_@k@, input2_@k@} <= {input1_@k@ << 1, input2_@k@ << 1};\n")},
        {"configuration", ""},
        {"copying", detail::copy_lines<Variant>()},
        {"if_served", pumped ? " if (!reads_weights && phase)" : " if (!reads_weights)"},
        {"code8", "2'd3"},
        {"code4", "2'd2"},
        {"lane_code", "precision"},
        {"if_checked", pumped ? " && phase" : ""},
        {"refusals", fill(detail::bramac_refusals, {precision})}};
  }

  static std::vector<Place> array_places(int array) {
    return {
        {"weights", "weights"},
        {"write1_word",
         clock_ratio == 2 ? "WRITE1_WORD: array_" + std::to_string(array) + "[target1] <= weights1;" : ""}};
  }

  static std::vector<Place> test_places() {
    constexpr bool pumped = clock_ratio == 2;
    return {{"inputs", pumped ? "logic comp_en = 1'b0, phase;" : "logic comp_en = 1'b0;"},
            {"begin", "comp_en = request_a[0];"},
            {"phase",
             pumped ? "if (phase !== cycle[0]) differs(\"phase\", row_t'(phase), row_t'(cycle[0]));" : ""}};
  }
};

}  // namespace bitloom::rtl
