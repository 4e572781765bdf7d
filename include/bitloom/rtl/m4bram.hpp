// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bitloom/fabric/m4bram.hpp>
#include <bitloom/fabric/m4bram_instruction.hpp>
#include <bitloom/rtl/efsm.hpp>
#include <bitloom/rtl/emit.hpp>
#include <bitloom/rtl/hardware.hpp>
#include <bitloom/rtl/m4bram_text.hpp>
#include <bitloom/rtl/text.hpp>

namespace bitloom::rtl {

/// M4BRAM: instructions share port A with the memory. Weight precision, duplication, activation precision and sign are
/// registers, so one module serves all duplications.
///
/// Select codes are those of the synchronous controller for both clockings: the released double-pumped one has the same
/// code for zero and inverted, which no circuit can tell apart. Blocks whose policies make requests wait or trap wraps have
/// none.
template <fabric::M4bramBlock B>
  requires(!B::policies::PortConflict::stalls && !B::policies::Overflow::traps)
struct Hardware<B> {
  using Size = typename B::size;
  using Clocking = typename B::clocking;
  using Timing = typename B::timing;
  using Emitted = fabric::M4bram<Size, Clocking, 1, typename B::policies>;
  using Sign = typename B::policies::Sign;
  static constexpr std::string_view name = Emitted::name;
  static constexpr int arrays = B::elements;
  static constexpr int row_bits = B::row_bits;
  static constexpr int word_bits = B::port_bits;
  static constexpr int address_bits = 9;
  static constexpr int clock_ratio = Clocking::clock_ratio;
  static constexpr std::string_view header = detail::m4bram_header;

  static constexpr auto table() noexcept { return Clocking::template table<Timing>(); }
  static constexpr int select_code(fabric::Write1 write) noexcept {
    return fabric::Synchronous::select_code(write);
  }
  static constexpr int select_code(fabric::Write2 write) noexcept {
    return fabric::Synchronous::select_code(write);
  }

  static std::vector<Column> registers() {
    std::vector<Column> columns{{"state"},       {"counter"},         {"weight_precision"},
                                {"duplication"}, {"activation_bits"}, {"signed_inputs"}};
    if (pumped) columns.push_back({"activation_buffer", 8});
    for (int k = 0; k < arrays; ++k)
      for (const char* input : {"input1_", "input2_"}) columns.push_back({input + std::to_string(k), 2});
    return columns;
  }

  static std::vector<Input> bus() {
    return {{"rst"}, {"cim_en"}, {"in_clear"}, {"byte_en", 4}, {"a_slice", 2}};
  }

  static std::vector<Place> places() {
    namespace cim = fabric::cim;
    const auto bits = [](const fabric::InstructionField& f) { return bit_range(f.offset, f.width); };
    const auto number = [](int value) { return std::to_string(value); };
    const std::vector<Place> fields{{"sign_bit", bits(cim::signed_activations)},
                                    {"precision_bits", bits(cim::precision)},
                                    {"weight_bits", bits(cim::weight_precision)},
                                    {"duplication_bits", bits(cim::duplication)},
                                    {"buffer_load", std::string(pumped ? detail::m4bram_buffer_load : "")},
                                    {"word_refusal", std::string(large ? detail::m4bram_word_refusal : "")}};
    std::string inputs, clear, load;
    for (int k = 0; k < arrays; ++k) {
      const std::vector<Place> here{{"k", number(k)},
                                    {"source", pumped ? "activation_buffer" : "a_data"},
                                    {"byte", bit_range(8 * k, 8)}};
      inputs += fill("logic [7:0] input1_@k@, input2_@k@;\n", here);
      clear += fill("{input1_@k@, input2_@k@} <= 16'd0;\n", here);
      load += fill(detail::m4bram_load, here);
    }
    std::vector<Place> result{
        {"reset", "byte_en" + bits(cim::reset)},
        {"start", "byte_en" + bits(cim::start)},
        {"copy", "byte_en" + bits(cim::copy)},
        {"copy_assign", "assign copy = instruction && byte_en" + bits(cim::copy) + ";"},
        {"done", "byte_en" + bits(cim::done)},
        {"instruction", "cim_en && !in_clear"},
        {"registers",
         fill(detail::m4bram_registers,
              {{"inputs", inputs}, {"buffer", pumped ? "logic [31:0] activation_buffer;" : ""}})},
        {"clear_registers", clear},
        {"load_registers", load},
        {"configuration", fill(detail::m4bram_configuration, fields)},
        {"if_served", pumped ? " if (phase)" : ""},
        {"code8", "2'd2"},
        {"code4", "2'd1"},
        {"lane_code", "weight_precision"},
        {"if_checked", ""},
        {"refusals", fill(detail::m4bram_refusals, fields)},
        {"copying", copy_lines()}};
    const auto head = head_places();
    result.insert(result.end(), fields.begin(), fields.end());
    result.insert(result.end(), head.begin(), head.end());
    return result;
  }

  static std::vector<Place> array_places(int array) {
    return {{"weights", "weights_" + std::to_string(array)}, {"write1_word", ""}};
  }

  static std::vector<Place> test_places() {
    return {{"inputs", pumped ? "logic phase = 1'b0;" : ""},
            {"begin", "if (request_a != 4'd1) malformed();"},
            {"phase", pumped ? "phase = cycle[0];" : ""}};
  }

 private:
  static constexpr bool pumped = clock_ratio == 2;
  static constexpr bool large = B::word_bits == 2 * B::port_bits;

  /// What the comment at the head of the module says.
  static std::vector<Place> head_places() {
    return {{"copy_note", std::string(pumped ? detail::m4bram_pumped_copy_note : detail::m4bram_copy_note)},
            {"weight_words", large ? "0..255" : "0..511"},
            {"weight_word_bits", std::to_string(B::word_bits)},
            {"part_bits", std::to_string(B::chunk_bits)},
            {"clocking", pumped ? fill(detail::m4bram_clocking, {{"period", period()}}) : ""},
            {"phase_port", std::string(pumped ? detail::m4bram_phase_port : "")},
            {"select_note", large ? "{element, half}" : "element"}};
  }

  static std::string period() {
    return std::string("A MAC2 of n-bit activations takes n + 4 cycles") +
           (Timing::aligned       ? ", one more if n is odd."
            : Timing::extra_shift ? ", a shift\n// too many if they are unsigned, as released."
                                  : ".");
  }

  static std::string copy_lines() {
    std::string rows, weights;
    for (int k = 0; k < arrays; ++k) {
      rows += fill(k == 0 ? "weights_@k@" : ", weights_@k@", {{"k", std::to_string(k)}});
      weights += fill(
          "assign weights_@k@ = sign_extend(chunk(weight_word, a_slice, duplication, 2'd@k@), "
          "weight_precision);\n",
          {{"k", std::to_string(k)}});
    }
    return fill(detail::m4bram_copy,
                {{"weight_word_high", std::to_string(B::word_bits - 1)},
                 {"address", large ? "reads_weights ? {a_address[7:0], 1'b0} : a_address" : "a_address"},
                 {"weight_word", large ? "{main_array[{a_address[7:0], 1'b1}], word_a}" : "word_a"},
                 {"part_high", std::to_string(B::chunk_bits - 1)},
                 {"part_bits", std::to_string(B::chunk_bits)},
                 {"chunk_zeros", large ? "4'd0" : "3'd0"},
                 {"row_high", std::to_string(row_bits - 1)},
                 {"rows", rows},
                 {"weights", weights}});
  }
};

}  // namespace bitloom::rtl
