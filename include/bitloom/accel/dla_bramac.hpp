// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/fabric/bramac.hpp>

namespace bitloom::accel {

/// The output columns of a tile, shared between the two engines of an enhanced overlay.
struct ColumnSplit {
  std::int64_t dsp{};       ///< columns on DSP slices
  std::int64_t bram{};      ///< columns in filter caches that compute
  std::int64_t copies = 1;  ///< of the weights: more than 1 where a block has too few arrays for its columns

  friend constexpr bool operator==(const ColumnSplit&, const ColumnSplit&) = default;
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
  static constexpr std::string_view name = Variant::name;  ///< that of the block

  /// 2SA needs 3 or 4 output columns, 1DA 2, 3 or 4.
  static constexpr bool supports(const Tile& tile, int bits) noexcept {
    return (bits == 2 || bits == 4 || bits == 8) && Variant::arrays < tile.q && tile.q <= 4 && tile.c >= 1 &&
           tile.k >= 1 && tile.r >= 1;
  }

  /// The tile as it is built: output channels fill whole words of a block.
  /// @throws RangeError  an impossible tile or width
  static constexpr Tile built(const Tile& tile, int bits) {
    check(tile, bits);
    auto result = tile;
    result.k = core::ceil_div(tile.k, lanes(bits)) * lanes(bits);
    return result;
  }

  /// One column for each array of a block. With one array and 4 columns at 2 bits, where a block is too fast for one
  /// column, a second set of blocks has the same weights for another column.
  /// @throws RangeError  an impossible tile or width
  static constexpr ColumnSplit split(const Tile& tile, int bits) {
    check(tile, bits);
    const std::int64_t copies = Variant::arrays == 1 && tile.q == 4 && bits == 2 ? 2 : 1;
    const auto bram = copies * Variant::arrays;
    return {.dsp = tile.q - bram, .bram = bram, .copies = copies};
  }

  /// DSP slices.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t dsp(const Tile& tile, int bits) {
    return core::ceil_div(split(tile, bits).dsp * tile.r * tile.c * built(tile, bits).k,
                          std::int64_t{Packing::products(bits)});
  }

  /// Blocks that hold different weights, and copies of them where a split has two sets: what computes.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t compute_bram(const Tile& tile, int bits) {
    const auto pairs = core::ceil_div(mac2_cycles(bits) * tile.c, std::int64_t{2});
    return split(tile, bits).copies * pairs * tile.r * (built(tile, bits).k / lanes(bits));
  }

  /// Block RAMs of the filter caches: replicated, to hold as much as a baseline's, if they would be fewer.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t filter_bram(const Tile& tile, int bits, std::int64_t baseline_filter_bram) {
    const auto blocks = compute_bram(tile, bits);
    return blocks * std::max<std::int64_t>(core::ceil_div(baseline_filter_bram, blocks), 1);
  }

  /// Clock cycles of a convolution, one image.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::ConvShape& conv, const Tile& tile, int bits) {
    constexpr auto what = "cycles of a convolution";
    const auto k = built(tile, bits).k;
    static_cast<void>(conv.macs());
    return core::checked_product(what, {group_cycles(conv, tile, bits), core::ceil_div(conv.k, k),
                                        core::ceil_div(conv.q, tile.q), conv.p});
  }

  /// Clock cycles for one group of output channels and columns: all input channels, then a readout.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  a count needs more than 63 bits
  static constexpr std::int64_t group_cycles(const net::ConvShape& conv, const Tile& tile, int bits) {
    constexpr auto what = "cycles of a convolution";
    check(tile, bits);
    const auto mac2 = mac2_cycles(bits);
    const auto steps = core::checked_product(
        what, {core::ceil_div(conv.c, mac2 * tile.c), mac2, conv.s, core::ceil_div(conv.r, tile.r)});
    return core::checked_sum(what, steps, Block::readout_cycles());
  }

  /// Multiply-accumulates of both engines in the cycles of one MAC2.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t macs_per_mac2(const Tile& tile, int bits) {
    return dsp(tile, bits) * Packing::products(bits) * mac2_cycles(bits) +
           compute_bram(tile, bits) * Block::macs_per_mac2(operands(bits));
  }

  /// Clock cycles of a fully connected layer, one image of a batch; replicated filter caches do not help.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::FcShape& fc, const Tile& tile, int bits) {
    const auto work =
        core::checked_product("cycles of a fully connected layer", {fc.c, fc.k, mac2_cycles(bits)});
    return core::ceil_div(work, macs_per_mac2(tile, bits));
  }

  /// Stream buffers have the area of a block that computes, too.
  static constexpr Resources resources(const Tile& tile, int bits, std::int64_t filter_bram,
                                       std::int64_t stream_bram) {
    return overlay_resources(dsp(tile, bits), filter_bram, stream_bram, Block::area());
  }

  /// That of the slower of DSP slice and block.
  static constexpr core::Constant clock() noexcept {
    constexpr auto slice = fabric::DspSlice::clock();
    constexpr auto block = Variant::clock;
    return {"enhanced overlay clock", std::min(slice.value, block.value), "MHz",
            "the slower of DSP slice and BRAMAC", core::weakest(slice, block)};
  }

  /// Clock cycles of a MAC2: 4, 6, 10 (2SA) and 3, 4, 6 (1DA) at 2, 4 and 8 bits.
  static constexpr std::int64_t mac2_cycles(int bits) noexcept { return Block::mac2_cycles(operands(bits)); }

  /// Elements of a block's word.
  static constexpr std::int64_t lanes(int bits) noexcept { return Block::lanes(operands(bits)); }

 private:
  static constexpr fabric::Operands operands(int bits) noexcept {
    return {.weight_bits = bits, .activation_bits = bits, .signed_activations = false};
  }

  static constexpr void check(const Tile& tile, int bits) {
    check_tile(tile);
    check_overlay_bits(bits);
    core::check_range("tile q", tile.q, Variant::arrays + 1, 4);
  }
};

}  // namespace bitloom::accel
