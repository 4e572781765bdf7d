// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/block_cut.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/m20k.hpp>
#include <bitloom/fabric/m4bram_efsm.hpp>
#include <bitloom/fabric/m4bram_policies.hpp>

namespace bitloom::fabric {

template <M4bramSize Size, M4bramClocking Clocking, M4bramPolicySet Policies>
class M4bramMachine;

namespace detail {

/// `M4BRAM-DP-L x4`, or with ` as released` or what else of sign step and timing is not the default behind it.
template <class Size, class Clocking, int Duplication, class Policies>
struct M4bramName {
  static constexpr std::string_view suffix() noexcept {
    using Timing = typename Policies::Timing;
    constexpr bool pumped = Clocking::clock_ratio == 2;
    if constexpr (!Policies::Sign::shift)
      return !pumped || Timing::extra_shift ? " as released"
             : Timing::aligned              ? " released sign"
                                            : " released sign drifting";
    else
      return !pumped || Timing::aligned ? "" : Timing::extra_shift ? " released timing" : " drifting";
  }
  static constexpr auto text = [] {
    std::array<char, 64> result{};
    std::size_t length = 0;
    for (const auto part : {std::string_view("M4BRAM-"), Clocking::name, std::string_view("-"), Size::name,
                            std::string_view(Duplication == 4   ? " x4"
                                             : Duplication == 2 ? " x2"
                                                                : ""),
                            suffix()})
      for (const char c : part) result[length++] = c;
    return result;
  }();
  static constexpr std::string_view value{text.data()};
};

}  // namespace detail

/// A slice of a weight word.
struct WordSlice {
  std::int64_t word{};  ///< number in the sequence of weight words that a run uses
  int slice{};

  friend constexpr bool operator==(const WordSlice&, const WordSlice&) = default;
};

/// M4BRAM: an M20K block RAM that multiplies the weights it stores, with four processing elements.
///
/// Weights are two's complement of 2, 4 or 8 bits; activations have 2 to 8 bits, signed or not. A weight word is cut into
/// `Duplication` slices; a MAC2 spreads one slice over the elements, so that every weight of it meets the activations
/// of `Duplication` vectors: two columns of weights times two rows of activations, accumulated in lanes of four times
/// the weight's bits that wrap.
///
/// `Size` is Small or Large, `Clocking` Synchronous or DoublePumped; `Policies` answers what the sources leave open.
/// All widths, signs and duplications are run-time fields of the machine; the type fixes the duplication of a schedule.
/// Main array in compute mode: 512 words of 32 bits; port A carries instructions and copies, port B is free.
///
/// This header has the facts and the costs; `multiply` is defined in m4bram_value.hpp, the machine in
/// m4bram_machine.hpp, `run` in m4bram_product.hpp.
/// Source: "M4BRAM: Mixed-Precision Matrix-Matrix Multiplication in FPGA Block RAMs", arXiv 2311.02758, and its
/// released artifact, which do not say which weights lie in which slice; the layout here is that of the capacities.
template <M4bramSize Size, M4bramClocking Clocking, int Duplication = 1,
          M4bramPolicySet Policies = M4bramPolicies>
  requires(Duplication == 1 || Duplication == 2 || Duplication == 4)
struct M4bram {
  using size = Size;
  using clocking = Clocking;
  using policies = Policies;
  using timing = typename Policies::Timing;
  using Machine = M4bramMachine<Size, Clocking, Policies>;
  using Cut = BlockCut;
  using WeightWord = WordSlice;  ///< of a MAC2: output o of the group in place o of the slice

  static constexpr std::string_view name = detail::M4bramName<Size, Clocking, Duplication, Policies>::value;
  static constexpr std::string_view supported =
      Policies::Flushing::flushes && !Policies::Flushing::widens
          ? "int2, int4 and int8 weights, activations of 2 to 8 bits; int2 with at most 5 bits"
          : "int2, int4 and int8 weights, activations of 2 to 8 bits";
  static constexpr int elements = 4;               ///< processing elements, each with a dummy array
  static constexpr int duplication = Duplication;  ///< slices of a word
  static constexpr int vectors = Duplication;      ///< vectors computed side by side
  static constexpr int terms = 2;                  ///< terms of a sum that a block takes at a time
  static constexpr bool exact =                    ///< activations are what weights are multiplied with
      Policies::Sign::shift && !(Clocking::clock_ratio == 2 && timing::extra_shift);
  static constexpr int port_bits = 32;               ///< of a word of the main array
  static constexpr int word_bits = Size::word_bits;  ///< of a weight word
  static constexpr int slice_bits = word_bits / Duplication;
  static constexpr int chunk_bits = word_bits / elements;  ///< of a slice that one element gets
  static constexpr int row_bits = 4 * chunk_bits;
  static constexpr int weight_words = 512;           ///< words of the main array
  static constexpr bool loads_beside_copies = true;  ///< port B is free while port A copies

