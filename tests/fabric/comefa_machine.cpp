// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/comefa_machine.hpp>

#include <array>
#include <cstdint>
#include <memory>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;
using namespace bitloom::fabric::comefa;

constexpr Instruction invert{.write = Write::Result, .truth_table = truth::not_first};

TEST_CASE("a write to address 0x1FF computes in mode Compute and stores in mode Memory") {
  const auto machine = std::make_unique<Machine>();
  machine->tick(PortRequest::write_to(0x1FF, encode(invert)), {});
  CHECK(machine->array().row(0) == ~Array::RowVector());
  CHECK(machine->array().word(127, 3) == 0);
  machine->set_mode(Mode::Memory);
  machine->tick(PortRequest::write_to(0x1FF, 0xABC), {});
  CHECK(machine->array().word(127, 3) == 0xABC);
  machine->set_mode(Mode::Compute);
  machine->tick({}, PortRequest::write_to(0x1FF, 0xDEF));  // not on port A
  CHECK(machine->array().word(127, 3) == 0xDEF);
  CHECK(machine->cycles() == 3);
  CHECK(machine->compute_cycles() == 1);
}

TEST_CASE("computing takes the whole array: a memory request beside it is refused and changes nothing") {
  const auto machine = std::make_unique<Machine>();
  const auto instruction = PortRequest::write_to(0x1FF, encode(invert));
  CHECK_THROWS_WITH_AS(machine->tick(instruction, PortRequest::read_from(4)),
                       "port B: a memory request in cycle 0, in which the array computes", ScheduleError);
  CHECK(machine->array().row(0) == Array::RowVector());
  CHECK(machine->cycles() == 0);
  machine->set_mode(Mode::Memory);
  CHECK_THROWS_AS(machine->compute(invert), ScheduleError);
}

TEST_CASE("both ports read and write as those of a memory, in either mode") {
  for (const auto mode : {Mode::Memory, Mode::Compute}) {
    const auto machine = std::make_unique<Machine>();
    machine->set_mode(mode);
    CHECK(!machine->output_a().defined);
    machine->tick(PortRequest::write_to(8, 11), PortRequest::write_to(9, 12));
    CHECK(machine->array().word(2, 0) == 11);
    CHECK(machine->array().word(2, 1) == 12);
    CHECK(machine->output_a().data == 11);  // new data at its own port
    machine->tick(PortRequest::write_to(8, 13), PortRequest::read_from(8));
    CHECK(machine->output_b().data == 11);  // old data at the other
    machine->tick({}, PortRequest::read_from(8));
    CHECK(machine->output_b().data == 13);
    CHECK(machine->output_a().data == 13);  // an idle port keeps its output
    CHECK_THROWS_AS(machine->tick(PortRequest::read_from(512), {}), RangeError);
    CHECK_THROWS_AS(machine->tick({}, PortRequest::read_from(512)), RangeError);
    CHECK_THROWS_AS(machine->tick(PortRequest::write_to(8, 1), PortRequest::write_to(8, 2)), ScheduleError);
    CHECK(machine->array().word(2, 0) == 13);
    CHECK(machine->cycles() == 3);
  }
}

TEST_CASE("all 512 words keep what was written to them") {
  const auto machine = std::make_unique<Machine>();
  machine->set_mode(Mode::Memory);
  core::Random random(1);
  std::array<std::uint64_t, 512> words{};
  for (auto& word : words) word = random() & core::low_mask(40);
  for (std::uint32_t i = 0; i < 512; i += 2)
    machine->tick(PortRequest::write_to(i, words[i]), PortRequest::write_to(i + 1, words[i + 1]));
  for (std::uint32_t i = 0; i < 512; i += 2) {
    machine->tick(PortRequest::read_from(i + 1), PortRequest::read_from(i));
    REQUIRE(machine->output_a().data == words[i + 1]);
    REQUIRE(machine->output_b().data == words[i]);
  }
}

TEST_CASE("an illegal word changes nothing") {
  const auto machine = std::make_unique<Machine>();
  CHECK_THROWS_AS(machine->tick(PortRequest::write_to(0x1FF, 1ULL << 32 | 3ULL << 30), {}), RangeError);
  CHECK_THROWS_AS(machine->compute({.destination = 200}), RangeError);
  CHECK(machine->cycles() == 0);
}

}  // namespace
