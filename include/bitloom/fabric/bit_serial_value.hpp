// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <bitloom/fabric/bit_serial.hpp>
#include <bitloom/fabric/integer_value.hpp>

namespace bitloom::fabric {

template <BitSerialVariant Variant, AccumulatorPolicy Accumulator>
void BitSerial<Variant, Accumulator>::multiply(const MatrixShape& shape, const Operands& o,
                                               std::span<const std::int16_t> weights,
                                               std::span<const std::int16_t> activations,
                                               std::span<std::int32_t> result) {
  check_operands<BitSerial>(shape, o, weights, activations, result);
  check_sum_width(shape, o);
  // no accumulator wraps between two readouts, so neither cuts nor offsets show
  integer_product(shape, o, weights, activations, result);
}

}  // namespace bitloom::fabric
