// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>

/// CoMeFa: a block RAM with a processing element of one bit under each of its 160 columns.
///
/// Source: "CoMeFa: Compute-in-Memory Blocks for FPGAs", arXiv 2203.12521, and an open RTL implementation of its block
/// (RapidSilicon/CFU-comefa).
namespace bitloom::fabric::comefa {

/// Columns in which a micro-instruction writes: those whose mask latch is set, and so on.
enum class Predicate : std::uint8_t { Mask, Carry, NotCarry, Always };

/// What a micro-instruction stores in its destination row.
enum class Write : std::uint8_t {
  None,
  Result,      ///< the column's result bit
  FromLower,   ///< the result bit of the column one lower: the row moves up by a column
  Carry,       ///< the column's carry latch
  FromHigher,  ///< the result bit of the column one higher
};

/// What becomes of a latch at the end of the cycle.
enum class Latch : std::uint8_t { Keep, Load, Clear };

/// Functions of two bits as truth tables: bit 2·operand 2 + operand 1 is the value.
namespace truth {
inline constexpr int zero = 0b0000;
inline constexpr int first = 0b1010;
inline constexpr int second = 0b1100;
inline constexpr int both = 0b1000;
inline constexpr int either = 0b1110;
inline constexpr int differ = 0b0110;
inline constexpr int equal = 0b1001;
inline constexpr int not_first = 0b0101;
}  // namespace truth

/// One cycle of all processing elements.
///
/// In every column: t = truth_table(operand 1, operand 2), the result bit is t xor carry, and the carry latch can load
/// the majority of operand 1, operand 2 and carry, the mask latch t. All uses in a cycle see the old latches.
struct Instruction {
  Predicate predicate = Predicate::Always;
  bool broadcast{};      ///< operand 2 is `broadcast_bit` in every column, not a cell
  bool broadcast_bit{};  ///< 0 or 1
  Write write = Write::None;
  Latch carry = Latch::Keep;
  Latch mask = Latch::Keep;
  int truth_table{};  ///< 0..15
  int destination{};  ///< rows, 0..127
  int source2{};
  int source1{};

  friend constexpr bool operator==(const Instruction&, const Instruction&) = default;
};

/// @throws RangeError  a row or the truth table does not fit its field
constexpr void check(const Instruction& instruction) {
  core::check_range("destination", instruction.destination, 0, 127);
  core::check_range("source2", instruction.source2, 0, 127);
  core::check_range("source1", instruction.source1, 0, 127);
  core::check_range("truth_table", instruction.truth_table, 0, 15);
}

namespace detail {

/// The port that stores, and its select code.
struct WriteCode {
  std::uint64_t port{}, select{};
};

constexpr WriteCode write_code(Write write) noexcept {
  switch (write) {
    case Write::None: break;
    case Write::Result: return {.port = 0, .select = 0b01};
    case Write::FromLower: return {.port = 0, .select = 0b00};
    case Write::Carry: return {.port = 1, .select = 0b01};
    case Write::FromHigher: return {.port = 1, .select = 0b10};
  }
  return {};
}

constexpr Write write_of(std::uint64_t port, std::uint64_t select) {
  for (const auto write : {Write::Result, Write::FromLower, Write::Carry, Write::FromHigher})
    if (write_code(write).port == port && write_code(write).select == select) return write;
  throw RangeError("write select: port " + std::to_string(port) + " has no code " + std::to_string(select));
}

}  // namespace detail

/// The 40-bit word of a micro-instruction.
///
/// Bits 39:38 predicate, 34 and 33 broadcast, 32 write enable, 31:30 write select, 29 port, 28:25 clear and load of
/// carry and mask, 24:21 truth table, 20:14, 13:7 and 6:0 rows.
/// @throws RangeError  a row or the truth table does not fit its field
[[nodiscard]] constexpr std::uint64_t encode(const Instruction& instruction) {
  check(instruction);
  const auto bit = [](bool b, int place) { return std::uint64_t{b} << place; };
  const auto field = [](int value, int place) { return static_cast<std::uint64_t>(value) << place; };
  const auto code = detail::write_code(instruction.write);
  return field(static_cast<int>(instruction.predicate), 38) | bit(instruction.broadcast, 34) |
         bit(instruction.broadcast_bit, 33) | bit(instruction.write != Write::None, 32) | code.select << 30 |
         code.port << 29 | bit(instruction.carry == Latch::Clear, 28) |
         bit(instruction.carry == Latch::Load, 27) | bit(instruction.mask == Latch::Clear, 26) |
         bit(instruction.mask == Latch::Load, 25) | field(instruction.truth_table, 21) |
         field(instruction.destination, 14) | field(instruction.source2, 7) | field(instruction.source1, 0);
}

/// The fields of a 40-bit word. Unused bits are ignored, and so are port and select code where nothing is written;
/// clearing a latch goes before loading it.
/// @throws RangeError  a write with a select code that its port lacks
[[nodiscard]] constexpr Instruction decode(std::uint64_t word) {
  const auto field = [&](int place, int width) { return (word >> place) & core::low_mask(width); };
  const auto latch = [&](int clear, int load) {
    return field(clear, 1) != 0 ? Latch::Clear : field(load, 1) != 0 ? Latch::Load : Latch::Keep;
  };
  return {.predicate = static_cast<Predicate>(field(38, 2)),
          .broadcast = field(34, 1) != 0,
          .broadcast_bit = field(33, 1) != 0,
          .write = field(32, 1) == 0 ? Write::None : detail::write_of(field(29, 1), field(30, 2)),
          .carry = latch(28, 27),
          .mask = latch(26, 25),
          .truth_table = static_cast<int>(field(21, 4)),
          .destination = static_cast<int>(field(14, 7)),
          .source2 = static_cast<int>(field(7, 7)),
          .source1 = static_cast<int>(field(0, 7))};
}

}  // namespace bitloom::fabric::comefa
