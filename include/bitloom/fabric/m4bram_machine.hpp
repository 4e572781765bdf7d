// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/dummy_array.hpp>
#include <bitloom/fabric/efsm.hpp>
#include <bitloom/fabric/lanes.hpp>
#include <bitloom/fabric/m20k.hpp>
#include <bitloom/fabric/m4bram.hpp>
#include <bitloom/fabric/m4bram_instruction.hpp>
#include <bitloom/fabric/port_schedule.hpp>

namespace bitloom::fabric {

/// The duplication shuffler: what each element gets of a weight word.
///
/// A word has `duplication` slices, a slice 4 / duplication chunks; element b gets chunk b mod (4 / duplication).
/// @return  the chunk of each element, in its low bits
template <int WordBits>
[[nodiscard]] constexpr std::array<std::uint64_t, 4> shuffle(std::uint64_t word, int slice,
                                                             int duplication) noexcept {
  constexpr int chunk = WordBits / 4;
  const int chunks = 4 / duplication;
  std::array<std::uint64_t, 4> result{};
  for (int b = 0; b < 4; ++b)
    result[static_cast<std::size_t>(b)] =
        (word >> (slice * chunks + b % chunks) * chunk) & core::low_mask(chunk);
  return result;
}

/// M4BRAM as registers, arrays and ports. `step` is one edge of the eFSM's clock, `tick` one of the main clock.
///
/// The main array is 512 x 32 on both ports while it computes. A copy reads the word on the bus in its own eFSM cycle.
/// A memory request on port A is a conflict in a main cycle with an instruction or a copy, and a read while the
/// accumulator is at the port's output; port B is always free. A conflict is a ScheduleError, or with StallConflicts
/// the request has no effect and `waiting` says so.
template <M4bramSize Size, M4bramClocking Clocking, M4bramPolicySet Policies>
class M4bramMachine {
 public:
  using Block = M4bram<Size, Clocking, 1, Policies>;
  using RowVector = core::BitVector<Block::row_bits>;
  using Array = DummyArray<Block::row_bits, typename Policies::Sign>;
  static constexpr int elements = Block::elements;
  static constexpr int words_of_row = Block::row_bits / Block::port_bits;  ///< of 32 bits, in a readout

  constexpr M4bramMachine() : memory_({.ratio_a = {512, 32}, .ratio_b = {512, 32}}) {}

  [[nodiscard]] constexpr M20k& memory() noexcept { return memory_; }
  [[nodiscard]] constexpr const M20k& memory() const noexcept { return memory_; }
  [[nodiscard]] constexpr Array& array(int element) noexcept {
    return arrays_[static_cast<std::size_t>(element)];
  }
  [[nodiscard]] constexpr const Array& array(int element) const noexcept {
    return arrays_[static_cast<std::size_t>(element)];
  }
  [[nodiscard]] constexpr int state() const noexcept { return sequencer_.state(); }
  [[nodiscard]] constexpr int counter() const noexcept { return sequencer_.counter(); }

  /// What is configured; an activation precision of 0 after a reset of the block.
  [[nodiscard]] constexpr const M4bramConfiguration& configuration() const noexcept { return configuration_; }

  /// The activation registers of an element, shifted as far as their bits are used up.
  [[nodiscard]] constexpr const std::array<std::uint8_t, 2>& inputs(int element) const noexcept {
    return inputs_[static_cast<std::size_t>(element)];
  }

  /// DoublePumped: the register before them, a byte for each element.
  [[nodiscard]] constexpr std::uint32_t activation_buffer() const noexcept { return buffer_; }

  /// The accumulators are at the output in the coming cycle.
  [[nodiscard]] constexpr bool readout() const noexcept { return sequencer_.row(table).readout; }

  /// Word `index` of a readout: the accumulator rows of elements 0 to 3, the lowest bits first. 0 <= index < 4 (S), 8 (L).
  [[nodiscard]] constexpr std::uint32_t readout_word(int index) const noexcept {
    return static_cast<std::uint32_t>(
        array(index / words_of_row)
            .row(Row::Accumulator)
            .extract(index % words_of_row * Block::port_bits, Block::port_bits));
  }

  /// The double-pumped block stands between the two halves of a main cycle.
  [[nodiscard]] constexpr bool in_main_cycle() const noexcept { return steps_ % Clocking::clock_ratio != 0; }

  /// Main-clock cycles since construction, and those in which the eFSM read the main array or took an instruction.
  [[nodiscard]] constexpr std::int64_t main_cycles() const noexcept { return steps_ / Clocking::clock_ratio; }
  [[nodiscard]] constexpr std::int64_t busy_cycles() const noexcept { return busy_cycles_; }
  [[nodiscard]] constexpr std::int64_t instruction_cycles() const noexcept { return instruction_cycles_; }

