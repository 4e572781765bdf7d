// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include <bitloom/core/checked.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::examples {

/// A matrix product to compute.
struct ProductOperands {
  fabric::MatrixShape shape{};
  std::vector<std::int16_t> weights{};      ///< [rows × columns]
  std::vector<std::int16_t> activations{};  ///< [columns × vectors]
};

/// Refuses arrays that a small computer has no memory for.
/// @param factors      of the number of elements
/// @throws ShapeError  the number needs more than 63 bits
/// @throws RangeError  it is above 2^28
inline void check_elements(const char* what, std::initializer_list<std::int64_t> factors) {
  core::check_range(what, core::checked_product(what, factors), 1, std::int64_t{1} << 28);
}

/// Refuses a product of which machines would take more than an hour, and one of large matrices.
/// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
/// @throws RangeError  a count is too large
inline void check_size(const fabric::MatrixShape& shape) {
  check_elements("weights", {shape.rows, shape.columns});
  check_elements("activations", {shape.columns, shape.vectors});
  check_elements("sums", {shape.rows, shape.vectors});
  core::check_range("multiply-accumulates", shape.macs(), 1, std::int64_t{1} << 36);
}

/// Uniform random values of a width and sign.
inline std::vector<std::int16_t> random_values(std::int64_t count, int bits, bool is_signed,
                                               core::Random& random) {
  const auto range = fabric::operand_range(bits, is_signed);
  std::vector<std::int16_t> values(static_cast<std::size_t>(count));
  for (auto& value : values) value = static_cast<std::int16_t>(random.integer(range.lowest, range.max));
  return values;
}

/// A product of random values, the weights drawn first.
/// @throws ShapeError  an extent is not positive
inline ProductOperands random_product(const fabric::MatrixShape& shape, const fabric::Operands& o,
                                      std::uint64_t seed) {
  op::check_extents(shape);
  core::Random random(seed);
  ProductOperands product{.shape = shape};
  product.weights = random_values(shape.rows * shape.columns, o.weight_bits, o.signed_weights, random);
  product.activations =
      random_values(shape.columns * shape.vectors, o.activation_bits, o.signed_activations, random);
  return product;
}

/// The sum of products of output `row` and vector `vector` over terms [first, end), in plain integers.
inline std::int64_t exact_sum(const ProductOperands& product, std::int64_t row, std::int64_t vector,
                              std::int64_t first, std::int64_t end) {
  std::int64_t sum = 0;
  for (auto column = first; column < end; ++column)
    sum += std::int64_t{product.weights[static_cast<std::size_t>(row * product.shape.columns + column)]} *
           product.activations[static_cast<std::size_t>(column * product.shape.vectors + vector)];
  return sum;
}

}  // namespace bitloom::examples
