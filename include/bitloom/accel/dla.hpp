// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/fabric/m20k.hpp>

namespace bitloom::accel {

/// How the cycles of a convolution on the baseline overlay are rounded.
template <class A>
concept OverlayArithmetic = requires(const net::ConvShape& conv, const Tile& tile, std::int64_t macs) {
  {
    A::conv_cycles(conv, tile, macs)
    } -> std::same_as<std::int64_t>;                           // macs: multiply-accumulates in a cycle
  { A::assumption } -> std::convertible_to<std::string_view>;  // for reports
};

/// In integers: the layer filled up to whole tiles, over the multiply-accumulates of a cycle.
struct ExactArithmetic {
  static constexpr std::string_view assumption = "Cycles are counted in exact integers.";

  /// The product must fit 63 bits, see Dla::cycles.
  static constexpr std::int64_t conv_cycles(const net::ConvShape& conv, const Tile& tile,
                                            std::int64_t macs) noexcept {
    const auto filled = [](std::int64_t extent, std::int64_t step) {
      return core::ceil_div(extent, step) * step;
    };
    return core::ceil_div(conv.s * conv.p * filled(conv.q, tile.q) * filled(conv.k, tile.k) *
                              filled(conv.c, tile.c) * filled(conv.r, tile.r),
                          macs);
  }
};

/// In double and in the order of the released simulator: by its rounding errors the result is at times 1 larger.
struct ReleasedArithmetic {
  static constexpr std::string_view assumption =
      "Cycles of the baseline's convolutions carry the rounding errors of the released simulator: up to 1 "
      "more.";

  static constexpr std::int64_t conv_cycles(const net::ConvShape& conv, const Tile& tile,
                                            std::int64_t macs) noexcept {
    const auto filled = [](std::int64_t extent, std::int64_t step) {
      return static_cast<double>(core::ceil_div(extent, step) * step);
    };
    const auto real = [](std::int64_t x) { return static_cast<double>(x); };
    double efficiency = real(conv.q) / filled(conv.q, tile.q);
    efficiency = efficiency * real(conv.p) / real(conv.p);
    efficiency = efficiency * real(conv.k) / filled(conv.k, tile.k);
    efficiency = efficiency * real(conv.c) / filled(conv.c, tile.c);
    efficiency = efficiency * real(conv.r) / filled(conv.r, tile.r);
    const auto operations = 2 * real(conv.r * conv.s * conv.c * conv.p * conv.q * conv.k);
    const auto cycles = operations / efficiency / (2 * real(macs));
    const auto whole = static_cast<std::int64_t>(cycles);
    return whole + (real(whole) < cycles ? 1 : 0);
  }
};

/// The baseline overlay: an Intel-DLA-like array of dot products on DSP slices.
///
/// Filters of a layer wait in caches of block RAM, feature maps in stream buffers. A fully connected layer runs on a
/// batch that shares the stream of its filters; its cycles are those of one image.
/// Source: released overlay simulator of BRAMAC (arXiv 2304.03974).
template <OverlayArithmetic Arithmetic = ExactArithmetic, DspPacking Packing = SlicePacking>
struct Dla {
  using arithmetic = Arithmetic;
  using packing = Packing;
  static constexpr std::string_view name = "DLA";

  static constexpr bool supports(const Tile& tile, int bits) noexcept {
    return tile.q >= 1 && tile.c >= 1 && tile.k >= 1 && tile.r >= 1 && (bits == 2 || bits == 4 || bits == 8);
  }

  /// DSP slices.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t dsp(const Tile& tile, int bits) {
    check_tile(tile);
    check_overlay_bits(bits);
    return core::ceil_div(tile.q * tile.r * tile.c * tile.k, std::int64_t{Packing::products(bits)});
  }

  /// Multiply-accumulates in a cycle.
  /// @throws RangeError  an impossible tile or width
  static constexpr std::int64_t macs_per_cycle(const Tile& tile, int bits) {
    return dsp(tile, bits) * Packing::products(bits);
  }

  /// Clock cycles of a convolution, one image.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::ConvShape& conv, const Tile& tile, int bits) {
    check_filled(conv, tile);
    return Arithmetic::conv_cycles(conv, tile, macs_per_cycle(tile, bits));
  }

  /// Clock cycles of a fully connected layer, one image of a batch.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t cycles(const net::FcShape& fc, const Tile& tile, int bits) {
    return core::ceil_div(fc.macs(), macs_per_cycle(tile, bits));
  }

  /// Block RAMs of the filter caches, if `largest` is the convolution with most weights.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
  static constexpr std::int64_t filter_bram(const net::ConvShape& largest, const Tile& tile, int bits) {
    constexpr auto what = "filter cache";
    check_tile(tile);
    check_overlay_bits(bits);
    static_cast<void>(largest.weights());
    const auto caches = core::ceil_div(tile.r * tile.c, overlay_word_bits / bits) * tile.k;
    const auto words =
        core::checked_product(what, {core::ceil_div(largest.r, tile.r), largest.s,
                                     core::ceil_div(largest.c, tile.c), core::ceil_div(largest.k, tile.k)});
    return core::checked_product(what, {caches, core::ceil_div(words, overlay_bram_words)});
  }

  static constexpr Resources resources(const Tile& tile, int bits, std::int64_t filter_bram,
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

 private:
  /// Filled up to whole tiles, a layer must still be countable.
  static constexpr void check_filled(const net::ConvShape& conv, const Tile& tile) {
    check_tile(tile);
    static_cast<void>(conv.macs());
    static_cast<void>(core::checked_product("cycles of a convolution",
                                            {conv.s, conv.p, conv.q + tile.q - 1, conv.k + tile.k - 1,
                                             conv.c + tile.c - 1, conv.r + tile.r - 1}));
  }
};

}  // namespace bitloom::accel
