// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <bitloom/fabric/block_run.hpp>
#include <bitloom/fabric/m4bram_machine.hpp>

namespace bitloom::fabric {

/// One eFSM cycle of M4BRAM as an observer sees it.
using M4bramStep = BlockStep<efsm::Control<4>>;

/// Drives an M4BRAM machine through a sequence of MAC2: configures it, issues the instructions, copies weights just in
/// time, reads accumulators out, and starts again without a pause.
///
/// A MAC2 takes two cycles with an instruction. Synchronous: the weight words are on the bus in INIT_W1 and INIT_W2, then
/// in ADD and ACC, each with the activations that go with it. Double-pumped: the words are on it in INIT_W1 and COPY_W2,
/// then in ADD and COPY_W2; activations pass a register on their way and come a copy earlier, the first of all with the
/// start.
///
/// Up to `slots` pairs of 32-bit words (256, if nothing else is said) stay in the block. Longer sequences stream through
/// port B, a word a cycle, and only where that is too little, four words in the three cycles of a MAC2, through port A
/// in the cycles without an instruction. A word is overwritten once its last copy is done, and the next ones are always
/// there in time.
///
/// With a period that drifts (DriftingPeriod, ReleasedPeriod) a main cycle has no place for the instructions of its two
/// halves. Then the bus changes with the eFSM's clock, for comparison; all words have to fit the block.
///
/// A machine that was stopped in mid-run, by an exception say, is reset first.
template <M4bramBlock B>
class M4bramRun {
 public:
  using Machine = typename B::Machine;
  using RowVector = typename Machine::RowVector;
  using Accumulators = std::array<RowVector, B::elements>;
  static constexpr std::int64_t all_slots = B::weight_words / 2;

  /// @param slots  pairs of 32-bit words that the run may use, the lowest of the block; the rest of the memory is left
  ///               alone
  /// @throws RangeError  operands that the block lacks, or `slots` outside 4..256
  M4bramRun(Machine& machine, const Operands& operands, std::int64_t slots = all_slots)
      : machine_(machine), operands_(operands) {
    check_supported<B>(operands);
    core::check_range("slots", slots, 4, all_slots);
    places_ = 2 * slots / word_ports;
  }

  /// Runs `count` MAC2, of which the last has to be marked as such.
  ///
  /// @param words       weight words of 32 (S) or 64 (L) bits; the sequence that the MAC2 refer to repeats them
  /// @param at          at(i) is MAC2 i; asked several times for each. If the words do not all fit, MAC2 have to use them
  ///                    in the order of their numbers
  /// @param on_readout  called with the accumulator rows of the elements after each MAC2 marked `last`
  /// @param on_step     called after every eFSM cycle with (M4bramStep, machine)
  /// @return            what it took from the start on; the cycle of the configuration is not in it
  /// @throws RangeError     an activation outside its width, or a slice that the word does not have
  /// @throws ScheduleError  a word of a MAC2 is not in the block in time: they were used in another order, or with a
  ///                        period that drifts do not fit it
  template <class At, class OnReadout, class OnStep = std::nullptr_t>
  BlockUse run(std::int64_t count, std::span<const std::uint64_t> words, At&& at, OnReadout&& on_readout,
               OnStep on_step = {}) {
    core::check_range("MAC2 count", count, 1, std::int64_t{1} << 40);
    core::check_positive("words", std::ssize(words));
    words_ = words;
    count_ = count;
    current_ = -1;
    needed_ = at(0).words[0].word;
    end_ = resident() ? std::ssize(words) : at(count - 1).words[1].word + 1;
    reads_ = 0;
    to_idle();
    const auto load_cycles = load_first();
    machine_.tick({.cim = encode({.weight_bits = B::stored_bits(operands_),
                                  .activation_bits = operands_.activation_bits,
                                  .signed_activations = operands_.signed_activations,
                                  .duplication = B::duplication})});
    const auto loaded = written_;
    auto use = detail::drive<steps_of_bus>(
        machine_, [&](bool& running) { return next_ports(at, running); }, [&] { read_word(); },
        [&] {
          if (reads_ != B::readout_cycles() * reads_of_word) return;
          reads_ = 0;
          on_readout(accumulators_);
        },
        on_step);
    use.load_cycles = load_cycles;
    use.streamed_words = written_ - loaded;
    to_idle();
    return use;
  }

