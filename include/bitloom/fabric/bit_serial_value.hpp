// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <bitloom/fabric/bit_serial.hpp>
#include <bitloom/kernel/gemm_int8.hpp>

namespace bitloom::fabric {

template <BitSerialVariant Variant, AccumulatorPolicy Accumulator>
void BitSerial<Variant, Accumulator>::multiply(const MatrixShape& shape, const Operands& o,
                                               std::span<const std::int16_t> weights,
                                               std::span<const std::int16_t> activations,
                                               std::span<std::int32_t> result) {
  check_supported<BitSerial>(o);
  op::check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
  check_sum_width(shape, o);
  check_values("weight", weights, o.weight_bits, o.signed_weights);
  check_values("activation", activations, o.activation_bits, o.signed_activations);
  // no accumulator wraps between two readouts, so neither cuts nor offsets show
  kernel::gemm_int8(shape.rows, shape.vectors, shape.columns,
                    kernel::WideIntegers{weights.data(), shape.columns, true},
                    kernel::WideIntegers{activations.data(), shape.vectors, o.signed_activations},
                    result.data(), shape.vectors);
}

}  // namespace bitloom::fabric
