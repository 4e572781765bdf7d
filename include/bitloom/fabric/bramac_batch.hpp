// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/bramac_machine.hpp>
#include <bitloom/fabric/m20k_batch.hpp>
#include <bitloom/kernel/lane_arithmetic.hpp>

namespace bitloom::fabric {

/// What the ports of all blocks of a batch see in one main-clock cycle: the same requests, each with data of its own
/// if it needs some.
struct BatchPorts {
  BlockPorts common{};
  M20kBatch::Data data_a{};  ///< block i's word on the bus of port A; if empty, all have that of `common`
  M20kBatch::Data data_b{};
};

namespace detail {

/// A block whose machine runs the state machine and checks the ports of B, with the least of arrays.
template <class B>
struct ControlOf : B {
  struct policies : B::policies {
    using LaneOrder = ContiguousLanes;
  };
  static constexpr int arrays = 1;
  static constexpr int word_bits = 16;
  static constexpr int row_bits = 64;
};

/// The arrays of a batch are stepped one write port after the other, which a table may not notice.
template <class Variant>
constexpr bool inverts_alone() noexcept {
  constexpr auto table = Variant::table();
  return std::ranges::none_of(table, [](const efsm::State& state) {
    return state.write2 == Write2::Inverted && state.write1 != Write1::None;
  });
}

}  // namespace detail

/// Many BRAMAC blocks in step: one instruction stream, weights and activations of their own.
///
/// Block i of the batch has the bits of a BramacMachine that sees the same ports with data word i. The state machine
/// runs once for all; rows, memories and activations lie with the words of neighbouring blocks side by side, so that a
/// vector instruction works on one word of as many blocks as it holds. Blocks are in mode Compute.
template <class B>
class BramacBatch {
 public:
  using Variant = typename B::variant;
  using RowVector = typename BramacMachine<B>::RowVector;
  using Word = typename BramacMachine<B>::Word;

  /// @param blocks  1..65536
  /// @param memory  ports of every block; both are 512 x 40, true dual port
  /// @throws RangeError  `blocks` is out of range, or a block that computes cannot have this memory
  explicit BramacBatch(std::int64_t blocks, const M20k::Configuration& memory = {})
      : control_(BlockMode::Compute, memory), memory_(blocks, memory), stride_(memory_.stride()) {
    rows_.resize(size(B::arrays * array_rows * row_words));
    words_.resize(size(2 * word_ports));
    arranged_.resize(size(2));
    inputs_.resize(size(2 * B::arrays));
  }

  [[nodiscard]] std::int64_t blocks() const noexcept { return memory_.blocks(); }

  // What all blocks have in common.
  [[nodiscard]] int state() const noexcept { return control_.state(); }
  [[nodiscard]] int counter() const noexcept { return control_.counter(); }
  [[nodiscard]] int precision() const noexcept { return control_.precision(); }
  [[nodiscard]] bool signed_inputs() const noexcept { return control_.signed_inputs(); }
  [[nodiscard]] bool readout() const noexcept { return control_.readout(); }
  [[nodiscard]] bool in_main_cycle() const noexcept { return control_.in_main_cycle(); }
  [[nodiscard]] std::int64_t main_cycles() const noexcept { return control_.main_cycles(); }
  [[nodiscard]] std::int64_t busy_cycles() const noexcept { return control_.busy_cycles(); }
  [[nodiscard]] std::int64_t instruction_cycles() const noexcept { return control_.instruction_cycles(); }
  [[nodiscard]] WaitingPorts waiting() const noexcept { return control_.waiting(); }
  [[nodiscard]] std::int64_t stalled_cycles() const noexcept { return control_.stalled_cycles(); }

  /// The memories of the blocks. (Only the batch itself steps them.)
  [[nodiscard]] const M20kBatch& memory() const noexcept { return memory_; }
  /// Sets the 40-bit word of a block's memory at (row, column of the multiplexer), past the ports.
  void set_word(std::int64_t block, int row, int column, std::uint64_t value) {
    memory_.set_word(block, row, column, value);
  }

  // One block. All throw RangeError for a block or an array that does not exist.

