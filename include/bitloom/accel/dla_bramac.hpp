// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <bitloom/accel/block_timing.hpp>
#include <bitloom/accel/hybrid.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::accel {

/// The output columns of a tile, shared between the two engines of an enhanced overlay.
struct ColumnSplit {
  std::int64_t dsp{};       ///< columns on DSP slices
  std::int64_t bram{};      ///< columns in filter caches that compute
  std::int64_t copies = 1;  ///< of the weights: more than 1 where a block has too few arrays for its columns

  friend constexpr bool operator==(const ColumnSplit&, const ColumnSplit&) = default;
};

/// A filter cache of BRAMAC blocks. Activations are as wide as weights.
template <fabric::BramacVariant Variant, Mac2Cycles Mac2 = PublishedMac2, ReadoutRule Readouts = OneReadout>
struct BramacEngine : TimedBlock<fabric::Bramac<Variant>, Mac2, Readouts> {
  using Timed = TimedBlock<fabric::Bramac<Variant>, Mac2, Readouts>;
  using Timed::operands;
  using typename Timed::Block;
  using variant = Variant;
  using Window = CommonWindow;
  static constexpr std::string_view name = Variant::name;

  /// Columns and rows of a tile fill all arrays of blocks.
  static constexpr bool supports(const Tile& tile, Widths widths) noexcept {
    return Block::supports(operands(widths)) && tile.q * tile.p % Variant::arrays == 0;
  }

  /// @throws RangeError  the widths differ, or a tile has half a block
  static constexpr void check(const Tile& tile, Widths widths) {
    fabric::check_supported<Block>(operands(widths));
    if (!supports(tile, widths))
      throw RangeError("bram tile: " + std::to_string(tile.q) + " columns of " + std::to_string(tile.p) +
                       " rows do not fill the " + std::to_string(Variant::arrays) + " arrays of " +
                       std::string(name));
  }

  /// So many that there is an array for each column and row.
  static constexpr std::int64_t copies(const Tile& tile) noexcept {
    return tile.q * tile.p / Variant::arrays;
  }

  static constexpr std::int64_t lanes(const Tile&, Widths widths) noexcept {
    return Block::lanes(operands(widths));
  }

  static constexpr std::int64_t weight_pairs(const Tile&, Widths) noexcept { return Block::weight_words / 2; }
};

/// The baseline overlay with filter caches that compute: some output columns on DSP slices, the others in BRAMAC.
///
/// In the cycles of one MAC2 every block does two channels of its columns, and the DSP slices do tile.c channels a
/// cycle of theirs, so that both cover tile.c channels for each cycle. Activations are unsigned. Reading the
/// accumulators is not hidden.
/// Source: released overlay simulator of BRAMAC (arXiv 2304.03974).
template <fabric::BramacVariant Variant, DspPacking Packing = SlicePacking>
struct DlaBramac {
  using variant = Variant;
  using packing = Packing;
  using Block = fabric::Bramac<Variant>;
  using Hybrid = HybridOverlay<BramacEngine<Variant>, ExactArithmetic, Packing>;
  static constexpr std::string_view name = Variant::name;  ///< that of the block

  /// 2SA needs 3 or 4 output columns, 1DA 2, 3 or 4; both one row.
  static constexpr bool supports(const Tile& tile, Widths bits) noexcept {
    return is_tile(tile) && is_overlay_widths(bits) && bits.weight == bits.activation &&
           Variant::arrays < tile.q && tile.q <= 4 && tile.p == 1;
  }

  /// The tile as it is built: output channels fill whole words of a block.
  /// @throws RangeError  an impossible tile or width
  static constexpr Tile built(const Tile& tile, Widths bits) {
    check(tile, bits);
    auto result = tile;
    result.k = core::round_up(tile.k, lanes(bits));
    return result;
  }

  /// One column for each array of a block. With one array and 4 columns at 2 bits, where a block is too fast for one
  /// column, a second set of blocks has the same weights for another column.
  /// @throws RangeError  an impossible tile or width
  static constexpr ColumnSplit split(const Tile& tile, Widths bits) {
    check(tile, bits);
    const std::int64_t copies = Variant::arrays == 1 && tile.q == 4 && bits == Widths{2} ? 2 : 1;
    const auto bram = copies * Variant::arrays;
    return {.dsp = tile.q - bram, .bram = bram, .copies = copies};
  }

