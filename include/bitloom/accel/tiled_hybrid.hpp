// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/accel/stream_buffer.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// An overlay whose cycles of fully connected layers depend on its filter caches.
template <class O>
concept CachedOverlay = requires(const typename O::tile_type& tile, const typename O::widths_type& widths,
                                 const net::ConvShape& conv, const net::FcShape& fc,
                                 const net::FeatureMap& map, std::int64_t count) {
  { O::name } -> std::convertible_to<std::string_view>;
  { O::supports(tile, widths) } -> std::same_as<bool>;     // the overlay can be built with these
  { O::dsp(tile, widths) } -> std::same_as<std::int64_t>;  // DSP slices
  O::filter_bram(conv, tile, widths, count);  // block RAMs of filter caches, for so many matrices
  { O::template stream_banks<StrideWidth>(map, tile, widths) } -> std::same_as<std::int64_t>;
  { O::cycles(conv, tile, widths) } -> std::same_as<std::int64_t>;  // clock cycles of a layer, one image
  { O::cycles(fc, O::filter_bram(conv, tile, widths, count), tile, widths) } -> std::same_as<std::int64_t>;
  {
    O::resources(tile, widths, O::filter_bram(conv, tile, widths, count), count)
    } -> std::same_as<Resources>;  // with stream block RAMs
};

/// Such an overlay as a type: every cost is a constant expression, and an impossible tile does not compile.
template <CachedOverlay O, typename O::widths_type Bits, typename O::tile_type T>
  requires(O::supports(T, Bits))
struct TiledHybrid {
  using overlay_type = O;
  static constexpr auto bits = Bits;
  static constexpr auto tile = T;

  static constexpr std::int64_t dsp() { return O::dsp(T, Bits); }
  static constexpr auto filter_bram(const net::ConvShape& largest) {
    return O::filter_bram(largest, T, Bits);
  }

  /// Clock cycles of a layer for one image; `filter_bram` as of the function.
  static constexpr std::int64_t cycles(const net::ConvShape& conv) { return O::cycles(conv, T, Bits); }
  template <class FilterBram>
  static constexpr std::int64_t cycles(const net::FcShape& fc, const FilterBram& filter_bram) {
    return O::cycles(fc, filter_bram, T, Bits);
  }
};

}  // namespace bitloom::accel
