// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <bitloom/accel/factored_resources.hpp>
#include <bitloom/accel/hybrid.hpp>
#include <bitloom/accel/layer_work.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>

namespace bitloom::accel::detail {

/// Bounds of a count of cycles.
struct CycleBounds {
  std::int64_t least{}, most{};

  /// Of a sum of so many quotients, each rounded up by less than 2, whose exact sum is `exact` but for rounding errors.
  static CycleBounds rounded_up(double exact, std::int64_t quotients) noexcept {
    constexpr double margin = 1e-12;
    return {static_cast<std::int64_t>(exact * (1 - margin)),
            static_cast<std::int64_t>(exact * (1 + margin)) + 2 * quotients};
  }
};

/// Sums over convolutions of a product of two counts: one of the layer's output height and width and the columns and
/// rows of a tile, one of its other extents and the channels of a tile. Layers of one height and width are one term.
class SizeTerms {
 public:
  SizeTerms(const LayerWork& work, std::size_t columns, std::size_t channels)
      : sizes_(work.convs, [](const auto& conv) { return std::pair(conv.shape.p, conv.shape.q); }),
        by_column_(columns * sizes_.size()),
        by_channel_(channels * sizes_.size()) {}

  [[nodiscard]] const Classes& sizes() const noexcept { return sizes_; }
  [[nodiscard]] std::int64_t& by_column(std::size_t column, std::size_t size) {
    return by_column_[column * sizes_.size() + size];
  }
  [[nodiscard]] std::int64_t& by_channel(std::size_t channel, std::size_t size) {
    return by_channel_[channel * sizes_.size() + size];
  }
  [[nodiscard]] std::int64_t sum(std::size_t column, std::size_t channel) const {
    const auto* a = by_column_.data() + column * sizes_.size();
    const auto* b = by_channel_.data() + channel * sizes_.size();
    std::int64_t result = 0;
    for (std::size_t size = 0; size < sizes_.size(); ++size) result += a[size] * b[size];
    return result;
  }

 private:
  Classes sizes_;
  std::vector<std::int64_t> by_column_;   ///< [column × size]
  std::vector<std::int64_t> by_channel_;  ///< [channel × size]
};

/// The extents of the channels of tiles, each by itself, and few tiles that have every value of every extent.
class ChannelAxes {
 public:
  template <class T>
  explicit ChannelAxes(const std::vector<T>& channels)
      : dsp_c(channels, [](const T& t) { return single(dsp(t).c); }),
        dsp_k(channels, [](const T& t) { return single(dsp(t).k); }),
        bram_c(channels, [](const T& t) { return single(bram(t).c); }),
        bram_k(channels, [](const T& t) { return single(bram(t).k); }) {}

  /// The first tile has the first class of each extent, the second the second class, and so on.
  template <class T>
  [[nodiscard]] std::vector<T> diagonal(const std::vector<T>& channels) const {
    std::vector<T> tiles(std::max({dsp_c.size(), dsp_k.size(), bram_c.size(), bram_k.size()}), channels[0]);
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      const auto value = [&](const Classes& axis) -> const T& {
        return channels[axis.first[std::min(i, axis.size() - 1)]];
      };
      dsp(tiles[i]).c = dsp(value(dsp_c)).c;
      dsp(tiles[i]).k = dsp(value(dsp_k)).k;
      bram(tiles[i]).c = bram(value(bram_c)).c;
      bram(tiles[i]).k = bram(value(bram_k)).k;
    }
    return tiles;
  }

  Classes dsp_c, dsp_k, bram_c, bram_k;

 private:
  static Extents single(std::int64_t extent) { return {extent, 0}; }

  template <class T>
  static auto& dsp(T& tile) {
    if constexpr (requires { tile.dsp; })
      return tile.dsp;
    else
      return tile;
  }
  template <class T>
  static auto& bram(T& tile) {
    if constexpr (requires { tile.bram; })
      return tile.bram;
    else
      return tile;
  }
};

