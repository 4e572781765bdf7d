// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/m4bram.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <doctest/doctest.h>

#include <bitloom/core/type_list.hpp>
#include <bitloom/format/int.hpp>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

struct Wrapping : M4bramPolicies {
  using Flushing = ReadoutAtEnd;
};
struct Flushed : M4bramPolicies {
  using Flushing = FlushLanes;
};

using Plain = M4bram<Small, Synchronous, 1, Wrapping>;
using Widening = M4bram<Small, Synchronous>;
using Flushing = M4bram<Small, Synchronous, 1, Flushed>;

constexpr Operands operands_of(int weight, int activation, bool is_signed = false) {
  return {.weight_bits = weight, .activation_bits = activation, .signed_activations = is_signed};
}

// Every width is a constant expression; here are the facts of each, and which the policies let through.
template <int Weight, int Activation>
constexpr bool facts_hold() {
  constexpr auto o = operands_of(Weight, Activation);
  constexpr auto with_sign = operands_of(Weight, Activation, true);
  constexpr int outputs = 32 / Weight;
  using L4 = M4bram<Large, DoublePumped, 4, Wrapping>;
  static_assert(Plain::lanes(o) == outputs && L4::lanes(o) == outputs / 2);
  static_assert(Plain::lane_bits(o) == 4 * Weight);
  static_assert(Plain::macs_per_mac2(o) == 64 / Weight && L4::macs_per_mac2(o) == 128 / Weight);
  static_assert(Plain::mac2_cycles(o) == Activation + 2 && Plain::mac2_cycles(with_sign) == Activation + 3);
  static_assert(L4::mac2_cycles(o) == 2 + (Activation + 1) / 2 &&
                L4::mac2_cycles(with_sign) == L4::mac2_cycles(o));
  static_assert(Synchronous::model_cycles(Activation) == Plain::mac2_cycles(o));
  static_assert(DoublePumped::model_cycles(Activation) == L4::mac2_cycles(o));
  // the largest sums of two products, from the corners of the operands
  constexpr auto range = Plain::mac2_range(with_sign);
  static_assert(range.max == (std::int64_t{1} << (Weight + Activation - 1)));
  static_assert(Plain::mac2_range(o).lowest == -(std::int64_t{1} << Weight) * ((1 << Activation) - 1));
  constexpr bool fits = Plain::safe_mac2(o) > 0;
  static_assert(fits == (Weight > 2 || Activation < 6));
  static_assert(Flushing::supports(o) == fits && Widening::supports(o) && Plain::supports(o));
  static_assert(Widening::stored_bits(o) == (fits ? Weight : 2 * Weight));
  static_assert(Widening::safe_mac2(o) > 0);
  static_assert(Widening::storage_efficiency(o) == (fits ? 0.8 : 0.4));
  return true;
}

template <int Weight, int... Activation>
constexpr bool facts_hold(std::integer_sequence<int, Activation...>) {
  return (... && facts_hold<Weight, Activation + 2>());
}
static_assert(facts_hold<2>(std::make_integer_sequence<int, 7>{}));
static_assert(facts_hold<4>(std::make_integer_sequence<int, 7>{}));
static_assert(facts_hold<8>(std::make_integer_sequence<int, 7>{}));

// A design whose lanes are too narrow does not compile; see Computes.
static_assert(Computes<Flushing, format::Int<2>, format::Int<5, format::Unsigned>>);
static_assert(!Computes<Flushing, format::Int<2>, format::Int<6, format::Unsigned>>);
static_assert(Computes<Widening, format::Int<2>, format::Int<6, format::Unsigned>>);
static_assert(!Computes<Widening, format::Int<3>, format::Int<6, format::Unsigned>>);

// A matrix product as a constant expression: 3 groups of outputs, 2 passes, 150 MAC2.
constexpr MatrixShape shape{.rows = 20, .columns = 300, .vectors = 3};
using B = M4bram<Small, Synchronous, 2, Wrapping>;
static_assert(B::cycles(shape, operands_of(2, 2)) == 3 + 2 * 3 * (150 * 4 + 4));
static_assert(M4bram<Small, Synchronous, 2>::cycles(shape, operands_of(2, 2)) ==
              3 + 2 * 3 * (150 * 4 + 4 * 15));  // 10 MAC2 are safe
static_assert(M4bram<Large, DoublePumped, 2>::cycles(shape, operands_of(4, 6, true)) ==
              2 + 2 * 3 * (150 * 5 + 8 * 3));  // 63
static_assert(B::busy(shape, operands_of(2, 2)) == 2 * 900);
static_assert(B::words(shape, operands_of(2, 2)) == 3 * 150);
static_assert(M4bram<Large, Synchronous, 4>::words({.rows = 20, .columns = 5}, operands_of(8, 8)) ==
              10 * 2 * 2);