  /// StallConflicts only: whether the request of the last main cycle on port A had no effect and is to be repeated, and
  /// the main-clock cycles since construction in which one had to wait.
  [[nodiscard]] constexpr WaitingPorts waiting() const noexcept { return waiting_; }
  [[nodiscard]] constexpr std::int64_t stalled_cycles() const noexcept { return stalled_cycles_; }

  /// Control outputs in the coming eFSM cycle, if these are its ports.
  [[nodiscard]] constexpr efsm::Control<4> control(const M4bramPorts& ports) const noexcept {
    return efsm::control<4>(sequencer_.row(table), gated(ports.cim), inputs_);
  }

  /// One edge of the eFSM's clock. Where it throws, nothing has changed.
  ///
  /// Memory requests have to be the same in all eFSM cycles of a main cycle.
  /// @throws ScheduleError  a memory request that the block cannot serve in this cycle, or that changed inside a main
  ///                        cycle
  /// @throws RangeError     an address, word or slice beyond the memory, a configuration without a meaning, or with
  ///                        TrapWraps an accumulation leaves its lane
  constexpr void step(const M4bramPorts& ports) {
    if (in_main_cycle() && (ports.a != requests_[0] || ports.b != requests_[1]))
      throw ScheduleError("ports: a memory request changed inside main cycle " +
                          std::to_string(main_cycles()));
    const auto& state = sequencer_.row(table);
    const auto flags = gated(ports.cim);
    const auto cycle = control(ports);
    const int lane_bits = 4 * configuration_.weight_bits;
    auto configured = configuration_;
    if (ports.cim.enable && ports.cim.configure) configured = decode_configuration(ports.cim);
    const bool copies = cycle.arrays[0].write2 == Write2::Word;
    if (copies) check_copy(ports.cim);
    const bool last = steps_ % Clocking::clock_ratio == Clocking::clock_ratio - 1;
    const auto conflicts = check(ports, state, copies, last);
    if constexpr (Policies::Overflow::traps) check_lanes(cycle, lane_bits);

    std::array<RowVector, elements> words{};
    if (copies) words = extended(ports.cim);
    for (std::size_t k = 0; k < elements; ++k)
      arrays_[k].step(cycle.arrays[k], lane_bits, RowVector{}, words[k]);
    sequencer_.step(table,
                    {.start = flags.start,
                     .done = flags.done,
                     .signed_input = configuration_.signed_activations,
                     .precision = configuration_.activation_bits},
                    flags.reset || ports.reset);
    load(state, flags, ports);
    configuration_ = ports.reset ? unconfigured : configured;
    busy_ = busy_ || copies;
    instruction_ = instruction_ || ports.cim.enable;
    waiting_ = conflicts;
    requests_ = {ports.a, ports.b};
    ++steps_;
    if (!last) return;
    const bool uses_a = ports.a.enable && !conflicts.a;
    if (uses_a || ports.b.enable) memory_.step(uses_a ? ports.a : PortRequest{}, ports.b);
    busy_cycles_ += busy_ ? 1 : 0;
    instruction_cycles_ += instruction_ ? 1 : 0;
    stalled_cycles_ += conflicts.any() ? 1 : 0;
    busy_ = instruction_ = false;
  }

  /// One edge of the main clock.
  /// @throws ScheduleError, RangeError  as `step`
  constexpr void tick(const M4bramPorts& ports) {
    for (int i = 0; i < Clocking::clock_ratio; ++i) step(ports);
  }

 private:
  static constexpr auto table = Clocking::template table<typename Policies::Timing>();
  static constexpr M4bramConfiguration unconfigured{.activation_bits = 0};

  static constexpr efsm::Flags gated(const CimBus& bus) noexcept {
    if (!bus.enable || bus.configure) return {};
    const auto bits = bus.byte_enable;
    return {cim::reset.get(bits) != 0, cim::start.get(bits) != 0, cim::copy.get(bits) != 0,
            cim::done.get(bits) != 0};
  }

  constexpr void check_copy(const CimBus& bus) const {
    core::check_range("weight word", bus.word, 0,
                      Block::weight_words * Block::port_bits / Block::word_bits - 1);
    core::check_range("slice", bus.slice, 0, configuration_.duplication - 1);
  }

  /// Whether port A has to wait, with the half of the main cycle that is over; or throws.
  [[nodiscard]] constexpr WaitingPorts check(const M4bramPorts& ports, const efsm::State& state, bool copies,
                                             bool last) const {
    using Conflict = typename Policies::PortConflict;
    WaitingPorts conflicts = in_main_cycle() ? waiting_ : WaitingPorts{};
    const auto refuse = [&](const char* request, const char* reason) {
      conflict<Conflict>(conflicts.a, request, main_cycles(), reason);
    };
    if (ports.a.enable && ports.cim.enable) refuse("a memory request on port A", "it carries an instruction");
    if (ports.a.enable && copies) refuse("a memory request on port A", "the eFSM reads the main array");
    if (state.readout && ports.a.enable && !ports.a.write)
      refuse("a memory read on port A", "the accumulator is at its output");
    if (last) memory_.check(conflicts.a ? PortRequest{} : ports.a, ports.b);
    return conflicts;
  }

