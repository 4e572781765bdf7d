// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/dsp.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// How much an overlay computes side by side. A structural type; tiles are ordered by q, c, k.
struct Tile {
  std::int64_t q{};    ///< output columns
  std::int64_t c{};    ///< input channels
  std::int64_t k{};    ///< output channels
  std::int64_t r = 3;  ///< filter columns
  std::int64_t p = 1;  ///< output rows

  friend constexpr auto operator<=>(const Tile&, const Tile&) = default;
};

/// Largest extent of a tile, and of one that is filled up to the words of blocks and the channels of a MAC2.
inline constexpr std::int64_t max_tile_extent = 4096;
inline constexpr std::int64_t max_filled_extent = 16 * max_tile_extent;

/// Whether every extent is in 1..`largest`.
[[nodiscard]] constexpr bool is_tile(const Tile& tile, std::int64_t largest = max_tile_extent) noexcept {
  const auto inside = [&](std::int64_t extent) { return 1 <= extent && extent <= largest; };
  return inside(tile.q) && inside(tile.c) && inside(tile.k) && inside(tile.r) && inside(tile.p);
}

/// @throws RangeError  an extent is outside 1..`largest`
constexpr void check_tile(const Tile& tile, std::int64_t largest = max_tile_extent) {
  if (is_tile(tile, largest)) return;
  for (const auto& [argument, extent] : {std::pair{"tile q", tile.q},
                                         {"tile c", tile.c},
                                         {"tile k", tile.k},
                                         {"tile r", tile.r},
                                         {"tile p", tile.p}})
    core::check_range(argument, extent, 1, largest);
}

/// Widths of weights and activations, bits; one number stands for both. A structural type.
struct Widths {
  int weight{};
  int activation{};

  constexpr Widths() noexcept = default;
  constexpr Widths(int both) noexcept : weight(both), activation(both) {}
  constexpr Widths(int weight_bits, int activation_bits) noexcept
      : weight(weight_bits), activation(activation_bits) {}

  friend constexpr bool operator==(const Widths&, const Widths&) = default;
};

/// Whether overlays can have these widths: weights of 2, 4 or 8 bits, activations of 2 to 8.
[[nodiscard]] constexpr bool is_overlay_widths(Widths widths) noexcept {
  return (widths.weight == 2 || widths.weight == 4 || widths.weight == 8) && 2 <= widths.activation &&
         widths.activation <= 8;
}

/// @throws RangeError  weights do not have 2, 4 or 8 bits, or activations not 2 to 8
constexpr void check_overlay_bits(Widths widths) {
  if (!is_overlay_widths({widths.weight, 2}))
    throw RangeError("bits: an overlay computes on 2, 4 or 8 bits, not " + std::to_string(widths.weight));
  core::check_range("activation bits", widths.activation, 2, 8);
}

/// How many products of two numbers of some widths a DSP slice computes in a cycle.
template <class P>
concept DspPacking = requires(Widths widths) {
  { P::products(widths) } -> std::same_as<int>;  // of widths that overlays can have
};

/// As fabric::DspSlice packs them: 8, 4 and 2 at 2, 4 and 8 bits.
struct SlicePacking {
  static constexpr int products(Widths widths) noexcept {
    return fabric::DspSlice::lanes({.weight_bits = widths.weight, .activation_bits = widths.activation});
  }
};

/// Another slice: products a cycle at 2, 4 and 8 bits; the wider operand decides.
template <int At2, int At4, int At8>
  requires(At2 > 0 && At4 > 0 && At8 > 0)
struct FixedPacking {
  static constexpr int products(Widths widths) noexcept {
    const auto bits = std::max(widths.weight, widths.activation);
    return bits <= 2 ? At2 : bits <= 4 ? At4 : At8;
  }
};

/// As the study of M4BRAM packs them: with 2-bit weights 8 products up to activations of 5 bits, else 4; with 4-bit
/// weights 8 up to 2 bits, else 4; with 8-bit weights 4 up to 5 bits, else 2. At equal widths that is SlicePacking;
/// how a slice gets the others is not published.
/// Source: released simulator of M4BRAM (arXiv 2311.02758).
struct MixedPacking {
  static constexpr int products(Widths widths) noexcept {
    const auto [weight, activation] = widths;
    if (weight == 2) return activation < 6 ? 8 : 4;
    if (weight == 4) return activation < 3 ? 8 : 4;
    return activation < 6 ? 4 : 2;
  }
};

