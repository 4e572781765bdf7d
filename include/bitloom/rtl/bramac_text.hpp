// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bitloom::rtl::detail {

// The SystemVerilog text of a BRAMAC block. Names between two `@` are places that bramac.hpp fills: whatever follows
// from the tables of the machine, and whatever the variants do not share.

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

inline constexpr std::string_view bramac_efsm = R"(
  // Rows of a dummy array. The first four double as an index: {activation 2, activation 1} selects 0, W1, W2, W1 + W2.
  @rows@

  // What the write ports of a dummy array store.
  @selects@

  // States of the eFSM.
  @states@

  // ---- instruction

  logic instruction, reset, start@copy_flag@, done;
  assign instruction = comp_en && a_enable && a_write && a_address == 12'hFFF;
  assign reset = instruction && @reset@;
  assign start = instruction && @start@;
  @copy_assign@
  assign done = instruction && @done@;

  // ---- registers

  logic [3:0] state, counter, next_state, next_counter;
  logic [1:0] precision;  // code of the instruction
  logic signed_inputs;
  @inputs@
  @phase@

  // ---- eFSM

  logic [3:0] element_bits;
  logic reads1, row1_is_selected, reads2, carry, writes1, writes2;
  logic [2:0] row1, row2, target1, target2;
  logic [1:0] select1, select2;
  logic loads_precision, @loads@, shifts_inputs;
  assign element_bits = 4'd1 << precision;

  always_comb begin
    reads1 = 1'b0;
    row1_is_selected = 1'b0;
    row1 = ROW_ZERO;
    reads2 = 1'b0;
    row2 = ROW_ZERO;
    carry = 1'b0;
    writes1 = 1'b0;
    select1 = 2'd0;
    target1 = ROW_ZERO;
    writes2 = 1'b0;
    select2 = 2'd0;
    target2 = ROW_ZERO;
    readout = 1'b0;
    loads_precision = 1'b0;
    @no_loads@
    shifts_inputs = 1'b0;
    next_state = IDLE;
    next_counter = 4'd0;
    case (state)
      @branches@
      default: next_state = IDLE;
    endcase
  end

  always_ff @(posedge clk) begin
    if (rst || reset) begin
      state <= IDLE;
      counter <= 4'd0;
      precision <= 2'd0;
      signed_inputs <= 1'b0;
      @clear_inputs@
    end else begin
      state <= next_state;
      counter <= next_counter;
      if (loads_precision) {signed_inputs, precision} <= {@signed_inputs@, @precision@};
      @load_inputs@
    end
  end
)";