/// Cycles of all tiles of a space on an enhanced overlay, from tables: a convolution takes the cycles of a group of
/// outputs, which the channels of a tile decide, times groups, which its columns and rows decide.
template <class B>
class FactoredCycles {
 public:
  using O = typename B::overlay;
  using T = typename B::tile_type;
  using FilterCount = typename FactoredResources<B>::FilterCount;

  /// Cycles of candidates with the same columns.
  struct Row {
    const FactoredCycles* all{};
    std::size_t column{};
    PairTable<std::int64_t>::Row slice_macs{}, block_macs{};

    [[nodiscard]] CycleBounds bounds(std::size_t channel) const {
      const auto convolutions = all->terms_.sum(column, channel);
      if (all->work_.fcs.empty()) return {convolutions, convolutions};
      const auto macs = static_cast<double>(slice_macs[channel] + block_macs[channel]);
      const auto fcs = CycleBounds::rounded_up(all->fc_work_ / macs, all->fc_count_);
      return {convolutions + fcs.least, convolutions + fcs.most};
    }

    [[nodiscard]] std::int64_t cycles(std::size_t channel) const {
      auto sum = all->terms_.sum(column, channel);
      for (const auto& [fc, count] : all->work_.fcs)
        sum += count * O::arithmetic::fc_cycles(fc, batch(all->resources_.space().channels[channel]),
                                                slice_macs[channel] + block_macs[channel], all->mac2_);
      return sum;
    }
  };

  explicit FactoredCycles(const FactoredResources<B>& resources)
      : resources_(resources),
        work_(resources.task().layers),
        mac2_(O::engine::mac2_cycles(high(resources.widths()))),
        terms_(work_, resources.space().columns.size(), resources.space().channels.size()),
        slice_macs_(tabulate_slices()),
        block_macs_(tabulate_blocks()) {
    auto most = tabulate_convolutions();
    for (const auto& [fc, count] : work_.fcs) {
      const auto work = core::checked_product(what, {fc.c, fc.k, mac2_, count});
      most = core::checked_sum(what, most, core::checked_sum(what, work, 2 * count));
      fc_work_ += static_cast<double>(work);
      fc_count_ += count;
    }
  }
  FactoredCycles(const FactoredCycles&) = delete;  // rows point to it
  FactoredCycles& operator=(const FactoredCycles&) = delete;

  [[nodiscard]] Row row(std::size_t column) const {
    return {this, column, slice_macs_.row(column), block_macs_.row(column)};
  }

 private:
  static constexpr auto what = "cycles of a network";
  static constexpr bool mixed = std::same_as<FilterCount, MixedCount>;
  static Widths high(const Widths& widths) { return widths; }
  static Widths high(const MixedWidths& widths) { return widths.high(); }
  static std::int64_t batch(const Tile& t) { return 2 * t.k; }
  static std::int64_t batch(const HybridTile& t) { return 2 * t.dsp.k; }

