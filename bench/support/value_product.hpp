// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <bitloom/core/random.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::bench {

/// Random numbers of a width and sign.
inline std::vector<std::int16_t> random_operands(std::int64_t count, int bits, bool is_signed,
                                                 std::uint64_t seed) {
  const auto range = fabric::operand_range(bits, is_signed);
  core::Random random(seed);
  std::vector<std::int16_t> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<std::int16_t>(random.integer(range.lowest, range.max)));
  return values;
}

/// The value view of a block on a product of 1024³, packing included, after a check of some sums.
template <class B>
void value_product_1024(benchmark::State& state, const fabric::Operands& o) {
  constexpr std::int64_t n = 1024;
  const fabric::MatrixShape shape{.rows = n, .columns = n, .vectors = n};
  const auto weights = random_operands(n * n, o.weight_bits, o.signed_weights, 1);
  const auto activations = random_operands(n * n, o.activation_bits, o.signed_activations, 2);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(n * n));
  B::multiply(shape, o, weights, activations, sums);
  for (std::size_t i = 0; i < n; i += 37) {
    const std::size_t j = (i * 411) % n;
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += weights[i * n + k] * activations[k * n + j];
    if (sum != sums[i * n + j]) return state.SkipWithError("a sum is wrong");
  }
  for (auto _ : state) {
    B::multiply(shape, o, weights, activations, sums);
    benchmark::DoNotOptimize(sums.data());
  }
  state.SetItemsProcessed(state.iterations() * shape.macs());
}

}  // namespace bitloom::bench
