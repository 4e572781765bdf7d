// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace bitloom::rtl::detail {

// The SystemVerilog text that compute-in-BRAM blocks share. Names between two `@` are places that emit.hpp fills:
// whatever follows from the tables of the machine, and whatever the blocks do not share.

inline constexpr std::string_view block_efsm = R"(
  // Rows of a dummy array. The first four double as an index: {activation 2, activation 1} selects 0, W1, W2, W1 + W2.
  @rows@

  // What the write ports of a dummy array store.
  @selects@

  // States of the eFSM.
  @states@

  // ---- instruction

  logic instruction, reset, start@copy_flag@, done;
  assign instruction = @instruction@;
  assign reset = instruction && @reset@;
  assign start = instruction && @start@;
  @copy_assign@
  assign done = instruction && @done@;

  // ---- registers

  logic [3:0] state, counter, next_state, next_counter;
  @registers@

  // ---- eFSM

  logic reads1, row1_is_selected, reads2, carry, writes1, writes2;
  logic [2:0] row1, row2, target1, target2;
  logic [1:0] select1, select2;
  logic @loads@, shifts_inputs;

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
      @clear_registers@
    end else begin
      state <= next_state;
      counter <= next_counter;
      @load_registers@
    end
  end
  @configuration@
)";

inline constexpr std::string_view block_datapath = R"(
  // ---- main array

  logic [@word_high@:0] main_array [0:511];
  logic [@word_high@:0] output_a, word_a, word_b;
  logic [8:0] address_a, address_b;
  logic a_request, reads_weights;
  @copying@

  assign word_a = main_array[address_a];
  assign word_b = main_array[address_b];
  always_ff @(posedge clk)@if_served@ begin
    if (a_request) output_a <= a_write ? a_data : word_a;
    if (b_enable) b_q <= b_write ? b_data : word_b;
    if (a_request && a_write) main_array[address_a] <= a_data;
    if (b_enable && b_write) main_array[address_b] <= b_data;
  end

  // ---- lanes of 8, 16 or 32 bits

  // Element e of the word becomes lane e of the row, sign-extended to four times its width.
  function automatic logic [@row_high@:0] sign_extend(input logic [@part_high@:0] word, input logic [1:0] code);
    case (code)
      @code8@: for (int e = 0; e < @lanes8@; e++) sign_extend[32*e +: 32] = {{24{word[8*e+7]}}, word[8*e +: 8]};
      @code4@: for (int e = 0; e < @lanes4@; e++) sign_extend[16*e +: 16] = {{12{word[4*e+3]}}, word[4*e +: 4]};
      default: for (int e = 0; e < @lanes2@; e++) sign_extend[8*e +: 8] = {{6{word[2*e+1]}}, word[2*e +: 2]};
    endcase
  endfunction

  // One adder for all lanes. The highest bit of a lane is added apart; in its place both operands have `one`, so that
  // no carry leaves the lane, and the next lane begins with `one`.
  function automatic logic [@row_high@:0] add(input logic [@row_high@:0] x, input logic [@row_high@:0] y, input logic one,
                                       input logic [1:0] code);
    logic [@row_high@:0] high, ends;
    high = code == @code8@ ? {@lanes8@{32'h80000000}} : code == @code4@ ? {@lanes4@{16'h8000}} : {@lanes2@{8'h80}};
    ends = one ? high : @row_bits@'d0;
    add = (((x & ~high) | ends) + ((y & ~high) | ends) + {@row_high@'d0, one}) ^ ((x ^ y) & high);
  endfunction

  // Every lane times two: its highest bit is lost, its lowest becomes zero.
  function automatic logic [@row_high@:0] shift_left(input logic [@row_high@:0] x, input logic [1:0] code);
    shift_left = (x << 1) & ~(code == @code8@ ? {@lanes8@{32'd1}} : code == @code4@ ? {@lanes4@{16'd1}} : {@lanes2@{8'd1}});
  endfunction
@arrays@

  // ---- outputs

  logic [@row_high@:0] accumulator;  // at read port 2 during readout
  logic [@word_high@:0] accumulator_word;
  assign accumulator = @accumulator@;
  assign accumulator_word = @accumulator_word@;
  assign a_q = readout ? accumulator_word : output_a;

`ifndef SYNTHESIS
  // ---- what the block refuses

  always @(posedge clk)
    if (!rst@if_checked@) begin
      @refusals@
      if (readout && a_enable && !a_write) $error("port conflict: the accumulator is at the output of port A");
      if (a_request && b_enable && a_write && b_write && address_a == address_b)
        $error("port conflict: both ports write address %0d", b_address);
    end
`endif
endmodule
)";

inline constexpr std::string_view block_array = R"(
  // ---- dummy array @k@: all reads see the rows as they were, both writes commit at the edge

  logic [@row_high@:0] array_@k@ [1:6];
  logic [2:0] row1_@k@;
  logic [@row_high@:0] read1_@k@, read2_@k@, sum_@k@;
  assign row1_@k@ = row1_is_selected ? {1'b0, input2_@k@[7], input1_@k@[7]} : row1;
  assign read1_@k@ = reads1 && row1_@k@ != ROW_ZERO ? array_@k@[row1_@k@] : @row_bits@'d0;
  assign read2_@k@ = reads2 && row2 != ROW_ZERO ? array_@k@[row2] : @row_bits@'d0;
  assign sum_@k@ = add(read1_@k@, read2_@k@, carry, @lane_code@);
  always_ff @(posedge clk) begin
    if (writes1)
      case (select1)
        WRITE1_SUM: array_@k@[target1] <= sum_@k@;
        @write1_word@
        default: array_@k@[target1] <= shift_left(sum_@k@, @lane_code@);  // WRITE1_SHIFTED
      endcase
    if (writes2)
      case (select2)
        WRITE2_ZERO: array_@k@[target2] <= @row_bits@'d0;
        WRITE2_INVERTED: array_@k@[target2] <= ~read1_@k@;
        default: array_@k@[target2] <= @weights@;  // WRITE2_WORD
      endcase
  end
)";

}  // namespace bitloom::rtl::detail