  /// A row of a dummy array.
  [[nodiscard]] RowVector row(std::int64_t block, int array, Row row) const {
    check_array(block, array);
    RowVector result;
    for (int w = 0; w < row_words; ++w) result.insert(32 * w, 32, row_at(array, row)[w * stride_ + block]);
    return result;
  }

  /// Sets every row of a dummy array but 0, as the undefined content after power-up.
  void fill(std::int64_t block, int array, const RowVector& content) {
    check_array(block, array);
    for (int r = 1; r < array_rows; ++r)
      for (int w = 0; w < row_words; ++w)
        row_at(array, static_cast<Row>(r))[w * stride_ + block] =
            static_cast<std::uint32_t>(content.extract(32 * w, 32));
  }

  /// The activation registers of an array, shifted as far as its bits are used up.
  [[nodiscard]] std::array<std::uint8_t, 2> inputs(std::int64_t block, int array) const {
    check_array(block, array);
    return {static_cast<std::uint8_t>(input_at(array, 0)[block] >> 24),
            static_cast<std::uint8_t>(input_at(array, 1)[block] >> 24)};
  }

  /// Word `index` (0..3) of an array's accumulator row: by default, word j holds bits [40j, 40j + 40).
  [[nodiscard]] Word readout_word(std::int64_t block, int array, int index) const {
    const int part = readout_part(index);
    return Word(row(block, array, Row::Accumulator).extract(part * B::word_bits, B::word_bits));
  }

  /// The same word of all blocks.
  /// @throws RangeError  no such array or word
  /// @throws ShapeError  `words` is not one for each block
  void readout_words(int array, int index, std::span<std::uint64_t> words) const {
    check_array(0, array);
    const int part = readout_part(index);
    if (words.empty()) throw ShapeError("words: 0 words for " + std::to_string(blocks()) + " blocks");
    memory_.check_data("words", words);
    const auto* from = row_at(array, Row::Accumulator) + part * stride_;  // bit 40j is bit 8j of word j
    const auto* next = from + stride_;
    for (std::int64_t i = 0; i < blocks(); ++i)
      words[this->index(i)] =
          ((std::uint64_t{next[i]} << 32 | from[i]) >> (8 * part)) & core::low_mask(B::word_bits);
  }

  /// Whether the words on port A steer the eFSM in the coming cycle, so that they may differ in activations only. They
  /// do not where they are data of a write.
  [[nodiscard]] bool steers(const BlockPorts& common) const noexcept {
    if (!common.a.enable || !common.a.write || is_instruction(common.a)) return true;
    const efsm::State& state = table[static_cast<std::size_t>(control_.state())];
    if (state.loads_precision) return true;
    const auto copies = [](const efsm::State& s) {
      return s.write2 == Write2::Word && s.write2_if == efsm::If::Always;
    };
    if (!B::addressed_before) return copies(state);
    const auto& [first, second] = state.transitions;
    const efsm::Inputs inputs{.signed_input = signed_inputs(), .precision = precision()};
    return copies(table[(efsm::holds(first.when, inputs, counter()) ? first : second).next]);
  }

  /// One edge of the eFSM's clock, as BramacMachine::step. Where it throws, nothing has changed.
  ///
  /// @throws ShapeError     data that is not one word for each block
  /// @throws ScheduleError  a memory request that the blocks cannot serve in this cycle, or words on port A that steer
  ///                        the eFSM and differ in more than activations
  /// @throws RangeError     an address beyond the memory, or the undefined precision code 00 is loaded
  void step(const BatchPorts& ports) {
    memory_.check_data("data_a", ports.data_a);
    memory_.check_data("data_b", ports.data_b);
    auto common = ports.common;
    if (!ports.data_a.empty()) common.a.data = ports.data_a[0];
    const auto data = common.a.data;
    if (steers(common)) check_in_step(ports.data_a);
    const efsm::State& state = table[static_cast<std::size_t>(control_.state())];
    const bool instruction = is_instruction(common.a);
    const bool reset = instruction && Layout::reset.get(data) != 0;
    const ArrayCycle cycle = control_.control(common).arrays[0];
    const int precision = control_.precision();
    const auto busy = control_.busy_cycles();
    control_.step(common);

    // while the precision register is loaded it still has its old value
    const int element_bits = state.loads_precision ? precision_bits(Layout::precision.get(data)) : precision;
    for (int k = 0; k < B::arrays; ++k) step_array(k, state, cycle, 4 * precision, element_bits, data);
    load(state, reset, ports.data_a, data);
    if (B::addressed_before && control_.busy_cycles() != busy) fetch(data);
    if (control_.in_main_cycle()) return;
    if (instruction || control_.waiting().a) common.a = {};
    if (control_.waiting().b) common.b = {};
    if (common.a.enable || common.b.enable) memory_.step(common.a, common.b, ports.data_a, ports.data_b);
  }

