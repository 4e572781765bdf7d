// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <bitloom/rtl/bramac.hpp>
#include <bitloom/rtl/text.hpp>
#include <bitloom/rtl/trace.hpp>

namespace bitloom::rtl {

namespace detail {

inline constexpr std::string_view bramac_test =
    R"(// Drives @module@ through a trace of its machine and compares every control signal, register, row and output.
// Written by bitloom @version@. Run with +trace=FILE; see bitloom/rtl/trace.hpp for the format.
/* verilator lint_off UNUSEDSIGNAL */  // a digit of the trace has more bits than most signals
module @module@_test;
  logic clk = 1'b0, rst = 1'b1, comp_en = 1'b0;
  logic a_enable = 1'b0, a_write = 1'b0, b_enable = 1'b0, b_write = 1'b0;
  logic [11:0] a_address = 12'd0;
  logic [8:0] b_address = 9'd0;
  logic [39:0] a_data = 40'd0, b_data = 40'd0;
  logic [@select_high@:0] read_select = '0;
  logic [39:0] a_q, b_q;
  logic readout@phase@;
  @module@ dut (.*);

  // a line of the trace
  logic [3:0] select, request_a, request_b;
  logic [11:0] address_a, address_b;
  logic [39:0] data_a, data_b;
  logic [43:0] want_a_q, want_b_q;

  // what the trace expects
  @expected@
  @rows@

  integer file;
  longint cycle, cycles;
  logic [159:0] row;
  string path, kind;

  function automatic void malformed();
    $fatal(1, "FAIL the trace is malformed after cycle %0d", cycle);
  endfunction

  function automatic void differs(input string signal, input logic [159:0] got, input logic [159:0] want);
    $display("FAIL cycle %0d: %s is %0h instead of %0h", cycle, signal, got, want);
    $fatal(1);
  endfunction

  function automatic void read_row();
    if ($fscanf(file, "%h", row) != 1) malformed();
  endfunction

