// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/bramac_trace.hpp>

#include <string>

#include <doctest/doctest.h>

#include "recording.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

using rtl::test::lines_of;
using rtl::test::Recording;

static_assert(Block<rtl::Recorded<Bramac2sa>> && Block<rtl::Recorded<Bramac1da>>);

TEST_CASE("a trace has ports, outputs, control, registers and the rows that were written") {
  Recording<Bramac2sa> r;
  auto& m = *r.machine;
  m.tick({.a = PortRequest::write_to(0, 0x9), .b = PortRequest::write_to(1, 0x3)});
  m.tick({.b = PortRequest::read_from(7)});  // was never written
  m.tick(BlockPorts::instruction(encode<TwoSync>({.precision = 4, .signed_inputs = true, .start = true})));
  m.tick(BlockPorts::instruction(encode<TwoSync>({.precision = 4, .signed_inputs = true, .input1 = 0x50})));
  m.end_trace();
  const auto lines = lines_of(r.text.str());
  REQUIRE(lines.size() == 8);
  CHECK(lines[0] == "trace 2 1");
  CHECK(lines[1] ==
        "c 0 3 000 0000000009 3 001 0000000003 00000000000 00000000000 0000000010060 000000000000");
  CHECK(lines[2] ==
        "c 1 0 000 0000000000 2 007 0000000000 10000000009 10000000003 0000000010060 000000000000");
  const std::string zeros(40, '0');
  CHECK(lines[3] ==
        "c 2 3 fff 0000000016 0 000 0000000000 10000000009 00000000000 0000001010060 100000000000 " + zeros +
            ' ' + zeros);
  // the word 9 has element 0 = -7
  const auto row = std::string(36, '0') + "fff9";
  CHECK(lines[4] ==
        "c 3 3 fff 0000500006 0 000 0000000000 10000000009 00000000000 0000001010210 202150000000 " + row +
            ' ' + row);
  CHECK(lines[5] == "m 000 0000000009");
  CHECK(lines[6] == "m 001 0000000003");
  CHECK(lines[7] == "end 0000000000000004");
}

}  // namespace
