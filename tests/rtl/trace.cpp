// SPDX-License-Identifier: Apache-2.0
#include <bitloom/rtl/trace.hpp>

#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

static_assert(Block<rtl::Recorded<Bramac2sa>> && Block<rtl::Recorded<Bramac1da>>);

template <class B>
struct Recording {
  std::ostringstream text;
  std::unique_ptr<BramacMachine<rtl::Recorded<B>>> machine =
      std::make_unique<BramacMachine<rtl::Recorded<B>>>(text);
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

int digits(const std::vector<rtl::Column>& columns) {
  return std::accumulate(columns.begin(), columns.end(), 0,
                         [](int n, const auto& c) { return n + c.digits; });
}

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

TEST_CASE("the columns of a trace are as many digits as its lines have") {
  for (const int arrays : {1, 2}) {
    CHECK(digits(rtl::control_columns(arrays)) == 11 + arrays);
    CHECK(digits(rtl::register_columns(arrays)) == 4 + 4 * arrays);
  }
}

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

TEST_CASE_TEMPLATE("recording changes nothing in what a machine does", B, Bramac2sa, Bramac1da) {
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
  CHECK(r.machine->recorded_cycles() == machine->main_cycles() * B::variant::clock_ratio);
  CHECK(std::ssize(lines_of(r.text.str())) == r.machine->recorded_cycles() + 1);
}

}  // namespace
