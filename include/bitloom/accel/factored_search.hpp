// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <bitloom/accel/buffered_overlay.hpp>
#include <bitloom/accel/candidate.hpp>
#include <bitloom/accel/factored_baseline.hpp>
#include <bitloom/accel/factored_cycles.hpp>
#include <bitloom/accel/factored_resources.hpp>
#include <bitloom/accel/m4bram_space.hpp>
#include <bitloom/accel/tile_search.hpp>
#include <bitloom/core/executor.hpp>
#include <bitloom/core/pareto.hpp>

namespace bitloom::accel {

/// Tries every tile of a space on an overlay, all formulas in full. The result is the same for any executor.
///
/// @throws RangeError  an impossible tile or width
/// @throws ShapeError  an extent of the task is below 1, or a count needs more than 63 bits
template <class B, SearchObjective Objective = BestQuality, core::Executor Executor = core::Serial>
[[nodiscard]] BasicSearch<typename B::tile_type> search_exhaustively(
    const OverlayTask& task, const FactoredSpace<typename B::tile_type>& space,
    const typename B::widths_type& widths, const Budgets& budgets, const Reference& reference, Objective = {},
    const Executor& executor = {}) {
  using T = typename B::tile_type;
  const auto consider_row = [&](std::int64_t row, SearchRow<T>& part) {
    for (std::size_t channel = 0; channel < space.channels.size(); ++channel) {
      const auto tile = space.tile(static_cast<std::size_t>(row), channel);
      const auto resources = B::resources(task, tile, widths);
      part.consider(tile, resources, resources.bram(), [&] { return B::cycles(task, tile, widths); });
    }
  };
  return search_rows<T, Objective>(std::ssize(space.columns), budgets, reference, consider_row, executor);
}

namespace detail {

/// Entries whose points no other one so far dominates; smaller is better.
template <class Entry>
class ParetoArchive {
 public:
  /// Whether an entry dominates the point. The next is compared with that one first.
  template <class Point>
  [[nodiscard]] bool dominates(const Point& point) {
    for (auto& entry : entries_)
      if (core::dominates(entry.point, point)) {
        std::swap(entry, entries_.front());
        return true;
      }
    return false;
  }

  /// Adds an entry unless one dominates it, and removes those that it dominates.
  void add(const Entry& added) {
    if (dominates(added.point)) return;
    std::erase_if(entries_, [&](const Entry& entry) { return core::dominates(added.point, entry.point); });
    entries_.push_back(added);
  }

  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  std::vector<Entry> entries_;
};

/// The most cycles with which a candidate is faster than the reference asks for.
inline std::int64_t most_faster_cycles(const Reference& reference) {
  const auto is_faster = [&](std::int64_t cycles) {
    return score({}, {.area = 1}, cycles, reference).speedup > reference.least_speedup;
  };
  std::int64_t low = 0, high = 1;  // is_faster(low), unless it is 0
  while (is_faster(high) && high < (std::int64_t{1} << 61)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    (is_faster(middle) ? low : high) = middle;
  }
  return low;
}

/// A part of a search: the candidates of some columns.
template <class B, SearchObjective Objective, FrontAxes Axes>
class FactoredPart {
 public:
  using T = typename B::tile_type;

  /// A candidate of the front.
  struct Entry {
    std::array<double, Axes::size> point{};
    std::size_t column{}, channel{};
    Resources resources{};
    std::int64_t cycles{};
  };

  void run(const FactoredResources<B>& all, const FactoredCycles<B>& all_cycles, std::size_t column,
           const Budgets& budgets, const Reference& reference, std::int64_t faster) {
    const auto resources = all.row(column);
    const auto cycles = all_cycles.row(column);
    for (const auto channel : count(resources, all.space().channels.size(), budgets)) {
      const auto bounds = cycles.bounds(channel);
      const auto used = overlay_resources(resources.dsp[channel], resources.filter_bram[channel],
                                          resources.stream_bram(channel), B::bram_area());
      const auto bound = score(T{}, used, bounds.least, reference);
      const auto most = Objective::value(bound);
      if ((most < most_ || most == 0) && (bounds.least > faster || bounds.most <= faster) &&
          front_.dominates(Axes::point(bound))) {
        found_.feasibility.not_faster += bounds.least > faster;
        continue;
      }
      const auto exact = score(all.space().tile(column, channel), used, cycles.cycles(channel), reference);
      found_.feasibility.not_faster += exact.cycles > faster;
      const auto value = Objective::value(exact);
      if (value > most_) {
        found_.best = exact;
        found_.ties = 0;
        most_ = value;
      }
      if (value == most_ && value > 0) ++found_.ties;
      front_.add({Axes::point(exact), column, channel, used, exact.cycles});
    }
  }

