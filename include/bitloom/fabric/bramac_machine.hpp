// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/bramac_instruction.hpp>
#include <bitloom/fabric/dummy_array.hpp>
#include <bitloom/fabric/efsm.hpp>
#include <bitloom/fabric/m20k.hpp>
#include <bitloom/fabric/port_schedule.hpp>

namespace bitloom::fabric {

/// What both ports of the block see in one main-clock cycle.
struct BlockPorts {
  PortRequest a{};
  PortRequest b{};

  /// A CIM instruction: a write of its word to the reserved address on port A.
  static constexpr BlockPorts instruction(std::uint64_t word) noexcept;
};

/// Whether a block takes instructions, or is an ordinary memory in which 0xFFF is an address like any other.
enum class BlockMode : std::uint8_t { Memory, Compute };

/// Writing here on port A issues a CIM instruction, in a block of mode Compute.
inline constexpr std::uint32_t cim_address = 0xFFF;

constexpr BlockPorts BlockPorts::instruction(std::uint64_t word) noexcept {
  return {.a = PortRequest::write_to(cim_address, word)};
}

/// BRAMAC as registers, arrays and ports. `step` is one edge of the eFSM's clock, `tick` one of the main clock.
///
/// Weight words are addressed in the cycle that copies them (2SA), or captured at the end of the main cycle before
/// (1DA), if the policy CopyLatency says nothing else. In a cycle in which the eFSM reads the main array, a memory
/// request on either port is a conflict; so is a memory read on port A while the accumulator is at its output. A
/// conflict is a ScheduleError, or with StallConflicts the request has no effect and `waiting` says so.
template <class B>
class BramacMachine {
 public:
  using Variant = typename B::variant;
  using RowVector = core::BitVector<B::row_bits>;
  using Word = core::BitVector<B::word_bits>;
  using Array = DummyArray<B::row_bits, typename B::sign_policy>;
  using Policies = typename B::policies;

  /// @param memory  ports of the block; in mode Compute both are 512 x 40, true dual port
  /// @throws RangeError  the memory cannot be configured so, or not in that mode
  constexpr explicit BramacMachine(BlockMode mode = BlockMode::Compute,
                                   const M20k::Configuration& memory = {})
      : mode_(mode), memory_(memory) {
    constexpr AspectRatio wide{512, 40};
    if (mode == BlockMode::Compute &&
        (memory.ratio_a != wide || memory.ratio_b != wide || memory.mode != PortMode::TrueDualPort))
      throw RangeError("memory: a block that computes has true dual ports of 512x40");
  }

