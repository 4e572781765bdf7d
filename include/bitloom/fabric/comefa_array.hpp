// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/comefa_instruction.hpp>
#include <bitloom/fabric/m20k.hpp>

namespace bitloom::fabric::comefa {

/// Result bits at both ends of an array, before the clock edge.
struct Edges {
  bool lowest{};   ///< of column 0
  bool highest{};  ///< of column 159
};

/// What neighbouring blocks offer at the ends of an array.
struct Neighbours {
  bool below{};  ///< goes into column 0 where a row moves up by a column
  bool above{};  ///< goes into column 159 where it moves down
};

/// 128 rows of 160 cells, a carry and a mask latch under each column, and the logic between them.
///
/// Numbers are transposed: a column holds one, its lowest bit in the lowest row. The 40-bit word at column c of the
/// multiplexer is bits 40c to 40c + 39 of its row (the physical interleave is not published; this order is assumed).
class Array {
 public:
  static constexpr BlockGeometry geometry = M20k::geometry;
  static constexpr int rows = geometry.rows;
  static constexpr int columns = geometry.columns;
  using RowVector = core::BitVector<columns>;

  [[nodiscard]] constexpr const RowVector& row(int index) const noexcept { return rows_[slot(index)]; }
  constexpr void set_row(int index, const RowVector& bits) noexcept { rows_[slot(index)] = bits; }

  [[nodiscard]] constexpr std::uint64_t word(int row, int column) const noexcept {
    return rows_[slot(row)].extract(column * geometry.word_bits(), geometry.word_bits());
  }
  constexpr void set_word(int row, int column, std::uint64_t bits) noexcept {
    rows_[slot(row)].insert(column * geometry.word_bits(), geometry.word_bits(), bits);
  }

  [[nodiscard]] constexpr const RowVector& carry() const noexcept { return carry_; }
  [[nodiscard]] constexpr const RowVector& mask() const noexcept { return mask_; }
  constexpr void set_latches(const RowVector& carry, const RowVector& mask) noexcept {
    carry_ = carry;
    mask_ = mask;
  }

  /// The result bits that the neighbours see in the cycle of this instruction.
  /// @throws RangeError  a row or the truth table is out of range
  [[nodiscard]] constexpr Edges edges(const Instruction& instruction) const {
    check(instruction);
    const auto result = logic(instruction, operand2(instruction)) ^ carry_;
    return {.lowest = result.test(0), .highest = result.test(columns - 1)};
  }

  /// One clock edge.
  /// @throws RangeError  a row or the truth table is out of range
  constexpr void step(const Instruction& instruction, const Neighbours& neighbours = {}) {
    check(instruction);
    const auto first = row(instruction.source1);  // copies: the write below may hit the rows that were read
    const auto second = operand2(instruction);
    const auto table = logic(instruction, second);
    if (instruction.write != Write::None) {
      const auto enabled = selected(instruction.predicate);
      auto& target = rows_[slot(instruction.destination)];
      target = (target & ~enabled) | (stored(instruction.write, table ^ carry_, neighbours) & enabled);
    }
    if (instruction.carry == Latch::Load)
      carry_ = (first & second) | (carry_ & (first | second));
    else if (instruction.carry == Latch::Clear)
      carry_ = {};
    if (instruction.mask == Latch::Load)
      mask_ = table;
    else if (instruction.mask == Latch::Clear)
      mask_ = {};
  }

 private:
  static constexpr std::size_t slot(int index) noexcept { return static_cast<std::size_t>(index); }

  [[nodiscard]] constexpr RowVector operand2(const Instruction& instruction) const noexcept {
    if (!instruction.broadcast) return row(instruction.source2);
    return instruction.broadcast_bit ? ~RowVector() : RowVector();
  }

  /// The truth table in every column.
  [[nodiscard]] constexpr RowVector logic(const Instruction& instruction,
                                          const RowVector& second) const noexcept {
    const auto& first = row(instruction.source1);
    RowVector result;
    if ((instruction.truth_table & 0b0001) != 0) result = ~(first | second);
    if ((instruction.truth_table & 0b0010) != 0) result = result | (first & ~second);
    if ((instruction.truth_table & 0b0100) != 0) result = result | (~first & second);
    if ((instruction.truth_table & 0b1000) != 0) result = result | (first & second);
    return result;
  }

  [[nodiscard]] constexpr RowVector selected(Predicate predicate) const noexcept {
    switch (predicate) {
      case Predicate::Mask: return mask_;
      case Predicate::Carry: return carry_;
      case Predicate::NotCarry: return ~carry_;
      case Predicate::Always: break;
    }
    return ~RowVector();
  }

  [[nodiscard]] constexpr RowVector stored(Write write, const RowVector& result,
                                           const Neighbours& neighbours) const noexcept {
    constexpr auto last = static_cast<std::size_t>(RowVector::word_count - 1);
    auto words = result.words();
    switch (write) {
      case Write::None:
      case Write::Result: break;
      case Write::Carry: return carry_;
      case Write::FromLower:
        for (std::size_t i = last; i > 0; --i) words[i] = words[i] << 1 | words[i - 1] >> 63;
        words[0] = words[0] << 1 | std::uint64_t{neighbours.below};
        break;
      case Write::FromHigher:
        for (std::size_t i = 0; i < last; ++i) words[i] = words[i] >> 1 | words[i + 1] << 63;
        words[last] = words[last] >> 1 | std::uint64_t{neighbours.above} << ((columns - 1) % 64);
        break;
    }
    return RowVector::from_words(words);
  }

  std::array<RowVector, static_cast<std::size_t>(rows)> rows_{};
  RowVector carry_{};
  RowVector mask_{};
};

/// One clock edge of arrays side by side, all with the same instruction: column 159 of one is next to column 0 of the
/// next. Nothing comes in at the ends of the chain.
/// @throws RangeError  a row or the truth table is out of range
constexpr void step_chain(std::span<Array> arrays, const Instruction& instruction) {
  bool below = false;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    // the array below has had its edge; what it offered before was kept
    const auto own = arrays[i].edges(instruction);
    const bool above = i + 1 < arrays.size() && arrays[i + 1].edges(instruction).lowest;
    arrays[i].step(instruction, {.below = below, .above = above});
    below = own.highest;
  }
}

}  // namespace bitloom::fabric::comefa
