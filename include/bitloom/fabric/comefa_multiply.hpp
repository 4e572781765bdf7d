// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <bitloom/fabric/comefa_operations.hpp>

// Products of transposed numbers, under the rules of comefa_operations.hpp.
namespace bitloom::fabric::comefa {

namespace detail {

/// product += a · 2^bit where the mask is set; the row above the addition is clear before.
template <Emit E>
constexpr void add_masked(E&& emit, const Field& a, const Field& product, int bit) {
  const Field sum{product.row(bit), a.bits};
  add_bits(emit, truth::differ, Predicate::Mask, sum, a, sum.first);
}

}  // namespace detail

/// Cycles of multiply.
[[nodiscard]] constexpr int multiply_cycles(int a_bits, int b_bits) noexcept {
  return a_bits * b_bits + 3 * b_bits - 1;
}

/// product = a · b of two stored numbers. The lowest rows of the product, as many as `a` has, have to be clear before.
/// MUL: n² + 3n - 1 cycles for n bits.
template <Emit E>
constexpr void multiply(E&& emit, const Field& a, const Field& b, const Field& product) {
  core::check_equal("bits of product", product.bits, "those of a and b", a.bits + b.bits);
  clear(emit, product.from(a.bits));
  for (int j = 0; j < b.bits; ++j) {
    emit(Instruction{.mask = Latch::Load, .truth_table = truth::first, .source1 = b.row(j)});
    if (j > 0) {
      detail::add_masked(emit, a, product, j);
      continue;
    }
    for (int i = 0; i < a.bits; ++i)
      emit(Instruction{.predicate = Predicate::Mask,
                       .write = Write::Result,
                       .truth_table = truth::first,
                       .destination = product.row(i),
                       .source1 = a.row(i)});
  }
}

/// Cycles of multiply_constant.
/// @throws RangeError  the constant has less than 1 bit or more than 63
[[nodiscard]] constexpr int multiply_constant_cycles(int a_bits, int constant_bits, std::uint64_t constant) {
  core::check_range("bits of the constant", constant_bits, 1, 63);
  int cycles = constant_bits + a_bits;
  for (int j = 1; j < constant_bits; ++j) cycles += (constant >> j & 1) != 0 ? a_bits + 1 : 1;
  return cycles + ((constant >> (constant_bits - 1) & 1) == 0 ? 1 : 0);
}

/// product = a · constant, whose zero bits are skipped. MUL_CONST.
///
/// The cycles are those of the released controller: one for a zero bit, and one more if the highest bit is zero. (Its
/// data are wrong for constants with a one behind a zero; here they are right.)
/// @throws RangeError  the constant does not fit its bits, which are 1 to 63
template <Emit E>
constexpr void multiply_constant(E&& emit, const Field& a, int constant_bits, std::uint64_t constant,
                                 const Field& product) {
  core::check_range("bits of the constant", constant_bits, 1, 63);
  if (constant >> constant_bits != 0)
    throw RangeError("constant: it has more than " + std::to_string(constant_bits) + " bits");
  core::check_equal("bits of product", product.bits, "those of a and the constant", a.bits + constant_bits);
  const Instruction idle{.carry = Latch::Clear};
  clear(emit, product.from(a.bits));
  logical(emit, (constant & 1) != 0 ? truth::first : truth::zero, a, a, {product.first, a.bits});
  for (int j = 1; j < constant_bits; ++j) {
    const Field sum{product.row(j), a.bits};
    if ((constant >> j & 1) != 0)
      detail::add_bits(emit, truth::differ, Predicate::Always, sum, a, sum.first);
    else
      emit(idle);
  }
  if ((constant >> (constant_bits - 1) & 1) == 0) emit(idle);
}

/// The second factor of multiply_by: a number for all columns, or rows of the array.
class Factor {
 public:
  static constexpr Factor broadcast(std::uint64_t value, int bits) noexcept {
    return {true, value, {.first = 0, .bits = bits}};
  }
  static constexpr Factor stored(const Field& field) noexcept { return {false, 0, field}; }

  [[nodiscard]] constexpr int bits() const noexcept { return field_.bits; }

  /// The instruction with that bit of the factor as its second operand.
  [[nodiscard]] constexpr Instruction as_operand2(Instruction instruction, int bit) const noexcept {
    instruction.broadcast = broadcast_;
    if (broadcast_)
      instruction.broadcast_bit = (value_ >> bit & 1) != 0;
    else
      instruction.source2 = field_.row(bit);
    return instruction;
  }

 private:
  constexpr Factor(bool broadcast, std::uint64_t value, const Field& field) noexcept
      : broadcast_(broadcast), value_(value), field_(field) {}

  bool broadcast_;
  std::uint64_t value_;
  Field field_;
};

/// Cycles of multiply_by.
[[nodiscard]] constexpr int multiply_by_cycles(int a_bits, int factor_bits) noexcept {
  return a_bits * factor_bits + 3 * factor_bits - 2;
}

/// product = a · factor in a time that does not depend on the factor: n² + 3n - 2 cycles for n bits, the count that is
/// quoted for blocks of this kind.
///
/// The first bit needs no mask: the product begins with a AND bit, whatever was there before.
template <Emit E>
constexpr void multiply_by(E&& emit, const Field& a, const Factor& factor, const Field& product) {
  core::check_equal("bits of product", product.bits, "those of both factors", a.bits + factor.bits());
  clear(emit, product.from(a.bits));
  for (int i = 0; i < a.bits; ++i)
    emit(factor.as_operand2({.write = Write::Result,
                             .truth_table = truth::both,
                             .destination = product.row(i),
                             .source1 = a.row(i)},
                            0));
  for (int j = 1; j < factor.bits(); ++j) {
    emit(factor.as_operand2({.mask = Latch::Load, .truth_table = truth::second}, j));
    detail::add_masked(emit, a, product, j);
  }
}

}  // namespace bitloom::fabric::comefa
