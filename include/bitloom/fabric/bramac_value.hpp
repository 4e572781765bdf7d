// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <bitloom/fabric/block_value.hpp>
#include <bitloom/fabric/bramac.hpp>

namespace bitloom::fabric {

template <BramacVariant Variant, SignPolicy Sign, BramacPolicySet Policies>
void Bramac<Variant, Sign, Policies>::multiply(const MatrixShape& shape, const Operands& o,
                                               std::span<const std::int16_t> weights,
                                               std::span<const std::int16_t> activations,
                                               std::span<std::int32_t> result) {
  check_sum_width(shape, o);
  // no lane wraps between two readouts and the outer sum fits 32 bits, so how the sums are cut does not show
  detail::block_sums<Bramac>(shape, o, weights, activations, result);
}

template <BramacVariant Variant, SignPolicy Sign, BramacPolicySet Policies>
void Bramac<Variant, Sign, Policies>::accumulate(const MatrixShape& shape, const Operands& o,
                                                 std::span<const std::int16_t> weights,
                                                 std::span<const std::int16_t> activations,
                                                 std::span<std::int32_t> result) {
  detail::lane_sums<Bramac>(shape, o, weights, activations, result);
  if constexpr (Policies::Overflow::traps) detail::check_wraps<Bramac>(shape, o, weights, activations);
}

}  // namespace bitloom::fabric
