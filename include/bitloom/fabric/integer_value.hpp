// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <bitloom/fabric/concepts.hpp>
#include <bitloom/kernel/gemm_int8.hpp>

namespace bitloom::fabric {

/// Throws RangeError or ShapeError unless the block has these operands, and shape and values fit them.
template <class B>
void check_operands(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                    std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
  check_supported<B>(o);
  op::check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
  check_values("weight", weights, o.weight_bits, o.signed_weights);
  check_values("activation", activations, o.activation_bits, o.signed_activations);
}

/// The product of signed weights of up to 8 bits with activations, sums modulo 2^32: what the value views of integer
/// blocks stand on. Checks nothing.
inline void integer_product(const MatrixShape& shape, const Operands& o,
                            std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                            std::span<std::int32_t> result) {
  kernel::gemm_int8(shape.rows, shape.vectors, shape.columns,
                    kernel::WideIntegers{weights.data(), shape.columns, true},
                    kernel::WideIntegers{activations.data(), shape.vectors, o.signed_activations},
                    result.data(), shape.vectors);
}

}  // namespace bitloom::fabric
