// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <bitloom/accel/hybrid.hpp>
#include <bitloom/accel/m4bram_study.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/error.hpp>

namespace bitloom::accel {

/// A tile with the output columns and rows of one and the channels of another.
[[nodiscard]] constexpr Tile paired(Tile columns, const Tile& channels) noexcept {
  columns.c = channels.c;
  columns.k = channels.k;
  return columns;
}
[[nodiscard]] constexpr HybridTile paired(const HybridTile& columns, const HybridTile& channels) noexcept {
  return {.dsp = paired(columns.dsp, channels.dsp), .bram = paired(columns.bram, channels.bram)};
}

/// The tiles that a search tries: each of `columns`, of which q, p and r count, with each of `channels`, of which c and
/// k count, in this order.
template <class T>
struct FactoredSpace {
  std::vector<T> columns, channels;

  [[nodiscard]] T tile(std::size_t column, std::size_t channel) const {
    return paired(columns[column], channels[channel]);
  }
};

/// Limits of the published study: input channels times filter columns that are read in a cycle.
inline constexpr std::int64_t max_read_channels = 64;

namespace detail {

/// 1 … 8 output rows and columns. 2-bit weights need an even number, so that slices are filled.
inline std::vector<Tile> baseline_columns(Widths widths, std::int64_t r) {
  check_overlay_bits(widths);
  std::vector<Tile> columns;
  for (std::int64_t p = 1; p <= 8; ++p)
    for (std::int64_t q = 1; q <= 8; ++q)
      if (widths.weight != 2 || p * q % 2 == 0) columns.push_back({.q = q, .c = 1, .k = 1, .r = r, .p = p});
  return columns;
}

/// f(output rows, output columns of blocks) for 1, 2 and 4 of each, up to a duplication.
/// @throws RangeError  the duplication is not 1, 2 or 4
template <class F>
void for_each_duplication(int max_duplication, F f) {
  if (max_duplication != 1 && max_duplication != 2 && max_duplication != 4)
    throw RangeError("largest duplication: " + std::to_string(max_duplication) + " has to be 1, 2 or 4");
  for (const std::int64_t p : {1, 2, 4})
    for (const std::int64_t q : {1, 2, 4})
      if (q * p <= max_duplication) f(p, q);
}

}  // namespace detail

/// The baselines that the study of M4BRAM tries: k / c is an even integer.
/// @throws RangeError  an impossible width
[[nodiscard]] inline FactoredSpace<Tile> m4bram_baseline_space(Widths widths, std::int64_t r = 3) {
  FactoredSpace<Tile> space{.columns = detail::baseline_columns(widths, r), .channels = {}};
  for (std::int64_t c = 4; c <= 64 && c * r <= max_read_channels; c += 4)
    for (auto k = 2 * c; k <= 128; k += 2 * c) space.channels.push_back({.q = 1, .c = c, .k = k, .r = r});
  return space;
}

/// The baselines that it tries for BRAMAC: k is a multiple of c, and there are more of both.
/// @throws RangeError  an impossible width
[[nodiscard]] inline FactoredSpace<Tile> bramac_baseline_space(Widths widths, std::int64_t r = 3) {
  FactoredSpace<Tile> space{.columns = detail::baseline_columns(widths, r), .channels = {}};
  for (std::int64_t c = 4; c <= 32 && c * r <= max_read_channels; c += 2)
    for (std::int64_t k = 4; k <= 256; k += 4)
      if (k % c == 0) space.channels.push_back({.q = 1, .c = c, .k = k, .r = r});
  return space;
}

/// The baseline that candidates for the baseline are measured with. It need not fit the budgets.
[[nodiscard]] constexpr Tile m4bram_reference_tile(std::int64_t r = 3) noexcept {
  return {.q = 1, .c = 8, .k = 48, .r = r};
}

/// The hybrids that the study tries: slices do whole groups of channels while blocks do theirs.
///
/// @param max_duplication  output columns and rows of blocks together: 1, 2 or 4
/// @param k_step           of the output channels of blocks
/// @throws RangeError      an impossible width or duplication
[[nodiscard]] inline FactoredSpace<HybridTile> m4bram_space(Widths widths, std::int64_t r = 3,
                                                            int max_duplication = 4,
                                                            std::int64_t k_step = 16) {
  check_overlay_bits(widths);
  FactoredSpace<HybridTile> space;
  detail::for_each_duplication(max_duplication, [&](std::int64_t p, std::int64_t bram_q) {
    for (std::int64_t q = 1; q <= 8; ++q)
      if (widths.weight != 2 || q * p % 2 == 0)
        space.columns.push_back({.dsp = {.q = q, .c = 1, .k = 1, .r = r, .p = p},
                                 .bram = {.q = bram_q, .c = 1, .k = 1, .r = r, .p = p}});
  });
  for (std::int64_t c = 4; c <= 64 && c * r <= max_read_channels; c += 4)
    for (auto bram_c = 2 * c; bram_c <= 128 && bram_c / 2 * r <= max_read_channels; bram_c += 2 * c)
      for (auto k = 2 * c; k <= 256; k += 2 * c)
        for (std::int64_t bram_k = 16; bram_k <= 256; bram_k += k_step)
          if (bram_k % k == 0)
            space.channels.push_back({.dsp = {.q = 1, .c = c, .k = k, .r = r},
                                      .bram = {.q = 1, .c = bram_c, .k = bram_k, .r = r}});
  return space;
}

/// With two widths of weights blocks have output channels in finer steps; the high width decides about slices.
[[nodiscard]] inline FactoredSpace<HybridTile> mixed_m4bram_space(const MixedWidths& widths,
                                                                  std::int64_t r = 3,
                                                                  int max_duplication = 4) {
  check_overlay_bits(widths);
  return m4bram_space(widths.high(), r, max_duplication, 8);
}

/// The overlays without slices that the study tries.
/// @throws RangeError  an impossible duplication
[[nodiscard]] inline FactoredSpace<Tile> m4bram_alone_space(std::int64_t r = 3, int max_duplication = 4) {
  FactoredSpace<Tile> space;
  detail::for_each_duplication(max_duplication, [&](std::int64_t p, std::int64_t q) {
    space.columns.push_back({.q = q, .c = 1, .k = 1, .r = r, .p = p});
  });
  for (std::int64_t c = 4; c <= 128 && c / 2 * r <= max_read_channels; c += 4)
    for (std::int64_t k = 16; k <= 256; k += 16)
      if (k % (2 * c) == 0) space.channels.push_back({.q = 1, .c = c, .k = k, .r = r});
  return space;
}

/// The hybrids with BRAMAC that the study of M4BRAM tries; `Mac2` is that of the study.
/// @throws RangeError  an impossible width
template <fabric::BramacVariant Variant, Mac2Cycles Mac2 = PublishedMac2>
[[nodiscard]] FactoredSpace<HybridTile> bramac_space(Widths widths, std::int64_t r = 3) {
  using Engine = BramacEngine<Variant, Mac2>;
  check_overlay_bits(widths);
  Engine::check({.q = Variant::arrays, .c = 1, .k = 1, .r = r}, widths);
  const auto tile = [&](std::int64_t q, std::int64_t c, std::int64_t k) {
    return bramac_tile<Variant, Mac2>({.q = q, .c = c, .k = k, .r = r}, widths);
  };
  FactoredSpace<HybridTile> space;
  for (std::int64_t q = 1; q <= 4; ++q)
    if (widths.weight != 2 || q % 2 == 0) space.columns.push_back(tile(q, 1, 1));
  const auto lanes = Engine::lanes({}, widths);
  for (std::int64_t c = 2; c <= 64 && tile(1, c, 1).bram.c / 2 * r <= max_read_channels; c += 2)
    for (auto k = 2 * lanes; k <= 29 * lanes; k += lanes) space.channels.push_back(tile(1, c, k));
  return space;
}

}  // namespace bitloom::accel
