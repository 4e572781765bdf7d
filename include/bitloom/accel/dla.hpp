// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/accel/overlay_arithmetic.hpp>
#include <bitloom/accel/stream_buffer.hpp>
#include <bitloom/fabric/m20k.hpp>

namespace bitloom::accel {

/// How the filters of a tile lie in block RAMs.
template <class L>
concept FilterLayout = requires(const Tile& tile, int weight_bits) {
  { L::caches(tile, weight_bits) } -> std::same_as<std::int64_t>;  // block RAMs that are read in a cycle
};

/// The weights of each output channel fill words of their own, as in the study of BRAMAC.
struct ChannelCaches {
  static constexpr std::int64_t caches(const Tile& tile, int weight_bits) noexcept {
    return core::ceil_div(tile.r * tile.c, overlay_word_bits / weight_bits) * tile.k;
  }
};

/// The weights of each filter column fill words of their own, as in the study of M4BRAM.
struct ColumnCaches {
  static constexpr std::int64_t caches(const Tile& tile, int weight_bits) noexcept {
    return tile.r * core::ceil_div(tile.c * tile.k, overlay_word_bits / weight_bits);
  }
};

/// The baseline overlay: an Intel-DLA-like array of dot products on DSP slices.
///
/// Filters of a layer wait in caches of block RAM, feature maps in stream buffers. A fully connected layer runs on a
/// batch that shares the stream of its filters; its cycles are those of one image.
/// Source: released overlay simulators of BRAMAC (arXiv 2304.03974) and M4BRAM (arXiv 2311.02758).
template <OverlayArithmetic Arithmetic = ExactArithmetic, DspPacking Packing = SlicePacking,
          FilterLayout Layout = ChannelCaches>
struct Dla {
  using arithmetic = Arithmetic;
  using packing = Packing;
  using layout = Layout;
  using tile_type = Tile;
  using widths_type = Widths;
  static constexpr std::string_view name = "DLA";

  static constexpr bool supports(const Tile& tile, Widths bits) noexcept {
    return is_tile(tile) && is_overlay_widths(bits);
  }

  /// DSP slices.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t dsp(const Tile& tile, Widths bits) {
    check_tile(tile);
    check_overlay_bits(bits);
    return packed_slices<Packing>(tile, bits);
  }

  /// Multiply-accumulates in a cycle.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t macs_per_cycle(const Tile& tile, Widths bits) {
    return dsp(tile, bits) * Packing::products(bits);
  }

  /// At least the products of a layer that is filled up to whole tiles: they must still be countable.
  /// @throws RangeError  an impossible tile
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t check_filled(const net::ConvShape& conv, const Tile& tile) {
    check_tile(tile);
    static_cast<void>(conv.macs());
    constexpr auto what = "cycles of a convolution";
    const auto filled = [&](std::int64_t extent, std::int64_t step) {
      return core::checked_sum(what, extent, step - 1);
    };
    return core::checked_product(
        what, {conv.s, filled(conv.p, tile.p), filled(conv.q, tile.q), filled(conv.k, tile.k),
               filled(conv.c, tile.c), filled(conv.r, tile.r)});
  }

  /// Clock cycles of a convolution, one image.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::ConvShape& conv, const Tile& tile, Widths bits) {
    check_filled(conv, tile);
    return Arithmetic::conv_cycles(conv, tile, macs_per_cycle(tile, bits));
  }

  /// Clock cycles of a fully connected layer, one image of a batch. The released arithmetic comes to the same.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::FcShape& fc, const Tile& tile, Widths bits) {
    return core::ceil_div(fc.macs(), macs_per_cycle(tile, bits));
  }

  /// Block RAMs of the filter caches, if `largest` is the convolution with most weights.
  ///
  /// @param matrices     as of `filter_words`
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t filter_bram(const net::ConvShape& largest, const Tile& tile, Widths bits,
                                            std::int64_t matrices = 1) {
    check_tile(tile);
    check_overlay_bits(bits);
    const auto words = core::ceil_div(filter_words(largest, tile, matrices), overlay_bram_words);
    return core::checked_product("filter cache", {Layout::caches(tile, bits.weight), words});
  }

  /// Banks of the stream buffer.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent of the map is below 1, or a count needs more than 63 bits
  template <StreamWidth Width>
  static constexpr std::int64_t stream_banks(const net::FeatureMap& map, const Tile& tile, Widths bits) {
    check_tile(tile);
    check_overlay_bits(bits);
    return accel::stream_banks<Width>(map, tile);
  }

  static constexpr Resources resources(const Tile& tile, Widths bits, std::int64_t filter_bram,
                                       std::int64_t stream_bram) {
    return overlay_resources(dsp(tile, bits), filter_bram, stream_bram, fabric::M20k::area());
  }

  /// That of the slower of DSP slice and block RAM.
  static constexpr core::Constant clock() noexcept {
    constexpr auto slice = fabric::DspSlice::clock();
    constexpr auto memory = fabric::M20k::clock();
    return {"baseline overlay clock", std::min(slice.value, memory.value), "MHz",
            "the slower of DSP slice and M20K", core::weakest(slice, memory)};
  }
};

}  // namespace bitloom::accel