  /// @return  cycles that no tile exceeds
  std::int64_t tabulate_convolutions() {
    std::int64_t all = 0;
    const auto& space = resources_.space();
    const auto& sizes = terms_.sizes();
    std::vector<std::int64_t> most_groups(sizes.size());
    const Classes columns(space.columns, [](const T& t) { return TileKeys::output_columns(t); });
    for (std::size_t size = 0; size < sizes.size(); ++size) {
      std::vector<std::int64_t> groups;
      for (const auto column : columns.first)
        groups.push_back(count(work_.convs[sizes.first[size]].shape, space.tile(column, 0)).groups);
      most_groups[size] = std::ranges::max(groups);
      for (std::size_t column = 0; column < space.columns.size(); ++column)
        terms_.by_column(column, size) = groups[columns.class_of[column]];
    }

    const ChannelAxes axes(space.channels);
    const auto diagonal = axes.diagonal(space.channels);
    std::vector<HybridCount> counts(diagonal.size());
    for (std::size_t l = 0; l < work_.convs.size(); ++l) {
      const auto& [conv, repeated] = work_.convs[l];
      const auto size = sizes.class_of[l];
      HybridCount most{.groups = most_groups[size]};
      for (std::size_t i = 0; i < counts.size(); ++i) {
        const auto& c = counts[i] = count(conv, paired(space.columns[0], diagonal[i]));
        most.dsp_steps = std::max(most.dsp_steps, c.dsp_steps);
        most.dsp_outputs = std::max(most.dsp_outputs, c.dsp_outputs);
        most.bram_steps = std::max(most.bram_steps, c.bram_steps);
        most.bram_outputs = std::max(most.bram_outputs, c.bram_outputs);
        most.readout = std::max(most.readout, c.readout);
      }
      all = core::checked_sum(what, all, core::checked_product(what, {most.cycles(), repeated}));
      for (std::size_t channel = 0; channel < space.channels.size(); ++channel) {
        const auto& of_bram_c = counts[axes.bram_c.class_of[channel]];
        const HybridCount group{.dsp_steps = counts[axes.dsp_c.class_of[channel]].dsp_steps,
                                .dsp_outputs = counts[axes.dsp_k.class_of[channel]].dsp_outputs,
                                .bram_steps = of_bram_c.bram_steps,
                                .bram_outputs = counts[axes.bram_k.class_of[channel]].bram_outputs,
                                .readout = of_bram_c.readout,
                                .groups = 1};
        terms_.by_channel(channel, size) += repeated * group.unchecked();
      }
    }
    return all;
  }

  [[nodiscard]] HybridCount count(const net::ConvShape& conv, const T& tile) const {
    return O::count(conv, tile, resources_.widths());
  }

  /// Multiply-accumulates in a MAC2 are those of slices, with one width so many each, and those of filter caches, for a
  /// width so many each.
  [[nodiscard]] std::int64_t macs(const FilterCount& filters, const T& tile) const {
    return O::macs_per_mac2(filters, tile, resources_.widths());
  }

  [[nodiscard]] PairTable<std::int64_t> tabulate_slices() const {
    const auto& space = resources_.space();
    const auto tile = space.tile(0, 0);
    if constexpr (mixed) {
      const auto of_blocks = macs({2, 2}, tile) - macs({1, 1}, tile);
      return {resources_.dsp_columns(), resources_.dsp_channels(),
              [&](std::size_t column, std::size_t channel) {
                return macs({1, 1}, space.tile(column, channel)) - of_blocks;
              }};
    } else {
      const auto slices = O::dsp(tile, resources_.widths());
      const auto of_slices = 2 * macs(1, tile) - macs(2, tile);
      return {resources_.dsp(), [&](std::int64_t dsp) {
                return dsp == 0 ? 0 : core::checked_product(what, {of_slices / slices, dsp});
              }};
    }
  }

  [[nodiscard]] PairTable<std::int64_t> tabulate_blocks() const {
    const auto tile = resources_.space().tile(0, 0);
    if constexpr (mixed) {
      const auto of_high = macs({2, 1}, tile) - macs({1, 1}, tile);
      const auto of_low = macs({1, 2}, tile) - macs({1, 1}, tile);
      return {resources_.filter_counts(), [&](const MixedCount& filters) {
                const auto low = filters.low == 0 ? 0 : core::checked_product(what, {of_low, filters.low});
                return core::checked_sum(what, core::checked_product(what, {of_high, filters.high}), low);
              }};
    } else {
      const auto of_block = macs(2, tile) - macs(1, tile);
      return {resources_.filter_counts(), [&](std::int64_t filters) {
                return core::checked_product(what, {of_block, filters});
              }};
    }
  }

  const FactoredResources<B>& resources_;
  LayerWork work_;
  std::int64_t mac2_;
  SizeTerms terms_;
  PairTable<std::int64_t> slice_macs_, block_macs_;
  double fc_work_{};  ///< multiply-accumulates times cycles of a MAC2
  std::int64_t fc_count_{};
};

}  // namespace bitloom::accel::detail