static_assert(B::streamed_pairs(shape, operands_of(2, 2), 256) == 0);
static_assert(B::streamed_pairs(shape, operands_of(2, 2), 128) == (2 * 450 - 256) / 2);

TEST_CASE("the least number of products that can wrap a lane is one more than the safe number") {
  for (const auto& o : test::m4bram_operands()) {
    const auto weight = operand_range(o.weight_bits, true);
    const auto activation = operand_range(o.activation_bits, o.signed_activations);
    std::int64_t lowest = 0;
    std::int64_t highest = 0;
    for (const auto w : {weight.lowest, weight.max})
      for (const auto a : {activation.lowest, activation.max}) {
        lowest = std::min(lowest, w * a);
        highest = std::max(highest, w * a);
      }
    const auto lane = std::int64_t{1} << (Plain::lane_bits(o) - 1);
    const auto fits = [&](std::int64_t terms) { return terms * highest < lane && terms * lowest >= -lane; };
    CAPTURE(to_string(o));
    CHECK(fits(Plain::safe_terms(o)));
    CHECK(!fits(Plain::safe_terms(o) + 1));
    CHECK(Plain::safe_mac2(o) == Plain::safe_terms(o) / 2);
  }
  const std::array<std::int64_t, 7> two{21, 9, 4, 2, 1, 0, 0}, four{1365, 585, 273, 132, 65, 32, 16};
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(Plain::safe_terms(operands_of(2, static_cast<int>(i) + 2)) == two[i]);
    CHECK(Plain::safe_terms(operands_of(4, static_cast<int>(i) + 2)) == four[i]);
    CHECK(Plain::safe_terms(operands_of(8, static_cast<int>(i) + 2)) >= 65793);
  }
}

TEST_CASE("names tell size, clocking and duplication, and the constants of cost carry their standing") {
  CHECK(Plain::name == "M4BRAM-SY-S");
  CHECK(M4bram<Large, DoublePumped, 4>::name == "M4BRAM-DP-L x4");
  CHECK(M4bram<Large, DoublePumped, 2, M4bramAsReleased>::name == "M4BRAM-DP-L x2 as released");
  CHECK(Flushing::supported.find("int2 with at most 5 bits") != std::string_view::npos);
  CHECK(Plain::readout_cycles() == 4);
  CHECK(M4bram<Large, Synchronous>::readout_cycles() == 8);
  CHECK(Plain::area().value == doctest::Approx(1.196 * 40));
  CHECK(M4bram<Large, Synchronous>::area().value == doctest::Approx(1.334 * 40));
  CHECK(Plain::clock().standing == core::Standing::Assumed);
  CHECK(M4bram<Small, DoublePumped>::clock().standing == core::Standing::Assumed);
  CHECK(M4bram<Small, DoublePumped>::clock().value == doctest::Approx(1e6 / 786.271 / 2));
}

TEST_CASE("every output and vector has a lane of its own, and together they fill the block") {
  const auto check = []<class Block>(std::type_identity<Block>) {
    for (const int bits : {2, 4, 8}) {
      const auto o = operands_of(bits, 4);
      const int lanes_of_element = Block::chunk_bits / bits;
      std::array<bool, 64> taken{};
      int count = 0;
      for (int e = 0; e < Block::lanes(o); ++e)
        for (int k = 0; k < Block::vectors; ++k) {
          const auto place = Block::place(e, k, o);
          REQUIRE((place.array >= 0 && place.array < 4 && place.lane >= 0 && place.lane < lanes_of_element));
          // elements side by side hold one vector
          CHECK(place.array / (4 / Block::vectors) == k);
          auto& cell = taken[static_cast<std::size_t>(place.array * lanes_of_element + place.lane)];
          CHECK(!cell);
          cell = true;
          ++count;
        }
      CHECK(count == 4 * lanes_of_element);
    }
  };
  core::for_each_type(core::TypeList<M4bram<Small, Synchronous, 1>, M4bram<Small, Synchronous, 2>,
                                     M4bram<Small, Synchronous, 4>, M4bram<Large, Synchronous, 1>,
                                     M4bram<Large, Synchronous, 2>, M4bram<Large, Synchronous, 4>>{},
                      check);
}

TEST_CASE("operands that the block lacks, impossible shapes and counts beyond 63 bits are refused") {
  CHECK_THROWS_WITH_AS(
      static_cast<void>(Flushing::cut(shape, operands_of(2, 6))),
      "operands: M4BRAM-SY-S does not compute int2 x uint6; it has int2, int4 and int8 weights, "
      "activations of 2 to 8 bits; int2 with at most 5 bits",
      RangeError);
  CHECK_THROWS_AS(static_cast<void>(Plain::cycles(shape, operands_of(3, 3))), RangeError);
  CHECK_THROWS_AS(static_cast<void>(Plain::cycles({0, 1, 1}, operands_of(2, 2))), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(Plain::cycles({1LL << 40, 1LL << 40, 1}, operands_of(2, 2))), ShapeError);
}

}  // namespace
