// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <bitloom/fabric/bit_serial.hpp>
#include <bitloom/fabric/comefa_machine.hpp>

namespace bitloom::fabric {

/// What a run of a bit-serial block took, in clock cycles.
struct BitSerialUse {
  std::int64_t cycles{};          ///< from the first instruction to the last readout
  std::int64_t load_cycles{};     ///< before that: weights that stay in the block
  std::int64_t compute_cycles{};  ///< of `cycles`: the array computed
};

/// Drives a machine through one matrix product: loads weights and activations, issues the micro-instructions, reads and
/// corrects the sums.
template <class B>
class BitSerialRun {
 public:
  using Machine = comefa::Machine;

  /// @throws RangeError  operands that the block lacks, a value outside its width, or a sum beyond 32 bits
  /// @throws ShapeError  a span does not fit the shape
  BitSerialRun(Machine& machine, const MatrixShape& shape, const Operands& operands,
               std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
               std::span<std::int32_t> result)
      : machine_(machine),
        shape_(shape),
        operands_(operands),
        weights_(weights),
        activations_(activations),
        result_(result) {
    check_supported<B>(operands);
    op::check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    check_sum_width(shape, operands);
    check_values("weight", weights, operands.weight_bits, operands.signed_weights);
    check_values("activation", activations, operands.activation_bits, operands.signed_activations);
  }

  BitSerialUse run() {
    const auto cut = B::cut(shape_, operands_);
    std::ranges::fill(result_, 0);
    const auto before = machine_.cycles();
    if (cut.resident)
      for (std::int64_t group = 0; group < cut.groups; ++group)
        load_weights(group, 0, shape_.columns, group * shape_.columns);
    const auto start = machine_.cycles();
    const auto computed = machine_.compute_cycles();
    machine_.set_mode(comefa::Mode::Compute);
    comefa::reset(emit());
    for (std::int64_t group = 0; group < cut.groups; ++group) {
      sums_ = {};
      products_ = 0;
      for (std::int64_t first = 0; first < shape_.columns; first += cut.tile_terms) {
        const auto count = std::min(cut.tile_terms, shape_.columns - first);
        const auto place = cut.resident ? group * shape_.columns : 0;
        if (!cut.resident) load_weights(group, first, count, place);
        for (std::int64_t vector = 0; vector < shape_.vectors; ++vector)
          multiply_tile(group, vector, first, count, place);
      }
    }
    return {.cycles = machine_.cycles() - start,
            .load_cycles = start - before,
            .compute_cycles = machine_.compute_cycles() - computed};
  }

 private:
  using RowVector = comefa::Array::RowVector;
  static constexpr int columns = B::columns;

  [[nodiscard]] auto emit() {
    return [this](const comefa::Instruction& instruction) { machine_.compute(instruction); };
  }

  /// What the highest bit of a signed operand adds when it is inverted.
  static constexpr std::int64_t offset(int bits, bool is_signed) noexcept {
    return is_signed ? std::int64_t{1} << (bits - 1) : 0;
  }
  [[nodiscard]] std::int64_t weight_offset() const noexcept {
    return offset(operands_.weight_bits, operands_.signed_weights);
  }
  [[nodiscard]] std::int64_t activation_offset() const noexcept {
    return offset(operands_.activation_bits, operands_.signed_activations);
  }

  [[nodiscard]] std::int64_t group_size(std::int64_t group) const noexcept {
    return std::min<std::int64_t>(columns, shape_.rows - group * columns);
  }
  [[nodiscard]] std::int64_t weight(std::int64_t group, std::int64_t e, std::int64_t term) const noexcept {
    return weights_[static_cast<std::size_t>((group * columns + e) * shape_.columns + term)];
  }
  [[nodiscard]] std::int64_t activation(std::int64_t term, std::int64_t vector) const noexcept {
    return activations_[static_cast<std::size_t>(term * shape_.vectors + vector)];
  }

  /// A row through both ports, two words a cycle.
  void write_row(int row, const RowVector& bits) {
    machine_.set_mode(comefa::Mode::Memory);
    for (int word = 0; word < B::row_words; word += 2)
      machine_.tick(write_word(row, word, bits), write_word(row, word + 1, bits));
    machine_.set_mode(comefa::Mode::Compute);
  }
  static PortRequest write_word(int row, int word, const RowVector& bits) {
    constexpr int width = columns / B::row_words;
    return PortRequest::write_to(address(row, word), bits.extract(word * width, width));
  }
  static std::uint32_t address(int row, int word) noexcept {
    return static_cast<std::uint32_t>(row * B::row_words + word);
  }