  static constexpr bool supports(const Operands& o) noexcept {
    return o.signed_weights && (o.weight_bits == 2 || o.weight_bits == 4 || o.weight_bits == 8) &&
           2 <= o.activation_bits && o.activation_bits <= 8 &&
           (!Policies::Flushing::flushes || safe_mac2(o) > 0);
  }

  /// Bits that a weight takes in the block: its own, or with WidenLanes twice as many.
  static constexpr int stored_bits(const Operands& o) noexcept {
    return Policies::Flushing::widens && safe_mac2_in(o, 4 * o.weight_bits) == 0 ? 2 * o.weight_bits
                                                                                 : o.weight_bits;
  }

  /// Outputs computed side by side for each vector: one a weight of a slice.
  static constexpr int lanes(const Operands& o) noexcept { return slice_bits / stored_bits(o); }
  static constexpr int lane_bits(const Operands& o) noexcept { return 4 * stored_bits(o); }

  /// Where the sum of output `output` and vector `vector` accumulates.
  static constexpr LanePlace place(int output, int vector, const Operands& o) noexcept {
    const int per_element = chunk_bits / stored_bits(o);
    return {.array = vector * (elements / Duplication) + output / per_element, .lane = output % per_element};
  }

  /// eFSM cycles from one MAC2 to the next.
  static constexpr int mac2_steps(const Operands& o) noexcept {
    return Clocking::template mac2_steps<timing>(o.activation_bits, o.signed_activations);
  }

  /// Main-clock cycles from one MAC2 to the next; with a period that drifts, rounded up.
  static constexpr int mac2_cycles(const Operands& o) noexcept {
    return core::ceil_div(mac2_steps(o), Clocking::clock_ratio);
  }

  /// Index of the eFSM cycle in which the accumulator is first at the output, after `mac2` MAC2; the cycle with the
  /// start instruction is 0.
  static constexpr std::int64_t first_readout_step(std::int64_t mac2, const Operands& o) noexcept {
    return (Clocking::clock_ratio == 1 ? 3 : 5) + mac2 * mac2_steps(o);
  }

  /// Main-clock cycles to read all accumulators, one 32-bit word a cycle: 4 (S), 8 (L).
  static constexpr int readout_cycles() noexcept { return Size::readout_cycles; }

  /// Multiply-accumulates that all lanes do in one MAC2: 64 (S) or 128 (L) over the bits of a weight.
  static constexpr int macs_per_mac2(const Operands& o) noexcept { return 2 * lanes(o) * Duplication; }

  /// One MAC2 of one lane: W1·I1 + W2·I2 modulo the lane. For proofs at compile time.
  /// @throws RangeError  operands that the block lacks, or a value outside its width
  static constexpr std::int32_t mac2(const Operands& o, const std::array<int, 2>& weights,
                                     const std::array<int, 2>& activations) {
    return lane_mac2<M4bram>(o, weights, activations);
  }

  /// What the block multiplies a weight with for this activation: itself, but for the released controllers.
  static constexpr int factor(int activation, const Operands& o) noexcept {
    if (!Policies::Sign::shift) activation = half_sign(activation, o.activation_bits);
    return doubles(o) ? 2 * activation : activation;
  }

  /// The least and the largest sum that one MAC2 can add to a lane; with the sign step as released, bounds of them.
  static constexpr format::IntegerRange mac2_range(const Operands& o) noexcept {
    return fabric::mac2_range(o, doubles(o) ? 2 : 1);
  }

  /// Number of MAC2 that can be accumulated without any possible wrap of a lane; 0 if one could wrap.
  static constexpr std::int64_t safe_mac2(const Operands& o) noexcept {
    return safe_mac2_in(o, lane_bits(o));
  }

  /// Number of products that can be accumulated so.
  static constexpr std::int64_t safe_terms(const Operands& o) noexcept {
    const auto range = mac2_range(o);
    return safe_count({.lowest = range.lowest / 2, .max = range.max / 2}, lane_bits(o));
  }

  /// How a matrix product is cut for one block.
  /// @throws RangeError  the block lacks these operands
  /// @throws ShapeError  an extent is not positive, or the cycles do not fit 63 bits
  static constexpr Cut cut(const MatrixShape& shape, const Operands& o) {
    check_supported<M4bram>(o);
    return cut_product(shape, lanes(o), vectors,
                       Policies::Flushing::flushes ? safe_mac2(o) : std::int64_t{1} << 40);
  }

