// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <bitloom/fabric/efsm.hpp>

namespace bitloom::fabric {

/// BRAMAC-2SA: two dummy arrays on the main clock. Both hold the same weights; each has a pair of activations of
/// its own.
///
/// Source: released controller RTL of BRAMAC (arXiv 2304.03974), 2SA.
struct TwoSync {
  static constexpr int arrays = 2;
  static constexpr int clock_ratio = 1;  ///< eFSM cycles in a main cycle
  static constexpr int states = 10;
  enum State : std::uint8_t { Idle, InitW1, InitW2, PreAdd, Inv, Sub, Asl, Add, Acc, Done };

  static constexpr int select_code(Write1 write) noexcept { return write == Write1::ShiftedSum ? 2 : 1; }
  static constexpr int select_code(Write2 write) noexcept {
    return write == Write2::Word ? 2 : write == Write2::Inverted ? 1 : 0;
  }

  static constexpr std::array<efsm::State, states> table() noexcept {
    using namespace efsm;
    std::array<efsm::State, states> t{};
    t[Idle] = {.name = "IDLE",
               .write2 = Write2::Zero,
               .target2 = Row::Accumulator,
               .write2_if = If::Start,
               .transitions = {{{When::Start, InitW1, Count::Clear}, {When::Always, Idle, Count::Clear}}}};
    t[InitW1] = {.name = "INIT_W1",
                 .write2 = Write2::Word,
                 .target2 = Row::W1,
                 .loads_precision = true,
                 .loads_inputs1 = true,
                 .transitions = {{{When::Always, InitW2, Count::Clear}}}};
    t[InitW2] = {.name = "INIT_W2",
                 .write2 = Write2::Word,
                 .target2 = Row::W2,
                 .loads_precision = true,
                 .loads_inputs2 = true,
                 .transitions = {{{When::Always, PreAdd, Count::Clear}}}};
    t[PreAdd] = {.name = "PREADD",
                 .read1 = Read1::Fixed,
                 .row1 = Row::W1,
                 .reads2 = true,
                 .row2 = Row::W2,
                 .write1 = Write1::Sum,
                 .target1 = Row::W12,
                 .write2 = Write2::Zero,
                 .target2 = Row::Partial,
                 .transitions = {{{When::SignedInput, Inv, Count::Add1}, {When::Always, Asl, Count::Add2}}}};
    t[Inv] = {.name = "INV",
              .read1 = Read1::Activation,
              .write2 = Write2::Inverted,
              .target2 = Row::Inverted,
              .transitions = {{{When::Always, Sub, Count::Add1}}}};
    t[Sub] = {
        .name = "SUB",
        .read1 = Read1::Fixed,
        .row1 = Row::Inverted,
        .reads2 = true,
        .row2 = Row::Partial,
        .carry = true,
        .write1 = Write1::SignStep,
        .target1 = Row::Partial,
        .shifts_inputs = true,
        .transitions = {{{When::CounterBelowPrecision, Asl, Count::Add1}, {When::Always, Add, Count::Add1}}}};
    t[Asl] = {
        .name = "ASL",
        .read1 = Read1::Activation,
        .reads2 = true,
        .row2 = Row::Partial,
        .write1 = Write1::ShiftedSum,
        .target1 = Row::Partial,
        .shifts_inputs = true,
        .transitions = {{{When::CounterBelowPrecision, Asl, Count::Add1}, {When::Always, Add, Count::Add1}}}};
    t[Add] = {.name = "ADD",
              .read1 = Read1::Activation,
              .reads2 = true,
              .row2 = Row::Partial,
              .write1 = Write1::Sum,
              .target1 = Row::Partial,
              .write2 = Write2::Word,
              .target2 = Row::W1,
              .write2_if = If::Copy,
              .loads_inputs1 = true,
              .transitions = {{{When::Always, Acc, Count::Add1}}}};
    t[Acc] = {.name = "ACC",
              .read1 = Read1::Fixed,
              .row1 = Row::Partial,
              .reads2 = true,
              .row2 = Row::Accumulator,
              .write1 = Write1::Sum,
              .target1 = Row::Accumulator,
              .write2 = Write2::Word,
              .target2 = Row::W2,
              .write2_if = If::Copy,
              .loads_inputs2 = true,
              .transitions = {{{When::Done, Done, Count::Clear}, {When::Always, PreAdd, Count::Clear}}}};
    t[Done] = {.name = "DONE",
               .reads2 = true,
               .row2 = Row::Accumulator,
               .write2 = Write2::Zero,
               .target2 = Row::Accumulator,
               .write2_if = If::Start,
               .readout = true,
               .transitions = {{{When::Start, PreAdd, Count::Clear}, {When::Always, Done, Count::Clear}}}};
    return t;
  }
};

/// BRAMAC-1DA: one dummy array and its eFSM on twice the main clock.
///
/// Source: released controller RTL of BRAMAC (arXiv 2304.03974), 1DA. Clearing the accumulator on a restart is
/// left undefined there; here it is zeroed.
struct OneDoublePumped {
  static constexpr int arrays = 1;
  static constexpr int clock_ratio = 2;
  static constexpr int states = 12;
  enum State : std::uint8_t { Idle, InitAcc, Copy, PreAdd, Bubble, Inv, Sub, Asl, Add, Acc, Done1, Done2 };

