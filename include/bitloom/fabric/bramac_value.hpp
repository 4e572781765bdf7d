// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/integer_value.hpp>

namespace bitloom::fabric {

namespace detail {

/// Exact product modulo 2^32 of what the block computes with these operands.
template <class B>
void bramac_sums(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                 std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
  check_operands<B>(shape, o, weights, activations, result);
  std::vector<std::int16_t> released;
  if constexpr (!B::sign_policy::shift) {  // without the shift the sign bit weighs half: -2^(n-2)
    released.assign(activations.begin(), activations.end());
    for (auto& a : released)
      if (a < 0) a = static_cast<std::int16_t>(a + (1 << (o.activation_bits - 2)));
    activations = released;
  }
  integer_product(shape, o, weights, activations, result);
}

}  // namespace detail

template <BramacVariant Variant, SignPolicy Sign, BramacPolicySet Policies>
void Bramac<Variant, Sign, Policies>::multiply(const MatrixShape& shape, const Operands& o,
                                               std::span<const std::int16_t> weights,
                                               std::span<const std::int16_t> activations,
                                               std::span<std::int32_t> result) {
  check_sum_width(shape, o);
  // no lane wraps between two readouts and the outer sum fits 32 bits, so how the sums are cut does not show
  detail::bramac_sums<Bramac>(shape, o, weights, activations, result);
}

template <BramacVariant Variant, SignPolicy Sign, BramacPolicySet Policies>
void Bramac<Variant, Sign, Policies>::accumulate(const MatrixShape& shape, const Operands& o,
                                                 std::span<const std::int16_t> weights,
                                                 std::span<const std::int16_t> activations,
                                                 std::span<std::int32_t> result) {
  detail::bramac_sums<Bramac>(shape, o, weights, activations, result);
  for (auto& sum : result)
    sum = static_cast<std::int32_t>(core::sign_extend(static_cast<std::uint32_t>(sum), lane_bits(o)));
}

}  // namespace bitloom::fabric
