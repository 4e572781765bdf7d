// expects: AccumulatorOf
// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/named.hpp>
#include <bitloom/op/dot.hpp>
#include <bitloom/op/fixed_sum.hpp>

using bitloom::format::E4m3fn;

// Products of E4M3 have fractions, and NaN; a register of integers has neither.
auto sum(std::span<const std::uint8_t> codes) {
  return bitloom::op::dot<E4m3fn, E4m3fn, bitloom::op::Int32Wrap>(codes, codes);
}
