// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/trace.hpp>

#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/rtl/bramac_trace.hpp>
#include <bitloom/rtl/m4bram_trace.hpp>

#include "recording.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

using rtl::test::lines_of;
using rtl::test::Recording;

TEST_CASE("a cycle that the machine refuses is not recorded") {
  Recording<Bramac2sa> r;
  CHECK_THROWS_AS(r.machine->tick({.a = PortRequest::read_from(600)}), RangeError);
  r.machine->tick({});
  r.machine->end_trace();
  CHECK(lines_of(r.text.str()).size() == 3);
  CHECK(r.machine->recorded_cycles() == 1);
}

TEST_CASE("ports that change inside a main cycle are refused") {
  Recording<Bramac1da> r;
  r.machine->step({.b = PortRequest::read_from(1)});
  CHECK_THROWS_AS(r.machine->step({.b = PortRequest::read_from(2)}), ScheduleError);
  CHECK_THROWS_AS(r.machine->step({}), ScheduleError);
  r.machine->step({.b = PortRequest::read_from(1)});
  CHECK_NOTHROW(r.machine->step({}));
  CHECK(r.machine->main_cycles() == 1);
}

TEST_CASE("instructions of M4BRAM may change inside a main cycle, requests to its memory may not") {
  Recording<M4bram<Small, DoublePumped>> r;
  r.machine->step({.cim = {.enable = true, .byte_enable = 4}, .b = PortRequest::read_from(1)});
  CHECK_THROWS_AS(r.machine->step({.b = PortRequest::read_from(2)}), ScheduleError);
  r.machine->step({.cim = {.enable = true, .byte_enable = 2}, .b = PortRequest::read_from(1)});
  CHECK(r.machine->main_cycles() == 1);
  CHECK(r.machine->recorded_cycles() == 2);
}

TEST_CASE_TEMPLATE("recording changes nothing in what a machine does", B, Bramac2sa, Bramac1da,
                   M4bram<Large, DoublePumped, 2>) {
  const Operands o{.weight_bits = 4, .activation_bits = 4, .signed_activations = true};
  const MatrixShape shape{.rows = 12, .columns = 30, .vectors = 3};
  std::vector<std::int16_t> weights, activations;
  for (int i = 0; i < shape.rows * shape.columns; ++i)
    weights.push_back(static_cast<std::int16_t>(i * 5 % 16 - 8));
  for (int i = 0; i < shape.columns * shape.vectors; ++i)
    activations.push_back(static_cast<std::int16_t>(i * 7 % 16 - 8));
  std::vector<std::int32_t> plain(36), recorded(36);
  const auto machine = std::make_unique<typename B::Machine>();
  Recording<B> r;
  CHECK(B::run(*machine, shape, o, weights, activations, plain) ==
        rtl::Recorded<B>::run(*r.machine, shape, o, weights, activations, recorded));
  CHECK(plain == recorded);
  CHECK(r.machine->recorded_cycles() == machine->main_cycles() * rtl::Hardware<B>::clock_ratio);
  CHECK(std::ssize(lines_of(r.text.str())) == r.machine->recorded_cycles() + 1);
}

}  // namespace