  /// The rows that a copy offers to the elements.
  [[nodiscard]] constexpr std::array<RowVector, elements> extended(const CimBus& bus) const noexcept {
    constexpr auto halves = static_cast<std::uint32_t>(Block::word_bits / Block::port_bits);
    constexpr AspectRatio port{512, 32};
    std::uint64_t word = memory_.read(bus.word * halves, port);
    if constexpr (halves == 2) word |= memory_.read(bus.word * halves + 1, port) << Block::port_bits;
    const auto chunks =
        shuffle<Block::word_bits>(word, static_cast<int>(bus.slice), configuration_.duplication);
    std::array<RowVector, elements> rows{};
    for (std::size_t k = 0; k < elements; ++k)
      rows[k] = lanes::sign_extend(core::BitVector<Block::chunk_bits>(chunks[k]), configuration_.weight_bits);
    return rows;
  }

  constexpr void load(const efsm::State& state, const efsm::Flags& flags, const M4bramPorts& ports) noexcept {
    const auto data = Clocking::clock_ratio == 1 ? ports.cim.data : buffer_;
    const bool loads = efsm::holds(state.loads_inputs_if, flags);
    for (std::size_t k = 0; k < elements; ++k) {
      auto& [first, second] = inputs_[k];
      const auto byte = static_cast<std::uint8_t>(data >> (8 * k));
      if (flags.reset || ports.reset)
        first = second = 0;
      else if (loads && state.loads_inputs1)
        first = byte;
      else if (loads && state.loads_inputs2)
        second = byte;
      else if (state.shifts_inputs) {
        first = static_cast<std::uint8_t>(first << 1);
        second = static_cast<std::uint8_t>(second << 1);
      }
    }
    if constexpr (Clocking::clock_ratio == 2) {
      if (flags.copy) buffer_ = ports.cim.data;
      if (ports.reset) buffer_ = 0;
    }
  }

  // TrapWraps: the exact MAC2 of every lane, from PREADD, where all operands are there, to ACC.
  static constexpr int max_lanes = Block::row_bits / 8;
  using Exact = std::array<std::array<std::int64_t, max_lanes>, elements>;

  /// What weights are multiplied with.
  [[nodiscard]] constexpr std::int64_t factor(std::uint8_t left_aligned) const noexcept {
    const Operands o{.weight_bits = configuration_.weight_bits,
                     .activation_bits = configuration_.activation_bits,
                     .signed_activations = configuration_.signed_activations};
    const auto code = static_cast<std::uint64_t>(left_aligned) >> (8 - o.activation_bits);
    const auto value =
        o.signed_activations ? core::sign_extend(code, o.activation_bits) : static_cast<std::int64_t>(code);
    return Block::factor(static_cast<int>(value), o);
  }

  /// @throws RangeError  a lane would wrap
  constexpr void check_lanes(const efsm::Control<4>& control, int lane_bits) {
    const auto& cycle = control.arrays[0];
    if (cycle.write1 != Write1::Sum) return;
    for (int k = 0; k < elements; ++k)
      for (int lane = 0; lane < Block::row_bits / lane_bits; ++lane) {
        const auto value = [&](Row row) -> std::int64_t {
          return lanes::value(array(k).row(row), lane, lane_bits);
        };
        auto& exact = exact_[static_cast<std::size_t>(k)][static_cast<std::size_t>(lane)];
        if (cycle.target1 == Row::W12)
          exact = value(Row::W1) * factor(inputs(k)[0]) + value(Row::W2) * factor(inputs(k)[1]);
        const auto sum = value(Row::Accumulator) + exact;
        if (cycle.target1 == Row::Accumulator &&
            sum != core::sign_extend(static_cast<std::uint64_t>(sum), lane_bits))
          throw_wrap(lane, k, "main cycle " + std::to_string(main_cycles()), value(Row::Accumulator), exact,
                     lane_bits);
      }
  }

  M20k memory_;
  std::array<Array, elements> arrays_{};
  efsm::Sequencer<Clocking::states> sequencer_{};
  std::array<efsm::InputRegisters, elements> inputs_{};
  std::uint32_t buffer_ = 0;
  M4bramConfiguration configuration_ = unconfigured;
  Exact exact_{};
  WaitingPorts waiting_{};
  std::array<PortRequest, 2> requests_{};  ///< of the last eFSM cycle, by port
  bool busy_ = false;
  bool instruction_ = false;
  std::int64_t steps_ = 0;
  std::int64_t busy_cycles_ = 0;
  std::int64_t instruction_cycles_ = 0;
  std::int64_t stalled_cycles_ = 0;
};

}  // namespace bitloom::fabric
