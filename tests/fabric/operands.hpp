// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include <bitloom/core/random.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::fabric::test {

/// Widths and signs that BRAMAC computes.
inline std::vector<Operands> bramac_operands() {
  std::vector<Operands> all;
  for (const int bits : {2, 4, 8})
    for (const bool is_signed : {false, true})
      all.push_back({.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed});
  return all;
}

/// Widths and signs that M4BRAM computes.
inline std::vector<Operands> m4bram_operands() {
  std::vector<Operands> all;
  for (const int weight : {2, 4, 8})
    for (int activation = 2; activation <= 8; ++activation)
      for (const bool is_signed : {false, true})
        all.push_back(
            {.weight_bits = weight, .activation_bits = activation, .signed_activations = is_signed});
  return all;
}

inline std::int16_t random_weight(const Operands& o, core::Random& random) {
  return static_cast<std::int16_t>(
      random.integer(-(1 << (o.weight_bits - 1)), (1 << (o.weight_bits - 1)) - 1));
}

inline std::int16_t random_activation(const Operands& o, core::Random& random) {
  const int bits = o.activation_bits;
  return static_cast<std::int16_t>(o.signed_activations
                                       ? random.integer(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
                                       : random.integer(0, (1 << bits) - 1));
}

/// Random operands of a matrix product and their exact result.
struct Product {
  MatrixShape shape;
  std::vector<std::int16_t> weights;
  std::vector<std::int16_t> activations;
  std::vector<std::int32_t> result;

  Product(const MatrixShape& s, const Operands& o, core::Random& random) : shape(s) {
    for (std::int64_t i = 0; i < s.rows * s.columns; ++i) weights.push_back(random_weight(o, random));
    for (std::int64_t i = 0; i < s.columns * s.vectors; ++i)
      activations.push_back(random_activation(o, random));
    for (std::int64_t r = 0; r < s.rows; ++r)
      for (std::int64_t v = 0; v < s.vectors; ++v) {
        std::int32_t sum = 0;
        for (std::int64_t c = 0; c < s.columns; ++c)
          sum += weights[static_cast<std::size_t>(r * s.columns + c)] *
                 activations[static_cast<std::size_t>(c * s.vectors + v)];
        result.push_back(sum);
      }
  }
};

}  // namespace bitloom::fabric::test