/// DSP slices that compute a tile in a cycle.
/// @throws ShapeError  the tile needs more than 63 bits
template <DspPacking Packing>
[[nodiscard]] constexpr std::int64_t packed_slices(const Tile& tile, Widths widths) {
  const auto products = core::checked_product("DSP slices", {tile.q, tile.p, tile.r, tile.c, tile.k});
  return core::ceil_div(products, std::int64_t{Packing::products(widths)});
}

/// Depth of the block RAMs of filter caches and stream buffers, words.
inline constexpr std::int64_t overlay_bram_words = 512;

/// Width of a word in the baseline's filter caches and in all stream buffers, bits; those of the overlay enhanced with
/// BRAMAC keep it, although its words have 40.
inline constexpr std::int64_t overlay_word_bits = 32;

/// Steps of a tile through the filters of one output channel, all of its input channels and filter rows.
/// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
[[nodiscard]] constexpr std::int64_t filter_steps(const net::ConvShape& conv, const Tile& tile) {
  static_cast<void>(conv.weights());
  return core::checked_product("steps of a tile",
                               {core::ceil_div(conv.c, tile.c), conv.s, core::ceil_div(conv.r, tile.r)});
}

/// Words that the filters of a convolution fill in each filter cache of a tile.
///
/// @param matrices     filters that wait side by side: 3 for queries, keys and values of an attention block
/// @throws ShapeError  an extent or `matrices` is below 1, or the count needs more than 63 bits
[[nodiscard]] constexpr std::int64_t filter_words(const net::ConvShape& conv, const Tile& tile,
                                                  std::int64_t matrices = 1) {
  return core::checked_product("filter cache",
                               {filter_steps(conv, tile), core::ceil_div(conv.k, tile.k), matrices});
}

/// What an overlay takes of a device.
struct Resources {
  std::int64_t dsp{};          ///< DSP slices
  std::int64_t filter_bram{};  ///< block RAMs that hold filters
  std::int64_t stream_bram{};  ///< block RAMs that hold feature maps
  double area{};               ///< of all of them; a DSP slice has 30 units, a plain block RAM 40

  [[nodiscard]] constexpr std::int64_t bram() const noexcept { return filter_bram + stream_bram; }

  friend constexpr bool operator==(const Resources&, const Resources&) = default;
};

/// Resources of so many slices and block RAMs, all of which have the area `bram_area`.
[[nodiscard]] constexpr Resources overlay_resources(std::int64_t dsp, std::int64_t filter_bram,
                                                    std::int64_t stream_bram,
                                                    const core::Constant& bram_area) noexcept {
  return {.dsp = dsp,
          .filter_bram = filter_bram,
          .stream_bram = stream_bram,
          .area = bram_area.value * (static_cast<double>(filter_bram) + static_cast<double>(stream_bram)) +
                  fabric::DspSlice::area().value * static_cast<double>(dsp)};
}

/// An overlay: an accelerator on DSP slices and block RAMs, with a tile and a width chosen at run time.
template <class O>
concept Overlay = requires(const Tile& tile, Widths bits, const net::ConvShape& conv, const net::FcShape& fc,
                           std::int64_t count) {
  { O::name } -> std::convertible_to<std::string_view>;
  { O::supports(tile, bits) } -> std::same_as<bool>;              // the overlay can be built with these
  { O::dsp(tile, bits) } -> std::same_as<std::int64_t>;           // DSP slices
  { O::cycles(conv, tile, bits) } -> std::same_as<std::int64_t>;  // clock cycles of a layer, one image
  { O::cycles(fc, tile, bits) } -> std::same_as<std::int64_t>;
  { O::resources(tile, bits, count, count) } -> std::same_as<Resources>;  // with filter and stream block RAMs
  { O::clock() } -> std::same_as<core::Constant>;                         // MHz, of the slowest of its blocks
};

/// An overlay as a type: every cost is a constant expression, and an impossible tile does not compile.
template <Overlay O, Widths Bits, Tile T>
  requires(O::supports(T, Bits))
struct TiledOverlay {
  using overlay_type = O;
  static constexpr Widths bits = Bits;
  static constexpr Tile tile = T;

  static constexpr std::int64_t dsp() { return O::dsp(T, Bits); }

  /// Clock cycles of a layer for one image.
  static constexpr std::int64_t cycles(const net::ConvShape& conv) { return O::cycles(conv, T, Bits); }
  static constexpr std::int64_t cycles(const net::FcShape& fc) { return O::cycles(fc, T, Bits); }

  /// Clock cycles of all layers for one image.
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::LayerList& list) {
    std::int64_t sum = 0;
    for (const auto& layer : list.layers)
      sum = core::checked_sum("cycles", sum, std::visit([](const auto& l) { return cycles(l); }, layer));
    return sum;
  }
};

}  // namespace bitloom::accel
