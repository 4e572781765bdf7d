// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/block_cut.hpp>
#include <bitloom/fabric/block_run.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/lanes.hpp>

namespace bitloom::fabric::detail {

// A matrix product as the sequence of MAC2 of one block with dummy arrays: group after group of outputs for the first
// vectors, then again for the next ones.

/// The weights of (first_row + e, column), e = 0, 1, …, side by side as the block stores them; beyond the matrix zero.
template <class B>
std::uint64_t weight_slice(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                           std::int64_t first_row, std::int64_t column) {
  if (column >= shape.columns) return 0;
  const auto count = std::min<std::int64_t>(B::lanes(o), shape.rows - first_row);
  const int bits = B::stored_bits(o);
  core::BitVector<B::word_bits> slice;
  for (int e = 0; e < count; ++e) {
    const auto weight = weights[static_cast<std::size_t>((first_row + e) * shape.columns + column)];
    slice.insert(e * bits, bits, static_cast<std::uint64_t>(weight));
  }
  return slice.words()[0];
}

/// The adder outside the block: adds the lanes of readout number `readout` to the sums that they belong to.
///
/// @param rows  the accumulator row of each dummy array
template <class B, class Rows>
void add_lanes(const MatrixShape& shape, const Operands& o, const BlockCut& cut, std::int64_t readout,
               const Rows& rows, std::span<std::int32_t> result) {
  const int lanes = B::lanes(o);
  const auto first_row = readout / cut.readouts % cut.groups * lanes;
  const auto first_vector = readout / cut.readouts / cut.groups * B::vectors;
  for (int k = 0; k < B::vectors && first_vector + k < shape.vectors; ++k)
    for (int e = 0; e < lanes && first_row + e < shape.rows; ++e) {
      const auto place = B::place(e, k, o);
      result[static_cast<std::size_t>((first_row + e) * shape.vectors + first_vector + k)] +=
          fabric::lanes::value(rows[static_cast<std::size_t>(place.array)], place.lane, B::lane_bits(o));
    }
}

/// A matrix product on one block of kind B. Refers to its operands.
template <class B>
class ProductOnBlock {
 public:
  /// @throws RangeError  operands that the block lacks, a value outside its width, or a sum beyond 32 bits
  /// @throws ShapeError  a span does not fit the shape
  ProductOnBlock(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                 std::span<const std::int16_t> activations, std::span<std::int32_t> result)
      : shape_(shape), operands_(o), weights_(weights), activations_(activations), result_(result) {
    op::check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    cut_ = B::cut(shape, o);
    check_sum_width(shape, o, B::factor(1, o));
    check_values("weight", weights, o.weight_bits, o.signed_weights);
    check_values("activation", activations, o.activation_bits, o.signed_activations);
    std::ranges::fill(result, 0);
  }

  [[nodiscard]] const BlockCut& cut() const noexcept { return cut_; }

  /// MAC2 with weights of their own: those of one pass.
  [[nodiscard]] std::int64_t distinct() const noexcept { return cut_.groups * cut_.mac2; }

  /// The weights of a column for a group of outputs.
  [[nodiscard]] std::uint64_t slice(std::int64_t group, std::int64_t column) const {
    return weight_slice<B>(shape_, operands_, weights_, group * B::lanes(operands_), column);
  }

  /// MAC2 number `index`, but for its words.
  [[nodiscard]] Mac2<B> mac2(std::int64_t index) const {
    const auto pair = index % cut_.mac2;
    const auto first_vector = index / distinct() * B::vectors;
    Mac2<B> m{.last = pair + 1 == cut_.mac2 || (pair + 1) % cut_.part == 0};
    for (std::size_t k = 0; k < B::vectors; ++k) {
      const auto vector = first_vector + static_cast<std::int64_t>(k);
      m.activations[k] = {activation(2 * pair, vector), activation(2 * pair + 1, vector)};
    }
    return m;
  }

  /// Adds the accumulator rows of the next readout.
  template <class Rows>
  void add(const Rows& rows) {
    add_lanes<B>(shape_, operands_, cut_, readout_++, rows, result_);
  }

 private:
  [[nodiscard]] std::int16_t activation(std::int64_t column, std::int64_t vector) const noexcept {
    return column < shape_.columns && vector < shape_.vectors
               ? activations_[static_cast<std::size_t>(column * shape_.vectors + vector)]
               : std::int16_t{0};
  }

  MatrixShape shape_;
  Operands operands_;
  std::span<const std::int16_t> weights_;
  std::span<const std::int16_t> activations_;
  std::span<std::int32_t> result_;
  BlockCut cut_{};
  std::int64_t readout_ = 0;
};

}  // namespace bitloom::fabric::detail
