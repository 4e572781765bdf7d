// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include <bitloom/train/tape.hpp>

namespace bitloom::train::detail {

using Eigen::Index;

/// Columns that one block of an element-by-element loop takes: enough work to be worth a task. As all sizes of
/// blocks it depends on the shape alone.
inline Index block_columns(Index rows) {
  return std::max<Index>(1, (Index{1} << 14) / std::max<Index>(rows, 1));
}

/// Extent of one block of a matrix product along the axis that is cut: at most 16 blocks, none so narrow that packing
/// the other operand again costs as much as multiplying.
inline Index product_block(Index extent) {
  constexpr Index least = 32, most_blocks = 16, multiple = 16;
  const auto even = (extent + most_blocks - 1) / most_blocks;
  return std::max(least, (even + multiple - 1) / multiple * multiple);
}

/// target = left · right, or target += left · right; cut along the longer axis of the target into blocks.
template <Scalar S, class Left, class Right>
void multiply_into(const Tape<S>& tape, Matrix<S>& target, bool add, const Left& left, const Right& right) {
  const auto assign = [add](auto&& block, const auto& product) {
    if (add)
      block.noalias() += product;
    else
      block.noalias() = product;
  };
  if (target.rows() > target.cols())
    tape.for_each_block(target.rows(), product_block(target.rows()), [&](Index begin, Index count) {
      assign(target.middleRows(begin, count), left.middleRows(begin, count) * right);
    });
  else
    tape.for_each_block(target.cols(), product_block(target.cols()), [&](Index begin, Index count) {
      assign(target.middleCols(begin, count), left * right.middleCols(begin, count));
    });
}

/// Adds left · right to the gradient of a value, if that is needed.
template <Scalar S, class Left, class Right>
void add_product(Value<S> value, const Left& left, const Right& right) {
  if (!value.needs_gradient()) return;
  const auto target = value.gradient_target();
  multiply_into(value.tape(), target.sum, !target.fresh, left, right);
}

}  // namespace bitloom::train::detail
