// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bitloom::rtl::detail {

// The SystemVerilog text that only BRAMAC blocks have; the rest is in block_text.hpp. Names between two `@` are places
// that bramac.hpp and emit.hpp fill.

inline constexpr std::string_view bramac_header =
    R"(// @name@: a block RAM of 512 x 40 bits that multiplies and accumulates the weights it stores.
// Written by bitloom @version@ from the tables of its machine: change those, not this file.
//
// A CIM instruction is a write to address 0xFFF on port A while comp_en is 1. Its word, in a_data:
@fields@
// reset, start, copy and done count in an instruction only; the eFSM sees the other bits of a_data as they are.
//
// Both ports are 512 x 40 and synchronous. A read returns the old word if the other port writes it in the same
// cycle; a write puts its own data at its output. In a cycle in which the eFSM reads the main array, neither port may
// ask the memory for anything; port A may not read while readout is 1; both ports may not write one word.
@clocking@
module @module@ (
    input  logic        clk,
    input  logic        rst,             // power-up: idle after the next edge; the arrays keep what they hold
    input  logic        comp_en,         // 1: takes instructions; 0: an ordinary memory
    input  logic        a_enable,
    input  logic        a_write,
    input  logic [11:0] a_address,       // 0..511, or 0xFFF; else it wraps
    input  logic [39:0] a_data,
    output logic [39:0] a_q,             // word read_select of the accumulators while readout is 1
    input  logic        b_enable,
    input  logic        b_write,
    input  logic [8:0]  b_address,
    input  logic [39:0] b_data,
    output logic [39:0] b_q,
    @phase_port@
    output logic        readout,
    input  logic [@select_high@:0]  read_select      // @select_note@
);
)";

inline constexpr std::string_view bramac_registers = R"(logic [3:0] activation_bits;
logic [1:0] precision;  // code of the instruction
logic signed_inputs;
@inputs@
@phase@
assign activation_bits = 4'd1 << precision;
)";

inline constexpr std::string_view bramac_refusals =
    R"(if (reads_weights && (a_request || b_enable)) $error("port conflict: the eFSM reads the main array");
if (a_request && a_address > 12'd511) $error("a_address: %0d is beyond the memory", a_address);
if (loads_precision && !reset && @precision@ == 2'd0) $error("precision code: 00 is undefined");
)";

// 2SA: a word is copied in the cycle that addresses it.
inline constexpr std::string_view bramac_copy =
    R"(assign a_request = a_enable && !instruction;
// a word is copied in the cycle that addresses it; a precision that this cycle loads holds for the word already
logic [159:0] weights;
assign reads_weights = writes2 && select2 == WRITE2_WORD;
assign address_a = reads_weights ? @address1@ : a_address[8:0];
assign address_b = b_address;
assign weights = sign_extend(word_a, loads_precision ? @precision@ : precision);
)";

// 1DA: both words are captured at the end of the main cycle before the copy.
inline constexpr std::string_view bramac_capture =
    R"(assign a_request = a_enable && !instruction;
// both words of a copy are captured at the end of the main cycle before it
logic [39:0] word1, word2;
logic [159:0] weights1, weights;
assign reads_weights = phase && !reset && (@leads_to_copy@);
assign address_a = reads_weights ? @address1@ : a_address[8:0];
assign address_b = reads_weights ? @address2@ : b_address;
assign weights1 = sign_extend(word1, precision);
assign weights = sign_extend(word2, precision);
always_ff @(posedge clk)
  if (reads_weights) {word1, word2} <= {word_a, word_b};
)";

inline constexpr std::string_view bramac_clocking = R"(//
// clk is the eFSM's clock, twice the main clock. A main cycle is a cycle with phase = 0 and the one after it; the ports
// have to be stable over both. The eFSM sees them in both, the main array at the end of the main cycle.
)";
inline constexpr std::string_view bramac_phase_port =
    "output logic        phase,           // 0 in the first half of a main cycle";
inline constexpr std::string_view bramac_phase = "always_ff @(posedge clk) phase <= !rst && !phase;";

}  // namespace bitloom::rtl::detail
