// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/bramac.hpp>

#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/format/int.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

constexpr Operands operands_of(int bits, bool is_signed) {
  return {.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
}

TEST_CASE("a MAC2 takes the published numbers of main-clock cycles") {
  static_assert(Bramac2sa::mac2_cycles(operands_of(2, true)) == 5);
  static_assert(Bramac2sa::mac2_cycles(operands_of(4, true)) == 7);
  static_assert(Bramac2sa::mac2_cycles(operands_of(8, true)) == 11);
  static_assert(Bramac2sa::mac2_cycles(operands_of(2, false)) == 4);
  static_assert(Bramac2sa::mac2_cycles(operands_of(4, false)) == 6);
  static_assert(Bramac2sa::mac2_cycles(operands_of(8, false)) == 10);
  for (const bool is_signed : {false, true}) {
    CHECK(Bramac1da::mac2_cycles(operands_of(2, is_signed)) == 3);
    CHECK(Bramac1da::mac2_cycles(operands_of(4, is_signed)) == 4);
    CHECK(Bramac1da::mac2_cycles(operands_of(8, is_signed)) == 6);
  }
}

TEST_CASE("no sum of extreme products leaves a lane before the safe number of MAC2, and one does after it") {
  for (const int bits : {2, 4, 8})
    for (const bool is_signed : {false, true}) {
      const auto o = operands_of(bits, is_signed);
      std::int64_t lowest = 0;
      std::int64_t highest = 0;
      for (int w = -(1 << (bits - 1)); w < 1 << (bits - 1); ++w)
        for (int a = is_signed ? -(1 << (bits - 1)) : 0; a < 1 << (is_signed ? bits - 1 : bits); ++a) {
          lowest = std::min<std::int64_t>(lowest, w * a);
          highest = std::max<std::int64_t>(highest, w * a);
        }
      const auto lane = std::int64_t{1} << (Bramac2sa::lane_bits(o) - 1);
      const auto safe = Bramac2sa::safe_mac2(o);
      const auto fits = [&](std::int64_t mac2) {
        return 2 * mac2 * highest < lane && 2 * mac2 * lowest >= -lane;
      };
      CHECK(fits(safe));
      CHECK(!fits(safe + 1));
      CHECK(Bramac1da::safe_mac2(o) == safe);
    }
}

TEST_CASE("the cost of one vector is the published schedule: prologue, MAC2, readout") {
  const auto o = operands_of(4, false);
  CHECK(Bramac1da::cycles({.rows = 10, .columns = 64}, o) == 1 + 32 * 4 + 4);
  CHECK(Bramac2sa::cycles({.rows = 10, .columns = 64}, o) == 3 + 32 * 6 + 8);
  CHECK(Bramac2sa::cycles({.rows = 11, .columns = 64}, o) == 3 + 2 * (32 * 6 + 8));
  CHECK(Bramac2sa::cycles({.rows = 10, .columns = 64, .vectors = 2}, o) == 3 + 32 * 6 + 8);
  CHECK(Bramac2sa::cycles({.rows = 10, .columns = 64, .vectors = 3}, o) == 3 + 2 * (32 * 6 + 8));
  CHECK(Bramac1da::cycles({.rows = 10, .columns = 2 * 137}, o) == 1 + 137 * 4 + 2 * 4);  // 136 MAC2 are safe
}

TEST_CASE("operands that the block lacks are named in the error") {
  CHECK_THROWS_WITH_AS(
      static_cast<void>(Bramac2sa::cycles({1, 1}, operands<format::Int<3>, format::Int<3>>())),
      "operands: BRAMAC-2SA does not compute int3 x int3; it has int2, int4 and int8 weights with "
      "activations of the same width",
      RangeError);
  static_assert(Computes<Bramac2sa, format::Int<4>, format::Int<4, format::Unsigned>>);
  static_assert(!Computes<Bramac2sa, format::Int<4>, format::Int<8>>);
  static_assert(!Computes<Bramac2sa, format::Int<4, format::Unsigned>, format::Int<4>>);
}

TEST_CASE("impossible shapes have no cost") {
  const auto o = operands_of(4, false);
  CHECK_THROWS_AS(static_cast<void>(Bramac2sa::cycles({.rows = -5, .columns = 4}, o)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Bramac2sa::busy({.rows = 5, .columns = 0}, o)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Bramac1da::words({.rows = 5, .columns = 4, .vectors = 0}, o)),
                  ShapeError);
}

TEST_CASE("a number that is not known from a source says so") {
  CHECK(Bramac2sa::clock().standing == core::Standing::Assumed);
  CHECK(TwoSync::area_factor.standing == core::Standing::Published);
  CHECK(Bramac1da::area().value == doctest::Approx(46.8));
}

}  // namespace

TEST_CASE("shapes whose cycles 63 bits cannot count are errors") {
  using namespace bitloom::fabric;
  constexpr Operands o{.weight_bits = 4, .activation_bits = 4};
  constexpr auto large = std::int64_t{1} << 31;
  CHECK_THROWS_AS((void)Bramac2sa::cycles({large, large, large}, o), bitloom::ShapeError);
  CHECK_THROWS_AS((void)Bramac1da::words({large * large, large, 1}, o), bitloom::ShapeError);
  CHECK(Bramac1da::cycles({large, large, 1}, o) > 0);
}