 private:
  using Clocking = typename B::clocking;
  static constexpr bool synchronous = Clocking::clock_ratio == 1;
  static constexpr bool aligned = synchronous || B::timing::aligned;
  static constexpr int steps_of_bus =
      aligned ? Clocking::clock_ratio : 1;  ///< eFSM cycles with the same ports
  static constexpr int reads_of_word = aligned ? 1 : Clocking::clock_ratio;  ///< DONE cycles for a word
  static constexpr int word_ports = B::word_bits / B::port_bits;  ///< 32-bit words of a weight word

  static CimBus issue(std::uint64_t flags) noexcept {
    return {.enable = true, .byte_enable = static_cast<std::uint8_t>(flags)};
  }

  void to_idle() {
    const M4bramPorts reset{.cim = issue(cim::reset.put(1))};
    while (machine_.in_main_cycle()) machine_.step(reset);
    if (machine_.state() != Clocking::idle) machine_.tick(reset);
  }

  [[nodiscard]] bool resident() const noexcept { return std::ssize(words_) <= places_; }

  /// Where the word with that number in the sequence lies.
  [[nodiscard]] std::int64_t place(std::int64_t word) const noexcept {
    return resident() ? word % std::ssize(words_) : word % places_;
  }

  /// Writes the next 32 bits.
  PortRequest write_next() noexcept {
    const auto word = written_ / word_ports;
    const auto part = written_ % word_ports;
    ++written_;
    return PortRequest::write_to(
        static_cast<std::uint32_t>(place(word) * word_ports + part),
        (words_[static_cast<std::size_t>(word % std::ssize(words_))] >> (B::port_bits * part)) &
            core::low_mask(B::port_bits));
  }

  std::int64_t load_first() {
    const auto first = std::min(std::ssize(words_), places_) * word_ports;
    std::int64_t cycles = 0;
    for (written_ = 0; written_ < first; ++cycles) {
      M4bramPorts ports{.b = write_next()};
      if (written_ < first) ports.a = write_next();
      machine_.tick(ports);
    }
    return cycles;
  }

  /// What the ports carry in the coming cycle, or with a period that drifts eFSM cycle; `running` becomes false in the
  /// last one.
  template <class At>
  M4bramPorts next_ports(At& at, bool& running) {
    const auto needed = needed_;
    M4bramPorts ports{.cim = instruction(at, running)};
    if constexpr (aligned) refill(ports, needed);
    return ports;
  }

  template <class At>
  CimBus instruction(At& at, bool& running) {
    const int state = machine_.state();
    if constexpr (synchronous) {
      switch (state) {
        case TwoSync::Idle: return issue(cim::start.put(1));
        case TwoSync::InitW1:
        case TwoSync::Add: return copy_next(at, 0, 0, false);
        case TwoSync::InitW2:
        case TwoSync::Acc: {
          const bool done = current_ >= 0 && at(current_).last;
          const auto bus = copy_next(at, 1, 1, done);
          ++current_;
          return bus;
        }
        case TwoSync::Done: return restart(running);
        default: return {};
      }
    } else {
      switch (state) {
        case DoublePumped::Idle:
        case DoublePumped::InitAcc: {
          auto bus = issue(cim::start.put(1) | cim::copy.put(1));
          set_activations(at, bus, 0, 0);
          return bus;
        }
        case DoublePumped::InitW1:
        case DoublePumped::InitBub:
        case DoublePumped::Add:
        case DoublePumped::Acc: return copy_next(at, 0, 1, current_ >= 0 && at(current_).last);
        case DoublePumped::CopyW2: return copy_second(at);
        case DoublePumped::DoneBub:
        case DoublePumped::Done: return restart(running);
        case DoublePumped::PreAdd: return aligned ? CimBus{} : second_;  // lasts a main cycle, as the others
        default: return {};
      }
    }
  }

