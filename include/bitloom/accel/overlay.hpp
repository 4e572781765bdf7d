// SPDX-License-Identifier: Apache-2.0
#pragma once

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

  friend constexpr auto operator<=>(const Tile&, const Tile&) = default;
};

/// @throws RangeError  an extent is outside 1..4096
constexpr void check_tile(const Tile& tile) {
  for (const auto& [argument, extent] :
       {std::pair{"tile q", tile.q}, {"tile c", tile.c}, {"tile k", tile.k}, {"tile r", tile.r}})
    core::check_range(argument, extent, 1, 4096);
}

/// Overlays compute on weights and activations of one width.
/// @throws RangeError  it is not 2, 4 or 8 bits
constexpr void check_overlay_bits(int bits) {
  if (bits != 2 && bits != 4 && bits != 8)
    throw RangeError("bits: an overlay computes on 2, 4 or 8 bits, not " + std::to_string(bits));
}

/// How many products of two numbers of a width a DSP slice computes in a cycle.
template <class P>
concept DspPacking = requires(int bits) {
  { P::products(bits) } -> std::same_as<int>;  // bits: 2, 4 or 8
};

/// As fabric::DspSlice packs them: 8, 4 and 2 at 2, 4 and 8 bits.
struct SlicePacking {
  static constexpr int products(int bits) noexcept {
    return fabric::DspSlice::lanes({.weight_bits = bits, .activation_bits = bits});
  }
};

/// Another slice: products a cycle at 2, 4 and 8 bits.
template <int At2, int At4, int At8>
  requires(At2 > 0 && At4 > 0 && At8 > 0)
struct FixedPacking {
  static constexpr int products(int bits) noexcept { return bits == 2 ? At2 : bits == 4 ? At4 : At8; }
};

/// Feature maps that a stream buffer holds for a layer: its input, and its output once, or twice where a shortcut
/// has to be kept.
enum class StreamForm : std::int8_t { Plain = 1, Residual = 2 };

/// Columns of the input that one more column of the output needs.
template <class W>
concept StreamWidth = requires(const net::FeatureMap& map) {
  { W::step(map) } -> std::same_as<std::int64_t>;
  { W::assumption } -> std::convertible_to<std::string_view>;  // for reports
};

/// ceil(qout / qin), the released simulator's expression: 1 for every layer that does not enlarge its input.
struct ReleasedWidth {
  static constexpr std::string_view assumption =
      "One more output column widens a stream buffer by ceil(qout / qin) columns, as in the released "
      "simulator: "
      "by 1 where a layer strides.";
  static constexpr std::int64_t step(const net::FeatureMap& map) noexcept {
    return core::ceil_div(map.qout, map.qin);
  }
};

/// ceil(qin / qout), the stride.
struct StrideWidth {
  static constexpr std::string_view assumption =
      "One more output column widens a stream buffer by the stride, ceil(qin / qout) columns.";
  static constexpr std::int64_t step(const net::FeatureMap& map) noexcept {
    return core::ceil_div(map.qin, map.qout);
  }
};

/// Depth of the block RAMs of filter caches and stream buffers, words.
inline constexpr std::int64_t overlay_bram_words = 512;

/// Width of a word in the baseline's filter caches and in all stream buffers, bits; those of the enhanced overlay
/// keep it, although its words have 40.
inline constexpr std::int64_t overlay_word_bits = 32;

/// Block RAMs of the stream buffer that holds the maps of a layer, one bank for each column and channel of a tile.
///
/// @throws RangeError  an impossible tile or width
/// @throws ShapeError  an extent of the map is below 1, or a count needs more than 63 bits
/// Source: released overlay simulator of BRAMAC (arXiv 2304.03974).
template <StreamWidth Width = ReleasedWidth>
[[nodiscard]] constexpr std::int64_t stream_bram(const net::FeatureMap& map, StreamForm form,
                                                 const Tile& tile, int bits) {
  constexpr auto what = "stream buffer";
  check_tile(tile);
  check_overlay_bits(bits);
  const auto inputs = map.input_elements();
  const auto outputs = core::checked_product(what, {map.output_elements(), static_cast<std::int64_t>(form)});
  const auto more = tile.q == 1 ? 0 : core::checked_product(what, {tile.q - 1, Width::step(map)});
  const auto banks = core::checked_product(what, {core::checked_sum(what, more, tile.r), tile.c});
  const auto depth = core::ceil_div(core::checked_sum(what, inputs, outputs), banks);
  const auto capacity = overlay_bram_words * overlay_word_bits / bits;
  return core::checked_product(what, {core::ceil_div(depth, capacity), banks});
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
          .area = bram_area.value * static_cast<double>(filter_bram + stream_bram) +
                  fabric::DspSlice::area().value * static_cast<double>(dsp)};
}

/// An overlay: an accelerator on DSP slices and block RAMs, with a tile and a width chosen at run time.
template <class O>
concept Overlay = requires(const Tile& tile, int bits, const net::ConvShape& conv, const net::FcShape& fc,
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
template <Overlay O, int Bits, Tile T>
  requires(O::supports(T, Bits))
struct TiledOverlay {
  using overlay_type = O;
  static constexpr int bits = Bits;
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
