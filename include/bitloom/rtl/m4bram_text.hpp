// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bitloom::rtl::detail {

// The SystemVerilog text that only M4BRAM blocks have; the rest is in block_text.hpp. Names between two `@` are places
// that m4bram.hpp and emit.hpp fill.

inline constexpr std::string_view m4bram_header =
    R"(// @name@: a block RAM of 512 x 32 bits with four elements that multiply and accumulate the weights it stores.
// Written by bitloom @version@ from the tables of its machine: change those, not this file.
//
// While cim_en is 1, port A carries an instruction. With in_clear it is a configuration, in force from the next cycle on:
//   byte_en@sign_bit@     signed_inputs  activations are two's complement
//   byte_en@precision_bits@   precision      bits of an activation, less one: 1..7
//   a_data@weight_bits@    weights        0, 1, 2: weights of 2, 4, 8 bits
//   a_data@duplication_bits@    duplication    0, 1, 2: a weight word has 1, 2, 4 slices
// Without it, a_data holds an activation for each element, in the top bits of its byte, and there are four flags:
//   @reset@     reset          back to IDLE; the configuration stays
//   @start@     start          from IDLE or from readout
//   @copy@     copy           @copy_note@
//   @done@     done           in ACC: read the accumulators out
// A copy reads weight word a_address (@weight_words@, of @weight_word_bits@ bits) and spreads its slice a_slice over the elements: a
// slice has chunks of @part_bits@ bits, and element b gets chunk b modulo their number.
//
// Both ports are 512 x 32 and synchronous. A read returns the old word if the other port writes it in the same
// cycle; a write puts its own data at its output. In a cycle with an instruction or a copy, port A may not ask the
// memory for anything, and it may not read while readout is 1; both ports may not write one word. Port B is always free.
@clocking@
module @module@ (
    input  logic        clk,
    input  logic        rst,             // idle and not configured after the next edge; the arrays keep what they hold
    input  logic        cim_en,          // port A carries an instruction
    input  logic        in_clear,        // it is a configuration
    input  logic [3:0]  byte_en,         // of an instruction
    input  logic        a_enable,        // port A asks the memory
    input  logic        a_write,
    input  logic [8:0]  a_address,       // of a word; in a copy, of a weight word
    input  logic [1:0]  a_slice,         // in a copy, below the duplication
    input  logic [31:0] a_data,
    output logic [31:0] a_q,             // word read_select of the accumulators while readout is 1
    input  logic        b_enable,
    input  logic        b_write,
    input  logic [8:0]  b_address,
    input  logic [31:0] b_data,
    output logic [31:0] b_q,
    @phase_port@
    output logic        readout,
    input  logic [@select_high@:0]  read_select      // @select_note@
);
)";

inline constexpr std::string_view m4bram_registers =
    R"(logic [3:0] activation_bits;  // 0 if nothing is configured
logic [1:0] weight_precision, duplication;  // codes of the configuration
logic signed_inputs;
@inputs@
@buffer@
)";

inline constexpr std::string_view m4bram_load = R"(if (loads_inputs1) input1_@k@ <= @source@@byte@;
else if (loads_inputs2) input2_@k@ <= @source@@byte@;
else if (shifts_inputs) {input1_@k@, input2_@k@} <= {input1_@k@ << 1, input2_@k@ << 1};
)";

inline constexpr std::string_view m4bram_configuration =
    R"(// it survives the flag, and counts from the next cycle on
logic configures;
assign configures = cim_en && in_clear;
always_ff @(posedge clk)
  if (rst) {signed_inputs, activation_bits, weight_precision, duplication} <= 9'd0;
  else if (configures)
    {signed_inputs, activation_bits, weight_precision, duplication} <=
        {byte_en@sign_bit@, {1'b0, byte_en@precision_bits@} + 4'd1, a_data@weight_bits@, a_data@duplication_bits@};
@buffer_load@
)";

// DoublePumped: activations wait here for the state that loads them.
inline constexpr std::string_view m4bram_buffer_load = R"(always_ff @(posedge clk)
  if (rst) activation_buffer <= 32'd0;
  else if (copy) activation_buffer <= a_data;
)";

inline constexpr std::string_view m4bram_copy =
    R"(assign a_request = a_enable && !cim_en && !reads_weights;
// a word is copied in the cycle that addresses it
logic [@weight_word_high@:0] weight_word;
logic [@row_high@:0] @rows@;
assign reads_weights = writes2 && select2 == WRITE2_WORD;
assign address_a = @address@;
assign address_b = b_address;
assign weight_word = @weight_word@;
@weights@

// the duplication shuffler: the chunk of a slice that an element gets
function automatic logic [@part_high@:0] chunk(input logic [@weight_word_high@:0] word, input logic [1:0] slice,
                                     input logic [1:0] slices, input logic [1:0] element);
  logic [1:0] place;
  place = slices == 2'd2 ? slice : slices == 2'd1 ? {slice[0], element[0]} : element;
  chunk = word[{place, @chunk_zeros@} +: @part_bits@];
endfunction
)";

inline constexpr std::string_view m4bram_refusals =
    R"(if (a_enable && cim_en) $error("port conflict: port A carries an instruction");
if (a_enable && reads_weights) $error("port conflict: the eFSM reads the main array");
if (reads_weights && a_slice >> duplication != 2'd0) $error("a_slice: %0d is beyond the duplication", a_slice);
@word_refusal@
if (configures && byte_en@precision_bits@ == 3'd0) $error("precision code: 0 is undefined");
if (configures && a_data@weight_bits@ == 2'd3) $error("weight precision code: 3 is undefined");
if (configures && a_data@duplication_bits@ == 2'd3) $error("duplication code: 3 is undefined");
)";

inline constexpr std::string_view m4bram_word_refusal =
    "if (reads_weights && a_address[8]) $error(\"weight word: %0d is beyond the memory\", a_address);";

inline constexpr std::string_view m4bram_copy_note =
    R"(activations load: the first in INIT_W1 and ADD, the second in INIT_W2 and ACC;
//                                 in ADD and ACC: copy a weight word)";
inline constexpr std::string_view m4bram_pumped_copy_note =
    R"(a_data goes to activation_buffer; the first activations load out of it in INIT_W1,
//                                 ADD and DONE_BUB (the second in COPY_W2, always); in ADD: copy a weight word)";

inline constexpr std::string_view m4bram_clocking = R"(//
// clk is the clock of the eFSM and the dummy arrays, twice the main clock. A main cycle is a cycle with phase = 0 and the
// one after it. The eFSM sees instructions in both; the memory serves its ports at the end of the main cycle, and what they
// ask for has to be stable over both. @period@
)";
inline constexpr std::string_view m4bram_phase_port =
    "input  logic        phase,           // 0 in the first half of a main cycle";

}  // namespace bitloom::rtl::detail
