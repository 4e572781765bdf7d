// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/efsm.hpp>

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/fabric/bramac_efsm.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

TEST_CASE("a state becomes a branch with its control outputs and where it leads") {
  constexpr std::array<efsm::State, 2> table{
      {{.name = "FIRST",
        .read1 = efsm::Read1::Activation,
        .carry = true,
        .write1 = Write1::SignStep,
        .target1 = Row::Partial,
        .write2 = Write2::Zero,
        .target2 = Row::Accumulator,
        .write2_if = efsm::If::Start,
        .transitions = {{{efsm::When::SignedInput, 1, efsm::Count::Add1},
                         {efsm::When::Always, 0, efsm::Count::Add2}}}},
       {.name = "SECOND", .readout = true, .transitions = {{{efsm::When::Always, 0, efsm::Count::Hold}}}}}};
  CHECK(rtl::state_branches<ShiftAfterSign>(table) == R"(FIRST: begin
  reads1 = 1'b1; row1_is_selected = 1'b1;
  carry = 1'b1;
  writes1 = 1'b1; select1 = WRITE1_SHIFTED; target1 = ROW_PARTIAL;
  writes2 = start; select2 = WRITE2_ZERO; target2 = ROW_ACCUMULATOR;
  if (signed_inputs) begin
    next_state = SECOND;
    next_counter = counter + 4'd1;
  end else begin
    next_state = FIRST;
    next_counter = counter + 4'd2;
  end
end
SECOND: begin
  readout = 1'b1;
  next_state = FIRST;
  next_counter = counter;
end
)");
  CHECK(rtl::state_constants(table) ==
        "localparam logic [3:0] FIRST = 4'd0;\nlocalparam logic [3:0] SECOND = 4'd1;\n");
}

TEST_CASE("a state loads if the instruction asks for it, and an odd precision leads elsewhere") {
  constexpr std::array<efsm::State, 2> table{
      {{.name = "FIRST",
        .loads_inputs1 = true,
        .loads_inputs_if = efsm::If::Copy,
        .transitions = {{{efsm::When::OddPrecision, 1, efsm::Count::Clear},
                         {efsm::When::Always, 0, efsm::Count::Clear}}}},
       {.name = "SECOND",
        .write1 = Write1::Word1,
        .target1 = Row::W1,
        .loads_inputs2 = true,
        .transitions = {{{efsm::When::CounterBelowPrecision, 1, efsm::Count::Hold},
                         {efsm::When::Always, 0, efsm::Count::Hold}}}}}};
  CHECK(rtl::state_branches<ShiftAfterSign>(table) == R"(FIRST: begin
  loads_inputs1 = copy;
  next_counter = 4'd0;
  if (activation_bits[0]) next_state = SECOND;
  else next_state = FIRST;
end
SECOND: begin
  writes1 = 1'b1; select1 = WRITE1_WORD; target1 = ROW_W1;
  loads_inputs2 = 1'b1;
  next_counter = counter;
  if (counter < activation_bits) next_state = SECOND;
  else next_state = FIRST;
end
)");
  CHECK(rtl::looks_at_copy(table));
  CHECK(rtl::stores_word1(table));
  CHECK(rtl::load_signals(table) == std::vector<std::string>{"loads_inputs1", "loads_inputs2"});
}

TEST_CASE("signals are those that a table uses") {
  CHECK(rtl::looks_at_copy(TwoSync::table()));
  CHECK(!rtl::looks_at_copy(OneDoublePumped::table()));
  CHECK(!rtl::stores_word1(TwoSync::table()));
  CHECK(rtl::stores_word1(OneDoublePumped::table()));
  CHECK(rtl::load_signals(OneDoublePumped::table()) ==
        std::vector<std::string>{"loads_precision", "loads_inputs1"});
}

TEST_CASE("the released sign step differs from the corrected one in one select of one state") {
  const auto ours = rtl::state_branches<ShiftAfterSign>(TwoSync::table());
  const auto released = rtl::state_branches<AsReleased>(TwoSync::table());
  const auto sub = ours.find("SUB: begin");
  const auto select = ours.find("WRITE1_SHIFTED", sub);
  auto changed = ours;
  changed.replace(select, std::string("WRITE1_SHIFTED").size(), "WRITE1_SUM");
  CHECK(changed == released);
}

TEST_CASE("rows have the numbers of the machine") {
  CHECK(rtl::row_name(Row::Zero) == "ROW_ZERO");
  CHECK(rtl::row_name(Row::W12) == "ROW_W12");
  CHECK(rtl::row_name(Row::Accumulator) == "ROW_ACCUMULATOR");
  CHECK(rtl::resolved<AsReleased>(Write1::SignStep) == Write1::Sum);
  CHECK(rtl::resolved<ShiftAfterSign>(Write1::SignStep) == Write1::ShiftedSum);
  CHECK(rtl::resolved<AsReleased>(Write1::ShiftedSum) == Write1::ShiftedSum);
}

}  // namespace