  initial begin
    if ($value$plusargs("trace=%s", path) == 0) $fatal(1, "FAIL +trace=FILE is missing");
    file = $fopen(path, "r");
    if (file == 0) $fatal(1, "FAIL %s: it cannot be opened", path);
    cycle = -1;
    if ($fscanf(file, "%s %h %h", kind, select, request_a) != 3) malformed();
    if (kind != "trace" || select != 4'd@arrays@) malformed();
    comp_en = request_a[0];
    #1 clk = 1'b1;
    #1 clk = 1'b0;
    rst = 1'b0;
    if ($fscanf(file, "%s", kind) != 1) malformed();
    for (cycle = 0; kind == "c"; cycle++) begin
      if ($fscanf(file, "%h %h %h %h %h %h %h %h %h %h %h", select, request_a, address_a, data_a, request_b, address_b,
                  data_b, want_a_q, want_b_q, want_control, want_registers) != 11) malformed();
      read_select = select[@select_high@:0];
      {a_enable, a_write, a_address, a_data} = {request_a[1:0], address_a, data_a};
      {b_enable, b_write, b_address, b_data} = {request_b[1:0], address_b[8:0], data_b};
      @unpack@
      #1;  // the combinational outputs of this cycle
      if (want_a_q[40] && a_q !== want_a_q[39:0]) differs("a_q", 160'(a_q), 160'(want_a_q[39:0]));
      if (want_b_q[40] && b_q !== want_b_q[39:0]) differs("b_q", 160'(b_q), 160'(want_b_q[39:0]));
      @check_control@
      @phase_check@
      clk = 1'b1;
      #1;  // the registers and rows after its edge
      @check_registers@
      @read_rows@
      for (int r = 1; r <= 6; r++) begin
        @check_rows@
      end
      clk = 1'b0;
      if ($fscanf(file, "%s", kind) != 1) malformed();
    end
    while (kind == "m") begin
      if ($fscanf(file, "%h %h", address_b, data_b) != 2) malformed();
      if (dut.main_array[address_b[8:0]] !== data_b)
        differs($sformatf("word %0d", address_b), 160'(dut.main_array[address_b[8:0]]), 160'(data_b));
      if ($fscanf(file, "%s", kind) != 1) malformed();
    end
    if (kind != "end" || $fscanf(file, "%h", cycles) != 1 || cycles != cycle) malformed();
    $display("PASS %0d cycles", cycle);
    $finish;
  end
endmodule
)";

/// Comparisons of signals with their columns.
inline std::string check_lines(const std::vector<Column>& columns) {
  std::string text;
  for (const auto& c : columns) {
    const auto width = std::to_string(4 * c.digits);
    text += fill(
        "if (@guard@@width@'(dut.@signal@) !== want_@signal@) "
        "differs(\"@signal@\", 160'(dut.@signal@), 160'(want_@signal@));\n",
        {{"guard", c.only_if.empty() ? "" : "dut." + c.only_if + " && "},
         {"signal", c.signal},
         {"width", width}});
  }
  return text;
}

inline int total_digits(const std::vector<Column>& columns) {
  int sum = 0;
  for (const auto& c : columns) sum += c.digits;
  return sum;
}

inline std::string declarations(const std::string& all, const std::vector<Column>& columns) {
  auto text = "logic [" + std::to_string(4 * total_digits(columns) - 1) + ":0] want_" + all + ";\n";
  for (const auto& c : columns)
    text += "logic [" + std::to_string(4 * c.digits - 1) + ":0] want_" + c.signal + ";\n";
  return text;
}

inline std::string unpack(const std::string& all, const std::vector<Column>& columns) {
  std::string names;
  for (const auto& c : columns) names += (names.empty() ? "want_" : ", want_") + c.signal;
  return "{" + names + "} = want_" + all + ";\n";
}

}  // namespace detail

/// Writes the testbench of an emitted block: module `<name>_test`, which runs one trace (+trace=FILE) and prints
/// `PASS <n> cycles`, or `FAIL` with the first difference, its cycle, and both values.
///
/// It compares the block's outputs and control signals before every edge, and registers and rows after it. Rows count
/// from the first cycle that writes them.
template <BramacBlock B>
void emit_test(std::ostream& out) {
  const auto control = control_columns(B::arrays);
  const auto registers = register_columns(B::arrays);
  out << fill(
      detail::bramac_test,
      {{"module", module_name<B>()},
       {"version", std::string(version)},
       {"arrays", std::to_string(B::arrays)},
       {"select_high", B::arrays == 2 ? "2" : "1"},
       {"phase", B::variant::clock_ratio == 2 ? ", phase" : ""},
       {"phase_check", B::variant::clock_ratio == 2
                           ? "if (phase !== cycle[0]) differs(\"phase\", 160'(phase), 160'(cycle[0]));"
                           : ""},
       {"expected", detail::declarations("control", control) + detail::declarations("registers", registers)},
       {"rows",
        detail::for_each_array<B>("logic [159:0] want_array_@k@ [0:7];\nlogic [7:0] known_@k@ = 8'd0;\n")},
       {"unpack", detail::unpack("control", control) + detail::unpack("registers", registers)},
       {"check_control", detail::check_lines(control)},
       {"check_registers", detail::check_lines(registers)},
       {"read_rows", detail::for_each_array<B>(R"(if (want_writes1[0]) begin
  read_row();
  want_array_@k@[want_target1[2:0]] = row;
  known_@k@[want_target1[2:0]] = 1'b1;
end
if (want_writes2[0]) begin
  read_row();
  want_array_@k@[want_target2[2:0]] = row;
  known_@k@[want_target2[2:0]] = 1'b1;
end
)")},
       {"check_rows", detail::for_each_array<B>(
                          R"(if (known_@k@[r] && dut.array_@k@[r] !== want_array_@k@[r])
  differs($sformatf("row %0d of array @k@", r), dut.array_@k@[r], want_array_@k@[r]);
)")}});
}

}  // namespace bitloom::rtl
