// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/block_cut.hpp>
#include <bitloom/fabric/bramac_efsm.hpp>
#include <bitloom/fabric/bramac_policies.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/m20k.hpp>

namespace bitloom::fabric {

template <class B>
class BramacMachine;

/// BRAMAC: an M20K block RAM with dummy arrays that multiply and accumulate the weights it stores.
///
/// `Variant` is TwoSync (2SA) or OneDoublePumped (1DA). Weights are two's complement of n = 2, 4 or 8 bits,
/// activations of the same width, signed or unsigned. One MAC2 multiplies two weight words with two activations:
/// every lane adds W1·I1 + W2·I2 to an accumulator of 4n bits that wraps.
///
/// `Policies` answers what the sources leave open; see bramac_policies.hpp.
///
/// This header has the facts and the costs; `multiply` is defined in bramac_value.hpp, the machine in
/// bramac_machine.hpp, `run` in bramac_product.hpp.
/// Source: "BRAMAC: Compute-in-BRAM Architectures for Multiply-Accumulate on FPGAs", arXiv 2304.03974, and its
/// released controllers.
template <BramacVariant Variant, SignPolicy Sign = ShiftAfterSign, BramacPolicySet Policies = BramacPolicies>
struct Bramac {
  using variant = Variant;
  using sign_policy = Sign;
  using policies = Policies;
  using Machine = BramacMachine<Bramac>;
  using Cut = BlockCut;
  using WeightWord = std::uint64_t;  ///< of a MAC2: 40 bits, element e in place e

  static constexpr std::string_view name = Sign::shift ? Variant::name : Variant::released_name;
  static constexpr std::string_view supported =
      "int2, int4 and int8 weights with activations of the same width";
  static constexpr int arrays = Variant::arrays;
  static constexpr int vectors = arrays;      ///< vectors computed side by side
  static constexpr int terms = 2;             ///< terms of a sum that a block takes at a time
  static constexpr bool exact = Sign::shift;  ///< activations are what weights are multiplied with
  static constexpr int word_bits = M20k::geometry.word_bits();
  static constexpr int row_bits = M20k::geometry.columns;
  static constexpr int weight_words = M20k::geometry.words();

  /// Weight words are addressed in the main cycle before the copy.
  static constexpr bool addressed_before = Policies::CopyLatency::before(Variant::clock_ratio);
  /// Main cycles of a MAC2 with an instruction on port A: those that address words, bring activations or let copy.
  static constexpr int instruction_cycles =
      Variant::busy_cycles + (addressed_before == (Variant::clock_ratio == 2) ? 0 : 1);

  static constexpr bool supports(const Operands& o) noexcept {
    return o.signed_weights && o.weight_bits == o.activation_bits &&
           (o.weight_bits == 2 || o.weight_bits == 4 || o.weight_bits == 8);
  }

  /// Bits that a weight takes in the block.
  static constexpr int stored_bits(const Operands& o) noexcept { return o.weight_bits; }

  /// Outputs computed side by side in one array: one a lane.
  static constexpr int lanes(const Operands& o) noexcept { return word_bits / o.weight_bits; }
  static constexpr int lane_bits(const Operands& o) noexcept { return 4 * o.weight_bits; }

  /// The lane of a row that holds element `element` of a word.
  static constexpr int lane_of(int element, const Operands& o) noexcept {
    return Policies::LaneOrder::lane(element, lanes(o));
  }

  /// Where the sum of output `output` and vector `vector` accumulates.
  static constexpr LanePlace place(int output, int vector, const Operands& o) noexcept {
    return {.array = vector, .lane = lane_of(output, o)};
  }

  /// eFSM cycles from one MAC2 to the next.
  static constexpr int mac2_steps(const Operands& o) noexcept {
    return Variant::mac2_steps(o.activation_bits, o.signed_activations);
  }

  /// Main-clock cycles from one MAC2 to the next: 2SA 5, 7, 11 signed and 4, 6, 10 unsigned; 1DA 3, 4, 6.
  static constexpr int mac2_cycles(const Operands& o) noexcept {
    return mac2_steps(o) / Variant::clock_ratio;
  }

  /// Index of the eFSM cycle in which the accumulator is first at the output, after `mac2` MAC2; the cycle with the
  /// start instruction is 0.
  static constexpr std::int64_t first_readout_step(std::int64_t mac2, const Operands& o) noexcept {
    return 3 + mac2 * mac2_steps(o);
  }

  /// Main-clock cycles to read all accumulators, one 40-bit word a cycle: 8 (2SA), 4 (1DA).
  static constexpr int readout_cycles() noexcept { return arrays * row_bits / word_bits; }

  /// Multiply-accumulates that all lanes and arrays do in one MAC2.
  static constexpr int macs_per_mac2(const Operands& o) noexcept { return 2 * lanes(o) * arrays; }