  /// One edge of the main clock.
  void tick(const BatchPorts& ports) {
    for (int i = 0; i < Variant::clock_ratio; ++i) step(ports);
  }

 private:
  using Layout = InstructionLayout<Variant>;
  static constexpr auto table = Variant::table();
  static constexpr int array_rows = 7;
  static constexpr int row_words = B::row_bits / 32;
  static_assert(row_words == 5 && B::word_bits == 40, "a word of five bytes becomes a row of five words");
  static_assert(detail::inverts_alone<Variant>());
  static_assert(!B::policies::Overflow::traps, "a batch lets lanes wrap: trap wraps with a BramacMachine");
  static constexpr int word_ports = Layout::row2.width == 0 ? 1 : 2;  ///< words that a copy takes at a time

  static constexpr bool is_instruction(const PortRequest& a) noexcept {
    return a.enable && a.write && a.address == cim_address;
  }

  static constexpr std::size_t index(std::int64_t i) noexcept { return static_cast<std::size_t>(i); }
  [[nodiscard]] std::size_t size(std::int64_t words) const noexcept { return index(words * stride_); }

  [[nodiscard]] const std::uint32_t* row_at(int array, Row row) const noexcept {
    return rows_.data() + size((array * array_rows + static_cast<int>(row)) * row_words);
  }
  [[nodiscard]] std::uint32_t* row_at(int array, Row row) noexcept {
    return rows_.data() + size((array * array_rows + static_cast<int>(row)) * row_words);
  }
  /// The register has its eight bits on top of each word.
  [[nodiscard]] const std::uint32_t* input_at(int array, int input) const noexcept {
    return inputs_.data() + size(2 * array + input);
  }
  [[nodiscard]] kernel::LaneTable lane_table() const noexcept { return {row_words, stride_}; }

  void check_array(std::int64_t block, int array) const {
    core::check_range("block", block, 0, blocks() - 1);
    core::check_range("array", array, 0, B::arrays - 1);
  }

  static int readout_part(int index) {
    constexpr int words = B::row_bits / B::word_bits;
    core::check_range("readout word", index, 0, words - 1);
    return B::policies::ReadoutOrder::part(index, words);
  }

  /// All that steers the eFSM lies below the activations.
  void check_in_step(std::span<const std::uint64_t> data) const {
    if (data.empty()) return;
    std::uint64_t differences = 0;
    for (const auto word : data) differences |= word ^ data[0];
    if ((differences & core::low_mask(Layout::input1.offset)) != 0)
      throw ScheduleError("port A: the words of the blocks differ in more than activations in main cycle " +
                          std::to_string(main_cycles()) + ", but a batch runs in step");
  }

  /// Where the main array has the word at that row field and the column field.
  static constexpr std::int64_t address(const InstructionField& row, std::uint64_t data) noexcept {
    return static_cast<std::int64_t>(row.get(data)) * M20k::geometry.column_mux +
           static_cast<std::int64_t>(Layout::column.get(data));
  }

  /// Reads the addressed words of the main array into the registers before write ports 2 and 1.
  void fetch(std::uint64_t data) noexcept {
    const std::array<std::int64_t, 2> from{address(Layout::row1, data), address(Layout::row2, data)};
    for (int port = 0; port < word_ports; ++port) {
      const auto words = memory_.words(from[index(port)]);
      auto* to = words_.data() + size(2 * port);
      std::copy_n(words.low, stride_, to);
      std::copy_n(words.high, stride_, to + stride_);
    }
  }

