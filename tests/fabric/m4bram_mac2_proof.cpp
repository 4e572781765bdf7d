// SPDX-License-Identifier: Apache-2.0
// While this file compiles, the machine goes through every MAC2 of 2-bit weights with activations of 2 and 3 bits.
#include <bitloom/fabric/m4bram_machine.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/fabric/m4bram_value.hpp>

#include "operands.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

/// Weights or activations number `index` of all pairs.
constexpr std::array<int, 2> pair(int index, int bits, bool is_signed) {
  const int codes = 1 << bits;
  const int lowest = is_signed ? -codes / 2 : 0;
  return {lowest + index % codes, lowest + index / codes};
}

constexpr int weight_pairs = 16;

/// All pairs of 2-bit weights lie in the 16 places of one pair of words. The block takes activation pair `index` with
/// them, for all elements.
template <class Clocking>
constexpr bool machine_is_exact(int index, int bits, bool is_signed) {
  using B = M4bram<Small, Clocking>;
  const Operands o{.weight_bits = 2, .activation_bits = bits, .signed_activations = is_signed};
  typename B::Machine machine;
  for (std::size_t j = 0; j < 2; ++j) {
    core::BitVector<32> word;
    for (int e = 0; e < weight_pairs; ++e)
      word.insert(2 * e, 2, static_cast<std::uint64_t>(pair(e, 2, true)[j]));
    machine.memory().write(static_cast<std::uint32_t>(j), {512, 32}, word.words()[0]);
  }
  const auto activations = pair(index, bits, is_signed);
  const auto issue = [&](std::uint64_t flags, std::uint32_t word, std::size_t input) {
    const auto a = static_cast<std::int16_t>(activations[input]);
    machine.tick({.cim = {.enable = true,
                          .byte_enable = static_cast<std::uint8_t>(flags),
                          .data = activation_bytes({a, a, a, a}, bits, is_signed),
                          .word = word}});
  };
  machine.tick({.cim = encode({.weight_bits = 2, .activation_bits = bits, .signed_activations = is_signed})});
  const auto copy = cim::copy.put(1);
  if constexpr (Clocking::clock_ratio == 1) {
    issue(cim::start.put(1), 0, 0);
    issue(copy, 0, 0);
    issue(copy, 1, 1);
    while (machine.state() != TwoSync::Acc) machine.tick({});
  } else {
    issue(cim::start.put(1) | copy, 0, 0);  // activations come a copy earlier
    issue(copy, 0, 1);
    issue(copy, 1, 1);
    while (machine.state() != DoublePumped::Add) machine.tick({});
  }
  issue(cim::done.put(1), 0, 0);
  const auto steps = (machine.main_cycles() - 1) * Clocking::clock_ratio;  // without the configuration
  if (steps != B::first_readout_step(1, o) - (Clocking::clock_ratio == 1 ? 0 : 1)) return false;
  for (int e = 0; e < weight_pairs; ++e) {
    const auto weights = pair(e, 2, true);
    const int sum = weights[0] * activations[0] + weights[1] * activations[1];
    const auto place = B::place(e, 0, o);
    if (lanes::value(machine.array(place.array).row(Row::Accumulator), place.lane, B::lane_bits(o)) != sum)
      return false;
    if (B::mac2(o, weights, activations) != sum) return false;
  }
  return true;
}

/// Each pair of activations is a constant expression of its own, so that no compiler runs out of steps.
template <class Clocking, int Bits, bool IsSigned, int... I>
constexpr bool machine_is_always_exact(std::integer_sequence<int, I...>) {
  return (... && std::bool_constant<machine_is_exact<Clocking>(I, Bits, IsSigned)>::value);
}
template <int Bits>
using EveryPair = std::make_integer_sequence<int, 1 << (2 * Bits)>;

static_assert(machine_is_always_exact<Synchronous, 2, false>(EveryPair<2>{}));
static_assert(machine_is_always_exact<Synchronous, 2, true>(EveryPair<2>{}));
static_assert(machine_is_always_exact<Synchronous, 3, false>(EveryPair<3>{}));
static_assert(machine_is_always_exact<Synchronous, 3, true>(EveryPair<3>{}));
static_assert(machine_is_always_exact<DoublePumped, 2, false>(EveryPair<2>{}));
static_assert(machine_is_always_exact<DoublePumped, 2, true>(EveryPair<2>{}));
static_assert(machine_is_always_exact<DoublePumped, 3, false>(EveryPair<3>{}));
static_assert(machine_is_always_exact<DoublePumped, 3, true>(EveryPair<3>{}));

struct Wrapping : M4bramPolicies {
  using Flushing = ReadoutAtEnd;
};

TEST_CASE_TEMPLATE(
    "one MAC2 in closed form is what the value view computes, for every operand of up to 8 bits together", B,
    M4bram<Small, Synchronous>, M4bram<Large, DoublePumped, 4, Wrapping>,
    M4bram<Large, DoublePumped, 1, M4bramAsReleased>) {
  for (const auto& o : fabric::test::m4bram_operands()) {
    if (o.weight_bits + o.activation_bits > 8) continue;
    const int rows = 1 << (2 * o.weight_bits);
    const int vectors = 1 << (2 * o.activation_bits);
    std::vector<std::int16_t> weights, activations(static_cast<std::size_t>(2 * vectors));
    for (int i = 0; i < rows; ++i)
      for (const int w : pair(i, o.weight_bits, true)) weights.push_back(static_cast<std::int16_t>(w));
    for (int i = 0; i < vectors; ++i)
      for (std::size_t k = 0; k < 2; ++k)
        activations[k * static_cast<std::size_t>(vectors) + static_cast<std::size_t>(i)] =
            static_cast<std::int16_t>(pair(i, o.activation_bits, o.signed_activations)[k]);
    std::vector<std::int32_t> sums(static_cast<std::size_t>(rows * vectors));
    B::accumulate({.rows = rows, .columns = 2, .vectors = vectors}, o, weights, activations, sums);
    std::int64_t wrong = 0;
    for (int w = 0; w < rows; ++w)
      for (int a = 0; a < vectors; ++a)
        wrong += B::mac2(o, pair(w, o.weight_bits, true), pair(a, o.activation_bits, o.signed_activations)) !=
                 sums[static_cast<std::size_t>(w * vectors + a)];
    CAPTURE(to_string(o));
    CHECK(wrong == 0);
  }
}

TEST_CASE(
    "one MAC2 in closed form wraps where a lane is too narrow for it, and refuses what the block lacks") {
  using Narrow = M4bram<Small, Synchronous, 1, Wrapping>;
  using Wide = M4bram<Small, Synchronous>;
  constexpr Operands o{.weight_bits = 2, .activation_bits = 8};
  static_assert(Narrow::mac2(o, {-2, -2}, {255, 255}) == -1020 + 4 * 256);
  static_assert(Wide::mac2(o, {-2, -2}, {255, 255}) == -1020);
  static_assert(Wide::mac2({.weight_bits = 8, .activation_bits = 8, .signed_activations = true}, {-128, -128},
                           {-128, -128}) == 32768);
  CHECK_THROWS_AS(static_cast<void>(Wide::mac2({.weight_bits = 3, .activation_bits = 3}, {0, 0}, {0, 0})),
                  RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Wide::mac2(o, {2, 0}, {0, 0})), "weight: 2 is outside -2..1",
                       RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Wide::mac2(o, {0, 0}, {0, 256})),
                       "activation: 256 is outside 0..255", RangeError);
}

}  // namespace
