// expects: GemmWeights
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include <bitloom/kernel/gemm_int8.hpp>

// Weights are signed: 255 would be read as -1.
void multiply(const bitloom::kernel::Integers<std::uint8_t>& weights,
              const bitloom::kernel::Integers<std::int8_t>& activations, std::int32_t* result) {
  bitloom::kernel::gemm_int8(1, 1, 1, weights, activations, result, 1);
}
