// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/accel/dla.hpp>
#include <bitloom/accel/hybrid.hpp>
#include <bitloom/accel/mixed_widths.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/accel/overlay_arithmetic.hpp>
#include <bitloom/accel/stream_buffer.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/fabric/m20k.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// The baseline overlay with two widths of weights: slices for each, side by side.
///
/// The cycles of a convolution are those of the slices for the high width.
/// Source: released simulator of M4BRAM (arXiv 2311.02758).
template <OverlayArithmetic Arithmetic = ExactArithmetic, DspPacking Packing = MixedPacking,
          FilterLayout Layout = ColumnCaches>
struct MixedDla {
  using arithmetic = Arithmetic;
  using packing = Packing;
  using layout = Layout;
  using tile_type = Tile;
  using widths_type = MixedWidths;
  using Uniform = Dla<Arithmetic, Packing, Layout>;  ///< with one width
  static constexpr std::string_view name = "DLA, mixed weights";

  static constexpr bool supports(const Tile& tile, const MixedWidths& widths) noexcept {
    return is_tile(tile) && is_overlay_widths(widths);
  }

  /// @throws RangeError  an impossible tile or widths
  static constexpr void check(const Tile& tile, const MixedWidths& widths) {
    check_tile(tile);
    check_overlay_bits(widths);
  }

  /// DSP slices of both parts.
  /// @throws RangeError  an impossible tile or widths
  static constexpr MixedCount slices(const Tile& tile, const MixedWidths& widths) {
    check(tile, widths);
    return for_each_part(tile, widths, Uniform::dsp);
  }

  /// DSP slices.
  /// @throws RangeError  an impossible tile or widths
  static constexpr std::int64_t dsp(const Tile& tile, const MixedWidths& widths) {
    return slices(tile, widths).sum();
  }

  /// Clock cycles of a convolution, one image.
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::ConvShape& conv, const Tile& tile,
                                       const MixedWidths& widths) {
    check(tile, widths);
    Uniform::check_filled(conv, tile);
    const auto macs = for_each_part(tile, widths, Uniform::macs_per_cycle);
    return Arithmetic::part_cycles(conv, tile, mixed_channels(tile.k, widths.weights).high, macs.high);
  }

  /// Clock cycles of a fully connected layer, one image of a batch.
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::FcShape& fc, const Tile& tile, const MixedWidths& widths) {
    check(tile, widths);
    return core::ceil_div(fc.macs(), for_each_part(tile, widths, Uniform::macs_per_cycle).sum());
  }

  /// Block RAMs of the filter caches, if `largest` is the convolution with most weights.
  ///
  /// @param matrices     as of `filter_words`
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  an extent or `matrices` is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t filter_bram(const net::ConvShape& largest, const Tile& tile,
                                            const MixedWidths& widths, std::int64_t matrices = 1) {
    check(tile, widths);
    const auto caches = for_each_part(
        tile, widths, [](const Tile& part, Widths bits) { return Layout::caches(part, bits.weight); });
    const auto words = core::ceil_div(filter_words(largest, tile, matrices), overlay_bram_words);
    return core::checked_product("filter cache", {caches.sum(), words});
  }

  /// Banks of the stream buffer.
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  an extent of the map is below 1, or a count needs more than 63 bits
  template <StreamWidth Width>
  static constexpr std::int64_t stream_banks(const net::FeatureMap& map, const Tile& tile,
                                             const MixedWidths& widths) {
    check(tile, widths);
    return accel::stream_banks<Width>(map, tile);
  }

  static constexpr Resources resources(const Tile& tile, const MixedWidths& widths, std::int64_t filter_bram,
                                       std::int64_t stream_bram) {
    return overlay_resources(dsp(tile, widths), filter_bram, stream_bram, fabric::M20k::area());
  }
};

/// Products of slices of both widths in a cycle, for fully connected layers of an enhanced overlay.
template <class R>
concept MixedRate = requires(const MixedCount& counts) {
  { R::packed(counts) } -> std::same_as<MixedCount>;           // of a slice, from its own widths
  { R::assumption } -> std::convertible_to<std::string_view>;  // for reports
};

/// All slices compute as many as those of the high width, as in the released simulator.
struct HighRate {
  static constexpr std::string_view assumption =
      "In fully connected layers of an enhanced overlay with mixed weights all slices compute at the rate of "
      "the high width, as in the released simulator.";
  static constexpr MixedCount packed(const MixedCount& own) noexcept { return {own.high, own.high}; }
};

/// Each at the rate of its own width.
struct OwnRate {
  static constexpr std::string_view assumption =
      "With mixed weights each slice computes at the rate of its own width.";
  static constexpr MixedCount packed(const MixedCount& own) noexcept { return own; }
};

/// An enhanced overlay with two widths of weights: both engines split their output channels in the same share.
///
/// The cycles of convolutions do not depend on the widths of weights, only DSP slices, filter caches and fully
/// connected layers do.
/// Source: released simulator of M4BRAM (arXiv 2311.02758).
template <ComputeEngine Engine, OverlayArithmetic Arithmetic = ExactArithmetic,
          DspPacking Packing = MixedPacking, MixedRate Rate = HighRate>
