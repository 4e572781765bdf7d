// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <bitloom/fabric/block_product.hpp>
#include <bitloom/fabric/bramac_run.hpp>

namespace bitloom::fabric {

/// Runs a matrix product on a machine, as `Bramac::run` does, and reports what it took.
///
/// @param slots  pairs of weight words that may stay in the block, see BramacRun
template <class B>
BramacUse run_product(BramacMachine<B>& machine, const MatrixShape& shape, const Operands& o,
                      std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                      std::span<std::int32_t> result, std::int64_t slots = BramacRun<B>::all_slots) {
  detail::ProductOnBlock<B> product(shape, o, weights, activations, result);
  const auto cut = product.cut();
  std::vector<std::array<std::uint64_t, 2>> words;
  for (std::int64_t group = 0; group < cut.groups; ++group)
    for (std::int64_t pair = 0; pair < cut.mac2; ++pair)
      words.push_back({product.slice(group, 2 * pair), product.slice(group, 2 * pair + 1)});
  const auto mac2 = [&](std::int64_t index) {
    auto m = product.mac2(index);
    m.words = words[static_cast<std::size_t>(index % product.distinct())];
    return m;
  };
  BramacRun<B> run(machine, o, slots);
  return run.run(cut.total_mac2(), product.distinct(), mac2, [&](const auto& rows) { product.add(rows); });
}

template <BramacVariant Variant, SignPolicy Sign, BramacPolicySet Policies>
std::int64_t Bramac<Variant, Sign, Policies>::run(Machine& machine, const MatrixShape& shape,
                                                  const Operands& o, std::span<const std::int16_t> weights,
                                                  std::span<const std::int16_t> activations,
                                                  std::span<std::int32_t> result) {
  return run_product<Bramac>(machine, shape, o, weights, activations, result).cycles;
}

}  // namespace bitloom::fabric
