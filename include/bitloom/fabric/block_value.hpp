// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/block_cut.hpp>
#include <bitloom/fabric/integer_value.hpp>

namespace bitloom::fabric::detail {

// What the value views of blocks with dummy arrays stand on.

/// Product modulo 2^32 of the weights with what the block takes for the activations.
/// @throws RangeError  operands that the block lacks, or a value outside its width
/// @throws ShapeError  a span does not fit the shape
template <class B>
void block_sums(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
  check_operands<B>(shape, o, weights, activations, result);
  if constexpr (B::exact) {
    integer_product(shape, o, weights, activations, result);
  } else {
    // a factor of 2 for all of them would leave their width, so it goes to the sums
    const int scale = B::factor(1, o);
    std::vector<std::int16_t> taken(activations.begin(), activations.end());
    for (auto& a : taken) a = static_cast<std::int16_t>(B::factor(a, o) / scale);
    integer_product(shape, o, weights, taken, result);
    for (auto& sum : result)
      sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) * static_cast<std::uint32_t>(scale));
  }
}

/// The same modulo a lane, as after one readout without cutting.
template <class B>
void lane_sums(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
               std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
  block_sums<B>(shape, o, weights, activations, result);
  for (auto& sum : result)
    sum = static_cast<std::int32_t>(core::sign_extend(static_cast<std::uint32_t>(sum), B::lane_bits(o)));
}

}  // namespace bitloom::fabric::detail
