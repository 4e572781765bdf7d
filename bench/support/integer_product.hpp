// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <bitloom/core/random.hpp>

namespace bitloom::bench {

/// A product of two square matrices of signed integers, row-major, for the programs that are compared by it.
struct IntegerProduct {
  static constexpr std::int64_t n = 1024;
  static constexpr std::int64_t macs = n * n * n;

  std::vector<std::int8_t> weights, activations;
  std::vector<std::int32_t> sums = std::vector<std::int32_t>(static_cast<std::size_t>(n * n));

  explicit IntegerProduct(int bits) {
    core::Random random(1);
    const std::int64_t half = std::int64_t{1} << (bits - 1);
    for (auto* values : {&weights, &activations})
      for (std::int64_t i = 0; i < n * n; ++i)
        values->push_back(static_cast<std::int8_t>(random.integer(-half, half - 1)));
  }

  /// Two sums of every row are what the definition says; over all rows, every column has its turn.
  [[nodiscard]] bool right() const {
    for (std::size_t i = 0; i < n; ++i)
      for (const std::size_t j : {i, (i * 411 + 17) % n}) {
        std::int32_t sum = 0;
        for (std::size_t k = 0; k < n; ++k) sum += weights[i * n + k] * activations[k * n + j];
        if (sum != sums[i * n + j]) return false;
      }
    return true;
  }
};

}  // namespace bitloom::bench
