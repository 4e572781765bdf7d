// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <bitloom/core/version.hpp>
#include <bitloom/rtl/hardware.hpp>
#include <bitloom/rtl/text.hpp>

namespace bitloom::rtl {

namespace detail {

inline constexpr std::string_view block_test =
    R"(// Drives @module@ through a trace of its machine and compares every control signal, register, row and output.
// Written by bitloom @version@. Run with +trace=FILE; see bitloom/rtl/trace.hpp for the format.
/* verilator lint_off UNUSEDSIGNAL */  // a digit of the trace has more bits than most signals
module @module@_test;
  typedef logic [@row_high@:0] row_t;  // no other signal is wider
  logic clk = 1'b0, rst = 1'b1;
  @bus_inputs@
  @inputs@
  logic a_enable = 1'b0, a_write = 1'b0, b_enable = 1'b0, b_write = 1'b0;
  logic [@address_high@:0] a_address = '0;
  logic [8:0] b_address = '0;
  logic [@word_high@:0] a_data = '0, b_data = '0;
  logic [@select_high@:0] read_select = '0;
  logic [@word_high@:0] a_q, b_q;
  logic readout;
  @module@ dut (.*);

  // a line of the trace
  logic [3:0] select, request_a, request_b;
  logic [11:0] address_a, address_b;
  logic [@word_high@:0] data_a, data_b;
  logic [@output_high@:0] want_a_q, want_b_q;
  @bus@

  // what the trace expects
  @expected@
  @rows@

  integer file;
  longint cycle, cycles;
  row_t row;
  string path, kind;

  function automatic void malformed();
    $fatal(1, "FAIL the trace is malformed after cycle %0d", cycle);
  endfunction

  function automatic void differs(input string signal, input row_t got, input row_t want);
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
    @begin@
    #1 clk = 1'b1;
    #1 clk = 1'b0;
    rst = 1'b0;
    if ($fscanf(file, "%s", kind) != 1) malformed();
    for (cycle = 0; kind == "c"; cycle++) begin
      if ($fscanf(file, "%h", select) != 1) malformed();
      @read_bus@
      if ($fscanf(file, "%h %h %h %h %h %h %h %h %h %h", request_a, address_a, data_a, request_b, address_b, data_b,
                  want_a_q, want_b_q, want_control, want_registers) != 10) malformed();
      read_select = select[@select_high@:0];
      {a_enable, a_write, a_address, a_data} = {request_a[1:0], address_a[@address_high@:0], data_a};
      {b_enable, b_write, b_address, b_data} = {request_b[1:0], address_b[8:0], data_b};
      @unpack@
      @phase@
      #1;  // the combinational outputs of this cycle
      @check_outputs@
      @check_control@
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
        differs($sformatf("word %0d", address_b), row_t'(dut.main_array[address_b[8:0]]), row_t'(data_b));
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
        "differs(\"@signal@\", row_t'(dut.@signal@), row_t'(want_@signal@));\n",
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

inline std::string declaration(int bits, const std::string& name) {
  return "logic " + (bits == 1 ? "" : bit_range(0, bits) + " ") + name + ";\n";
}

inline std::string declarations(const std::string& all, const std::vector<Column>& columns) {
  auto text = declaration(4 * total_digits(columns), "want_" + all);
  for (const auto& c : columns) text += declaration(4 * c.digits, "want_" + c.signal);
  return text;
}

inline std::string unpack(const std::string& all, const std::vector<Column>& columns) {
  std::string names;
  for (const auto& c : columns) names += (names.empty() ? "want_" : ", want_") + c.signal;
  return "{" + names + "} = want_" + all + ";\n";
}

/// The inputs of the bus, how they are read from a line, and the variable between.
struct BusText {
  std::string inputs, variable, read;
};

inline BusText bus_text(const std::vector<Input>& bus) {
  if (bus.empty()) return {};
  int offset = 0;
  std::string inputs, unpacked;
  for (auto input = bus.rbegin(); input != bus.rend(); ++input) {
    if (input->signal != "rst") inputs += declaration(input->bits, input->signal);
    unpacked += input->signal + " = bus" + bit_range(offset, input->bits) + ";\n";
    offset += 4 * input->digits();
  }
  return {inputs, declaration(offset, "bus"),
          "if ($fscanf(file, \"%h\", bus) != 1) malformed();\n" + unpacked};
}

}  // namespace detail

/// Writes the testbench of an emitted block: module `<name>_test`, which runs one trace (+trace=FILE) and prints
/// `PASS <n> cycles`, or `FAIL` with the first difference, its cycle, and both values.
///
/// It compares the block's outputs and control signals before every edge, and registers and rows after it. Rows count
/// from the first cycle that writes them.
template <EmittableBlock B>
void emit_test(std::ostream& out) {
  using H = Hardware<B>;
  const auto control = control_columns(H::arrays);
  const auto registers = H::registers();
  const auto bus = detail::bus_text(H::bus());
  const auto each = [](std::string_view text) { return detail::for_each_array(H::arrays, text); };
  const auto number = [](int value) { return std::to_string(value); };
  std::string outputs;
  for (const char* port : {"a_q", "b_q"})
    outputs += fill(
        "if (want_@q@[@bits@] && @q@ !== want_@q@@word@) differs(\"@q@\", row_t'(@q@), "
        "row_t'(want_@q@@word@));\n",
        {{"q", port}, {"bits", number(H::word_bits)}, {"word", bit_range(0, H::word_bits)}});
  std::vector<Place> places{
      {"module", module_name<B>()},
      {"version", std::string(version)},
      {"arrays", number(H::arrays)},
      {"select_high", number(detail::select_high(readout_words<B>))},
      {"address_high", number(H::address_bits - 1)},
      {"word_high", number(H::word_bits - 1)},
      {"output_high", number(H::word_bits + 3)},
      {"row_high", number(H::row_bits - 1)},
      {"bus_inputs", bus.inputs},
      {"bus", bus.variable},
      {"read_bus", bus.read},
      {"expected", detail::declarations("control", control) + detail::declarations("registers", registers)},
      {"rows", each("row_t want_array_@k@ [0:7];\nlogic [7:0] known_@k@ = 8'd0;\n")},
      {"unpack", detail::unpack("control", control) + detail::unpack("registers", registers)},
      {"check_outputs", outputs},
      {"check_control", detail::check_lines(control)},
      {"check_registers", detail::check_lines(registers)},
      {"read_rows", each(R"(if (want_writes1[0]) begin
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
      {"check_rows", each(R"(if (known_@k@[r] && dut.array_@k@[r] !== want_array_@k@[r])
  differs($sformatf("row %0d of array @k@", r), dut.array_@k@[r], want_array_@k@[r]);
)")}};
  const auto own = H::test_places();
  places.insert(places.end(), own.begin(), own.end());
  out << fill(detail::block_test, places);
}

}  // namespace bitloom::rtl
