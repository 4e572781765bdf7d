// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/executor.hpp>
#include <bitloom/fabric/m4bram_product.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// A convolution on M4BRAM blocks in step, laid out as the published performance model counts it. An op::Gemm, for
/// op::conv2d with a batch of 1; blocks are stepped clock by clock.
///
/// A tile has q · p output positions, which are the vectors of a block, c input channels, k output channels and r filter
/// columns. It is spread over r · ceil(k / lanes) · c / 2 blocks: block (j, g, h) has filter column j of the tile, the
/// g-th group of `lanes` output channels and channels 2h and 2h + 1. In the cycles of one MAC2 all blocks together take
/// the tile's channels and filter columns of one filter row; they go through the channels, rows and columns of the layer
/// in ceil(C / c) · S · ceil(R / r) MAC2 and are read, one group of outputs and positions after the other. What leaves a
/// layer is filled up with zeros. Sums of different blocks are added outside.
///
/// So a layer takes ceil(K / k) · ceil(Q / q) · ceil(P / p) times the cycles of those MAC2 and of a readout, as in the
/// model, and once those before the first MAC2, which the model leaves out. Two things are not in the model: sums that are
/// read early, before a lane could wrap, and the cycles of signed activations of synchronous blocks, one more for a MAC2.
/// Where the model has filter caches several block RAMs deep, a machine here streams its weights; both take no time.
///
/// Source: released simulator of M4BRAM (arXiv 2311.02758), accelerators with M4BRAM; which block computes what is read
/// off its counts.
template <fabric::M4bramBlock B, core::Executor Executor = core::Serial>
class M4bramConv {
 public:
  /// @param executor     runs the blocks
  /// @throws RangeError  the block lacks these operands, sums might not fit 32 bits, or a tile does not have the block's
  ///                     vectors and an even number of channels
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  constexpr M4bramConv(const net::ConvShape& conv, const Tile& tile, const fabric::Operands& operands,
                       const Executor& executor = {})
      : conv_(conv), tile_(tile), operands_(operands), executor_(executor) {
    check_tile(tile);
    core::check_range("tile q x p, vectors of a block", tile.q * tile.p, B::vectors, B::vectors);
    if (tile.c % 2 != 0) throw RangeError("tile c: " + std::to_string(tile.c) + " is not even");
    fabric::check_supported<B>(operands);
    static_cast<void>(conv.macs());
    fabric::check_sum_width({conv.k, patch(), 1}, operands);
    product_ = {
        .rows = core::checked_product("outputs of a block", {output_tiles(), lanes()}),
        .columns = core::checked_product("terms of a block", {2, filter_steps(conv, tile)}),
        .vectors = core::checked_product("vectors of a block", {column_tiles(), row_tiles(), B::vectors})};
    static_cast<void>(core::checked_product("operands of a block", {product_.rows, product_.columns}));
    static_cast<void>(core::checked_product("operands of a block", {product_.vectors, product_.columns}));
  }

  [[nodiscard]] constexpr std::int64_t blocks() const noexcept { return tile_.r * groups() * (tile_.c / 2); }

  /// The matrix product that each block computes.
  [[nodiscard]] constexpr const fabric::MatrixShape& product() const noexcept { return product_; }

  /// Main cycles of a layer, by formula: of every block.
  [[nodiscard]] constexpr std::int64_t cycles() const { return B::cycles(product_, operands_); }

  /// Of those, the cycles that the performance model counts.
  [[nodiscard]] constexpr std::int64_t model_cycles() const {
    const auto cut = B::cut(product_, operands_);
    return cut.passes * cut.groups * (cut.mac2 * B::mac2_cycles(operands_) + B::readout_cycles());
  }

  /// Main cycles counted by the machines, over all calls.
  [[nodiscard]] constexpr std::int64_t counted_cycles() const noexcept { return counted_; }

  /// @param shape        [k × c·s·r] times [c·s·r × p·q], as op::product_shape has it
  /// @throws ShapeError  the shape is not that of the layer
  /// @throws RangeError  a value outside its width
  void operator()(const fabric::MatrixShape& shape, std::span<const std::int16_t> weights,
                  std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
    op::check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    core::check_equal("rows", shape.rows, "output channels", conv_.k);
    core::check_equal("columns", shape.columns, "inputs of an output", patch());
    core::check_equal("vectors", shape.vectors, "output positions", conv_.p * conv_.q);
    std::vector<std::vector<std::int32_t>> sums(static_cast<std::size_t>(blocks()));
    std::vector<std::int64_t> cycles(sums.size());
    executor_.for_each_index(blocks(), [&](std::int64_t number) {
      const auto i = static_cast<std::size_t>(number);
      const auto place = block(number);
      sums[i].resize(static_cast<std::size_t>(product_.rows * product_.vectors));
      const auto machine = std::make_unique<typename B::Machine>();
      cycles[i] = B::run(*machine, product_, operands_, weights_of(place, weights),
                         activations_of(place, activations), sums[i]);
    });
    if (!std::ranges::all_of(cycles, [&](std::int64_t each) { return each == cycles[0]; }))
      throw fabric::ScheduleError("blocks: they do not all take the same cycles");
    counted_ += cycles[0];
    std::ranges::fill(result, 0);
    for (std::int64_t number = 0; number < blocks(); ++number)  // the adders outside
      add(block(number), sums[static_cast<std::size_t>(number)], result);
  }