  /// The tile as its two engines share it.
  /// @throws RangeError  an impossible tile or width
  static constexpr HybridTile hybrid(const Tile& tile, Widths bits) {
    const auto columns = split(tile, bits);
    HybridTile result{.dsp = built(tile, bits), .bram = built(tile, bits)};
    result.dsp.q = columns.dsp;
    result.bram.q = columns.bram;
    result.bram.c *= mac2_cycles(bits);
    return result;
  }

  /// DSP slices.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t dsp(const Tile& tile, Widths bits) {
    return Hybrid::dsp(hybrid(tile, bits), bits);
  }

  /// Blocks that hold different weights, and copies of them where a split has two sets: what computes.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t compute_bram(const Tile& tile, Widths bits) {
    return Hybrid::Bram::compute_bram(hybrid(tile, bits).bram, bits);
  }

  /// Block RAMs of the filter caches: replicated, to hold as much as a baseline's, if they would be fewer.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t filter_bram(const Tile& tile, Widths bits,
                                            std::int64_t baseline_filter_bram) {
    const auto blocks = compute_bram(tile, bits);
    return blocks * std::max<std::int64_t>(core::ceil_div(baseline_filter_bram, blocks), 1);
  }

  /// Clock cycles of a convolution, one image.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::ConvShape& conv, const Tile& tile, Widths bits) {
    return Hybrid::cycles(conv, hybrid(tile, bits), bits);
  }

  /// Clock cycles for one group of output channels and columns: all input channels, then a readout.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t group_cycles(const net::ConvShape& conv, const Tile& tile, Widths bits) {
    const auto count = Hybrid::count(conv, hybrid(tile, bits), bits);
    return core::checked_sum("cycles of a convolution", count.bram_steps, count.readout);
  }

  /// Multiply-accumulates of both engines in the cycles of one MAC2.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t macs_per_mac2(const Tile& tile, Widths bits) {
    return Hybrid::macs_per_mac2(compute_bram(tile, bits), hybrid(tile, bits), bits);
  }

  /// Clock cycles of a fully connected layer, one image of a batch; replicated filter caches do not help.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::FcShape& fc, const Tile& tile, Widths bits) {
    return Hybrid::cycles(fc, compute_bram(tile, bits), hybrid(tile, bits), bits);
  }

  /// Stream buffers have the area of a block that computes, too.
  static constexpr Resources resources(const Tile& tile, Widths bits, std::int64_t filter_bram,
                                       std::int64_t stream_bram) {
    return Hybrid::resources(hybrid(tile, bits), bits, filter_bram, stream_bram);
  }

  /// That of the slower of DSP slice and block.
  static constexpr core::Constant clock() noexcept {
    constexpr auto slice = fabric::DspSlice::clock();
    constexpr auto block = Variant::clock;
    return {"enhanced overlay clock", std::min(slice.value, block.value), "MHz",
            "the slower of DSP slice and BRAMAC", core::weakest(slice, block)};
  }

  /// Clock cycles of a MAC2: 4, 6, 10 (2SA) and 3, 4, 6 (1DA) at 2, 4 and 8 bits.
  static constexpr std::int64_t mac2_cycles(Widths bits) noexcept {
    return BramacEngine<Variant>::mac2_cycles(bits);
  }

  /// Elements of a block's word.
  static constexpr std::int64_t lanes(Widths bits) noexcept { return BramacEngine<Variant>::lanes({}, bits); }

 private:
  static constexpr void check(const Tile& tile, Widths bits) {
    check_tile(tile);
    check_overlay_bits(bits);
    if (bits.weight != bits.activation)
      throw RangeError("bits: BRAMAC computes on operands of one width, not on weights of " +
                       std::to_string(bits.weight) + " and activations of " +
                       std::to_string(bits.activation));
    core::check_range("tile q", tile.q, Variant::arrays + 1, 4);
    core::check_range("tile p", tile.p, 1, 1);
  }
};

}  // namespace bitloom::accel
