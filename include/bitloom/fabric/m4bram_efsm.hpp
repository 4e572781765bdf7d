// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/bramac_efsm.hpp>
#include <bitloom/fabric/efsm.hpp>

namespace bitloom::fabric {

/// M4BRAM-S: every processing element has a dummy array of 32 columns; a weight word has 32 bits.
struct Small {
  static constexpr std::string_view name = "S";
  static constexpr int word_bits = 32;
  static constexpr int readout_cycles = 4;
  static constexpr core::Constant area_factor{"M4BRAM-S area factor", 1.196, "",
                                              "M4BRAM released simulator (arXiv 2311.02758)",
                                              core::Standing::Published};
  static constexpr core::Constant dummy_cycle{"M4BRAM-S cycle of a dummy array", 786.271, "ps",
                                              "sum of the delays in the published COFFE report, 22 nm",
                                              core::Standing::Derived};
};

/// M4BRAM-L: 64 columns for each processing element, in two banks; a weight word has 64 bits.
struct Large {
  static constexpr std::string_view name = "L";
  static constexpr int word_bits = 64;
  static constexpr int readout_cycles = 8;
  static constexpr core::Constant area_factor{"M4BRAM-L area factor", 1.334, "",
                                              "M4BRAM released simulator (arXiv 2311.02758)",
                                              core::Standing::Published};
  static constexpr core::Constant dummy_cycle{"M4BRAM-L cycle of a dummy array", 808.571, "ps",
                                              "sum of the delays in the published COFFE report, 22 nm",
                                              core::Standing::Derived};
};

/// A size of the block.
template <class S>
concept M4bramSize = requires {
  { S::name } -> std::convertible_to<std::string_view>;
  { S::word_bits } -> std::convertible_to<int>;               // a weight word, spread over four elements
  { S::readout_cycles } -> std::convertible_to<int>;          // main cycles to read all accumulators
  { S::area_factor } -> std::convertible_to<core::Constant>;  // area over that of an M20K
  { S::dummy_cycle } -> std::convertible_to<core::Constant>;  // ps, a dummy array from address to written row
};

// Timing: how long a MAC2 of the double-pumped state machine takes, in cycles of its clock, for n-bit activations.

/// Filled up to a whole number of main cycles: n + 4, one more if n is odd. So every copy finds the main array.
struct AlignedPeriod {
  static constexpr bool aligned = true;
  static constexpr bool extra_shift = false;
};

/// n + 4: after an odd number of cycles the copies of the next MAC2 lie half a main cycle elsewhere.
struct DriftingPeriod {
  static constexpr bool aligned = false;
  static constexpr bool extra_shift = false;
};

/// The released controller read literally: n + 4, and a shift too many for unsigned activations, whose products come
/// out twice as large. For comparison only.
struct ReleasedPeriod {
  static constexpr bool aligned = false;
  static constexpr bool extra_shift = true;
};

template <class T>
concept TimingPolicy = requires {
  { T::aligned } -> std::convertible_to<bool>;
  { T::extra_shift } -> std::convertible_to<bool>;
};

/// The eFSM on the main clock: the states of BRAMAC-2SA. Precision and sign come from a configuration instruction, and
/// activations load only with the flag `copy`, the first of each pair with W1, the second with W2.
///
/// Source: released controller RTL of M4BRAM (arXiv 2311.02758), synchronous.
struct Synchronous {
  static constexpr std::string_view name = "SY";
  static constexpr int clock_ratio = 1;
  static constexpr int prologue_cycles = 3;

  /// Main cycles of a MAC2 in the published performance model, which has unsigned activations.
  static constexpr int model_cycles(int activation_bits) noexcept { return activation_bits + 2; }

  /// eFSM cycles of a MAC2: n + 2, and one more for signed activations.
  template <TimingPolicy>
  static constexpr int mac2_steps(int activation_bits, bool is_signed) noexcept {
    return TwoSync::mac2_steps(activation_bits, is_signed);
  }

  static constexpr int states = TwoSync::states;
  using State = TwoSync::State;
  static constexpr std::uint8_t idle = TwoSync::Idle;

  /// Select codes of the released controller.
  static constexpr int select_code(Write1 write) noexcept { return write == Write1::ShiftedSum ? 1 : 0; }
  static constexpr int select_code(Write2 write) noexcept { return TwoSync::select_code(write); }

  template <TimingPolicy>
  static constexpr std::array<efsm::State, states> table() noexcept {
    auto t = TwoSync::table();
    for (auto& state : t) {
      state.loads_precision = false;
      state.loads_inputs_if = efsm::If::Copy;
    }
    return t;
  }
};

/// The eFSM and its dummy arrays on twice the main clock. Words of a pair are copied one after the other, through one
/// port, and activations pass a register on their way in.
///
/// Source: released controller RTL of M4BRAM (arXiv 2311.02758), double-pumped. There DONE stays until the next start;
/// here, with AlignedPeriod, it alternates with DONE_BUB, so that a start that lasts a main cycle keeps the phase.
struct DoublePumped {
  static constexpr std::string_view name = "DP";
  static constexpr int clock_ratio = 2;
  static constexpr int prologue_cycles = 2;