  [[nodiscard]] constexpr M20k& memory() noexcept { return memory_; }
  [[nodiscard]] constexpr const M20k& memory() const noexcept { return memory_; }
  [[nodiscard]] constexpr Array& array(int index) noexcept {
    return arrays_[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] constexpr const Array& array(int index) const noexcept {
    return arrays_[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] constexpr int state() const noexcept { return sequencer_.state(); }
  [[nodiscard]] constexpr int counter() const noexcept { return sequencer_.counter(); }
  [[nodiscard]] constexpr int precision() const noexcept { return precision_; }
  [[nodiscard]] constexpr bool signed_inputs() const noexcept { return signed_inputs_; }
  [[nodiscard]] constexpr BlockMode mode() const noexcept { return mode_; }

  /// The activation registers of an array, shifted as far as its bits are used up.
  [[nodiscard]] constexpr const std::array<std::uint8_t, 2>& inputs(int array_index) const noexcept {
    return inputs_[static_cast<std::size_t>(array_index)];
  }

  /// The accumulators are at the output in the coming cycle.
  [[nodiscard]] constexpr bool readout() const noexcept { return sequencer_.row(table).readout; }

  /// Word `index` (0..3) of an array's accumulator row: by default, word j holds bits [40j, 40j + 40).
  [[nodiscard]] constexpr Word readout_word(int array_index, int index) const noexcept {
    const int part = Policies::ReadoutOrder::part(index, B::row_bits / B::word_bits);
    return Word(array(array_index).row(Row::Accumulator).extract(part * B::word_bits, B::word_bits));
  }

  /// The 1DA stands between the two halves of a main cycle.
  [[nodiscard]] constexpr bool in_main_cycle() const noexcept { return steps_ % Variant::clock_ratio != 0; }

  /// Main-clock cycles since construction, and those in which the eFSM read the main array or took an instruction.
  [[nodiscard]] constexpr std::int64_t main_cycles() const noexcept { return steps_ / Variant::clock_ratio; }
  [[nodiscard]] constexpr std::int64_t busy_cycles() const noexcept { return busy_cycles_; }
  [[nodiscard]] constexpr std::int64_t instruction_cycles() const noexcept { return instruction_cycles_; }

  /// StallConflicts only: the requests of the last main cycle that had no effect and are to be repeated, and the
  /// main-clock cycles since construction in which one had to wait.
  [[nodiscard]] constexpr WaitingPorts waiting() const noexcept { return waiting_; }
  [[nodiscard]] constexpr std::int64_t stalled_cycles() const noexcept { return stalled_cycles_; }

  /// Control outputs in the coming eFSM cycle, if these are its ports.
  [[nodiscard]] constexpr efsm::Control<2> control(const BlockPorts& ports) const noexcept {
    return efsm::control<2>(sequencer_.row(table), gated(ports), inputs_);
  }

  /// One edge of the eFSM's clock. The two eFSM cycles of a main cycle (1DA) see the same ports. Where it throws,
  /// nothing has changed.
  ///
  /// @throws ScheduleError  a memory request that the block cannot serve in this cycle
  /// @throws RangeError     an address beyond the memory, the undefined precision code 00 is loaded, or with TrapWraps
  ///                        an accumulation leaves its lane
  constexpr void step(const BlockPorts& ports) {
    const auto& state = sequencer_.row(table);
    const auto flags = gated(ports);
    const auto cycle = control(ports);
    auto next = sequencer_;
    next.step(
        table,
        {.start = flags.start, .done = flags.done, .signed_input = signed_inputs_, .precision = precision_},
        flags.reset);
    const bool last = steps_ % Variant::clock_ratio == Variant::clock_ratio - 1;
    const bool copies = cycle.arrays[0].write2 == Write2::Word;
    const bool busy = B::addressed_before ? last && leads_to_copy(next.row(table), flags) : copies;
    const auto conflicts = check(ports, state, flags, busy, last);
    if constexpr (Policies::Overflow::traps)
      for (std::size_t k = 0; k < B::arrays; ++k)
        check_accumulation(arrays_[k], cycle.arrays[k], 4 * precision_, k, main_cycles());

    if (copies) {
      if constexpr (!B::addressed_before) fetch(ports.a.data);
      // while the precision register is loaded it still has its old value
      extend(state.loads_precision ? loaded_precision(ports.a.data) : precision_);
    }
    for (std::size_t k = 0; k < B::arrays; ++k)
      arrays_[k].step(cycle.arrays[k], 4 * precision_, row1_, row2_);
    load(state, flags, ports.a.data);
    if (flags.reset) clear_registers();
    sequencer_ = next;
    if (B::addressed_before && busy) fetch(ports.a.data);
    busy_cycles_ += busy ? 1 : 0;
    ++steps_;
    if constexpr (Policies::PortConflict::stalls) waiting_ = conflicts;
    if (!last) return;
    const bool instruction = is_instruction(ports.a);
    const bool uses_a = ports.a.enable && !instruction && !conflicts.a;
    const bool uses_b = ports.b.enable && !conflicts.b;
    if (uses_a || uses_b) memory_.step(uses_a ? ports.a : PortRequest{}, uses_b ? ports.b : PortRequest{});
    instruction_cycles_ += instruction ? 1 : 0;
    stalled_cycles_ += conflicts.any() ? 1 : 0;
  }

  /// One edge of the main clock.
  constexpr void tick(const BlockPorts& ports) {
    for (int i = 0; i < Variant::clock_ratio; ++i) step(ports);
  }

 private:
  using Layout = InstructionLayout<Variant>;
  static constexpr auto table = Variant::table();

  using Flags = efsm::Flags;

  [[nodiscard]] constexpr bool is_instruction(const PortRequest& a) const noexcept {
    return mode_ == BlockMode::Compute && a.enable && a.write && a.address == cim_address;
  }

  /// Only these bits of the data bus are gated by an instruction; the eFSM sees the others as they are.
  [[nodiscard]] constexpr Flags gated(const BlockPorts& ports) const noexcept {
    if (!is_instruction(ports.a)) return {};
    const auto word = ports.a.data;
    return {Layout::reset.get(word) != 0, Layout::start.get(word) != 0, Layout::copy.get(word) != 0,
            Layout::done.get(word) != 0};
  }

  /// The next state copies a word, as far as it is known a cycle before.
  static constexpr bool leads_to_copy(const efsm::State& next, const Flags& flags) noexcept {
    return next.write2 == Write2::Word && (next.write2_if != efsm::If::Copy || flags.copy);
  }

  /// The requests that have to wait, with those of the half of the main cycle that is over; or throws.
  [[nodiscard]] constexpr WaitingPorts check(const BlockPorts& ports, const efsm::State& state,
                                             const Flags& flags, bool busy, bool last) const {
    using Conflict = typename Policies::PortConflict;
    if (state.loads_precision && !flags.reset) static_cast<void>(loaded_precision(ports.a.data));
    const bool instruction = is_instruction(ports.a);
    WaitingPorts conflicts = Conflict::stalls && in_main_cycle() ? waiting_ : WaitingPorts{};
    if (state.readout && ports.a.enable && !ports.a.write)
      conflict<Conflict>(conflicts.a, "a memory read on port A", main_cycles(),
                         "the accumulator is at its output");
    if (busy && ports.a.enable && !instruction)
      conflict<Conflict>(conflicts.a, "a memory request", main_cycles(), "the eFSM reads the main array");
    if (busy && ports.b.enable)
      conflict<Conflict>(conflicts.b, "a memory request", main_cycles(), "the eFSM reads the main array");
    if (last) memory_.check(instruction ? PortRequest{} : ports.a, ports.b);
    return conflicts;
  }

  /// Reads the addressed words of the main array.
  constexpr void fetch(std::uint64_t data) noexcept {
    const int column = static_cast<int>(Layout::column.get(data));
    const auto word = [&](const InstructionField& row) {
      return Word(memory_.word(static_cast<int>(row.get(data)), column));
    };
    if constexpr (Layout::row2.width == 0) {
      word2_ = word(Layout::row1);  // one word at a time, through write port 2
    } else {
      word1_ = word(Layout::row1);
      word2_ = word(Layout::row2);
    }
  }

  /// Offers the words to the write ports of the arrays, as rows.
  constexpr void extend(int precision) noexcept {
    const auto row = [&](const Word& word) {
      if constexpr (std::is_same_v<typename Policies::LaneOrder, ContiguousLanes>)
        return lanes::sign_extend(word, precision);
      else
        return lanes::sign_extend(lanes::arrange<typename Policies::LaneOrder>(word, precision), precision);
    };
    if constexpr (Layout::row2.width > 0) row1_ = row(word1_);
    row2_ = row(word2_);
  }

  static constexpr int loaded_precision(std::uint64_t data) {
    const int bits = precision_bits(Layout::precision.get(data));
    if (bits == 0) throw RangeError("precision code: 00 is undefined, but the eFSM loads it");
    return bits;
  }

  constexpr void load(const efsm::State& state, const Flags& flags, std::uint64_t data) {
    if (state.loads_precision && !flags.reset) {
      precision_ = loaded_precision(data);
      signed_inputs_ = Layout::signed_inputs.get(data) != 0;
    }
    const std::array<bool, 2> loads{state.loads_inputs1, state.loads_inputs2};
    for (std::size_t k = 0; k < B::arrays; ++k) {
      auto& [first, second] = inputs_[k];
      if (loads[k]) {
        first = static_cast<std::uint8_t>(Layout::input1.get(data));
        second = static_cast<std::uint8_t>(Layout::input2.get(data));
      } else if (state.shifts_inputs) {
        first = static_cast<std::uint8_t>(first << 1);
        second = static_cast<std::uint8_t>(second << 1);
      }
    }
  }

  constexpr void clear_registers() noexcept {
    precision_ = 0;
    signed_inputs_ = false;
    inputs_ = {};
  }

  BlockMode mode_;
  M20k memory_;
  std::array<Array, B::arrays> arrays_{};
  efsm::Sequencer<Variant::states> sequencer_{};
  std::array<efsm::InputRegisters, B::arrays> inputs_{};
  int precision_ = 0;
  bool signed_inputs_ = false;
  Word word1_{};
  Word word2_{};
  RowVector row1_{};
  RowVector row2_{};
  WaitingPorts waiting_{};
  std::int64_t steps_ = 0;
  std::int64_t busy_cycles_ = 0;
  std::int64_t instruction_cycles_ = 0;
  std::int64_t stalled_cycles_ = 0;
};

}  // namespace bitloom::fabric
