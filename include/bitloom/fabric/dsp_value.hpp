// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <bitloom/fabric/dsp.hpp>
#include <bitloom/fabric/integer_value.hpp>

namespace bitloom::fabric {

inline void DspSlice::multiply(const MatrixShape& shape, const Operands& o,
                               std::span<const std::int16_t> weights,
                               std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
  check_operands<DspSlice>(shape, o, weights, activations, result);
  check_sum_width(shape, o);
  integer_product(shape, o, weights, activations, result);
}

}  // namespace bitloom::fabric
