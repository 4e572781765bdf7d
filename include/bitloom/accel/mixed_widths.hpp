// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/quant/weight_mix.hpp>

namespace bitloom::accel {

/// Widths of a layer whose filters have two. A structural type.
struct MixedWidths {
  quant::WeightMix weights{};
  int activation{};  ///< bits

  [[nodiscard]] constexpr Widths high() const noexcept { return {weights.high_bits, activation}; }
  [[nodiscard]] constexpr Widths low() const noexcept { return {weights.low_bits, activation}; }

  friend constexpr bool operator==(const MixedWidths&, const MixedWidths&) = default;
};

/// Whether overlays can have these widths: both are possible, the low one is not larger, and some filters have the high
/// one.
[[nodiscard]] constexpr bool is_overlay_widths(const MixedWidths& widths) noexcept {
  return is_overlay_widths(widths.high()) && is_overlay_widths(widths.low()) &&
         widths.weights.low_bits <= widths.weights.high_bits && 0 < widths.weights.high_ratio &&
         widths.weights.high_ratio <= 1;
}

/// @throws RangeError  overlays cannot have these widths
constexpr void check_overlay_bits(const MixedWidths& widths) {
  widths.weights.check();
  check_overlay_bits(widths.high());
  check_overlay_bits(widths.low());
  if (!is_overlay_widths(widths)) throw RangeError("high ratio: no filter of an overlay has the high width");
}

/// Two counts, of the filters with the high width and of those with the low one.
struct MixedCount {
  std::int64_t high{};
  std::int64_t low{};  ///< 0 where all filters of a tile have the high width

  /// @throws ShapeError  a count is below 0, or the sum needs more than 63 bits
  [[nodiscard]] constexpr std::int64_t sum() const {
    return core::checked_sum("sum of both widths", high, low);
  }

  friend constexpr bool operator==(const MixedCount&, const MixedCount&) = default;
};

/// The output channels of a tile at each width: k · high_ratio in double, rounded up, have the high one. So a tile
/// always has one, unlike a layer, whose filters are rounded to nearest.
[[nodiscard]] constexpr MixedCount mixed_channels(std::int64_t k, const quant::WeightMix& weights) noexcept {
  const auto exact = static_cast<double>(k) * weights.high_ratio;
  const auto whole = static_cast<std::int64_t>(exact);
  const auto high = whole + (static_cast<double>(whole) < exact ? 1 : 0);
  return {.high = high, .low = k - high};
}

/// f(part of the tile, its widths) for both widths; 0 for a part without output channels.
template <class F>
[[nodiscard]] constexpr MixedCount for_each_part(const Tile& tile, const MixedWidths& widths, F f) {
  const auto [high, low] = mixed_channels(tile.k, widths.weights);
  auto high_part = tile;
  high_part.k = high;
  auto low_part = tile;
  low_part.k = low;
  return {.high = f(high_part, widths.high()), .low = low == 0 ? 0 : f(low_part, widths.low())};
}

}  // namespace bitloom::accel
