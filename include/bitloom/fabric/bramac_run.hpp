// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include <bitloom/fabric/block_run.hpp>
#include <bitloom/fabric/bramac_machine.hpp>

namespace bitloom::fabric {

/// One eFSM cycle of BRAMAC as an observer sees it.
using BramacStep = BlockStep<efsm::Control<2>>;

/// What a run of BRAMAC took: words of weights have 40 bits.
using BramacUse = BlockUse;

/// Drives a BRAMAC machine through a sequence of MAC2: issues the instructions, copies weights just in time, reads
/// accumulators out, and starts again without a pause.
///
/// Up to `slots` pairs of words (256, if nothing else is said) stay in the block. Longer sequences stream: the pair of
/// MAC2 i overwrites that of MAC2 i - slots in a free cycle, both ports together. A MAC2 leaves at least one free
/// cycle and needs one, so the weights are always there in time.
///
/// A machine that was stopped in mid-run, by an exception say, is reset first.
template <class B>
class BramacRun {
 public:
  using Machine = BramacMachine<B>;
  using RowVector = typename Machine::RowVector;
  using Accumulators = std::array<RowVector, B::arrays>;
  static constexpr std::int64_t all_slots = B::weight_words / 2;

  /// @param slots  pairs of words that the run may use, the lowest of the block; the rest of the memory is left alone
  /// @throws RangeError  operands that the block lacks, or `slots` outside 4..256
  BramacRun(Machine& machine, const Operands& operands, std::int64_t slots = all_slots)
      : machine_(machine), operands_(operands), slots_(slots) {
    check_supported<B>(operands);
    core::check_range("slots", slots, 4, all_slots);
  }

  /// Runs `count` MAC2, of which the last has to be marked as such.
  ///
  /// @param distinct    the words of MAC2 i are those of MAC2 i mod `distinct`; `count` if none is repeated
  /// @param at          at(i) is MAC2 i; asked several times for each
  /// @param on_readout  called with the accumulator rows after each MAC2 marked `last`
  /// @param on_step     called after every eFSM cycle with (BramacStep, machine)
  /// @throws RangeError  an activation outside its width
  template <class At, class OnReadout, class OnStep = std::nullptr_t>
  BramacUse run(std::int64_t count, std::int64_t distinct, At&& at, OnReadout&& on_readout,
                OnStep on_step = {}) {
    core::check_range("MAC2 count", count, 1, std::int64_t{1} << 40);
    core::check_range("distinct MAC2", distinct, 1, count);
    count_ = count;
    distinct_ = distinct;
    current_ = loaded_ = streamed_words_ = 0;
    words_read_ = 0;
    to_idle();
    const auto load_cycles = load_first(at);
    auto use = detail::drive<Variant::clock_ratio>(
        machine_, [&](bool& running) { return next_ports(at, running); }, [&] { read_word(); },
        [&] {
          if (words_read_ != B::readout_cycles()) return;
          words_read_ = 0;
          on_readout(accumulators_);
        },
        on_step);
    use.load_cycles = load_cycles;
    use.streamed_words = streamed_words_;
    to_idle();
    return use;
  }

 private:
  using Variant = typename B::variant;

  void to_idle() {
    auto instruction = base();
    instruction.reset = true;
    const auto reset = issue(instruction);
    while (machine_.in_main_cycle()) machine_.step(reset);
    if (machine_.state() != Variant::Idle) machine_.tick(reset);
  }

  [[nodiscard]] bool resident() const noexcept { return distinct_ <= slots_; }
  [[nodiscard]] std::int64_t slot(std::int64_t index) const noexcept {
    return (resident() ? index % distinct_ : index) % slots_;
  }

  // Both words of a pair lie in one column, as the 1DA needs it.
  static constexpr int columns = M20k::geometry.column_mux;
  static constexpr int row1(std::int64_t slot) noexcept { return static_cast<int>(slot / columns * 2); }
  static constexpr int column(std::int64_t slot) noexcept { return static_cast<int>(slot % columns); }

  [[nodiscard]] BlockPorts write_pair(std::int64_t index, const Mac2<B>& mac2) const noexcept {
    const auto s = slot(index);
    const auto address = static_cast<std::uint32_t>(row1(s) * columns + column(s));
    return {.a = PortRequest::write_to(address, mac2.words[0]),
            .b = PortRequest::write_to(address + columns, mac2.words[1])};
  }

  template <class At>
  std::int64_t load_first(At& at) {
    const auto pairs = std::min(distinct_, slots_);
    for (loaded_ = 0; loaded_ < pairs; ++loaded_) machine_.tick(write_pair(loaded_, at(loaded_)));
    return pairs;
  }

