// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/executor.hpp>
#include <bitloom/core/pareto.hpp>

namespace bitloom::accel {

/// What a device offers an overlay. The defaults are those of the published study.
struct Budgets {
  std::int64_t dsp = 1518;
  std::int64_t bram = 1500;

  friend constexpr bool operator==(const Budgets&, const Budgets&) = default;
};

/// The tiles that a search tries: all combinations, in the order of q, c, k. Values are ascending.
struct TileSpace {
  std::vector<std::int64_t> q, c, k;
  std::int64_t r = 3;

  /// A combination.
  struct Index {
    std::size_t q{}, c{}, k{};
  };

  [[nodiscard]] Tile tile(const Index& i) const { return {.q = q[i.q], .c = c[i.c], .k = k[i.k], .r = r}; }
};

/// A tile, what it takes and what it gives, against a reference.
struct Candidate {
  Tile tile{};
  Resources resources{};
  std::int64_t cycles{};  ///< of all layers, one image
  double speedup{};       ///< over the reference, at the clocks of both
  double area_ratio{};    ///< over the reference
  double quality{};       ///< speedup² / area_ratio, or 0 unless it is faster than the reference

  [[nodiscard]] constexpr double speedup_per_area() const noexcept { return speedup / area_ratio; }

  friend constexpr bool operator==(const Candidate&, const Candidate&) = default;
};

/// What candidates are measured with.
struct Reference {
  std::int64_t cycles{};
  double area{};
  double clock_ratio = 1;  ///< clock of the candidates over that of the reference
};

[[nodiscard]] constexpr Candidate score(const Tile& tile, const Resources& resources, std::int64_t cycles,
                                        const Reference& reference) noexcept {
  const auto speedup =
      static_cast<double>(reference.cycles) / static_cast<double>(cycles) * reference.clock_ratio;
  const auto area_ratio = resources.area / reference.area;
  return {.tile = tile,
          .resources = resources,
          .cycles = cycles,
          .speedup = speedup,
          .area_ratio = area_ratio,
          .quality = speedup > 1 ? speedup * speedup / area_ratio : 0};
}

/// What keeps a search from a result.
enum class Limit : std::uint8_t {
  None,        ///< there is a result
  Shape,       ///< no tile is admitted
  Dsp,         ///< every candidate exceeds the budget of DSP slices
  Bram,        ///< every candidate exceeds the budget of block RAMs
  EachBudget,  ///< every candidate exceeds both budgets
  Budgets,     ///< every candidate exceeds one budget or the other
  Speed,       ///< no candidate within the budgets is faster than the reference
};

/// How many candidates each limit rejects.
struct Feasibility {
  std::int64_t candidates{};  ///< tiles that are admitted
  std::int64_t over_dsp{};    ///< need more DSP slices than there are
  std::int64_t over_bram{};   ///< need more block RAMs than there are
  std::int64_t over_both{};   ///< counted in the two above
  std::int64_t within{};      ///< within both budgets
  std::int64_t not_faster{};  ///< of those, no faster than the reference
  std::int64_t least_dsp = std::numeric_limits<std::int64_t>::max();   ///< that a candidate needs
  std::int64_t least_bram = std::numeric_limits<std::int64_t>::max();  ///< that a candidate needs

  [[nodiscard]] constexpr Limit limit() const noexcept {
    if (candidates == 0) return Limit::Shape;
    if (over_both == candidates) return Limit::EachBudget;
    if (over_dsp == candidates) return Limit::Dsp;
    if (over_bram == candidates) return Limit::Bram;
    if (within == 0) return Limit::Budgets;
    return not_faster == within ? Limit::Speed : Limit::None;
  }

  constexpr void add(const Feasibility& other) noexcept {
    candidates += other.candidates;
    over_dsp += other.over_dsp;
    over_bram += other.over_bram;
    over_both += other.over_both;
    within += other.within;
    not_faster += other.not_faster;
    least_dsp = std::min(least_dsp, other.least_dsp);
    least_bram = std::min(least_bram, other.least_bram);
  }

