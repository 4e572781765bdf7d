// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <bitloom/fabric/block_value.hpp>
#include <bitloom/fabric/m4bram.hpp>

namespace bitloom::fabric {

template <M4bramSize Size, M4bramClocking Clocking, int Duplication, M4bramPolicySet Policies>
  requires(Duplication == 1 || Duplication == 2 || Duplication == 4)
void M4bram<Size, Clocking, Duplication, Policies>::multiply(const MatrixShape& shape, const Operands& o,
                                                             std::span<const std::int16_t> weights,
                                                             std::span<const std::int16_t> activations,
                                                             std::span<std::int32_t> result) {
  check_sum_width(shape, o, factor(1, o));
  if constexpr (Policies::Flushing::flushes)  // no lane wraps between two readouts
    detail::block_sums<M4bram>(shape, o, weights, activations, result);
  else
    accumulate(shape, o, weights, activations, result);
}

template <M4bramSize Size, M4bramClocking Clocking, int Duplication, M4bramPolicySet Policies>
  requires(Duplication == 1 || Duplication == 2 || Duplication == 4)
void M4bram<Size, Clocking, Duplication, Policies>::accumulate(const MatrixShape& shape, const Operands& o,
                                                               std::span<const std::int16_t> weights,
                                                               std::span<const std::int16_t> activations,
                                                               std::span<std::int32_t> result) {
  detail::lane_sums<M4bram>(shape, o, weights, activations, result);
  if constexpr (Policies::Overflow::traps) detail::check_wraps<M4bram>(shape, o, weights, activations);
}

}  // namespace bitloom::fabric