struct MixedHybrid {
  using engine = Engine;
  using arithmetic = Arithmetic;
  using packing = Packing;
  using tile_type = HybridTile;
  using widths_type = MixedWidths;
  using Uniform = HybridOverlay<Engine, Arithmetic, Packing>;  ///< with one width
  static constexpr std::string_view name = Engine::name;

  static constexpr bool supports(const HybridTile& tile, const MixedWidths& widths) noexcept {
    return is_overlay_widths(widths) && Uniform::supports(tile, widths.high()) &&
           Uniform::supports(tile, widths.low());
  }

  /// @throws RangeError  an impossible tile or widths
  static constexpr void check(const HybridTile& tile, const MixedWidths& widths) {
    check_overlay_bits(widths);
    Uniform::check(tile, widths.high());
    Uniform::check(tile, widths.low());
  }

  /// DSP slices of both parts.
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  the count needs more than 63 bits
  static constexpr MixedCount slices(const HybridTile& tile, const MixedWidths& widths) {
    check(tile, widths);
    return for_each_part(tile.dsp, widths, packed_slices<Packing>);
  }

  /// DSP slices.
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  the count needs more than 63 bits
  static constexpr std::int64_t dsp(const HybridTile& tile, const MixedWidths& widths) {
    return slices(tile, widths).sum();
  }

  /// Block RAMs of the filter caches of both parts, if `largest` is the convolution with most weights.
  ///
  /// @param matrices     as of `filter_words`
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  an extent or `matrices` is below 1, or a count needs more than 63 bits
  static constexpr MixedCount filter_bram(const net::ConvShape& largest, const HybridTile& tile,
                                          const MixedWidths& widths, std::int64_t matrices = 1) {
    check(tile, widths);
    const auto depth = core::ceil_div(filter_words(largest, tile.bram, matrices),
                                      Engine::weight_pairs(tile.bram, widths.high()));
    return for_each_part(tile.bram, widths, [&](const Tile& part, Widths bits) {
      return core::checked_product("filter cache", {Uniform::Bram::compute_bram(part, bits), depth});
    });
  }

  /// Banks of the stream buffer.
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  an extent of the map is below 1, or a count needs more than 63 bits
  template <StreamWidth Width>
  static constexpr std::int64_t stream_banks(const net::FeatureMap& map, const HybridTile& tile,
                                             const MixedWidths& widths) {
    check(tile, widths);
    return Uniform::template stream_banks<Width>(map, tile, widths.high());
  }

  /// Counts of a convolution.
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr HybridCount count(const net::ConvShape& conv, const HybridTile& tile,
                                     const MixedWidths& widths) {
    check(tile, widths);
    auto result = Uniform::count(conv, tile, widths.high());
    if (mixed_channels(tile.bram.k, widths.weights).low != 0)
      result.readout = std::max(result.readout, Uniform::count(conv, tile, widths.low()).readout);
    return result;
  }

  /// Clock cycles of a convolution, one image.
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::ConvShape& conv, const HybridTile& tile,
                                       const MixedWidths& widths) {
    return count(conv, tile, widths).cycles();
  }

  /// Multiply-accumulates of both engines in the cycles of one MAC2.
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  there is no filter cache of a width, or the count needs more than 63 bits
  static constexpr std::int64_t macs_per_mac2(const MixedCount& filter_bram, const HybridTile& tile,
                                              const MixedWidths& widths) {
    constexpr auto what = "multiply-accumulates";
    const auto mac2 = Engine::mac2_cycles(widths.high());
    const MixedCount own{.high = Packing::products(widths.high()), .low = Packing::products(widths.low())};
    const auto packed = Rate::packed(own);
    const auto [high, low] = slices(tile, widths);
    auto sum = core::checked_product(what, {high, packed.high, mac2});
    const auto add = [&](std::int64_t blocks, std::int64_t each) {
      if (blocks != 0)
        sum = core::checked_sum(what, sum, core::checked_product("filter cache", {blocks, each}));
    };
    core::check_positive("filter cache of the high width", filter_bram.high);
    if (mixed_channels(tile.bram.k, widths.weights).low != 0)
      core::check_positive("filter cache of the low width", filter_bram.low);
    add(low, packed.low * mac2);
    add(filter_bram.high, Engine::macs_per_mac2(widths.high()));
    add(filter_bram.low, Engine::macs_per_mac2(widths.low()));
    return sum;
  }

  /// Clock cycles of a fully connected layer, one image of a batch.
  ///
  /// @param filter_bram  all block RAMs of the filter caches
  /// @throws RangeError  an impossible tile or widths
  /// @throws ShapeError  an extent or a count of filter caches is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::FcShape& fc, const MixedCount& filter_bram,
                                       const HybridTile& tile, const MixedWidths& widths) {
    return Arithmetic::fc_cycles(fc, 2 * tile.dsp.k, macs_per_mac2(filter_bram, tile, widths),
                                 Engine::mac2_cycles(widths.high()));
  }

  /// Stream buffers have the area of a block that computes, too.
  static constexpr Resources resources(const HybridTile& tile, const MixedWidths& widths,
                                       const MixedCount& filter_bram, std::int64_t stream_bram) {
    return overlay_resources(dsp(tile, widths), filter_bram.sum(), stream_bram, Engine::area());
  }
};

}  // namespace bitloom::accel
