// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/m4bram.hpp>

#include <sstream>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

template <class B>
std::string emitted() {
  std::ostringstream text;
  rtl::emit<B>(text);
  return text.str();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Stalling : M4bramPolicies {
  using PortConflict = StallConflicts;
};
struct Wrapping : M4bramPolicies {
  using Flushing = ReadoutAtEnd;
};

static_assert(rtl::EmittableBlock<M4bram<Large, DoublePumped, 2>>);
static_assert(!rtl::EmittableBlock<M4bram<Large, DoublePumped, 2, Stalling>>);
static_assert(!rtl::EmittableBlock<Small>);
static_assert(std::is_same_v<rtl::EmittedBlock<M4bram<Small, Synchronous, 4>>, M4bram<Small, Synchronous>>);

TEST_CASE("a block of any duplication and flushing has the module of its size and clocking") {
  const auto text = emitted<M4bram<Small, Synchronous>>();
  CHECK(text == emitted<M4bram<Small, Synchronous, 2>>());
  CHECK(text == emitted<M4bram<Small, Synchronous, 4, Wrapping>>());
  CHECK(text != emitted<M4bram<Large, Synchronous>>());
  CHECK(rtl::module_name<M4bram<Small, Synchronous, 4>>() == "m4bram_sy_s");
  CHECK(rtl::module_name<M4bram<Large, DoublePumped, 2, M4bramAsReleased>>() == "m4bram_dp_l_as_released");
}

TEST_CASE("fields of an instruction are those that the machine decodes") {
  const auto text = emitted<M4bram<Small, Synchronous>>();
  CHECK(has(text, "assign reset = instruction && byte_en[3];"));
  CHECK(has(text, "assign start = instruction && byte_en[2];"));
  CHECK(has(text, "assign copy = instruction && byte_en[1];"));
  CHECK(has(text, "assign done = instruction && byte_en[0];"));
  CHECK(has(text, "{byte_en[3], {1'b0, byte_en[2:0]} + 4'd1, a_data[1:0], a_data[3:2]};"));
}

TEST_CASE(
    "zero and inverted have codes of their own, which the released double-pumped controller does not give "
    "them") {
  for (const auto& text :
       {emitted<M4bram<Small, Synchronous>>(), emitted<M4bram<Small, DoublePumped, 1, M4bramAsReleased>>()}) {
    CHECK(has(text, "WRITE2_ZERO = 2'd0;"));
    CHECK(has(text, "WRITE2_INVERTED = 2'd1;"));
    CHECK(has(text, "WRITE2_WORD = 2'd2;"));
  }
  CHECK(DoublePumped::select_code(Write2::Zero) == DoublePumped::select_code(Write2::Inverted));
}

TEST_CASE("double-pumped, activations pass a buffer; large, a weight word is a pair of words") {
  const auto pumped = emitted<M4bram<Large, DoublePumped>>();
  const auto sync = emitted<M4bram<Small, Synchronous>>();
  CHECK(has(pumped, "if (loads_inputs2) input2_3 <= activation_buffer[31:24];"));
  CHECK(has(sync, "if (loads_inputs2) input2_3 <= a_data[31:24];"));
  CHECK(has(pumped, "assign weight_word = {main_array[{a_address[7:0], 1'b1}], word_a};"));
  CHECK(has(sync, "assign weight_word = word_a;"));
}

}  // namespace