  /// Main-clock cycles of one block for a matrix product, weights in the block; an upper bound with a period that drifts.
  ///
  /// Per group of outputs and pass over vectors: ceil(columns / 2) MAC2, and the readouts. Weights beyond the block's 512
  /// words stream in through free port cycles, which always suffice; see M4bramRun.
  /// @throws RangeError  the block lacks these operands
  /// @throws ShapeError  an extent is not positive
  static constexpr std::int64_t cycles(const MatrixShape& shape, const Operands& o) {
    const auto c = cut(shape, o);
    return Clocking::prologue_cycles +
           c.passes * c.groups * (c.mac2 * mac2_cycles(o) + c.readouts * readout_cycles());
  }

  /// Of those cycles, the ones in which the eFSM reads the main array, and port A is taken: two for each MAC2. This and
  /// the counts below throw as `cut`.
  static constexpr std::int64_t busy(const MatrixShape& shape, const Operands& o) {
    return cut(shape, o).total_mac2() * 2;
  }

  /// Pairs of words that memory traffic could move between the copies: one word a cycle on port B, and one on port A in
  /// the cycles that are not busy.
  static constexpr std::int64_t free(const MatrixShape& shape, const Operands& o) {
    return cut(shape, o).total_mac2() * (mac2_cycles(o) - 1);
  }

  /// 32-bit words that hold the weights of one group of outputs.
  static constexpr std::int64_t words_per_group(const Cut& c) noexcept {
    return core::ceil_div(c.mac2 * terms, std::int64_t{Duplication}) * (word_bits / port_bits);
  }

  /// 32-bit words that hold the weights, of the 512 in the block.
  static constexpr std::int64_t words(const MatrixShape& shape, const Operands& o) {
    const auto c = cut(shape, o);
    return c.groups * words_per_group(c);
  }

  /// Pairs of words that have to be written during the run, if only `slots` pairs stay in the block.
  static constexpr std::int64_t streamed_pairs(const MatrixShape& shape, const Operands& o,
                                               std::int64_t slots) {
    const auto c = cut(shape, o);
    const auto once = c.groups * words_per_group(c);
    return once <= 2 * slots ? 0 : core::ceil_div(c.passes * once - 2 * slots, std::int64_t{2});
  }

  /// Share of the memory's bits that can hold bits of weights: 32 of 40, or half of that where weights are widened.
  static constexpr double storage_efficiency(const Operands& o) noexcept {
    return static_cast<double>(port_bits * o.weight_bits) / (M20k::geometry.word_bits() * stored_bits(o));
  }

  /// Main clock of the block in its device.
  static constexpr core::Constant clock() noexcept {
    if constexpr (Clocking::clock_ratio == 1)
      return {"M4BRAM synchronous clock", M20k::clock().value, "MHz",
              "that of the M20K; none was found for M4BRAM", core::Standing::Assumed};
    else
      return {"M4BRAM double-pumped clock", 1e6 / Size::dummy_cycle.value / 2, "MHz",
              "half the rate of a dummy array's cycle; none was found for M4BRAM", core::Standing::Assumed};
  }

  static constexpr core::Constant area() noexcept {
    return {"M4BRAM area", Size::area_factor.value * M20k::area().value, "area units",
            "M20K area times the area factor", core::Standing::Derived};
  }

  /// The constants of cost: of the clock and of the area, with what they are derived from.
  static constexpr std::array<core::Constant, 5> constants() noexcept {
    return {clock(), area(), Size::area_factor, M20k::area(),
            Clocking::clock_ratio == 1 ? M20k::clock() : Size::dummy_cycle};
  }

  /// The product as the hardware delivers it: with ReadoutAtEnd as `accumulate`, else no lane wraps.
  /// @throws RangeError  operands that the block lacks, a value outside its width, a sum beyond 32 bits, or with
  ///                     TrapWraps one that leaves its lane
  /// @throws ShapeError  a span does not fit the shape
  static void multiply(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                       std::span<const std::int16_t> activations, std::span<std::int32_t> result);

  /// One readout without cutting: lanes wrap, or with TrapWraps it is a RangeError.
  static void accumulate(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                         std::span<const std::int16_t> activations, std::span<std::int32_t> result);

  /// The same product as `multiply` on the machine.
  /// @return main-clock cycles from the start instruction to the last readout
  static std::int64_t run(Machine& machine, const MatrixShape& shape, const Operands& o,
                          std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                          std::span<std::int32_t> result) requires(Clocking::clock_ratio == 1 ||
                                                                   Policies::Timing::aligned);

 private:
  static constexpr bool doubles(const Operands& o) noexcept {
    return Clocking::clock_ratio == 2 && timing::extra_shift && !o.signed_activations;
  }
  static constexpr std::int64_t safe_mac2_in(const Operands& o, int bits) noexcept {
    return safe_count(mac2_range(o), bits);
  }
};

/// M4bram, or a block derived from it.
template <class B>
concept M4bramBlock = M4bramSize<typename B::size> && M4bramClocking<typename B::clocking> &&
    M4bramPolicySet<typename B::policies> && requires {
  { B::duplication } -> std::convertible_to<int>;
};

}  // namespace bitloom::fabric
