// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include <bitloom/core/constant.hpp>
#include <bitloom/format/arithmetic.hpp>
#include <bitloom/op/product_width.hpp>
#include <bitloom/search/cost.hpp>
#include <bitloom/search/format_set.hpp>

namespace bitloom::search {

/// The parts of a multiply-accumulate unit that adds exactly, in one-bit cells.
struct MacStructure {
  std::int64_t multiplier{};      ///< one-bit products of the significands
  std::int64_t exponent_adder{};  ///< 0 for integers
  std::int64_t shifter{};  ///< one-bit multiplexers that align a product with the register; 0 for integers
  std::int64_t accumulator{};  ///< bits of the register and of its adder

  [[nodiscard]] constexpr std::int64_t cells() const noexcept {
    return multiplier + exponent_adder + shifter + accumulator;
  }
  friend constexpr bool operator==(const MacStructure&, const MacStructure&) = default;
};

/// Width of a register that holds every sum of `terms` products exactly, with its sign; as op::sum_bits of the types.
/// @throws RangeError  `terms` is below 1
[[nodiscard]] constexpr int accumulator_bits(const FormatFacts& weight, const FormatFacts& activation,
                                             std::int64_t terms) {
  return format::product(weight.largest, activation.largest).top_exponent() + 1 -
         (weight.unit_exponent + activation.unit_exponent) + 1 + op::carry_bits(terms);
}

/// A multiplier of the significands; for minifloats an adder of exponents, a bit wider than the wider of both, and a
/// shifter, one row of multiplexers as wide as the register for each bit of the shift; a register and its adder.
/// @throws RangeError  `terms` is below 1
[[nodiscard]] constexpr MacStructure mac_structure(const FormatFacts& weight, const FormatFacts& activation,
                                                   std::int64_t terms) {
  MacStructure mac;
  mac.multiplier = std::int64_t{weight.significand_bits} * activation.significand_bits;
  mac.accumulator = accumulator_bits(weight, activation, terms);
  if (weight.is_integer() && activation.is_integer()) return mac;
  mac.exponent_adder = std::max(weight.exponent_bits, activation.exponent_bits) + 1;
  mac.shifter = mac.accumulator * std::int64_t{op::carry_bits(mac.accumulator)};
  return mac;
}

/// Multiply-accumulates times the one-bit cells of a unit that adds exactly: what a float costs more than an integer of
/// the same width, which bit operations do not show.
///
/// Assumed: a one-bit product, a multiplexer and a full adder with its flip-flop count alike.
struct MacCells {
  static constexpr std::string_view name = "mac_cells";
  static constexpr std::string_view unit = "cell operations";

  [[nodiscard]] static double cost(const net::LayerShape& layer, const FormatFacts& weight,
                                   const FormatFacts& activation) {
    const auto mac = mac_structure(weight, activation, terms(layer));
    return static_cast<double>(core::checked_product("mac cells", {net::macs(layer), mac.cells()}));
  }
  [[nodiscard]] static std::vector<core::Constant> constants() {
    return {{"weight of every cell", 1, "", "one-bit products, multiplexers and adder bits count alike",
             core::Standing::Assumed}};
  }
};

}  // namespace bitloom::search
