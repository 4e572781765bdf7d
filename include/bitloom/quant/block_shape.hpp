// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/quant/packed_tensor.hpp>

namespace bitloom::quant {

/// Which elements of a tensor share a scale: a box, repeated along every axis from the first element on. At the end of
/// an axis boxes may be shorter, as if zeros followed.
template <class B>
concept BlockShape = requires(std::size_t rank) {
  // the box's extent along each axis of a tensor with that many axes; throws ShapeError if it takes more axes
  { B::extents(rank) } -> std::same_as<Shape>;
};

namespace detail {

/// Axes count from the outermost, 0, or from the innermost, -1.
inline std::size_t axis_index(int axis, std::size_t rank) {
  const auto index = axis < 0 ? static_cast<std::int64_t>(rank) + axis : std::int64_t{axis};
  if (index < 0 || index >= static_cast<std::int64_t>(rank))
    throw ShapeError("block shape: axis " + std::to_string(axis) + " of a tensor with " +
                     std::to_string(rank) + " axes");
  return static_cast<std::size_t>(index);
}

}  // namespace detail

/// `Size` neighbours along an axis; negative axes count from the innermost, -1. With size 1 every element has a scale.
template <int Size = 32, int Axis = -1>
  requires(Size >= 1)
struct Along {
  static Shape extents(std::size_t rank) {
    Shape result(rank, 1);
    result[detail::axis_index(Axis, rank)] = Size;
    return result;
  }
};

/// A tile of `Rows` × `Columns` elements over two axes.
template <int Rows, int Columns, int RowAxis = -2, int ColumnAxis = -1>
  requires(Rows >= 1 && Columns >= 1 && RowAxis != ColumnAxis)
struct Tile {
  static Shape extents(std::size_t rank) {
    const auto row = detail::axis_index(RowAxis, rank);
    const auto column = detail::axis_index(ColumnAxis, rank);
    if (row == column)
      throw ShapeError("block shape: axes " + std::to_string(RowAxis) + " and " + std::to_string(ColumnAxis) +
                       " are the same in a tensor with " + std::to_string(rank) + " axes");
    Shape result(rank, 1);
    result[row] = Rows;
    result[column] = Columns;
    return result;
  }
};

/// The blocks of a row-major tensor, numbered in row-major order.
class BlockGrid {
 public:
  /// @param extents  of a block, at least 1, as many as the tensor has axes
  /// @throws ShapeError  an impossible shape
  BlockGrid(Shape shape, Shape extents) : shape_(std::move(shape)), extents_(std::move(extents)) {
    core::check_equal("axes of the block", std::ssize(extents_), "those of the tensor", std::ssize(shape_));
    size_ = element_count(shape_);
    for (std::size_t a = 0; a < shape_.size(); ++a) {
      core::check_positive("extent of a block", extents_[a]);
      counts_.push_back(core::ceil_div(shape_[a], extents_[a]));
    }
    // an axis that has blocks of its own at every index is one with its inner neighbour, if they fill that one
    outer_ = shape_.size();
    if (outer_ > 0) {
      row_ = shape_[--outer_];
      run_ = extents_[outer_];
    }
    while (outer_ > 0 && extents_[outer_ - 1] == 1 && row_ % run_ == 0) row_ *= shape_[--outer_];
  }

  /// Number of blocks along each axis: the shape of the scales.
  [[nodiscard]] const Shape& counts() const noexcept { return counts_; }
  [[nodiscard]] std::int64_t block_count() const { return element_count(counts_); }

  /// The block of an element, 0 <= index < number of elements.
  [[nodiscard]] std::int64_t block(std::int64_t index) const noexcept {
    std::int64_t result = 0;
    std::int64_t stride = 1;
    for (std::size_t a = shape_.size(); a-- > 0;) {
      result += index % shape_[a] / extents_[a] * stride;
      index /= shape_[a];
      stride *= counts_[a];
    }
    return result;
  }

  /// Whole blocks that lie side by side.
  struct Portion {
    std::span<const std::int64_t> rows;  ///< index of the first element of each of its rows
    std::int64_t length{};               ///< of a row, in elements
    std::int64_t run{};          ///< neighbours in a row that are of one block; the last run may be shorter
    std::int64_t first_block{};  ///< of the first run; the next runs are of the next blocks
  };

  /// Calls visit(portion) for all of the tensor; a portion has about `size` elements, if blocks allow it.
  template <class Visit>
  void for_each_portion(std::int64_t size, Visit&& visit) const {
    if (size_ == 0) return;
    const std::span axes(shape_.data(), outer_);
    const auto row_blocks = core::ceil_div(row_, run_);
    std::int64_t slabs = 1;  // blocks of outer axes
    for (std::size_t a = 0; a < outer_; ++a) slabs *= counts_[a];
    for (std::int64_t slab = 0; slab < slabs; ++slab) {
      const auto starts = rows_of(slab);
      const auto share = std::max<std::int64_t>(size / std::ssize(starts) / run_, 1) * run_;
      auto rows = starts;
      for (std::int64_t first = 0; first < row_; first += share) {
        for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = starts[r] + first;
        visit(Portion{rows, std::min(share, row_ - first), run_, slab * row_blocks + first / run_});
      }
    }
  }

 private:
  /// The first elements of the rows that a block of the outer axes has.
  [[nodiscard]] std::vector<std::int64_t> rows_of(std::int64_t slab) const {
    std::vector<std::int64_t> rows{0};
    std::int64_t stride = row_;
    for (std::size_t a = outer_; a-- > 0;) {
      const auto first = slab % counts_[a] * extents_[a];
      slab /= counts_[a];
      std::vector<std::int64_t> longer;
      for (auto i = first; i < std::min(first + extents_[a], shape_[a]); ++i)
        for (const auto row : rows) longer.push_back(i * stride + row);
      rows = std::move(longer);
      stride *= shape_[a];
    }
    return rows;
  }

  Shape shape_;
  Shape extents_;
  Shape counts_;
  std::int64_t size_ = 0;
  std::size_t outer_ = 0;  ///< axes in front of those that make up a row
  std::int64_t row_ = 1;
  std::int64_t run_ = 1;  ///< extent of a block along a row
};

}  // namespace bitloom::quant