inline constexpr std::string_view bramac_datapath = R"(
  // ---- main array

  logic [39:0] main_array [0:511];
  logic [39:0] output_a, word_a, word_b;
  logic [8:0] address_a, address_b;
  logic a_request, reads_weights;
  assign a_request = a_enable && !instruction;
  @weights@

  assign word_a = main_array[address_a];
  assign word_b = main_array[address_b];
  always_ff @(posedge clk)
    if (!reads_weights@and_last@) begin
      if (a_request) output_a <= a_write ? a_data : word_a;
      if (b_enable) b_q <= b_write ? b_data : word_b;
      if (a_request && a_write) main_array[address_a] <= a_data;
      if (b_enable && b_write) main_array[address_b] <= b_data;
    end

  // ---- lanes of 8, 16 or 32 bits

  // Element e of the word becomes lane e of the row, sign-extended to four times its width.
  function automatic logic [159:0] sign_extend(input logic [39:0] word, input logic [1:0] code);
    case (code)
      2'd3: for (int e = 0; e < 5; e++) sign_extend[32*e +: 32] = {{24{word[8*e+7]}}, word[8*e +: 8]};
      2'd2: for (int e = 0; e < 10; e++) sign_extend[16*e +: 16] = {{12{word[4*e+3]}}, word[4*e +: 4]};
      default: for (int e = 0; e < 20; e++) sign_extend[8*e +: 8] = {{6{word[2*e+1]}}, word[2*e +: 2]};
    endcase
  endfunction

  // One adder for all lanes. The highest bit of a lane is added apart; in its place both operands have `one`, so that
  // no carry leaves the lane, and the next lane begins with `one`.
  function automatic logic [159:0] add(input logic [159:0] x, input logic [159:0] y, input logic one,
                                       input logic [1:0] code);
    logic [159:0] high, ends;
    high = code == 2'd3 ? {5{32'h80000000}} : code == 2'd2 ? {10{16'h8000}} : {20{8'h80}};
    ends = one ? high : 160'd0;
    add = (((x & ~high) | ends) + ((y & ~high) | ends) + {159'd0, one}) ^ ((x ^ y) & high);
  endfunction

  // Every lane times two: its highest bit is lost, its lowest becomes zero.
  function automatic logic [159:0] shift_left(input logic [159:0] x, input logic [1:0] code);
    shift_left = (x << 1) & ~(code == 2'd3 ? {5{32'd1}} : code == 2'd2 ? {10{16'd1}} : {20{8'd1}});
  endfunction
@arrays@

  // ---- outputs

  @accumulator@
  always_comb
    case (read_select@word_select@)
      2'd0: accumulator_word = accumulator[39:0];
      2'd1: accumulator_word = accumulator[79:40];
      2'd2: accumulator_word = accumulator[119:80];
      default: accumulator_word = accumulator[159:120];
    endcase
  assign a_q = readout ? accumulator_word : output_a;

`ifndef SYNTHESIS
  // ---- what the block refuses

  always @(posedge clk)
    if (!rst@and_last@) begin
      if (reads_weights && (a_request || b_enable)) $error("port conflict: the eFSM reads the main array");
      if (readout && a_enable && !a_write) $error("port conflict: the accumulator is at the output of port A");
      if (a_request && a_address > 12'd511) $error("a_address: %0d is beyond the memory", a_address);
      if (a_request && b_enable && a_write && b_write && address_a == address_b)
        $error("port conflict: both ports write address %0d", b_address);
      if (loads_precision && !reset && @precision@ == 2'd0) $error("precision code: 00 is undefined");
    end
`endif
endmodule
)";

inline constexpr std::string_view bramac_array = R"(
  // ---- dummy array @k@: all reads see the rows as they were, both writes commit at the edge

  logic [159:0] array_@k@ [1:6];
  logic [2:0] row1_@k@;
  logic [159:0] read1_@k@, read2_@k@, sum_@k@;
  assign row1_@k@ = row1_is_selected ? {1'b0, input2_@k@[7], input1_@k@[7]} : row1;
  assign read1_@k@ = reads1 && row1_@k@ != ROW_ZERO ? array_@k@[row1_@k@] : 160'd0;
  assign read2_@k@ = reads2 && row2 != ROW_ZERO ? array_@k@[row2] : 160'd0;
  assign sum_@k@ = add(read1_@k@, read2_@k@, carry, precision);
  always_ff @(posedge clk) begin
    if (writes1)
      case (select1)
        WRITE1_SUM: array_@k@[target1] <= sum_@k@;
        @write1_word@
        default: array_@k@[target1] <= shift_left(sum_@k@, precision);  // WRITE1_SHIFTED
      endcase
    if (writes2)
      case (select2)
        WRITE2_ZERO: array_@k@[target2] <= 160'd0;
        WRITE2_INVERTED: array_@k@[target2] <= ~read1_@k@;
        default: array_@k@[target2] <= weights;  // WRITE2_WORD
      endcase
  end
)";

// 2SA: a word is copied in the cycle that addresses it.
inline constexpr std::string_view bramac_copy =
    R"(// a word is copied in the cycle that addresses it; a precision that this cycle loads holds for the word already
logic [159:0] weights;
assign reads_weights = writes2 && select2 == WRITE2_WORD;
assign address_a = reads_weights ? @address1@ : a_address[8:0];
assign address_b = b_address;
assign weights = sign_extend(word_a, loads_precision ? @precision@ : precision);
)";

// 1DA: both words are captured at the end of the main cycle before the copy.
inline constexpr std::string_view bramac_capture =
    R"(// both words of a copy are captured at the end of the main cycle before it
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

// At read port 2 during readout.
inline constexpr std::string_view bramac_accumulator = R"(logic [159:0] accumulator;
logic [39:0] accumulator_word;
assign accumulator = read2_0;
)";
inline constexpr std::string_view bramac_two_accumulators = R"(logic [159:0] accumulator;
logic [39:0] accumulator_word;
assign accumulator = read_select[2] ? read2_1 : read2_0;
)";

}  // namespace bitloom::rtl::detail