  /// Copies word `word` of the next MAC2 and brings its activations `input`, if there is one.
  template <class At>
  CimBus copy_next(At& at, std::size_t word, std::size_t input, bool done) {
    auto bus = issue(cim::done.put(done ? 1 : 0));
    if (current_ + 1 == count_) return bus;
    bus.byte_enable |= static_cast<std::uint8_t>(cim::copy.put(1));
    copy(at, bus, current_ + 1, word);
    set_activations(at, bus, current_ + 1, input);
    return bus;
  }

  /// Double-pumped: the next MAC2 begins and copies its second word. The activations are those of the one behind it.
  template <class At>
  CimBus copy_second(At& at) {
    second_ = issue(cim::copy.put(1));
    copy(at, second_, ++current_, 1);
    if (current_ + 1 < count_) set_activations(at, second_, current_ + 1, 0);
    return second_;
  }

  /// In the last cycle of a readout: start again, or end.
  CimBus restart(bool& running) const {
    if (reads_ + 1 < B::readout_cycles() * reads_of_word) return {};
    running = current_ + (synchronous ? 0 : 1) < count_;
    return running ? issue(cim::start.put(1)) : CimBus{};
  }

  template <class At>
  void copy(At& at, CimBus& bus, std::int64_t index, std::size_t number) {
    const auto slice = at(index).words[number];
    const bool here = resident() || ((slice.word + 1) * word_ports <= written_ &&
                                     written_ <= (slice.word + places_) * word_ports);
    if (!here || slice.word < 0)
      throw ScheduleError("weights: word " + std::to_string(slice.word) + " of MAC2 " +
                          std::to_string(index) + " is not in the block when it is copied");
    bus.word = static_cast<std::uint32_t>(place(slice.word));
    bus.slice = static_cast<std::uint32_t>(slice.slice);
    if (number == 0)
      needed_ = at(index).words[1].word;
    else
      needed_ = index + 1 < count_ ? at(index + 1).words[0].word : end_;
  }

  template <class At>
  void set_activations(At& at, CimBus& bus, std::int64_t index, std::size_t input) const {
    const Mac2<B>& mac2 = at(index);
    std::array<std::int16_t, B::elements> values{};
    for (std::size_t b = 0; b < B::elements; ++b)
      values[b] = mac2.activations[b * B::duplication / B::elements][input];
    bus.data = activation_bytes(values, operands_.activation_bits, operands_.signed_activations);
  }

  /// Streams words to the places of those before `needed`.
  void refill(M4bramPorts& ports, std::int64_t needed) {
    constexpr int words_of_mac2 = 2 * word_ports / B::duplication;
    const auto end = std::min((needed + places_) * word_ports, end_ * word_ports);
    if (written_ < end) ports.b = write_next();
    if (words_of_mac2 > B::mac2_cycles(operands_) && !ports.cim.enable && written_ < end)
      ports.a = write_next();
  }

  void read_word() {
    constexpr int words_of_row = Machine::words_of_row;
    const int word = reads_ / reads_of_word;
    if (reads_++ % reads_of_word == 0)
      accumulators_[static_cast<std::size_t>(word / words_of_row)].insert(
          word % words_of_row * B::port_bits, B::port_bits, machine_.readout_word(word));
  }

  Machine& machine_;
  Operands operands_;
  std::int64_t places_;                     ///< for weight words
  std::span<const std::uint64_t> words_{};  ///< of the run
  std::int64_t count_ = 0;
  std::int64_t current_ = 0;  ///< the MAC2 whose words are all copied, or being copied; -1 before the first
  std::int64_t needed_ = 0;   ///< number of the word that is copied next
  std::int64_t end_ = 0;      ///< numbers of the words that are written, in all
  std::int64_t written_ = 0;  ///< of 32 bits
  int reads_ = 0;             ///< of accumulators, in the readout that is going on
  CimBus second_{};           ///< double-pumped: the last copy of a second word
  Accumulators accumulators_{};
};

}  // namespace bitloom::fabric