  /// Copies a word, 1 or 2, from the main array to a row.
  void copy(int word, int element_bits, std::uint64_t data, std::uint32_t* to) noexcept {
    M20kBatch::Planes from{};
    if constexpr (B::addressed_before) {
      from.low = words_.data() + size(word_ports == 1 ? 0 : 2 * (word - 1));
      from.high = from.low + stride_;
    } else {
      from = memory_.words(address(word_ports == 1 || word == 1 ? Layout::row1 : Layout::row2, data));
    }
    using Order = typename B::policies::LaneOrder;
    if constexpr (!std::is_same_v<Order, ContiguousLanes>) {
      for (std::int64_t i = 0; i < blocks(); ++i) {
        const Word own(M20kBatch::joined(from.low[i], from.high[i]));
        const auto arranged = lanes::arrange<Order>(own, element_bits).words()[0];
        arranged_[index(i)] = M20kBatch::low_part(arranged);
        arranged_[index(stride_ + i)] = M20kBatch::high_part(arranged);
      }
      from = {arranged_.data(), arranged_.data() + stride_};
    }
    kernel::extend_to_lanes(element_bits, from.low, from.high, stride_, to);
  }

  void step_array(int k, const efsm::State& state, const ArrayCycle& cycle, int lane_bits, int element_bits,
                  std::uint64_t data) noexcept {
    const auto with_first = [&](auto f) {
      if (state.read1 == efsm::Read1::Activation)
        f(kernel::ChosenRow{input_at(k, 0), input_at(k, 1), row_at(k, Row::W1), row_at(k, Row::W2),
                            row_at(k, Row::W12)});
      else
        f(kernel::FixedRow{row_at(k, cycle.read1)});
    };
    if (cycle.write1 == Write1::Word1) {
      copy(1, element_bits, data, row_at(k, cycle.target1));
    } else if (cycle.write1 != Write1::None) {
      const bool doubled =
          cycle.write1 == Write1::ShiftedSum || (cycle.write1 == Write1::SignStep && B::sign_policy::shift);
      with_first([&](const auto& first) {
        kernel::add_lanes(lane_bits, first, row_at(k, cycle.read2), {cycle.carry, doubled}, lane_table(),
                          row_at(k, cycle.target1));
      });
    }
    switch (cycle.write2) {
      case Write2::None: break;
      case Write2::Zero: std::fill_n(row_at(k, cycle.target2), size(row_words), 0U); break;
      case Write2::Inverted:
        with_first(
            [&](const auto& first) { kernel::invert_lanes(first, lane_table(), row_at(k, cycle.target2)); });
        break;
      case Write2::Word: copy(2, element_bits, data, row_at(k, cycle.target2)); break;
    }
  }

  void load(const efsm::State& state, bool reset, std::span<const std::uint64_t> words,
            std::uint64_t common) noexcept {
    if (reset) {
      std::ranges::fill(inputs_, 0U);
      return;
    }
    const std::array<bool, 2> loads{state.loads_inputs1, state.loads_inputs2};
    for (int k = 0; k < B::arrays; ++k) {
      auto* first = inputs_.data() + size(2 * k);
      auto* second = first + stride_;
      const auto top = [](const InstructionField& field, std::uint64_t word) {
        return static_cast<std::uint32_t>(field.get(word)) << 24;
      };
      if (loads[index(k)]) {
        if (words.empty()) {
          std::fill_n(first, stride_, top(Layout::input1, common));
          std::fill_n(second, stride_, top(Layout::input2, common));
        } else {
          for (std::int64_t i = 0; i < blocks(); ++i) {
            first[i] = top(Layout::input1, words[index(i)]);
            second[i] = top(Layout::input2, words[index(i)]);
          }
        }
      } else if (state.shifts_inputs) {
        for (std::int64_t i = 0; i < 2 * stride_; ++i) first[i] <<= 1;
      }
    }
  }

  BramacMachine<detail::ControlOf<B>> control_;
  M20kBatch memory_;
  std::int64_t stride_;
  kernel::LaneBuffer rows_;      ///< [array][row][word][block]
  kernel::LaneBuffer words_;     ///< [port][low, high][block]: words on their way from the main array
  kernel::LaneBuffer arranged_;  ///< [low, high][block]: one of them, its elements in the order of the lanes
  kernel::LaneBuffer inputs_;    ///< [array][input][block]
};

}  // namespace bitloom::fabric
