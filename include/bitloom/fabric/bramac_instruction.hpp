// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/bramac_efsm.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::fabric {

/// A CIM instruction of BRAMAC, decoded.
struct Instruction {
  int precision = 8;     ///< bits of weights and activations: 2, 4 or 8
  bool signed_inputs{};  ///< activations are two's complement
  bool reset{};
  bool start{};
  bool copy{};
  bool done{};
  int row1{};             ///< row of the weight word, 0..127 (1DA: of the first)
  int row2{};             ///< 1DA only: row of the second weight word
  int column{};           ///< column select, 0..3
  std::uint8_t input1{};  ///< activation 1 as on the bus: its top `precision` bits count
  std::uint8_t input2{};

  friend constexpr bool operator==(const Instruction&, const Instruction&) = default;
};

/// Bits [offset, offset + width) of an instruction word.
struct InstructionField {
  int offset{};
  int width{};

  [[nodiscard]] constexpr std::uint64_t get(std::uint64_t word) const noexcept {
    return (word >> offset) & core::low_mask(width);
  }
  [[nodiscard]] constexpr std::uint64_t put(std::uint64_t value) const noexcept { return value << offset; }
};

/// Where the fields of a variant's 40-bit instruction lie; a field of width 0 does not exist.
///
/// Source: released controller RTL of BRAMAC. (The comment there gives other widths for row and column of the
/// 2SA; the bit ranges of its code, used here, add up to 40.)
template <BramacVariant V>
struct InstructionLayout;

template <>
struct InstructionLayout<TwoSync> {
  static constexpr InstructionField precision{0, 2}, signed_inputs{2, 1}, reset{3, 1}, start{4, 1},
      copy{5, 1}, done{6, 1}, row1{7, 7}, row2{0, 0}, column{14, 2}, input1{16, 8}, input2{24, 8};
};

template <>
struct InstructionLayout<OneDoublePumped> {
  static constexpr InstructionField precision{0, 2}, signed_inputs{2, 1}, reset{3, 1}, start{4, 1},
      copy{5, 1}, done{6, 1}, row1{7, 7}, row2{14, 7}, column{21, 2}, input1{23, 8}, input2{31, 8};
};

/// Field value of a precision: 1, 2, 3 for 2, 4, 8 bits.
/// @throws RangeError  another width
[[nodiscard]] constexpr std::uint64_t precision_code(int bits) {
  if (bits != 2 && bits != 4 && bits != 8)
    throw RangeError("precision: " + std::to_string(bits) + " bits; BRAMAC has 2, 4 and 8");
  return bits == 2 ? 1 : bits == 4 ? 2 : 3;
}

/// Bits of a precision code; 0 for the undefined code 00.
[[nodiscard]] constexpr int precision_bits(std::uint64_t code) noexcept { return code == 0 ? 0 : 1 << code; }

/// An activation as the instruction carries it: in the top bits of its byte.
/// @throws RangeError  the value does not fit `bits` bits of that sign
[[nodiscard]] constexpr std::uint8_t justify(int value, int bits, bool is_signed) {
  check_value("activation", value, bits, is_signed);
  return static_cast<std::uint8_t>((static_cast<unsigned>(value) << (8 - bits)) & 0xFF);
}

/// The 40-bit word of an instruction.
/// @throws RangeError  precision, row or column out of range, or a second row for the 2SA
template <BramacVariant V>
[[nodiscard]] constexpr std::uint64_t encode(const Instruction& instruction) {
  using L = InstructionLayout<V>;
  core::check_range("row1", instruction.row1, 0, 127);
  core::check_range("row2", instruction.row2, 0, L::row2.width == 0 ? 0 : 127);
  core::check_range("column", instruction.column, 0, 3);
  const auto bit = [](bool b) { return std::uint64_t{b}; };
  auto word = L::precision.put(precision_code(instruction.precision)) |
              L::signed_inputs.put(bit(instruction.signed_inputs)) | L::reset.put(bit(instruction.reset)) |
              L::start.put(bit(instruction.start)) | L::copy.put(bit(instruction.copy)) |
              L::done.put(bit(instruction.done)) | L::row1.put(static_cast<std::uint64_t>(instruction.row1)) |
              L::column.put(static_cast<std::uint64_t>(instruction.column)) |
              L::input1.put(instruction.input1) | L::input2.put(instruction.input2);
  if constexpr (L::row2.width > 0) word |= L::row2.put(static_cast<std::uint64_t>(instruction.row2));
  return word;
}

/// The fields of a 40-bit word. Bits that a variant does not use are ignored.
/// @throws RangeError  the precision code is 00, which the hardware leaves undefined
template <BramacVariant V>
[[nodiscard]] constexpr Instruction decode(std::uint64_t word) {
  using L = InstructionLayout<V>;
  if (L::precision.get(word) == 0) throw RangeError("precision code: 00 is undefined");
  return {.precision = precision_bits(L::precision.get(word)),
          .signed_inputs = L::signed_inputs.get(word) != 0,
          .reset = L::reset.get(word) != 0,
          .start = L::start.get(word) != 0,
          .copy = L::copy.get(word) != 0,
          .done = L::done.get(word) != 0,
          .row1 = static_cast<int>(L::row1.get(word)),
          .row2 = static_cast<int>(L::row2.get(word)),
          .column = static_cast<int>(L::column.get(word)),
          .input1 = static_cast<std::uint8_t>(L::input1.get(word)),
          .input2 = static_cast<std::uint8_t>(L::input2.get(word))};
}

}  // namespace bitloom::fabric
