// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/efsm.hpp>

namespace bitloom::fabric {

/// BRAMAC-2SA: two dummy arrays on the main clock. Both hold the same weights; each has a pair of activations of
/// its own.
///
/// Source: released controller RTL of BRAMAC (arXiv 2304.03974), 2SA.
struct TwoSync {
  static constexpr std::string_view name = "BRAMAC-2SA";
  static constexpr std::string_view released_name = "BRAMAC-2SA as released";
  static constexpr std::string_view area_name = "BRAMAC-2SA area";
  static constexpr int arrays = 2;
  static constexpr int clock_ratio = 1;
  static constexpr int prologue_cycles = 3;
  static constexpr int busy_cycles = 2;
  static constexpr core::Constant clock{"BRAMAC-2SA clock", 586, "MHz",
                                        "no citable source; consistent with published throughput ratios",
                                        core::Standing::Assumed};
  static constexpr core::Constant area_factor{"BRAMAC-2SA area factor", 1.34, "",
                                              "BRAMAC released overlay simulator", core::Standing::Published};

  static constexpr int mac2_steps(int activation_bits, bool is_signed) noexcept {
    return activation_bits + (is_signed ? 3 : 2);
  }

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

namespace detail {

/// The states of a product in the table of a double-pumped eFSM: those of TwoSync, with numbers of C. A bubble makes
/// unsigned activations take as long as signed ones; where ACC leads to is left open.
template <class C>
constexpr void set_product_states(std::array<efsm::State, C::states>& t) noexcept {
  using namespace efsm;
  constexpr auto sync = TwoSync::table();
  t[C::PreAdd] = sync[TwoSync::PreAdd];
  t[C::PreAdd].transitions = {
      {{When::SignedInput, C::Inv, Count::Add1}, {When::Always, C::Bubble, Count::Add1}}};
  t[C::Bubble] = {.name = "BUBBLE", .transitions = {{{When::Always, C::Asl, Count::Add1}}}};
  t[C::Inv] = sync[TwoSync::Inv];
  t[C::Inv].transitions = {{{When::Always, C::Sub, Count::Add1}}};
  t[C::Sub] = sync[TwoSync::Sub];
  t[C::Asl] = sync[TwoSync::Asl];
  t[C::Sub].transitions = t[C::Asl].transitions = {
      {{When::CounterBelowPrecision, C::Asl, Count::Add1}, {When::Always, C::Add, Count::Add1}}};
  t[C::Add] = sync[TwoSync::Add];
  t[C::Add].transitions = {{{When::Always, C::Acc, Count::Add1}}};
  t[C::Acc] = sync[TwoSync::Acc];
}

}  // namespace detail

/// BRAMAC-1DA: one dummy array and its eFSM on twice the main clock.
///
/// Source: released controller RTL of BRAMAC (arXiv 2304.03974), 1DA. Clearing the accumulator on a restart is
/// left undefined there; here it is zeroed.
struct OneDoublePumped {
  static constexpr std::string_view name = "BRAMAC-1DA";
  static constexpr std::string_view released_name = "BRAMAC-1DA as released";
  static constexpr std::string_view area_name = "BRAMAC-1DA area";
  static constexpr int arrays = 1;
  static constexpr int clock_ratio = 2;
  static constexpr int prologue_cycles = 1;
  static constexpr int busy_cycles = 1;
  static constexpr core::Constant clock{"BRAMAC-1DA clock", 500, "MHz",
                                        "no citable source; consistent with published throughput ratios",
                                        core::Standing::Assumed};
  static constexpr core::Constant area_factor{"BRAMAC-1DA area factor", 1.17, "",
                                              "BRAMAC released overlay simulator", core::Standing::Published};

  /// A bubble makes unsigned activations take as long as signed ones.
  static constexpr int mac2_steps(int activation_bits, bool) noexcept { return activation_bits + 4; }

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
    detail::set_product_states<OneDoublePumped>(t);
    for (const auto state : {Add, Acc}) {  // weights and activations come at another time
      t[state].write2 = Write2::None;
      t[state].loads_inputs1 = t[state].loads_inputs2 = false;
    }
    t[Acc].loads_inputs1 = true;
    t[Acc].transitions = {{{When::Done, Done1, Count::Clear}, {When::Always, Copy, Count::Clear}}};
    t[Done1] = {.name = "DONE_1", .transitions = {{{When::Always, Done2, Count::Clear}}}};
    t[Done2] = sync[TwoSync::Done];
    t[Done2].name = "DONE_2";
    t[Done2].transitions = {{{When::Start, Copy, Count::Clear}, {When::Always, Done1, Count::Clear}}};
    return t;
  }
};

/// A variant of BRAMAC: its state machine, and the facts that follow from it.
template <class V>
concept BramacVariant = requires(int bits, bool is_signed, Write1 write1, Write2 write2) {
  { V::name } -> std::convertible_to<std::string_view>;
  { V::released_name } -> std::convertible_to<std::string_view>;  // with the policy AsReleased
  { V::arrays } -> std::convertible_to<int>;                // dummy arrays, each with activations of its own
  { V::clock_ratio } -> std::convertible_to<int>;           // eFSM cycles in a main cycle
  { V::prologue_cycles } -> std::convertible_to<int>;       // main cycles from the start to the first MAC2
  { V::busy_cycles } -> std::convertible_to<int>;           // main cycles of a MAC2 that read the main array
  { V::mac2_steps(bits, is_signed) } -> std::same_as<int>;  // eFSM cycles of a MAC2
  { V::clock } -> std::convertible_to<core::Constant>;      // MHz, main clock
  { V::area_factor } -> std::convertible_to<core::Constant>;     // area over that of an M20K
  { V::table()[0] } -> std::convertible_to<const efsm::State&>;  // state 0 is idle
  { V::select_code(write1) } -> std::same_as<int>;               // codes of the released controllers
  { V::select_code(write2) } -> std::same_as<int>;
};

}  // namespace bitloom::fabric