 private:
  struct Place {
    std::int64_t filter_column{}, group{}, channel{};  ///< in the tile; the channel is the first of two
  };

  [[nodiscard]] constexpr std::int64_t lanes() const noexcept { return B::lanes(operands_); }
  [[nodiscard]] constexpr std::int64_t groups() const noexcept { return core::ceil_div(tile_.k, lanes()); }
  [[nodiscard]] constexpr std::int64_t patch() const noexcept { return conv_.c * conv_.s * conv_.r; }
  [[nodiscard]] constexpr std::int64_t output_tiles() const noexcept {
    return core::ceil_div(conv_.k, tile_.k);
  }
  [[nodiscard]] constexpr std::int64_t column_tiles() const noexcept {
    return core::ceil_div(conv_.q, tile_.q);
  }
  [[nodiscard]] constexpr std::int64_t row_tiles() const noexcept { return core::ceil_div(conv_.p, tile_.p); }

  [[nodiscard]] constexpr Place block(std::int64_t number) const noexcept {
    const auto pairs = tile_.c / 2;
    return {.filter_column = number / pairs / groups(),
            .group = number / pairs % groups(),
            .channel = number % pairs * 2};
  }

  /// Row of the layer's activations that a column of a block's product is; -1 for one that is filled up.
  [[nodiscard]] constexpr std::int64_t input(const Place& place, std::int64_t column) const noexcept {
    const auto filter_tiles = core::ceil_div(conv_.r, tile_.r);
    const auto step = column / 2;
    const auto r = step % filter_tiles * tile_.r + place.filter_column;
    const auto s = step / filter_tiles % conv_.s;
    const auto c = step / filter_tiles / conv_.s * tile_.c + place.channel + column % 2;
    return c < conv_.c && r < conv_.r ? (c * conv_.s + s) * conv_.r + r : -1;
  }

  /// Output channel of a row of a block's product; -1 for one that is filled up.
  [[nodiscard]] constexpr std::int64_t output(const Place& place, std::int64_t row) const noexcept {
    const auto in_tile = place.group * lanes() + row % lanes();
    const auto k = row / lanes() * tile_.k + in_tile;
    return in_tile < tile_.k && k < conv_.k ? k : -1;
  }

  /// Output position of a vector of a block's product; -1 for one that is filled up.
  [[nodiscard]] constexpr std::int64_t position(std::int64_t vector) const noexcept {
    const auto tile = vector / B::vectors;
    const auto in_tile = vector % B::vectors;
    const auto q = tile % column_tiles() * tile_.q + in_tile % tile_.q;
    const auto p = tile / column_tiles() * tile_.p + in_tile / tile_.q;
    return q < conv_.q && p < conv_.p ? p * conv_.q + q : -1;
  }

  [[nodiscard]] std::vector<std::int16_t> weights_of(const Place& place,
                                                     std::span<const std::int16_t> weights) const {
    std::vector<std::int16_t> result;
    for (std::int64_t row = 0; row < product_.rows; ++row)
      for (std::int64_t column = 0; column < product_.columns; ++column) {
        const auto k = output(place, row);
        const auto i = input(place, column);
        result.push_back(k < 0 || i < 0 ? std::int16_t{0}
                                        : weights[static_cast<std::size_t>(k * patch() + i)]);
      }
    return result;
  }

  [[nodiscard]] std::vector<std::int16_t> activations_of(const Place& place,
                                                         std::span<const std::int16_t> activations) const {
    std::vector<std::int16_t> result;
    for (std::int64_t column = 0; column < product_.columns; ++column)
      for (std::int64_t vector = 0; vector < product_.vectors; ++vector) {
        const auto i = input(place, column);
        const auto at = position(vector);
        result.push_back(i < 0 || at < 0 ? std::int16_t{0}
                                         : activations[static_cast<std::size_t>(i * conv_.p * conv_.q + at)]);
      }
    return result;
  }

  void add(const Place& place, const std::vector<std::int32_t>& sums, std::span<std::int32_t> result) const {
    for (std::int64_t row = 0; row < product_.rows; ++row)
      for (std::int64_t vector = 0; vector < product_.vectors; ++vector) {
        const auto k = output(place, row);
        const auto at = position(vector);
        if (k >= 0 && at >= 0)
          result[static_cast<std::size_t>(k * conv_.p * conv_.q + at)] +=
              sums[static_cast<std::size_t>(row * product_.vectors + vector)];
      }
  }

  net::ConvShape conv_;
  Tile tile_;
  fabric::Operands operands_;
  Executor executor_;
  fabric::MatrixShape product_{};
  std::int64_t counted_ = 0;
};

}  // namespace bitloom::accel
