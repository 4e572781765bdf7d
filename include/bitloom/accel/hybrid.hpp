// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/accel/overlay_arithmetic.hpp>
#include <bitloom/accel/stream_buffer.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// What the two engines of an enhanced overlay compute side by side: some output columns on DSP slices, others in
/// filter caches. Both have the same r and p. A structural type.
struct HybridTile {
  Tile dsp{};   ///< in a clock cycle
  Tile bram{};  ///< in the cycles of a MAC2

  friend constexpr auto operator<=>(const HybridTile&, const HybridTile&) = default;
};

/// A filter cache that computes: how a block RAM does its part of an overlay.
template <class E>
concept ComputeEngine = requires(const Tile& tile, Widths widths, std::int64_t count) {
  { E::name } -> std::convertible_to<std::string_view>;
  { E::supports(tile, widths) } -> std::same_as<bool>;  // of possible tiles and widths
  { E::check(tile, widths) } -> std::same_as<void>;     // throws RangeError where it does not support them
  { E::lanes(tile, widths) } -> std::same_as<std::int64_t>;         // output channels that a block computes
  { E::copies(tile) } -> std::same_as<std::int64_t>;                // of blocks that have the same weights
  { E::weight_pairs(tile, widths) } -> std::same_as<std::int64_t>;  // of a lane, that fit a block
  { E::mac2_cycles(widths) } -> std::same_as<std::int64_t>;         // cycles of a MAC2
  { E::macs_per_mac2(widths) } -> std::same_as<std::int64_t>;       // multiply-accumulates of a block in it
  { E::readouts(count, widths) } -> std::same_as<std::int64_t>;     // of the accumulators, for so many MAC2
  { E::readout_cycles() } -> std::same_as<std::int64_t>;            // of a readout
  { E::area() } -> std::same_as<core::Constant>;                    // of a block; a plain block RAM has 40
  requires StreamWindow<typename E::Window>;                        // beside that of DSP slices
};

/// The cycles of a convolution on compute engines, as counts that depend on few extents of a tile each, for tables:
/// (max(dsp_steps · dsp_outputs, bram_steps · bram_outputs) + readout · bram_outputs) · groups.
struct HybridCount {
  std::int64_t dsp_steps{};     ///< cycles of slices for a group of output channels, of dsp.c and r; or 0
  std::int64_t dsp_outputs{};   ///< such groups, of dsp.k
  std::int64_t bram_steps{};    ///< cycles of blocks for a group of output channels, of bram.c and r
  std::int64_t bram_outputs{};  ///< such groups, of bram.k
  std::int64_t readout{};       ///< cycles to read the accumulators for such a group, of bram.c and r
  std::int64_t groups{};        ///< of output columns and rows, of dsp.q + bram.q and p

  /// For counts that are known to fit.
  [[nodiscard]] constexpr std::int64_t unchecked() const noexcept {
    return (std::max(dsp_steps * dsp_outputs, bram_steps * bram_outputs) + readout * bram_outputs) * groups;
  }

  /// @throws ShapeError  a count is below 1, other than those of slices, or the result needs more than 63 bits
  [[nodiscard]] constexpr std::int64_t cycles() const {
    constexpr auto what = "cycles of a convolution";
    const auto bram = core::checked_product(what, {bram_steps, bram_outputs});
    const auto dsp = dsp_steps == 0 ? 0 : core::checked_product(what, {dsp_steps, dsp_outputs});
    const auto read = core::checked_product(what, {readout, bram_outputs});
    return core::checked_product(what, {core::checked_sum(what, std::max(dsp, bram), read), groups});
  }

  friend constexpr bool operator==(const HybridCount&, const HybridCount&) = default;
};

/// An overlay without DSP slices: filter caches compute all.
///
/// Every block does two input channels of its output channels in a MAC2, one where they end with it, for as many output
/// columns and rows as it has accumulators for. Reading the accumulators is not hidden. A fully connected layer runs on
/// a batch that shares the stream of its filters, on all block RAMs of the filter caches, whose number it needs.
/// Source: released simulator of M4BRAM (arXiv 2311.02758).
template <ComputeEngine Engine, OverlayArithmetic Arithmetic = ExactArithmetic>
struct BramOverlay {
  using engine = Engine;
  using arithmetic = Arithmetic;
  using tile_type = Tile;
  using widths_type = Widths;
  static constexpr std::string_view name = Engine::name;

  static constexpr bool supports(const Tile& tile, Widths widths) noexcept {
    return is_tile(tile, max_filled_extent) && is_overlay_widths(widths) && Engine::supports(tile, widths);
  }

