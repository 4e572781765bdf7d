// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/executor.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::accel {

using fabric::MatrixShape;
using fabric::Operands;

/// A block that holds the weights in a memory of its own, two words a pair.
template <class B>
concept StoresWeights = requires(const MatrixShape& shape, const Operands& o, std::int64_t slots) {
  { B::weight_words } -> std::convertible_to<std::int64_t>;  // words of the memory
  { B::words(shape, o) } -> std::same_as<std::int64_t>;      // words of a product's weights
  { B::busy(shape, o) } -> std::same_as<std::int64_t>;       // cycles that read the memory
  { B::free(shape, o) } -> std::same_as<std::int64_t>;       // pairs that others could write meanwhile
  {
    B::streamed_pairs(shape, o, slots)
    } -> std::same_as<std::int64_t>;  // pairs that must be written meanwhile
};

/// How a matrix product lies on an array of blocks: outputs are split first, then the sums.
struct Mapping {
  std::int64_t row_blocks = 1;     ///< parts of the outputs
  std::int64_t column_blocks = 1;  ///< parts of the sums; an adder tree outside joins them
  MatrixShape largest{};           ///< the largest part, which the others wait for

  [[nodiscard]] constexpr std::int64_t blocks() const noexcept { return row_blocks * column_blocks; }

  /// Levels of the adder tree, each one cycle. Assumed: it is pipelined, in the clock of the blocks.
  [[nodiscard]] constexpr int tree_levels() const noexcept {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(column_blocks - 1)));
  }
};

/// What a matrix product costs on an array of blocks.
struct ProductCost {
  Mapping mapping{};
  std::int64_t cycles{};        ///< main clock, without loading the weights
  std::int64_t busy_cycles{};   ///< of those, in the largest part: memory is read; 0 without memory
  std::int64_t weight_words{};  ///< memory words of the largest part; 0 without memory
};

/// `count` blocks of one kind that compute a product together.
template <fabric::Block B>
class BlockArray {
 public:
  using block_type = B;

  /// @throws RangeError  count < 1, or the block lacks these operands
  constexpr BlockArray(std::int64_t count, const Operands& operands) : count_(count), operands_(operands) {
    core::check_range("blocks", count, 1, std::int64_t{1} << 32);
    fabric::check_supported<B>(operands);
  }

  [[nodiscard]] constexpr std::int64_t count() const noexcept { return count_; }
  [[nodiscard]] constexpr const Operands& operands() const noexcept { return operands_; }

  /// @throws ShapeError  an extent is not positive, or the product has more than 2^56 multiply-accumulates
  /// @throws RangeError  a sum might not fit 32 bits
  [[nodiscard]] constexpr Mapping map(const MatrixShape& shape) const {
    const auto macs = core::checked_product("matrix product", {shape.rows, shape.columns, shape.vectors});
    if (macs > std::int64_t{1} << 56) throw ShapeError("matrix product: more than 2^56 multiply-accumulates");
    fabric::check_sum_width(shape, operands_);
    const std::int64_t lanes = B::lanes(operands_);
    const std::int64_t terms = B::terms;
    const auto groups = core::ceil_div(shape.rows, lanes);
    const auto steps = core::ceil_div(shape.columns, terms);
    // parts that leave a block without work are not counted
    const auto parts = [](std::int64_t work, std::int64_t blocks) {
      return core::ceil_div(work, core::ceil_div(work, std::min(work, blocks)));
    };
    const auto row_blocks = parts(groups, count_);
    const auto column_blocks = parts(steps, count_ / row_blocks);
    return {.row_blocks = row_blocks,
            .column_blocks = column_blocks,
            .largest = {.rows = std::min(shape.rows, core::ceil_div(groups, row_blocks) * lanes),
                        .columns = std::min(shape.columns, core::ceil_div(steps, column_blocks) * terms),
                        .vectors = shape.vectors}};
  }

  [[nodiscard]] constexpr ProductCost cost(const MatrixShape& shape) const {
    ProductCost result{.mapping = map(shape)};
    const auto& part = result.mapping.largest;
    result.cycles = B::cycles(part, operands_) + result.mapping.tree_levels();
    if constexpr (StoresWeights<B>) {
      result.busy_cycles = B::busy(part, operands_);
      result.weight_words = B::words(part, operands_);
    }
    return result;
  }