  static constexpr int model_cycles(int activation_bits) noexcept {
    return 2 + core::ceil_div(activation_bits, 2);
  }

  template <TimingPolicy Timing>
  static constexpr int mac2_steps(int activation_bits, bool) noexcept {
    return activation_bits + 4 + (Timing::aligned ? activation_bits % 2 : 0);
  }

  static constexpr int states = 15;
  enum State : std::uint8_t {
    Idle,
    InitAcc,
    InitW1,
    InitBub,
    CopyW2,
    PreAdd,
    Inv,
    Sub,
    Asl,
    Add,
    Acc,
    DoneBub,
    Done,
    Bubble,  ///< in place of the extra shift
    Pad      ///< AlignedPeriod, odd precision
  };
  static constexpr std::uint8_t idle = Idle;

  static constexpr int select_code(Write1 write) noexcept { return Synchronous::select_code(write); }
  /// Zero and inverted have one code there; what tells them apart is not published.
  static constexpr int select_code(Write2 write) noexcept { return write == Write2::Word ? 1 : 0; }

  template <TimingPolicy Timing>
  static constexpr std::array<efsm::State, states> table() noexcept {
    using namespace efsm;
    std::array<efsm::State, states> t{};
    t[Idle] = {.name = "IDLE",
               .transitions = {{{When::Start, InitAcc, Count::Clear}, {When::Always, Idle, Count::Clear}}}};
    t[InitAcc] = {.name = "INIT_ACC",
                  .write2 = Write2::Zero,
                  .target2 = Row::Accumulator,
                  .transitions = {{{When::Always, InitW1, Count::Clear}}}};
    t[InitW1] = {.name = "INIT_W1",
                 .write2 = Write2::Word,
                 .target2 = Row::W1,
                 .loads_inputs1 = true,
                 .loads_inputs_if = If::Copy,
                 .transitions = {{{When::Always, InitBub, Count::Clear}}}};
    t[InitBub] = {.name = "INIT_BUB", .transitions = {{{When::Always, CopyW2, Count::Clear}}}};
    t[CopyW2] = {.name = "COPY_W2",
                 .write2 = Write2::Word,
                 .target2 = Row::W2,
                 .loads_inputs2 = true,
                 .transitions = {{{When::OddPrecision, Timing::aligned ? Pad : PreAdd, Count::Clear},
                                  {When::Always, PreAdd, Count::Clear}}}};
    detail::set_product_states<DoublePumped>(t);
    if constexpr (Timing::extra_shift) t[PreAdd].transitions[1].next = Asl;
    t[Add].loads_inputs_if = If::Copy;
    t[Acc].write2 = Write2::None;
    t[Acc].loads_inputs2 = false;
    t[Acc].transitions = {{{When::Done, DoneBub, Count::Clear}, {When::Always, CopyW2, Count::Clear}}};
    t[DoneBub] = {.name = "DONE_BUB",
                  .loads_inputs1 = true,
                  .loads_inputs_if = If::Copy,
                  .transitions = {{{When::Always, Done, Count::Clear}}}};
    t[Done] = TwoSync::table()[TwoSync::Done];
    t[Done].transitions = {{{When::Start, CopyW2, Count::Clear},
                            {When::Always, Timing::aligned ? DoneBub : Done, Count::Clear}}};
    t[Pad] = {.name = "PAD", .transitions = {{{When::Always, PreAdd, Count::Clear}}}};
    return t;
  }
};

/// How the eFSM is clocked: its state machine, and the facts that follow from it.
template <class C>
concept M4bramClocking = requires(int bits, bool is_signed, Write1 write1, Write2 write2) {
  { C::name } -> std::convertible_to<std::string_view>;
  { C::clock_ratio } -> std::convertible_to<int>;      // eFSM cycles in a main cycle
  { C::prologue_cycles } -> std::convertible_to<int>;  // main cycles from the start to the first MAC2
  { C::model_cycles(bits) } -> std::same_as<int>;  // main cycles of a MAC2 in the published performance model
  { C::template mac2_steps<AlignedPeriod>(bits, is_signed) } -> std::same_as<int>;  // eFSM cycles of a MAC2
  { C::template table<AlignedPeriod>()[0] } -> std::convertible_to<const efsm::State&>;  // state 0 is idle
  { C::select_code(write1) } -> std::same_as<int>;
  { C::select_code(write2) } -> std::same_as<int>;
};

}  // namespace bitloom::fabric