  /// @throws RangeError  an impossible tile or width
  static constexpr void check(const Tile& tile, Widths widths) {
    check_tile(tile, max_filled_extent);
    check_overlay_bits(widths);
    Engine::check(tile, widths);
  }

  static constexpr std::int64_t dsp(const Tile&, Widths) noexcept { return 0; }

  /// Blocks that compute in the cycles of a MAC2.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  the count needs more than 63 bits
  static constexpr std::int64_t compute_bram(const Tile& tile, Widths widths) {
    check(tile, widths);
    const auto lanes = core::ceil_div(tile.k, Engine::lanes(tile, widths));
    const auto pairs = core::ceil_div(tile.c, std::int64_t{2});
    return core::checked_product("filter cache", {Engine::copies(tile), tile.r, lanes, pairs});
  }

  /// Block RAMs of the filter caches, if `largest` is the convolution with most weights: as many times those that
  /// compute, as its filters fill.
  ///
  /// @param matrices     as of `filter_words`
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent or `matrices` is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t filter_bram(const net::ConvShape& largest, const Tile& tile, Widths widths,
                                            std::int64_t matrices = 1) {
    const auto blocks = compute_bram(tile, widths);
    const auto depth =
        core::ceil_div(filter_words(largest, tile, matrices), Engine::weight_pairs(tile, widths));
    return core::checked_product("filter cache", {blocks, depth});
  }

  /// What the stream buffer feeds in a cycle: the input channels of a tile in the cycles of a MAC2.
  /// @throws RangeError  an impossible tile or width
  static constexpr Tile fed(const Tile& tile, Widths widths) {
    check(tile, widths);
    auto result = tile;
    result.c = core::ceil_div(tile.c, Engine::mac2_cycles(widths));
    return result;
  }

  /// Banks of the stream buffer.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent of the map is below 1, or a count needs more than 63 bits
  template <StreamWidth Width>
  static constexpr std::int64_t stream_banks(const net::FeatureMap& map, const Tile& tile, Widths widths) {
    return accel::stream_banks<Width>(map, fed(tile, widths));
  }

  /// Counts of a convolution.
  ///
  /// @param other_columns  of the output, that others compute at the same time
  /// @throws RangeError    an impossible tile or width
  /// @throws ShapeError    an extent is below 1, or a count needs more than 63 bits
  static constexpr HybridCount count(const net::ConvShape& conv, const Tile& tile, Widths widths,
                                     std::int64_t other_columns = 0) {
    constexpr auto what = "cycles of a convolution";
    check(tile, widths);
    static_cast<void>(conv.macs());
    const auto mac2 = filter_steps(conv, tile);
    const auto columns = core::ceil_div(conv.q, core::checked_sum(what, tile.q, other_columns));
    return {
        .bram_steps = core::checked_product(what, {mac2, Engine::mac2_cycles(widths)}),
        .bram_outputs = core::ceil_div(conv.k, tile.k),
        .readout = core::checked_product(what, {Engine::readouts(mac2, widths), Engine::readout_cycles()}),
        .groups = core::checked_product(what, {columns, core::ceil_div(conv.p, tile.p)})};
  }

  /// Clock cycles of a convolution, one image.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::ConvShape& conv, const Tile& tile, Widths widths) {
    return count(conv, tile, widths).cycles();
  }

  /// Multiply-accumulates of all filter caches in the cycles of one MAC2.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  `filter_bram` is below 1, or the count needs more than 63 bits
  static constexpr std::int64_t macs_per_mac2(std::int64_t filter_bram, const Tile& tile, Widths widths) {
    check(tile, widths);
    return core::checked_product("filter cache", {filter_bram, Engine::macs_per_mac2(widths)});
  }

  /// Clock cycles of a fully connected layer, one image of a batch of 2k.
  ///
  /// @param filter_bram  all block RAMs of the filter caches
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent or `filter_bram` is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::FcShape& fc, std::int64_t filter_bram, const Tile& tile,
                                       Widths widths) {
    return Arithmetic::fc_cycles(fc, 2 * tile.k, macs_per_mac2(filter_bram, tile, widths),
                                 Engine::mac2_cycles(widths));
  }

  /// Stream buffers have the area of a block that computes, too.
  static constexpr Resources resources(const Tile&, Widths, std::int64_t filter_bram,
                                       std::int64_t stream_bram) {
    return overlay_resources(0, filter_bram, stream_bram, Engine::area());
  }
};