  /// Value view: the product as the blocks deliver it, [rows × vectors].
  void multiply(const MatrixShape& shape, std::span<const std::int16_t> weights,
                std::span<const std::int16_t> activations, std::span<std::int32_t> result) const {
    B::multiply(shape, operands_, weights, activations, result);
  }

  /// Cycle view: every block is stepped clock by clock, on its part of the operands.
  ///
  /// @param executor  runs the blocks, e.g. core::Serial{} or core::Threads{}
  /// @return cycles of the slowest block and of the adder tree
  template <core::Executor Executor = core::Serial>
  std::int64_t run(const MatrixShape& shape, std::span<const std::int16_t> weights,
                   std::span<const std::int16_t> activations, std::span<std::int32_t> result,
                   const Executor& executor = {}) const {
    op::check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    const auto mapping = map(shape);
    std::vector<std::vector<std::int32_t>> parts(static_cast<std::size_t>(mapping.blocks()));
    std::vector<std::int64_t> cycles(parts.size());
    executor.for_each_index(mapping.blocks(), [&](std::int64_t block) {
      const auto i = static_cast<std::size_t>(block);
      const auto part = region(shape, mapping, block);
      parts[i].resize(static_cast<std::size_t>(part.shape.rows * part.shape.vectors));
      const auto machine = std::make_unique<typename B::Machine>();
      cycles[i] = B::run(*machine, part.shape, operands_, cut_weights(shape, part, weights),
                         activations.subspan(static_cast<std::size_t>(part.first_column * shape.vectors),
                                             static_cast<std::size_t>(part.shape.columns * shape.vectors)),
                         parts[i]);
    });
    std::ranges::fill(result, 0);
    for (std::int64_t block = 0; block < mapping.blocks(); ++block) {  // the adder tree
      const auto part = region(shape, mapping, block);
      const auto& sums = parts[static_cast<std::size_t>(block)];
      for (std::size_t i = 0; i < sums.size(); ++i)
        result[static_cast<std::size_t>(part.first_row * shape.vectors) + i] += sums[i];
    }
    return *std::ranges::max_element(cycles) + mapping.tree_levels();
  }

 private:
  struct Region {
    std::int64_t first_row{};
    std::int64_t first_column{};
    MatrixShape shape{};
  };

  /// The part of one block: block = row part · column_blocks + column part.
  [[nodiscard]] static constexpr Region region(const MatrixShape& shape, const Mapping& mapping,
                                               std::int64_t block) noexcept {
    const auto row = block / mapping.column_blocks * mapping.largest.rows;
    const auto column = block % mapping.column_blocks * mapping.largest.columns;
    return {.first_row = row,
            .first_column = column,
            .shape = {.rows = std::min(mapping.largest.rows, shape.rows - row),
                      .columns = std::min(mapping.largest.columns, shape.columns - column),
                      .vectors = shape.vectors}};
  }

  [[nodiscard]] static std::vector<std::int16_t> cut_weights(const MatrixShape& shape, const Region& part,
                                                             std::span<const std::int16_t> weights) {
    std::vector<std::int16_t> cut;
    for (std::int64_t r = 0; r < part.shape.rows; ++r) {
      const auto* row = weights.data() + (part.first_row + r) * shape.columns + part.first_column;
      cut.insert(cut.end(), row, row + part.shape.columns);
    }
    return cut;
  }

  std::int64_t count_;
  Operands operands_;
};

/// An array as an op::Gemm that computes by the value view.
template <fabric::Block B>
struct ValueEngine {
  BlockArray<B> array;

  void operator()(const MatrixShape& shape, std::span<const std::int16_t> weights,
                  std::span<const std::int16_t> activations, std::span<std::int32_t> result) const {
    array.multiply(shape, weights, activations, result);
  }
};

/// An array as an op::Gemm that computes by the cycle view and counts the cycles.
template <fabric::Block B, core::Executor Executor = core::Serial>
struct MachineEngine {
  BlockArray<B> array;
  Executor executor{};
  std::int64_t cycles = 0;

  void operator()(const MatrixShape& shape, std::span<const std::int16_t> weights,
                  std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
    cycles += array.run(shape, weights, activations, result, executor);
  }
};

}  // namespace bitloom::accel
