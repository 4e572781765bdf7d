// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/comefa_instruction.hpp>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric::comefa;

TEST_CASE("every field lies at the bits that the open RTL gives it") {
  static_assert(encode({}) == 0xC000000000);
  static_assert(encode({.predicate = Predicate::Mask}) == 0);
  static_assert(encode({.predicate = Predicate::Carry}) == 0x4000000000);
  static_assert(encode({.predicate = Predicate::NotCarry}) == 0x8000000000);
  constexpr auto word = [](Instruction instruction) {
    instruction.predicate = Predicate::Mask;
    return encode(instruction);
  };
  static_assert(word({.broadcast = true}) == 1ULL << 34);
  static_assert(word({.broadcast_bit = true}) == 1ULL << 33);
  static_assert(word({.write = Write::Result}) == (1ULL << 32 | 1ULL << 30));
  static_assert(word({.write = Write::FromLower}) == 1ULL << 32);
  static_assert(word({.write = Write::Carry}) == (1ULL << 32 | 1ULL << 30 | 1ULL << 29));
  static_assert(word({.write = Write::FromHigher}) == (1ULL << 32 | 1ULL << 31 | 1ULL << 29));
  static_assert(word({.carry = Latch::Clear}) == 1ULL << 28);
  static_assert(word({.carry = Latch::Load}) == 1ULL << 27);
  static_assert(word({.mask = Latch::Clear}) == 1ULL << 26);
  static_assert(word({.mask = Latch::Load}) == 1ULL << 25);
  static_assert(word({.truth_table = 0xF}) == 0xFULL << 21);
  static_assert(word({.destination = 127}) == 0x7FULL << 14);
  static_assert(word({.source2 = 127}) == 0x7FULL << 7);
  static_assert(word({.source1 = 127}) == 0x7FULL);
}

TEST_CASE("an instruction reads back as it was written") {
  core::Random random(1);
  for (int i = 0; i < 20000; ++i) {
    const auto pick = [&](int high) { return static_cast<int>(random.integer(0, high)); };
    const Instruction instruction{.predicate = static_cast<Predicate>(pick(3)),
                                  .broadcast = pick(1) != 0,
                                  .broadcast_bit = pick(1) != 0,
                                  .write = static_cast<Write>(pick(4)),
                                  .carry = static_cast<Latch>(pick(2)),
                                  .mask = static_cast<Latch>(pick(2)),
                                  .truth_table = pick(15),
                                  .destination = pick(127),
                                  .source2 = pick(127),
                                  .source1 = pick(127)};
    REQUIRE(decode(encode(instruction)) == instruction);
    REQUIRE((encode(instruction) >> 40) == 0);
    REQUIRE(((encode(instruction) >> 35) & 7) == 0);
  }
}

TEST_CASE("a write with a select code that its port lacks is refused, and only a write") {
  int legal = 0;
  for (std::uint64_t port = 0; port < 2; ++port)
    for (std::uint64_t select = 0; select < 4; ++select) {
      const auto word = select << 30 | port << 29;
      REQUIRE(decode(word).write == Write::None);
      const bool is_legal = port == 0 ? select < 2 : select == 1 || select == 2;
      if (is_legal) {
        REQUIRE(encode(decode(1ULL << 32 | word)) == (1ULL << 32 | word));
        ++legal;
      } else {
        REQUIRE_THROWS_AS(static_cast<void>(decode(1ULL << 32 | word)), RangeError);
      }
    }
  CHECK(legal == 4);
  CHECK_THROWS_WITH_AS(static_cast<void>(decode(1ULL << 32 | 3ULL << 30)),
                       "write select: port 0 has no code 3", RangeError);
}

TEST_CASE("clearing a latch goes before loading it, and unused bits do not count") {
  static_assert(decode(1ULL << 28 | 1ULL << 27).carry == Latch::Clear);
  static_assert(decode(1ULL << 26 | 1ULL << 25).mask == Latch::Clear);
  static_assert(decode(7ULL << 35 | 1ULL << 63) == decode(0));
}

TEST_CASE("rows and truth tables beyond their fields are refused") {
  CHECK_THROWS_WITH_AS(static_cast<void>(encode({.destination = 128})), "destination: 128 is outside 0..127",
                       RangeError);
  CHECK_THROWS_AS(static_cast<void>(encode({.source2 = -1})), RangeError);
  CHECK_THROWS_AS(static_cast<void>(encode({.source1 = 128})), RangeError);
  CHECK_THROWS_AS(static_cast<void>(encode({.truth_table = 16})), RangeError);
}

}  // namespace