/// The baseline overlay with filter caches that compute: some output columns on DSP slices, the others in block RAMs.
///
/// Both read their weights from the same filter caches. They need not run in step: a convolution takes the cycles of
/// the slower engine, and those to read the accumulators of the blocks.
/// Source: released simulators of BRAMAC (arXiv 2304.03974) and M4BRAM (arXiv 2311.02758).
template <ComputeEngine Engine, OverlayArithmetic Arithmetic = ExactArithmetic,
          DspPacking Packing = SlicePacking>
struct HybridOverlay {
  using engine = Engine;
  using arithmetic = Arithmetic;
  using packing = Packing;
  using tile_type = HybridTile;
  using widths_type = Widths;
  using Bram = BramOverlay<Engine, Arithmetic>;  ///< the part in block RAMs
  static constexpr std::string_view name = Engine::name;

  static constexpr bool supports(const HybridTile& tile, Widths widths) noexcept {
    return is_tile(tile.dsp, max_filled_extent) && Bram::supports(tile.bram, widths) &&
           tile.dsp.r == tile.bram.r && tile.dsp.p == tile.bram.p;
  }

  /// @throws RangeError  an impossible tile or width
  static constexpr void check(const HybridTile& tile, Widths widths) {
    check_tile(tile.dsp, max_filled_extent);
    Bram::check(tile.bram, widths);
    core::check_range("bram tile r, that of dsp", tile.bram.r, tile.dsp.r, tile.dsp.r);
    core::check_range("bram tile p, that of dsp", tile.bram.p, tile.dsp.p, tile.dsp.p);
  }

  /// DSP slices.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  the count needs more than 63 bits
  static constexpr std::int64_t dsp(const HybridTile& tile, Widths widths) {
    check(tile, widths);
    return packed_slices<Packing>(tile.dsp, widths);
  }

  /// Block RAMs of the filter caches, as of the part in block RAMs.
  static constexpr std::int64_t filter_bram(const net::ConvShape& largest, const HybridTile& tile,
                                            Widths widths, std::int64_t matrices = 1) {
    check(tile, widths);
    return Bram::filter_bram(largest, tile.bram, widths, matrices);
  }

  /// Banks of the stream buffer.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent of the map is below 1, or a count needs more than 63 bits
  template <StreamWidth Width>
  static constexpr std::int64_t stream_banks(const net::FeatureMap& map, const HybridTile& tile,
                                             Widths widths) {
    check(tile, widths);
    return Engine::Window::template banks<Width>(map, tile.dsp, Bram::fed(tile.bram, widths));
  }

  /// Counts of a convolution.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr HybridCount count(const net::ConvShape& conv, const HybridTile& tile, Widths widths) {
    check(tile, widths);
    auto result = Bram::count(conv, tile.bram, widths, tile.dsp.q);
    result.dsp_steps = filter_steps(conv, tile.dsp);
    result.dsp_outputs = core::ceil_div(conv.k, tile.dsp.k);
    return result;
  }

  /// Clock cycles of a convolution, one image.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::ConvShape& conv, const HybridTile& tile, Widths widths) {
    return count(conv, tile, widths).cycles();
  }

  /// Multiply-accumulates of both engines in the cycles of one MAC2.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  `filter_bram` is below 1, or the count needs more than 63 bits
  static constexpr std::int64_t macs_per_mac2(std::int64_t filter_bram, const HybridTile& tile,
                                              Widths widths) {
    constexpr auto what = "multiply-accumulates";
    const auto slices = core::checked_product(
        what, {dsp(tile, widths), Packing::products(widths), Engine::mac2_cycles(widths)});
    return core::checked_sum(what, slices, Bram::macs_per_mac2(filter_bram, tile.bram, widths));
  }

  /// Clock cycles of a fully connected layer, one image of a batch of 2k, k that of the slices.
  ///
  /// @param filter_bram  all block RAMs of the filter caches
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent or `filter_bram` is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::FcShape& fc, std::int64_t filter_bram,
                                       const HybridTile& tile, Widths widths) {
    return Arithmetic::fc_cycles(fc, 2 * tile.dsp.k, macs_per_mac2(filter_bram, tile, widths),
                                 Engine::mac2_cycles(widths));
  }

  /// Stream buffers have the area of a block that computes, too.
  static constexpr Resources resources(const HybridTile& tile, Widths widths, std::int64_t filter_bram,
                                       std::int64_t stream_bram) {
    return overlay_resources(dsp(tile, widths), filter_bram, stream_bram, Engine::area());
  }
};

}  // namespace bitloom::accel
