// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

#include <bitloom/core/error.hpp>
#include <bitloom/fabric/comefa_instruction.hpp>

namespace bitloom::fabric::comefa {

/// Rows of a transposed number, the lowest bit first. Every column holds one.
struct Field {
  int first{};
  int bits{};

  [[nodiscard]] constexpr int row(int bit) const noexcept { return first + bit; }
  [[nodiscard]] constexpr Field from(int bit) const noexcept { return {first + bit, bits - bit}; }
};

/// Takes the micro-instructions of an operation, one a cycle.
template <class E>
concept Emit = std::invocable<E&, const Instruction&>;

// The operations below expect the carry latches to be clear, and leave them clear. Fields must not overlap, unless the
// operation says so. All numbers are unsigned; a ShapeError says that the width of a field does not fit.

/// Clears both latches: 1 cycle.
template <Emit E>
constexpr void reset(E&& emit) {
  emit(Instruction{.carry = Latch::Clear, .mask = Latch::Clear});
}

/// Cycles of logical.
[[nodiscard]] constexpr int logical_cycles(int bits) noexcept { return bits; }

/// Any function of two bits, row by row; `to` may be `a` or `b`. LOGICAL.
template <Emit E>
constexpr void logical(E&& emit, int truth_table, const Field& a, const Field& b, const Field& to) {
  core::check_equal("bits of b", b.bits, "a", a.bits);
  core::check_equal("bits of to", to.bits, "a", a.bits);
  for (int i = 0; i < a.bits; ++i)
    emit(Instruction{.write = Write::Result,
                     .truth_table = truth_table,
                     .destination = to.row(i),
                     .source2 = b.row(i),
                     .source1 = a.row(i)});
}

/// The same with a number for all columns as the second operand. LOGICAL_CONST.
template <Emit E>
constexpr void logical_constant(E&& emit, int truth_table, const Field& a, std::uint64_t constant,
                                const Field& to) {
  core::check_equal("bits of to", to.bits, "a", a.bits);
  for (int i = 0; i < a.bits; ++i)
    emit(Instruction{.broadcast = true,
                     .broadcast_bit = i < 64 && (constant >> i & 1) != 0,
                     .write = Write::Result,
                     .truth_table = truth_table,
                     .destination = to.row(i),
                     .source1 = a.row(i)});
}

/// Zeros.
template <Emit E>
constexpr void clear(E&& emit, const Field& to) {
  logical(emit, truth::zero, to, to, to);
}

/// Cycles of shift.
[[nodiscard]] constexpr int shift_cycles(int bits) noexcept { return bits; }

/// to = a, moved to the next higher or lower column; `to` may be `a`. SHIFT.
///
/// @param write  Write::FromLower or Write::FromHigher
/// @throws RangeError  another `write`
template <Emit E>
constexpr void shift(E&& emit, Write write, const Field& a, const Field& to) {
  if (write != Write::FromLower && write != Write::FromHigher)
    throw RangeError("shift: it goes from the lower or from the higher column");
  core::check_equal("bits of to", to.bits, "a", a.bits);
  for (int i = 0; i < a.bits; ++i)
    emit(Instruction{
        .write = write, .truth_table = truth::first, .destination = to.row(i), .source1 = a.row(i)});
}

namespace detail {

/// Adds with the given truth table for the result bits, then stores the carry above them.
template <Emit E>
constexpr void add_bits(E&& emit, int truth_table, Predicate predicate, const Field& a, const Field& b,
                        int to) {
  for (int i = 0; i < a.bits; ++i)
    emit(Instruction{.predicate = predicate,
                     .write = Write::Result,
                     .carry = Latch::Load,
                     .truth_table = truth_table,
                     .destination = to + i,
                     .source2 = b.row(i),
                     .source1 = a.row(i)});
  emit(Instruction{
      .predicate = predicate, .write = Write::Carry, .carry = Latch::Clear, .destination = to + a.bits});
}

}  // namespace detail

/// Cycles of add.
[[nodiscard]] constexpr int add_cycles(int bits) noexcept { return bits + 1; }

/// sum = a + b, one bit wider; it may be in place of `a` or `b`. ADD.
template <Emit E>
constexpr void add(E&& emit, const Field& a, const Field& b, const Field& sum) {
  core::check_equal("bits of b", b.bits, "a", a.bits);
  core::check_equal("bits of sum", sum.bits, "those of a and a carry", a.bits + 1);
  detail::add_bits(emit, truth::differ, Predicate::Always, a, b, sum.first);
}

/// sum = a + constant, the constant's lowest bits as many as `a` has. ADD_CONST.
template <Emit E>
constexpr void add_constant(E&& emit, const Field& a, std::uint64_t constant, const Field& sum) {
  core::check_equal("bits of sum", sum.bits, "those of a and a carry", a.bits + 1);
  for (int i = 0; i < a.bits; ++i)
    emit(Instruction{.broadcast = true,
                     .broadcast_bit = i < 64 && (constant >> i & 1) != 0,
                     .write = Write::Result,
                     .carry = Latch::Load,
                     .truth_table = truth::differ,
                     .destination = sum.row(i),
                     .source1 = a.row(i)});
  emit(Instruction{.write = Write::Carry, .carry = Latch::Clear, .destination = sum.row(a.bits)});
}

/// Cycles of subtract.
[[nodiscard]] constexpr int subtract_cycles(int bits) noexcept { return 2 * bits + 1; }

/// difference = a - b modulo 2^bits, and above it the borrow: 1 where b > a. It may be in place of `a`.
///
/// The carry is the majority of the plain operands, so a - b is computed as ~(~a + b): the complement of the sum costs
/// nothing, that of `a` costs a cycle a bit.
template <Emit E>
constexpr void subtract(E&& emit, const Field& a, const Field& b, const Field& difference) {
  core::check_equal("bits of b", b.bits, "a", a.bits);
  core::check_equal("bits of difference", difference.bits, "those of a and a borrow", a.bits + 1);
  const Field complement{difference.first, a.bits};
  logical(emit, truth::not_first, a, a, complement);
  detail::add_bits(emit, truth::equal, Predicate::Always, complement, b, difference.first);
}

/// Cycles of accumulate.
[[nodiscard]] constexpr int accumulate_cycles(int sum_bits) noexcept { return sum_bits; }

/// sum = sum + a modulo 2^(its width), or, as the first, sum = a.
template <Emit E>
constexpr void accumulate(E&& emit, const Field& a, const Field& sum, bool first) {
  core::check_range("bits of a", a.bits, 1, sum.bits);
  for (int i = 0; i < sum.bits; ++i) {
    const bool above = i >= a.bits;
    emit(Instruction{.broadcast = above,  // zeros above the highest bit
                     .write = Write::Result,
                     .carry = first              ? Latch::Keep
                              : i + 1 < sum.bits ? Latch::Load
                                                 : Latch::Clear,
                     .truth_table = first ? truth::second : truth::differ,
                     .destination = sum.row(i),
                     .source2 = above ? 0 : a.row(i),
                     .source1 = sum.row(i)});
  }
}

/// Cycles of reduce.
[[nodiscard]] constexpr int reduce_cycles(int bits, int levels) noexcept {
  int cycles = 0;
  for (int level = 0; level < levels; ++level)
    cycles += (1 << level) * shift_cycles(bits + level) + add_cycles(bits + level);
  return cycles;
}

/// Sums over columns: in column c, a = a(c) + … + a(c + 2^levels - 1); columns beyond the array count as the neighbour
/// block offers them. REDUCE.
///
/// @param bits    of the numbers in `a`, which has `levels` rows more for the sum
/// @param spare   rows that are overwritten, as many as `a` has but one
template <Emit E>
constexpr void reduce(E&& emit, int bits, int levels, const Field& a, const Field& spare) {
  core::check_range("levels", levels, 1, 7);
  core::check_equal("bits of a", a.bits, "the sum", bits + levels);
  core::check_equal("bits of spare", spare.bits, "those of the last operands", bits + levels - 1);
  for (int level = 0; level < levels; ++level) {
    const Field operand{a.first, bits + level};
    const Field moved{spare.first, bits + level};
    for (int distance = 0; distance < 1 << level; ++distance)
      shift(emit, Write::FromHigher, distance == 0 ? operand : moved, moved);
    add(emit, operand, moved, {a.first, bits + level + 1});
  }
}

}  // namespace bitloom::fabric::comefa