  [[nodiscard]] const FoundBest<T>& found() const noexcept { return found_; }
  [[nodiscard]] double most() const noexcept { return most_; }
  [[nodiscard]] const std::vector<Entry>& front() const noexcept { return front_.entries(); }

 private:
  /// Counts what the budgets admit; returns its channels.
  std::vector<std::size_t> count(const typename FactoredResources<B>::Row& row, std::size_t channels,
                                 const Budgets& budgets) {
    std::vector<std::size_t> within(channels);
    std::size_t admitted = 0;
    Feasibility f{.candidates = static_cast<std::int64_t>(channels)};
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const auto dsp = row.dsp[channel];
      const auto bram = row.bram(channel);
      const bool over_dsp = dsp > budgets.dsp;
      const bool over_bram = bram > budgets.bram;
      f.over_dsp += over_dsp;
      f.over_bram += over_bram;
      f.over_both += over_dsp && over_bram;
      f.least_dsp = std::min(f.least_dsp, dsp);
      f.least_bram = std::min(f.least_bram, bram);
      within[admitted] = channel;
      admitted += !over_dsp && !over_bram;
    }
    within.resize(admitted);
    f.within = std::ssize(within);
    found_.feasibility.add(f);
    return within;
  }

  FoundBest<T> found_;
  double most_ = 0;  ///< objective of the best
  ParetoArchive<Entry> front_;
};

}  // namespace detail

/// Finds what `search_exhaustively` finds, with its Pareto front, from tables: resources and cycles are products and
/// sums of counts that depend on few extents of a tile each. A candidate is only evaluated in full if bounds do not
/// show that it is neither the best nor on the front. The result is the same for any executor.
///
/// @throws RangeError  an impossible tile or width
/// @throws ShapeError  an extent of the task is below 1, or a count needs more than 63 bits
template <class B, SearchObjective Objective = BestQuality, FrontAxes Axes = CyclesArea,
          core::Executor Executor = core::Serial>
[[nodiscard]] FrontSearch<typename B::tile_type> search_factored(
    const OverlayTask& task, const FactoredSpace<typename B::tile_type>& space,
    const typename B::widths_type& widths, const Budgets& budgets, const Reference& reference, Objective = {},
    Axes = {}, const Executor& executor = {}) {
  if (space.columns.empty() || space.channels.empty()) return {};
  const detail::FactoredResources<B> resources(task, space, widths);
  const detail::FactoredCycles<B> cycles(resources);
  const auto faster = detail::most_faster_cycles(reference);
  using Part = detail::FactoredPart<B, Objective, Axes>;
  constexpr std::size_t columns_of_part = 4;  // few, so that bounds of one serve the others
  std::vector<Part> parts((space.columns.size() + columns_of_part - 1) / columns_of_part);
  executor.for_each_index(std::ssize(parts), [&](std::int64_t i) {
    const auto first = static_cast<std::size_t>(i) * columns_of_part;
    for (auto column = first; column < std::min(first + columns_of_part, space.columns.size()); ++column)
      parts[static_cast<std::size_t>(i)].run(resources, cycles, column, budgets, reference, faster);
  });

  FrontSearch<typename B::tile_type> result;
  double most = 0;
  detail::ParetoArchive<typename Part::Entry> front;
  for (const auto& part : parts) {
    if (part.most() > most) {
      result.best = part.found().best;
      result.ties = 0;
      most = part.most();
    }
    if (part.most() == most) result.ties += part.found().ties;
    result.feasibility.add(part.found().feasibility);
    for (const auto& entry : part.front()) front.add(entry);
  }
  for (const auto& entry : front.entries())
    result.front.push_back(
        score(space.tile(entry.column, entry.channel), entry.resources, entry.cycles, reference));
  sort_front(result.front);
  return result;
}

}  // namespace bitloom::accel
