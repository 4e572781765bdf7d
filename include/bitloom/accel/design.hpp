// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::accel {

/// A whole experiment as a type: which block, how many of them, and the formats of weights and activations.
///
/// Costs are constant expressions; `array()` computes, by the value view or clock by clock.
template <fabric::Block B, class Weight, class Activation, std::int64_t Blocks = 1>
  requires fabric::Computes<B, Weight, Activation>
struct Design {
  using block_type = B;
  using weight_format = Weight;
  using activation_format = Activation;
  static constexpr std::int64_t blocks = Blocks;
  static constexpr fabric::Operands operands = fabric::operands<Weight, Activation>();

  static constexpr BlockArray<B> array() { return BlockArray<B>(Blocks, operands); }

  /// Cycles and mapping of one matrix product.
  static constexpr ProductCost cost(const MatrixShape& shape) { return array().cost(shape); }

  /// The time of one matrix product at the block's clock, µs. Its standing is that of `B::clock()`.
  static constexpr double latency_us(const MatrixShape& shape) {
    return static_cast<double>(cost(shape).cycles) / B::clock().value;
  }
};

}  // namespace bitloom::accel
