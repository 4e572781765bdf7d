// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <bitloom/fabric/block_product.hpp>
#include <bitloom/fabric/m4bram_run.hpp>

namespace bitloom::fabric {

/// Runs a matrix product on a machine, as `M4bram::run` does, and reports what it took.
///
/// Slice s of a weight word holds the weights of a column for a group of outputs; the slices of a word are neighbouring
/// columns, and every group starts with a new word.
///
/// @param slots  pairs of 32-bit words that may stay in the block, see M4bramRun
template <M4bramBlock B>
BlockUse run_product(typename B::Machine& machine, const MatrixShape& shape, const Operands& o,
                     std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                     std::span<std::int32_t> result, std::int64_t slots = M4bramRun<B>::all_slots) {
  constexpr std::int64_t slices = B::duplication;
  detail::ProductOnBlock<B> product(shape, o, weights, activations, result);
  const auto cut = product.cut();
  const auto words_of_group = core::ceil_div(B::terms * cut.mac2, slices);
  std::vector<std::uint64_t> words(static_cast<std::size_t>(cut.groups * words_of_group));
  for (std::int64_t group = 0; group < cut.groups; ++group)
    for (std::int64_t column = 0; column < shape.columns; ++column)
      words[static_cast<std::size_t>(group * words_of_group + column / slices)] |=
          product.slice(group, column) << (column % slices * B::slice_bits);
  const auto mac2 = [&](std::int64_t index) {
    auto m = product.mac2(index);
    for (std::size_t i = 0; i < 2; ++i) {
      const auto column = B::terms * (index % cut.mac2) + static_cast<std::int64_t>(i);
      m.words[i] = {.word = index / cut.mac2 * words_of_group + column / slices,
                    .slice = static_cast<int>(column % slices)};
    }
    return m;
  };
  M4bramRun<B> run(machine, o, slots);
  return run.run(cut.total_mac2(), words, mac2, [&](const auto& rows) { product.add(rows); });
}

template <M4bramSize Size, M4bramClocking Clocking, int Duplication, M4bramPolicySet Policies>
  requires(Duplication == 1 || Duplication == 2 || Duplication == 4)
std::int64_t M4bram<Size, Clocking, Duplication, Policies>::run(Machine& machine, const MatrixShape& shape,
                                                                const Operands& o,
                                                                std::span<const std::int16_t> weights,
                                                                std::span<const std::int16_t> activations,
                                                                std::span<std::int32_t> result)
requires(Clocking::clock_ratio == 1 || Policies::Timing::aligned) {
  return run_product<M4bram>(machine, shape, o, weights, activations, result).cycles;
}

}  // namespace bitloom::fabric