  friend constexpr bool operator==(const Feasibility&, const Feasibility&) = default;
};

/// For messages: what the limit is, with what would be needed.
[[nodiscard]] inline std::string limit_text(const Feasibility& f, const Budgets& budgets) {
  const auto dsp = "the " + std::to_string(budgets.dsp) + " DSP slices (a candidate needs at least " +
                   std::to_string(f.least_dsp) + ")";
  const auto bram = "the " + std::to_string(budgets.bram) + " block RAMs (a candidate needs at least " +
                    std::to_string(f.least_bram) + ")";
  const auto all = "all " + std::to_string(f.candidates) + " candidates exceed ";
  switch (f.limit()) {
    case Limit::None: return "no limit";
    case Limit::Shape: return "no tile of the search space is admitted";
    case Limit::Dsp: return all + dsp;
    case Limit::Bram: return all + bram;
    case Limit::EachBudget: return all + dsp + " and " + bram;
    case Limit::Budgets: return all + dsp + " or " + bram;
    case Limit::Speed: break;
  }
  return "of " + std::to_string(f.candidates) + " candidates, " + std::to_string(f.over_dsp) +
         " exceed the " + std::to_string(budgets.dsp) + " DSP slices and " + std::to_string(f.over_bram) +
         " the " + std::to_string(budgets.bram) + " block RAMs; none of the other " +
         std::to_string(f.within) + " is faster than the reference";
}

/// What a search found.
struct Search {
  std::optional<Candidate> best;  ///< highest quality; of equals, the first in the order of tiles
  Feasibility feasibility;
  std::vector<Candidate> within;  ///< the budgets, in the order of tiles
};

/// Candidates within the budgets that no other one beats in both cycles and area, by rising cycles.
[[nodiscard]] inline std::vector<Candidate> pareto_front(const Search& search) {
  std::vector<std::array<double, 2>> points;
  points.reserve(search.within.size());
  for (const auto& c : search.within) points.push_back({static_cast<double>(c.cycles), c.resources.area});
  std::vector<Candidate> front;
  for (const auto i : core::pareto_front<2>(points)) front.push_back(search.within[i]);
  std::ranges::sort(front, {}, [](const Candidate& c) { return std::pair(c.cycles, c.tile); });
  return front;
}

/// What a search has to know of a tile, by its place in the search space.
template <class M>
concept TileModel = requires(const M model, const TileSpace::Index& index, const Resources& resources) {
  { model.admits(index) } -> std::same_as<bool>;  // the tile is a candidate
  { model.resources(index) } -> std::same_as<Resources>;
  { model.bram(resources) } -> std::same_as<std::int64_t>;  // those that the budget limits
  { model.cycles(index) } -> std::same_as<std::int64_t>;    // of all layers; asked within budgets only
};

/// Tries every tile. The result is the same for any executor.
template <TileModel Model, core::Executor Executor = core::Serial>
[[nodiscard]] Search search_tiles(const TileSpace& space, const Model& model, const Budgets& budgets,
                                  const Reference& reference, const Executor& executor = {}) {
  std::vector<Search> rows(space.q.size() * space.c.size());
  executor.for_each_index(std::ssize(rows), [&](std::int64_t row) {
    auto& result = rows[static_cast<std::size_t>(row)];
    auto& count = result.feasibility;
    const auto place = static_cast<std::size_t>(row);
    TileSpace::Index i{.q = place / space.c.size(), .c = place % space.c.size()};
    for (; i.k < space.k.size(); ++i.k) {
      if (!model.admits(i)) continue;
      const auto resources = model.resources(i);
      const auto bram = model.bram(resources);
      const bool over_dsp = resources.dsp > budgets.dsp;
      const bool over_bram = bram > budgets.bram;
      count.add({.candidates = 1,
                 .over_dsp = over_dsp,
                 .over_bram = over_bram,
                 .over_both = over_dsp && over_bram,
                 .least_dsp = resources.dsp,
                 .least_bram = bram});
      if (over_dsp || over_bram) continue;
      result.within.push_back(score(space.tile(i), resources, model.cycles(i), reference));
    }
  });
  Search search;
  for (const auto& row : rows) {
    search.feasibility.add(row.feasibility);
    search.within.insert(search.within.end(), row.within.begin(), row.within.end());
  }
  search.feasibility.within = std::ssize(search.within);
  for (const auto& candidate : search.within) {
    if (candidate.quality == 0) ++search.feasibility.not_faster;
    if (candidate.quality > (search.best ? search.best->quality : 0)) search.best = candidate;
  }
  return search;
}

}  // namespace bitloom::accel