  /// Loads terms [first, first + count) of a group, from place `place` on.
  void load_weights(std::int64_t group, std::int64_t first, std::int64_t count, std::int64_t place) {
    for (std::int64_t term = 0; term < count; ++term) {
      const auto field = B::weight_field(operands_, static_cast<int>(place + term));
      for (int bit = 0; bit < field.bits; ++bit) {
        RowVector row;
        for (std::int64_t e = 0; e < group_size(group); ++e) {
          const auto code = static_cast<std::uint64_t>(weight(group, e, first + term) + weight_offset());
          row.insert(static_cast<int>(e), 1, code >> bit & 1);
        }
        write_row(field.row(bit), row);
      }
    }
  }

  /// Stores activations, each in all columns.
  void store_inputs(std::int64_t vector, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto code = static_cast<std::uint64_t>(activation(first + i, vector) + activation_offset());
      const auto field = B::input_field(operands_, static_cast<int>(i));
      for (int bit = 0; bit < field.bits; ++bit)
        write_row(field.row(bit), (code >> bit & 1) != 0 ? ~RowVector() : RowVector());
    }
  }

  /// One vector on the weights that are in the block.
  void multiply_tile(std::int64_t group, std::int64_t vector, std::int64_t first, std::int64_t count,
                     std::int64_t place) {
    constexpr std::int64_t inputs = B::variant::stored_inputs;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto term = first + i;
      auto factor = comefa::Factor::broadcast(
          static_cast<std::uint64_t>(activation(term, vector) + activation_offset()),
          operands_.activation_bits);
      if constexpr (inputs > 0) {
        if (i % inputs == 0) store_inputs(vector, term, std::min(inputs, count - i));
        factor = comefa::Factor::stored(B::input_field(operands_, static_cast<int>(i % inputs)));
      }
      const auto product = B::product_field(operands_);
      comefa::multiply_by(emit(), B::weight_field(operands_, static_cast<int>(place + i)), factor, product);
      comefa::accumulate(emit(), product, B::accumulator_field(operands_), products_ == 0);
      correct(group, term, vector);
      ++products_;
      const bool tile_ends = i + 1 == count && (shape_.vectors > 1 || term + 1 == shape_.columns);
      if (tile_ends || products_ == B::safe_terms(operands_)) read_sums(group, vector);
    }
  }

  /// Outside the block: what the offsets of a term add to the sum of every column.
  void correct(std::int64_t group, std::int64_t term, std::int64_t vector) noexcept {
    const auto x = activation(term, vector);
    for (std::int64_t e = 0; e < group_size(group); ++e)  // (w + p)(x + q) - wx
      sums_[static_cast<std::size_t>(e)] -= activation_offset() * weight(group, e, term) +
                                            weight_offset() * x + weight_offset() * activation_offset();
  }

  /// Reads the accumulators, two words a cycle, and adds them outside.
  void read_sums(std::int64_t group, std::int64_t vector) {
    constexpr int width = columns / B::row_words;
    const auto field = B::accumulator_field(operands_);
    for (int bit = 0; bit < field.bits; ++bit) {
      RowVector row;
      for (int word = 0; word < B::row_words; word += 2) {
        machine_.tick(PortRequest::read_from(address(field.row(bit), word)),
                      PortRequest::read_from(address(field.row(bit), word + 1)));
        row.insert(word * width, width, machine_.output_a().data);
        row.insert((word + 1) * width, width, machine_.output_b().data);
      }
      for (std::int64_t e = 0; e < group_size(group); ++e)
        sums_[static_cast<std::size_t>(e)] += std::int64_t{row.test(static_cast<int>(e))} << bit;
    }
    for (std::int64_t e = 0; e < group_size(group); ++e)
      result_[static_cast<std::size_t>((group * columns + e) * shape_.vectors + vector)] +=
          static_cast<std::int32_t>(sums_[static_cast<std::size_t>(e)]);
    sums_ = {};
    products_ = 0;
  }

  Machine& machine_;
  MatrixShape shape_;
  Operands operands_;
  std::span<const std::int16_t> weights_;
  std::span<const std::int16_t> activations_;
  std::span<std::int32_t> result_;
  std::array<std::int64_t, static_cast<std::size_t>(columns)> sums_{};  ///< outside, one a column
  std::int64_t products_ = 0;  ///< in the accumulators since the last readout
};

template <BitSerialVariant Variant, AccumulatorPolicy Accumulator>
std::int64_t BitSerial<Variant, Accumulator>::run(Machine& machine, const MatrixShape& shape,
                                                  const Operands& o, std::span<const std::int16_t> weights,
                                                  std::span<const std::int16_t> activations,
                                                  std::span<std::int32_t> result) {
  return BitSerialRun<BitSerial>(machine, shape, o, weights, activations, result).run().cycles;
}

}  // namespace bitloom::fabric
