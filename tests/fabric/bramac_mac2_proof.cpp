// SPDX-License-Identifier: Apache-2.0
// While this file compiles, the machine and the dummy array go through every MAC2 of 2- and 4-bit operands.
#include <bitloom/fabric/bramac_machine.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/fabric/bramac_value.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

constexpr Operands operands_of(int bits, bool is_signed) {
  return {.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
}

/// Weights or activations number `index` of all pairs.
constexpr std::array<int, 2> pair(int index, int bits, bool is_signed) {
  const int codes = 1 << bits;
  const int lowest = is_signed ? -codes / 2 : 0;
  return {lowest + index % codes, lowest + index / codes};
}

/// 2 bits: all 16 pairs of weights lie in the 20 lanes of one pair of words. Array k has activation pair `index` + k.
template <class B>
constexpr bool machine_is_exact(int index, bool is_signed) {
  using Variant = typename B::variant;
  constexpr int bits = 2;
  const auto o = operands_of(bits, is_signed);
  BramacMachine<B> machine;
  core::BitVector<40> word1, word2;
  for (int e = 0; e < 16; ++e) {
    const auto weights = pair(e, bits, true);
    word1.insert(e * bits, bits, static_cast<std::uint64_t>(weights[0]));
    word2.insert(e * bits, bits, static_cast<std::uint64_t>(weights[1]));
  }
  machine.memory().set_word(0, 0, word1.words()[0]);
  machine.memory().set_word(1, 0, word2.words()[0]);

  const auto issue = [&](Instruction i, int array) {
    const auto activations = pair(index + array, bits, is_signed);
    i.precision = bits;
    i.signed_inputs = is_signed;
    i.input1 = justify(activations[0], bits, is_signed);
    i.input2 = justify(activations[1], bits, is_signed);
    machine.tick(BlockPorts::instruction(encode<Variant>(i)));
  };
  if constexpr (Variant::clock_ratio == 1) {
    issue({.start = true}, 0);
    issue({.row1 = 0}, 0);
    issue({.row1 = 1}, 1);
    while (machine.state() != Variant::Acc) machine.tick({});
  } else {
    issue({.start = true, .row1 = 0, .row2 = 1}, 0);
    while (machine.state() != Variant::Add) machine.tick({});
  }
  issue({.done = true}, 0);
  if (machine.main_cycles() * Variant::clock_ratio != B::first_readout_step(1, o) - (B::arrays == 1 ? 1 : 0))
    return false;
  for (int k = 0; k < B::arrays; ++k)
    for (int e = 0; e < 16; ++e) {
      const auto weights = pair(e, bits, true);
      const auto activations = pair(index + k, bits, is_signed);
      const int sum = weights[0] * activations[0] + weights[1] * activations[1];
      if (lanes::value(machine.array(k).row(Row::Accumulator), e, 4 * bits) != sum) return false;
      if (B::mac2(o, weights, activations) != sum) return false;
    }
  return true;
}

template <class B, bool IsSigned>
constexpr bool machine_is_always_exact() {
  for (int index = 0; index < 16; index += B::arrays)
    if (!machine_is_exact<B>(index, IsSigned)) return false;
  return true;
}

static_assert(machine_is_always_exact<Bramac2sa, false>() && machine_is_always_exact<Bramac2sa, true>());
static_assert(machine_is_always_exact<Bramac1da, false>() && machine_is_always_exact<Bramac1da, true>());

/// 4 bits: a dummy array with a lane for each of the 256 pairs of weights.
constexpr int wide_bits = 4;
constexpr int wide_lane_bits = 4 * wide_bits;
constexpr int wide_pairs = 1 << (2 * wide_bits);
using WideArray = DummyArray<wide_pairs * wide_lane_bits>;
using WideRow = WideArray::RowVector;

/// Lane e holds a·W1 + b·W2 of pair e of weights.
constexpr WideRow combination(int a, int b) {
  WideRow::Words words{};
  for (std::size_t e = 0; e < wide_pairs; ++e) {
    const auto weights = pair(static_cast<int>(e), wide_bits, true);
    const auto sum =
        static_cast<std::uint64_t>(weights[0] * a + weights[1] * b) & core::low_mask(wide_lane_bits);
    words[e / 4] |= sum << (e % 4 * wide_lane_bits);
  }
  return WideRow::from_words(words);
}
constexpr WideRow wide_word1 = combination(1, 0);
constexpr WideRow wide_word2 = combination(0, 1);

/// The array runs through the state table once.
template <class Variant>
constexpr bool array_is_exact(int index, bool is_signed) {
  constexpr int bits = wide_bits;
  constexpr int lane_bits = wide_lane_bits;
  constexpr auto table = Variant::table();
  const auto activations = pair(index, bits, is_signed);
  WideArray array;
  array.step({.write1 = Write1::Word1, .target1 = Row::W1, .write2 = Write2::Word, .target2 = Row::W2},
             lane_bits, wide_word1, wide_word2);
  std::array<std::uint8_t, 2> inputs{justify(activations[0], bits, is_signed),
                                     justify(activations[1], bits, is_signed)};
  int counter = 0;
  int steps = 1;
  for (int s = Variant::PreAdd;; ++steps) {
    const auto& state = table[static_cast<std::size_t>(s)];
    const auto selected = static_cast<Row>((inputs[1] >> 7) << 1 | inputs[0] >> 7);
    array.step({.read1 = state.read1 == efsm::Read1::Activation ? selected : state.row1,
                .read2 = state.row2,
                .carry = state.carry,
                .write1 = state.write1,
                .target1 = state.target1,
                .write2 = state.write2_if == efsm::If::Always ? state.write2 : Write2::None,
                .target2 = state.target2},
               lane_bits, {}, {});
    if (s == Variant::Acc) break;
    if (state.shifts_inputs)
      for (auto& input : inputs) input = static_cast<std::uint8_t>(input << 1);
    const auto& [first, second] = state.transitions;
    const auto& taken =
        efsm::holds(first.when, {.signed_input = is_signed, .precision = bits}, counter) ? first : second;
    counter += taken.count == efsm::Count::Add1 ? 1 : taken.count == efsm::Count::Add2 ? 2 : 0;
    s = taken.next;
  }
  return array.row(Row::Accumulator) == combination(activations[0], activations[1]) &&
         steps == Variant::mac2_steps(bits, is_signed) - (Variant::clock_ratio == 2 ? 1 : 0);
}

/// Each pair of activations is a constant expression of its own, so that no compiler runs out of steps.
template <class Variant, bool IsSigned, int Stride, int... I>
constexpr bool array_is_always_exact(std::integer_sequence<int, I...>) {
  return (... && std::bool_constant<array_is_exact<Variant>(Stride * I, IsSigned)>::value);
}
using EveryPair = std::make_integer_sequence<int, wide_pairs>;
using SomePairs = std::make_integer_sequence<int, (wide_pairs + 12) / 13>;

static_assert(array_is_always_exact<TwoSync, false, 1>(EveryPair{}));
static_assert(array_is_always_exact<TwoSync, true, 1>(EveryPair{}));
// the 1DA has the same array and the same states, but for a bubble and its copies
static_assert(array_is_always_exact<OneDoublePumped, false, 13>(SomePairs{}));
static_assert(array_is_always_exact<OneDoublePumped, true, 13>(SomePairs{}));

TEST_CASE_TEMPLATE(
    "one MAC2 in closed form is what the value view computes, for every operand of 2 and 4 bits", B,
    Bramac2sa, Bramac1da, Bramac<TwoSync, AsReleased>) {
  for (const int bits : {2, 4})
    for (const bool is_signed : {false, true}) {
      const auto o = operands_of(bits, is_signed);
      const int pairs = 1 << (2 * bits);
      const MatrixShape shape{.rows = pairs, .columns = 2, .vectors = pairs};
      std::vector<std::int16_t> weights, activations(static_cast<std::size_t>(2 * pairs));
      for (int i = 0; i < pairs; ++i) {
        for (const int w : pair(i, bits, true)) weights.push_back(static_cast<std::int16_t>(w));
        for (std::size_t k = 0; k < 2; ++k)
          activations[k * static_cast<std::size_t>(pairs) + static_cast<std::size_t>(i)] =
              static_cast<std::int16_t>(pair(i, bits, is_signed)[k]);
      }
      std::vector<std::int32_t> sums(static_cast<std::size_t>(pairs * pairs));
      B::accumulate(shape, o, weights, activations, sums);
      std::int64_t wrong = 0;
      for (int w = 0; w < pairs; ++w)
        for (int a = 0; a < pairs; ++a)
          wrong += B::mac2(o, pair(w, bits, true), pair(a, bits, is_signed)) !=
                   sums[static_cast<std::size_t>(w * pairs + a)];
      CHECK(wrong == 0);
    }
}

TEST_CASE("one MAC2 in closed form refuses what the block lacks") {
  CHECK(Bramac2sa::mac2(operands_of(8, true), {-128, -128}, {-128, -128}) == 32768);
  CHECK(Bramac2sa::mac2(operands_of(8, false), {-128, -128}, {255, 255}) == -65280);
  CHECK_THROWS_AS(static_cast<void>(Bramac2sa::mac2(operands_of(3, true), {0, 0}, {0, 0})), RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Bramac2sa::mac2(operands_of(4, true), {8, 0}, {0, 0})),
                       "weight: 8 is outside -8..7", RangeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(Bramac2sa::mac2(operands_of(4, false), {0, 0}, {0, -1})),
                       "activation: -1 is outside 0..15", RangeError);
}

}  // namespace
