// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/lanes.hpp>

#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using Row = core::BitVector<160>;
using Word = core::BitVector<40>;

Row random_row(core::Random& random) { return Row::from_words({random(), random(), random()}); }

/// Applies f to every lane as an integer, modulo the lane.
template <class F>
Row by_lane(int lane_bits, F f) {
  Row result;
  for (int e = 0; e < 160 / lane_bits; ++e) result.insert(e * lane_bits, lane_bits, f(e));
  return result;
}

TEST_CASE("adding two lanes of 8 bits gives their sum modulo 256 for every pair of operands") {
  int mismatches = 0;
  for (std::uint64_t a = 0; a < 256; ++a)
    for (std::uint64_t b = 0; b < 256; ++b)
      for (const bool carry : {false, true}) {
        // neighbours of all ones would show a carry that enters or leaves the lane
        const Row left = by_lane(8, [&](int e) { return e % 2 == 0 ? a : 255; });
        const Row right = by_lane(8, [&](int e) { return e % 2 == 0 ? b : 255; });
        const Row expected = by_lane(8, [&](int e) { return (e % 2 == 0 ? a + b : 510) + (carry ? 1 : 0); });
        mismatches += fabric::lanes::add(left, right, carry, 8) == expected ? 0 : 1;
      }
  CHECK(mismatches == 0);
}

TEST_CASE("adding and shifting treat every lane of any width as an integer of its own") {
  core::Random random(3);
  for (const int lane_bits : {8, 16, 32})
    for (int i = 0; i < 2000; ++i) {
      const auto a = random_row(random);
      const auto b = random_row(random);
      const bool carry = random.bernoulli(0.5);
      const auto lane = [&](const Row& row, int e) { return row.extract(e * lane_bits, lane_bits); };
      REQUIRE(fabric::lanes::add(a, b, carry, lane_bits) ==
              by_lane(lane_bits, [&](int e) { return lane(a, e) + lane(b, e) + (carry ? 1 : 0); }));
      REQUIRE(fabric::lanes::shift_left(a, lane_bits) ==
              by_lane(lane_bits, [&](int e) { return 2 * lane(a, e); }));
      REQUIRE(fabric::lanes::value(a, 1, lane_bits) == core::sign_extend(lane(a, 1), lane_bits));
    }
}

TEST_CASE("sign extension puts every element of a word into its lane with its value") {
  core::Random random(4);
  for (const int bits : {2, 4, 8})
    for (int i = 0; i < 2000; ++i) {
      const Word word(random());
      const auto row = fabric::lanes::sign_extend(word, bits);
      for (int e = 0; e < 40 / bits; ++e)
        REQUIRE(fabric::lanes::value(row, e, 4 * bits) ==
                core::sign_extend(word.extract(e * bits, bits), bits));
    }
}

TEST_CASE("an overflow is marked in exactly the lanes whose sum does not fit") {
  core::Random random(7);
  for (const int lane_bits : {8, 16, 32})
    for (int i = 0; i < 1000; ++i) {
      const auto a = random_row(random);
      const auto b = random_row(random);
      const auto marked = fabric::lanes::overflows(a, b, lane_bits);
      Row expected;
      for (int e = 0; e < 160 / lane_bits; ++e) {
        const auto sum =
            std::int64_t{fabric::lanes::value(a, e, lane_bits)} + fabric::lanes::value(b, e, lane_bits);
        const auto end = std::int64_t{1} << (lane_bits - 1);
        expected.insert((e + 1) * lane_bits - 1, 1, sum < -end || sum >= end ? 1 : 0);
      }
      REQUIRE(marked == expected);
    }
}

TEST_CASE("a word is arranged as the order says") {
  struct Reversed {
    static constexpr int lane(int element, int lanes) { return lanes - 1 - element; }
  };
  CHECK(fabric::lanes::arrange<Reversed>(Word(0x123456789A), 4) == Word(0xA987654321));
  CHECK(fabric::lanes::arrange<Reversed>(Word(0x123456789A), 8) == Word(0x9A78563412));
}

TEST_CASE("lane arithmetic can be used in constant expressions") {
  constexpr auto row = fabric::lanes::sign_extend(Word(0x9), 4);
  static_assert(fabric::lanes::value(row, 0, 16) == -7);
  static_assert(fabric::lanes::value(fabric::lanes::shift_left(row, 16), 0, 16) == -14);
  static_assert(fabric::lanes::value(fabric::lanes::add(row, row, true, 16), 0, 16) == -13);
  CHECK(fabric::lanes::value(row, 1, 16) == 0);
}

}  // namespace