  /// What the ports carry in the coming main cycle; `running` becomes false in the last one.
  template <class At>
  BlockPorts next_ports(At& at, bool& running) {
    const int state = machine_.state();
    if (state == Variant::Idle) return start(at);
    if constexpr (std::is_same_v<Variant, TwoSync>) {
      if (state == Variant::InitW1 || state == Variant::InitW2)
        return copy_word(at, 0, state == Variant::InitW1 ? 0 : 1, false);
      if (state == Variant::Add) return copy_word(at, current_ + 1, 0, false);
      if (state == Variant::Acc) {
        const bool last = at(current_).last;
        const auto ports = copy_word(at, current_ + 1, 1, last);
        ++current_;
        return ports;
      }
      if (state == Variant::Done) return restart(running);
      if constexpr (B::addressed_before)
        if (state != Variant::PreAdd && state != Variant::Inv &&
            machine_.counter() >= operands_.activation_bits && current_ + 1 < count_)
          return address_first_word(current_ + 1);
    } else {
      if (state == Variant::Add) {
        const bool last = at(current_).last;
        auto instruction = base();
        instruction.done = last;
        ++current_;
        if (current_ < count_) set_inputs(instruction, at(current_), 0);
        if (!last && B::addressed_before) set_rows(instruction, current_);
        return issue(instruction);
      }
      if (state == Variant::Done1) return restart(running);
      if constexpr (!B::addressed_before)
        if (state == Variant::Copy) return address_pair(base(), current_);
    }
    return refill(at);
  }

  [[nodiscard]] Instruction base() const noexcept {
    return {.precision = operands_.activation_bits, .signed_inputs = operands_.signed_activations};
  }

  static BlockPorts issue(const Instruction& instruction) {
    return BlockPorts::instruction(encode<Variant>(instruction));
  }

  void set_inputs(Instruction& instruction, const Mac2<B>& mac2, std::size_t array) const {
    const auto& [first, second] = mac2.activations[array];
    instruction.input1 = justify(first, operands_.activation_bits, operands_.signed_activations);
    instruction.input2 = justify(second, operands_.activation_bits, operands_.signed_activations);
  }

  void set_rows(Instruction& instruction, std::int64_t index) const {
    if (!resident() && index >= loaded_)
      throw ScheduleError("weights: MAC2 " + std::to_string(index) +
                          " starts before its words are in the block");
    instruction.row1 = row1(slot(index));
    instruction.row2 = instruction.row1 + 1;
    instruction.column = column(slot(index));
  }

  /// 1DA: the instruction with the addresses of both words of a MAC2.
  BlockPorts address_pair(Instruction instruction, std::int64_t index) const {
    set_rows(instruction, index);
    return issue(instruction);
  }

  /// 2SA with AddressedBefore: in the cycle before ADD.
  BlockPorts address_first_word(std::int64_t index) const {
    auto instruction = base();
    instruction.copy = true;
    set_rows(instruction, index);
    instruction.row2 = 0;
    return issue(instruction);
  }

  template <class At>
  BlockPorts start(At& at) {
    current_ = 0;
    auto instruction = base();
    instruction.start = true;
    if constexpr (std::is_same_v<Variant, OneDoublePumped>) set_inputs(instruction, at(0), 0);
    if constexpr (B::addressed_before) set_rows(instruction, 0);
    if constexpr (std::is_same_v<Variant, TwoSync>) instruction.row2 = 0;
    return issue(instruction);
  }

  /// 2SA: copies word 0 or 1 of a MAC2 and brings the activations of the array of that number. The address is that of
  /// this word, or with AddressedBefore of the next one, if the pair has one.
  template <class At>
  BlockPorts copy_word(At& at, std::int64_t index, int word, bool done) {
    auto instruction = base();
    instruction.done = done;
    if (index < count_) {
      const int addressed = word + (B::addressed_before ? 1 : 0);
      if (addressed < 2) {
        set_rows(instruction, index);
        instruction.row1 += addressed;
      }
      instruction.copy = true;
      set_inputs(instruction, at(index), static_cast<std::size_t>(word));
    }
    instruction.row2 = 0;
    return issue(instruction);
  }

  /// In the last cycle of a readout: start again, or end.
  BlockPorts restart(bool& running) {
    if (words_read_ + 1 < B::readout_cycles()) return {};
    running = current_ < count_;
    if (!running) return {};
    auto instruction = base();
    instruction.start = true;
    if constexpr (std::is_same_v<Variant, OneDoublePumped> && B::addressed_before)
      set_rows(instruction, current_);
    return issue(instruction);
  }

  /// A free cycle: the next pair of a streaming run, if its place is free.
  template <class At>
  BlockPorts refill(At& at) {
    if (resident() || loaded_ >= count_ || loaded_ - slots_ > current_) return {};
    const auto ports = write_pair(loaded_, at(loaded_));
    ++loaded_;
    streamed_words_ += 2;
    return ports;
  }

  void read_word() {
    constexpr int words = B::row_bits / B::word_bits;
    const int array = words_read_ / words;
    const int word = words_read_ % words;
    const int part = B::policies::ReadoutOrder::part(word, words);
    accumulators_[static_cast<std::size_t>(array)].insert(part * B::word_bits, B::word_bits,
                                                          machine_.readout_word(array, word).words()[0]);
    ++words_read_;
  }

  Machine& machine_;
  Operands operands_;
  std::int64_t slots_;
  std::int64_t count_ = 0;
  std::int64_t distinct_ = 0;
  std::int64_t current_ = 0;  ///< the MAC2 that is being computed
  std::int64_t loaded_ = 0;   ///< streaming: pairs written so far
  std::int64_t streamed_words_ = 0;
  int words_read_ = 0;
  Accumulators accumulators_{};
};

}  // namespace bitloom::fabric
