// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <bitloom/accel/factored_cycles.hpp>
#include <bitloom/accel/factored_resources.hpp>
#include <bitloom/accel/layer_work.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>

namespace bitloom::accel::detail {

/// Cycles of all tiles of a space on a baseline. With one width they are, but for rounding, layers filled up to whole
/// tiles over the multiply-accumulates of a cycle, which gives bounds.
template <class B>
  requires(!FactoredResources<B>::enhanced)
class FactoredCycles<B> {
 public:
  using O = typename B::overlay;

  struct Row {
    const FactoredCycles* all{};
    std::size_t column{};
    PairTable<std::int64_t>::Row macs{};

    [[nodiscard]] CycleBounds bounds(std::size_t channel) const {
      if constexpr (bounded) {
        const auto work = static_cast<double>(all->terms_.sum(column, channel) + all->fc_work_);
        return CycleBounds::rounded_up(work / static_cast<double>(macs[channel]), all->layers_);
      } else {
        const auto exact = cycles(channel);
        return {exact, exact};
      }
    }

    [[nodiscard]] std::int64_t cycles(std::size_t channel) const {
      const auto tile = all->resources_.space().tile(column, channel);
      const auto& widths = all->resources_.widths();
      std::int64_t sum = 0;
      for (const auto& [conv, count] : all->work_.convs) {
        if constexpr (bounded)  // O::cycles, whose checks `tabulate` has done
          sum += count * O::arithmetic::conv_cycles(conv, tile, macs[channel]);
        else
          sum = core::checked_sum(what, sum,
                                  core::checked_product(what, {count, O::cycles(conv, tile, widths)}));
      }
      for (const auto& [fc, count] : all->work_.fcs)
        sum = core::checked_sum(what, sum, core::checked_product(what, {count, O::cycles(fc, tile, widths)}));
      return sum;
    }
  };

  explicit FactoredCycles(const FactoredResources<B>& resources)
      : resources_(resources),
        work_(resources.task().layers),
        terms_(work_, resources.space().columns.size(), resources.space().channels.size()),
        macs_(resources.dsp_columns(), resources.dsp_channels(),
              [&](std::size_t column, std::size_t channel) {
                if constexpr (bounded)
                  return O::macs_per_cycle(resources.space().tile(column, channel), resources.widths());
                else
                  return std::int64_t{1};
              }) {
    if constexpr (bounded) tabulate();
  }
  FactoredCycles(const FactoredCycles&) = delete;  // rows point to it
  FactoredCycles& operator=(const FactoredCycles&) = delete;

  [[nodiscard]] Row row(std::size_t column) const { return {this, column, macs_.row(column)}; }

 private:
  static constexpr auto what = "cycles of a network";
  static constexpr bool bounded = std::same_as<typename B::widths_type, Widths>;

  void tabulate() {
    const auto& [columns, channels] = resources_.space();
    Tile largest = paired(columns[0], channels[0]);
    for (const auto& tile : columns) {
      largest.q = std::max(largest.q, tile.q);
      largest.p = std::max(largest.p, tile.p);
      largest.r = std::max(largest.r, tile.r);
    }
    for (const auto& tile : channels) {
      largest.c = std::max(largest.c, tile.c);
      largest.k = std::max(largest.k, tile.k);
    }
    std::int64_t most = 0;
    for (std::size_t l = 0; l < work_.convs.size(); ++l) {
      const auto& [conv, repeated] = work_.convs[l];
      const auto size = terms_.sizes().class_of[l];
      most = core::checked_sum(what, most,
                               core::checked_product(what, {repeated, O::check_filled(conv, largest)}));
      for (std::size_t i = 0; i < columns.size(); ++i)
        terms_.by_column(i, size) =
            core::round_up(conv.p, columns[i].p) * core::round_up(conv.q, columns[i].q);
      for (std::size_t i = 0; i < channels.size(); ++i)
        terms_.by_channel(i, size) += repeated * conv.s * core::round_up(conv.k, channels[i].k) *
                                      core::round_up(conv.c, channels[i].c) *
                                      core::round_up(conv.r, columns[0].r);
      layers_ += repeated;
    }
    for (const auto& [fc, repeated] : work_.fcs) {
      fc_work_ = core::checked_sum(what, fc_work_, core::checked_product(what, {fc.macs(), repeated}));
      layers_ += repeated;
    }
    static_cast<void>(core::checked_sum(what, most, fc_work_));
  }

  const FactoredResources<B>& resources_;
  LayerWork work_;
  SizeTerms terms_;
  PairTable<std::int64_t> macs_;  ///< in a cycle
  std::int64_t fc_work_{};
  std::int64_t layers_{};
};

}  // namespace bitloom::accel::detail