  /// One MAC2 of one lane, as `accumulate` has it: W1·I1 + W2·I2 modulo the lane. For proofs at compile time.
  /// @throws RangeError  operands that the block lacks, or a value outside its width
  static constexpr std::int32_t mac2(const Operands& o, const std::array<int, 2>& weights,
                                     const std::array<int, 2>& activations) {
    return lane_mac2<Bramac>(o, weights, activations);
  }

  /// What the block multiplies a weight with for this activation: itself, but without the shift of the sign step.
  static constexpr int factor(int activation, const Operands& o) noexcept {
    return exact ? activation : half_sign(activation, o.activation_bits);
  }

  /// The least and the largest sum that one MAC2 can add to a lane.
  static constexpr format::IntegerRange mac2_range(const Operands& o) noexcept {
    return fabric::mac2_range(o);
  }

  /// Number of MAC2 that can be accumulated without any possible wrap of a lane.
  static constexpr std::int64_t safe_mac2(const Operands& o) noexcept {
    return safe_count(mac2_range(o), lane_bits(o));
  }

  /// How a matrix product is cut for one block.
  /// @throws RangeError  the block lacks these operands
  /// @throws ShapeError  an extent is not positive, or the cycles do not fit 63 bits
  static constexpr Cut cut(const MatrixShape& shape, const Operands& o) {
    check_supported<Bramac>(o);
    return cut_product(shape, lanes(o), arrays, safe_mac2(o));
  }

  /// Main-clock cycles of one block for a matrix product, weights in the block, sums cut where a lane could wrap.
  ///
  /// Per group and pass: ceil(columns / 2) MAC2, and one readout for each `safe_mac2` of them. Weights beyond the
  /// block's 512 words stream in through free port cycles, which always suffice; see BramacRun.
  /// @throws RangeError  the block lacks these operands
  /// @throws ShapeError  an extent is not positive
  static constexpr std::int64_t cycles(const MatrixShape& shape, const Operands& o) {
    const auto c = cut(shape, o);
    return Variant::prologue_cycles +
           c.passes * c.groups * (c.mac2 * mac2_cycles(o) + c.readouts * readout_cycles());
  }

  /// Of those cycles, the ones in which the eFSM reads the main array.
  static constexpr std::int64_t busy(const MatrixShape& shape, const Operands& o) {
    return cut(shape, o).total_mac2() * Variant::busy_cycles;
  }

  /// Of those cycles, the ones between copies, in which both ports are free for memory traffic.
  static constexpr std::int64_t free(const MatrixShape& shape, const Operands& o) {
    return cut(shape, o).total_mac2() * (mac2_cycles(o) - instruction_cycles);
  }

  /// 40-bit words that hold the weights, of the 512 in the block.
  static constexpr std::int64_t words(const MatrixShape& shape, const Operands& o) {
    const auto c = cut(shape, o);
    return c.groups * c.mac2 * terms;
  }

  /// Pairs of words that have to be written during the run, one a free cycle, if only `slots` pairs stay in the block.
  static constexpr std::int64_t streamed_pairs(const MatrixShape& shape, const Operands& o,
                                               std::int64_t slots) {
    const auto c = cut(shape, o);
    return c.groups * c.mac2 <= slots ? 0 : c.total_mac2() - slots;
  }

  /// Main clock of the block in its device.
  static constexpr core::Constant clock() noexcept { return Variant::clock; }

  static constexpr core::Constant area() noexcept {
    return {Variant::area_name, Variant::area_factor.value * M20k::area().value, "area units",
            "M20K area times the area factor", core::Standing::Derived};
  }

  /// The constants of cost: of the clock and of the area, with what the latter is derived from.
  static constexpr std::array<core::Constant, 4> constants() noexcept {
    return {clock(), area(), Variant::area_factor, M20k::area()};
  }

  /// The product as the hardware delivers it: sums cut into readouts of `safe_mac2` MAC2, so that no lane wraps.
  /// @throws RangeError  operands that the block lacks, a value outside its width, or a sum beyond 32 bits
  /// @throws ShapeError  a span does not fit the shape
  static void multiply(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                       std::span<const std::int16_t> activations, std::span<std::int32_t> result);

  /// One readout without cutting: lanes wrap at 4n bits, or with TrapWraps it is a RangeError.
  static void accumulate(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                         std::span<const std::int16_t> activations, std::span<std::int32_t> result);

  /// The same product on the machine.
  /// @return main-clock cycles from the start instruction to the last readout
  static std::int64_t run(Machine& machine, const MatrixShape& shape, const Operands& o,
                          std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                          std::span<std::int32_t> result);
};

using Bramac2sa = Bramac<TwoSync>;
using Bramac1da = Bramac<OneDoublePumped>;

}  // namespace bitloom::fabric