  static constexpr int select_code(Write1 write) noexcept {
    return write == Write1::Word1 ? 2 : write == Write1::ShiftedSum ? 1 : 0;
  }
  static constexpr int select_code(Write2 write) noexcept { return TwoSync::select_code(write); }

  static constexpr std::array<efsm::State, states> table() noexcept {
    using namespace efsm;
    constexpr auto sync = TwoSync::table();
    std::array<efsm::State, states> t{};
    t[Idle] = {.name = "IDLE",
               .transitions = {{{When::Start, InitAcc, Count::Clear}, {When::Always, Idle, Count::Clear}}}};
    t[InitAcc] = {.name = "INIT_ACC",
                  .write2 = Write2::Zero,
                  .target2 = Row::Accumulator,
                  .loads_precision = true,
                  .loads_inputs1 = true,
                  .transitions = {{{When::Always, Copy, Count::Clear}}}};
    t[Copy] = {.name = "COPY",
               .write1 = Write1::Word1,
               .target1 = Row::W1,
               .write2 = Write2::Word,
               .target2 = Row::W2,
               .transitions = {{{When::Always, PreAdd, Count::Clear}}}};
    t[PreAdd] = sync[TwoSync::PreAdd];
    t[PreAdd].transitions = {{{When::SignedInput, Inv, Count::Add1}, {When::Always, Bubble, Count::Add1}}};
    t[Bubble] = {.name = "BUBBLE", .transitions = {{{When::Always, Asl, Count::Add1}}}};
    t[Inv] = sync[TwoSync::Inv];
    t[Inv].transitions = {{{When::Always, Sub, Count::Add1}}};
    t[Sub] = sync[TwoSync::Sub];
    t[Asl] = sync[TwoSync::Asl];
    t[Sub].transitions = t[Asl].transitions = {
        {{When::CounterBelowPrecision, Asl, Count::Add1}, {When::Always, Add, Count::Add1}}};
    t[Add] = without_copy(sync[TwoSync::Add]);
    t[Add].transitions = {{{When::Always, Acc, Count::Add1}}};
    t[Acc] = without_copy(sync[TwoSync::Acc]);
    t[Acc].loads_inputs1 = true;
    t[Acc].transitions = {{{When::Done, Done1, Count::Clear}, {When::Always, Copy, Count::Clear}}};
    t[Done1] = {.name = "DONE_1", .transitions = {{{When::Always, Done2, Count::Clear}}}};
    t[Done2] = sync[TwoSync::Done];
    t[Done2].name = "DONE_2";
    t[Done2].transitions = {{{When::Start, Copy, Count::Clear}, {When::Always, Done1, Count::Clear}}};
    return t;
  }

 private:
  /// The same arithmetic, but weights and activations come at another time.
  static constexpr efsm::State without_copy(efsm::State state) noexcept {
    state.write2 = Write2::None;
    state.loads_inputs1 = state.loads_inputs2 = false;
    return state;
  }
};

template <class V>
concept BramacVariant = requires {
  V::arrays;
  V::clock_ratio;
  V::table();
};

}  // namespace bitloom::fabric
