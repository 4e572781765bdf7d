// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/synthesis.hpp>

#include <cstdint>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include <bitloom/core/file.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/rtl/bramac.hpp>
#include <bitloom/rtl/m4bram.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

bool can_synthesize() {
  const bool found = !rtl::find_program("yosys").empty();
  if (!found) MESSAGE("skipped: Yosys is not on PATH");
  return found;
}

TEST_CASE("an adder of four bits has a memory of none, and cells that can be counted") {
  if (!can_synthesize()) return;
  const auto s = rtl::synthesize(
      "module sum(input [3:0] a, input [3:0] b, output [3:0] y); assign y = a + b; endmodule", "sum");
  CHECK(s.yosys.starts_with("Yosys "));
  CHECK(s.count("$_XOR_") + s.count("$_XNOR_") >= 4);
  CHECK(s.count("$mem_v2") == 0);
  CHECK(s.messages.empty());
  const auto latch = rtl::synthesize(
      "module keep(input e, input d, output reg q); always @* if (e) q = d; endmodule", "keep");
  CHECK(latch.count("$_DLATCH_P_") == 1);
}

TEST_CASE("what Yosys refuses is an error with its message") {
  if (!can_synthesize()) return;
  CHECK_THROWS_WITH_AS(static_cast<void>(rtl::synthesize("module broken(", "broken")),
                       doctest::Contains("syntax error"), Error);
  // two drivers of one wire
  CHECK_THROWS_AS(
      static_cast<void>(rtl::synthesize(
          "module two(input a, input b, output y); assign y = a; assign y = b; endmodule", "two")),
      Error);
}

template <class B>
rtl::Synthesis synthesized() {
  std::ostringstream text;
  rtl::emit<B>(text);
  return rtl::synthesize(text.str(), rtl::module_name<B>());
}

/// The line of a module in the table of docs/rtl.md.
struct Counts {
  std::int64_t all = 0, flip_flops = 0, multiplexers = 0, xors = 0, memories = 0;

  explicit Counts(const rtl::Synthesis& s) {
    for (const auto& c : s.cells) {
      all += c.count;
      if (c.cell.find("DFF") != std::string::npos) flip_flops += c.count;
    }
    multiplexers = s.count("$_MUX_");
    xors = s.count("$_XOR_") + s.count("$_XNOR_");
    memories = s.count("$mem_v2");
  }

  [[nodiscard]] std::string line(const std::string& module) const {
    std::string text = "| `" + module + "` |";
    const auto others = all - flip_flops - multiplexers - xors - memories;
    for (const auto count : {all, flip_flops, multiplexers, xors, others, memories})
      text += ' ' + std::to_string(count) + " |";
    return text;
  }
};

TEST_CASE("Yosys keeps the arrays as memories, and needs no flip-flops but the registers of the machine") {
  if (!can_synthesize()) return;
  const auto sync = synthesized<Bramac2sa>();
  const auto pumped = synthesized<Bramac1da>();
  const Counts counts(sync), pumped_counts(pumped);
  CHECK(counts.memories == 3);  // main array, two dummy arrays
  CHECK(pumped_counts.memories == 2);
  // state, counter, precision, sign, activations, and two output registers, of which one is a port of the memory; the
  // 1DA has one pair of activations, two words on their way to the array, and the phase
  CHECK(counts.flip_flops == 4 + 4 + 2 + 1 + 32 + 40);
  CHECK(pumped_counts.flip_flops == 4 + 4 + 2 + 1 + 16 + 80 + 80 + 1);
  if (!sync.yosys.starts_with("Yosys 0.23 ")) return;  // others count otherwise
  const auto page = core::read_file(BITLOOM_SOURCE_DIR "/docs/rtl.md");
  CHECK(page.find(counts.line("bramac_2sa")) != std::string::npos);
  CHECK(page.find(pumped_counts.line("bramac_1da")) != std::string::npos);
}

TEST_CASE_TEMPLATE("nor does M4BRAM: no latch, no warning, five memories", B, M4bram<Small, Synchronous>,
                   M4bram<Large, Synchronous>, M4bram<Small, DoublePumped>, M4bram<Large, DoublePumped>) {
  if (!can_synthesize()) return;
  const auto s = synthesized<B>();
  CHECK(s.messages.empty());
  for (const auto& c : s.cells) CHECK(c.cell.find("LATCH") == std::string::npos);
  const Counts counts(s);
  CHECK(counts.memories == 5);  // main array, four dummy arrays
  // state, counter, configuration, activations, an output register; double-pumped, the activation buffer
  CHECK(counts.flip_flops ==
        4 + 4 + (4 + 2 + 2 + 1) + 4 * 16 + 32 + (B::clocking::clock_ratio == 2 ? 32 : 0));
  if (!s.yosys.starts_with("Yosys 0.23 ")) return;  // others count otherwise
  const auto page = core::read_file(BITLOOM_SOURCE_DIR "/docs/rtl.md");
  CHECK(page.find(counts.line(rtl::module_name<B>())) != std::string::npos);
}

}  // namespace
