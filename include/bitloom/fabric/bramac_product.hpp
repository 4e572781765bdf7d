// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <bitloom/fabric/bramac_run.hpp>

namespace bitloom::fabric {

namespace detail {

/// Element e of the word is the weight at (first_row + e, column); beyond the matrix it is zero.
template <class B>
std::uint64_t weight_word(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                          std::int64_t first_row, std::int64_t column) {
  if (column >= shape.columns) return 0;
  const auto count = std::min<std::int64_t>(B::lanes(o), shape.rows - first_row);
  core::BitVector<B::word_bits> word;
  for (int e = 0; e < count; ++e) {
    const auto weight = weights[static_cast<std::size_t>((first_row + e) * shape.columns + column)];
    word.insert(e * o.weight_bits, o.weight_bits, static_cast<std::uint64_t>(weight));
  }
  return word.words()[0];
}

}  // namespace detail

/// Runs a matrix product on a machine, as `Bramac::run` does, and reports what it took.
///
/// @param slots  pairs of weight words that may stay in the block, see BramacRun
template <class B>
BramacUse run_product(BramacMachine<B>& machine, const MatrixShape& shape, const Operands& o,
                      std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                      std::span<std::int32_t> result, std::int64_t slots = BramacRun<B>::all_slots) {
  op::check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
  check_sum_width(shape, o);
  check_values("weight", weights, o.weight_bits, o.signed_weights);
  check_values("activation", activations, o.activation_bits, o.signed_activations);
  const int lanes = B::lanes(o);
  const auto cut = B::cut(shape, o);

  std::vector<std::array<std::uint64_t, 2>> words;
  for (std::int64_t group = 0; group < cut.groups; ++group)
    for (std::int64_t pair = 0; pair < cut.mac2; ++pair)
      words.push_back({detail::weight_word<B>(shape, o, weights, group * lanes, 2 * pair),
                       detail::weight_word<B>(shape, o, weights, group * lanes, 2 * pair + 1)});

  const auto activation = [&](std::int64_t column, std::int64_t vector) {
    return column < shape.columns && vector < shape.vectors
               ? activations[static_cast<std::size_t>(column * shape.vectors + vector)]
               : std::int16_t{0};
  };
  const auto mac2 = [&](std::int64_t index) {
    const auto pair = index % cut.mac2;
    const auto first_vector = index / (cut.mac2 * cut.groups) * B::arrays;
    Mac2<B> m{.words = words[static_cast<std::size_t>(index % (cut.mac2 * cut.groups))],
              .last = pair + 1 == cut.mac2 || (pair + 1) % B::safe_mac2(o) == 0};
    for (std::size_t k = 0; k < B::arrays; ++k) {
      const auto vector = first_vector + static_cast<std::int64_t>(k);
      m.activations[k] = {activation(2 * pair, vector), activation(2 * pair + 1, vector)};
    }
    return m;
  };

  std::ranges::fill(result, 0);
  std::int64_t readout = 0;
  const auto add_lanes =
      [&](const typename BramacRun<B>::Accumulators& rows) {  // the adder outside the block
        const auto first_row = readout / cut.readouts % cut.groups * lanes;
        const auto first_vector = readout / cut.readouts / cut.groups * B::arrays;
        ++readout;
        for (int k = 0; k < B::arrays && first_vector + k < shape.vectors; ++k)
          for (int e = 0; e < lanes && first_row + e < shape.rows; ++e)
            result[static_cast<std::size_t>((first_row + e) * shape.vectors + first_vector + k)] +=
                lanes::value(rows[static_cast<std::size_t>(k)], B::lane_of(e, o), B::lane_bits(o));
      };
  BramacRun<B> run(machine, o, slots);
  return run.run(cut.total_mac2(), cut.groups * cut.mac2, mac2, add_lanes);
}

template <BramacVariant Variant, SignPolicy Sign, BramacPolicySet Policies>
std::int64_t Bramac<Variant, Sign, Policies>::run(Machine& machine, const MatrixShape& shape,
                                                  const Operands& o, std::span<const std::int16_t> weights,
                                                  std::span<const std::int16_t> activations,
                                                  std::span<std::int32_t> result) {
  return run_product<Bramac>(machine, shape, o, weights, activations, result).cycles;
}

}  // namespace bitloom::fabric
