// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/m4bram_trace.hpp>

#include <string>
#include <type_traits>

#include <doctest/doctest.h>

#include "recording.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;
using rtl::test::lines_of;
using rtl::test::Recording;

using B = M4bram<Small, Synchronous>;

static_assert(Block<rtl::Recorded<B>> && Block<rtl::Recorded<M4bram<Large, DoublePumped, 4>>>);
static_assert(
    std::is_same_v<rtl::Recorded<B>::Machine, rtl::Recorded<M4bram<Small, Synchronous, 4>>::Machine>);

TEST_CASE("a trace has the instruction bus in front of the ports, which carry its data and its word") {
  Recording<B> r;
  auto& m = *r.machine;
  m.tick({.a = PortRequest::write_to(0, 0x9), .b = PortRequest::write_to(1, 0x80000000)});
  m.tick(
      {.cim = encode({.weight_bits = 4, .activation_bits = 3, .signed_activations = true, .duplication = 2}),
       .b = PortRequest::read_from(7)});                // was never written
  m.tick({.cim = {.enable = true, .byte_enable = 4}});  // start
  m.tick({.cim = {.enable = true, .byte_enable = 2, .data = 0x80604020, .word = 1, .slice = 1}});
  m.tick({.reset = true});
  m.end_trace();
  const auto lines = lines_of(r.text.str());
  REQUIRE(lines.size() == 9);
  CHECK(lines[0] == "trace 4 1");
  CHECK(lines[1] ==
        "c 0 00000 3 000 00000009 3 001 80000000 000000000 000000000 000000000000060 0000000000000000000000");
  CHECK(lines[2] ==
        "c 1 011a0 0 000 00000005 2 007 00000000 100000009 180000000 000000000000060 0011310000000000000000");
  CHECK(lines[3] ==
        "c 2 01040 0 000 00000000 0 000 00000000 100000009 000000000 000000001000060 1011310000000000000000 "
        "00000000 00000000 00000000 00000000");
  // slice 1 of word 1 has the chunks 0x00 and 0x80, of which the second has -8 as its element 1
  CHECK(lines[4] ==
        "c 3 01021 0 001 80604020 0 000 00000000 100000009 000000000 000000001000210 2011312000400060008000 "
        "00000000 fff80000 00000000 fff80000");
  // the next state copies in any case; slice 0 of word 0 has -7 as its first element
  CHECK(lines[5] ==
        "c 0 10000 0 000 00000000 0 000 00000000 100000009 000000000 000000001000220 0000000000000000000000 "
        "0000fff9 00000000 0000fff9 00000000");
  CHECK(lines[6] == "m 000 00000009");
  CHECK(lines[7] == "m 001 80000000");
  CHECK(lines[8] == "end 0000000000000005");
}

}  // namespace
