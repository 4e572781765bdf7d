// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/accel/candidate.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/executor.hpp>

namespace bitloom::accel {

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

namespace detail {

/// The shortest decimal of a number.
inline std::string number_text(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

}  // namespace detail

/// For messages: what the limit is, with what would be needed.
/// @param least_speedup  as of Reference
[[nodiscard]] inline std::string limit_text(const Feasibility& f, const Budgets& budgets,
                                            double least_speedup = 1) {
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
         std::to_string(f.within) + " is faster than " +
         (least_speedup == 1 ? "" : detail::number_text(least_speedup) + " times ") + "the reference";
}

/// What any search finds.
template <class T>
struct FoundBest {
  std::optional<Scored<T>> best{};  ///< highest objective; of equals, the first in the order of tiles
  std::int64_t ties{};              ///< candidates with exactly the objective of the best, itself included
  Feasibility feasibility{};

  friend bool operator==(const FoundBest&, const FoundBest&) = default;
};

/// @param overlay       what was searched, for the message
/// @param least_speedup  as of Reference
/// @throws SolverError  the search has no result; the message names the limit
template <class T>
void check_found(const FoundBest<T>& found, const Budgets& budgets, std::string_view overlay,
                 double least_speedup = 1) {
  if (!found.best)
    throw SolverError("no feasible configuration for the " + std::string(overlay) +
                      " overlay: " + limit_text(found.feasibility, budgets, least_speedup));
}

/// What a search found, with all candidates.
template <class T>
struct BasicSearch : FoundBest<T> {
  std::vector<Scored<T>> within{};  ///< the budgets, in the order of tiles
};
using Search = BasicSearch<Tile>;

/// What a search found, with those candidates that no other one beats.
template <class T>
struct FrontSearch : FoundBest<T> {
  std::vector<Scored<T>> front{};  ///< within the budgets, by rising cycles

  friend bool operator==(const FrontSearch&, const FrontSearch&) = default;
};

/// Candidates within the budgets that no other one beats in both cycles and area, by rising cycles.
template <FrontAxes Axes = CyclesArea, class T>
[[nodiscard]] std::vector<Scored<T>> pareto_front(const BasicSearch<T>& search) {
  return pareto_front<Axes>(search.within);
}

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

/// A part of a search: considers its candidates one after the other.
template <class T>
class SearchRow {
 public:
  SearchRow(const Budgets& budgets, const Reference& reference) : budgets_(budgets), reference_(reference) {}

  /// @param bram    block RAMs that the budget limits
  /// @param cycles  gives the clock cycles of all layers; asked within the budgets only
  template <class Cycles>
  void consider(const T& tile, const Resources& resources, std::int64_t bram, Cycles&& cycles) {
    const bool over_dsp = resources.dsp > budgets_.dsp;
    const bool over_bram = bram > budgets_.bram;
    feasibility_.add({.candidates = 1,
                      .over_dsp = over_dsp,
                      .over_bram = over_bram,
                      .over_both = over_dsp && over_bram,
                      .least_dsp = resources.dsp,
                      .least_bram = bram});
    if (!over_dsp && !over_bram) within_.push_back(score(tile, resources, cycles(), reference_));
  }

  [[nodiscard]] const Feasibility& feasibility() const noexcept { return feasibility_; }
  [[nodiscard]] const std::vector<Scored<T>>& within() const noexcept { return within_; }

 private:
  Budgets budgets_;
  Reference reference_;
  Feasibility feasibility_;
  std::vector<Scored<T>> within_;
};

/// Tries the candidates of every row: `consider_row(row, part)` lets the part consider them, in the order of tiles.
/// The result is the same for any executor.
template <class T, SearchObjective Objective = BestQuality, class ConsiderRow,
          core::Executor Executor = core::Serial>
[[nodiscard]] BasicSearch<T> search_rows(std::int64_t rows, const Budgets& budgets,
                                         const Reference& reference, const ConsiderRow& consider_row,
                                         const Executor& executor = {}) {
  std::vector<SearchRow<T>> parts(static_cast<std::size_t>(rows), SearchRow<T>(budgets, reference));
  executor.for_each_index(rows,
                          [&](std::int64_t row) { consider_row(row, parts[static_cast<std::size_t>(row)]); });
  BasicSearch<T> search;
  for (const auto& part : parts) {
    search.feasibility.add(part.feasibility());
    search.within.insert(search.within.end(), part.within().begin(), part.within().end());
  }
  search.feasibility.within = std::ssize(search.within);
  for (const auto& candidate : search.within) {
    if (candidate.speedup <= reference.least_speedup) ++search.feasibility.not_faster;
    const auto value = Objective::value(candidate);
    const auto most = search.best ? Objective::value(*search.best) : 0;
    if (value > most) {
      search.best = candidate;
      search.ties = 0;
    }
    if (search.best && value >= most) ++search.ties;
  }
  return search;
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
  const auto consider_row = [&](std::int64_t row, SearchRow<Tile>& part) {
    const auto place = static_cast<std::size_t>(row);
    TileSpace::Index i{.q = place / space.c.size(), .c = place % space.c.size()};
    for (; i.k < space.k.size(); ++i.k) {
      if (!model.admits(i)) continue;
      const auto resources = model.resources(i);
      part.consider(space.tile(i), resources, model.bram(resources), [&] { return model.cycles(i); });
    }
  };
  return search_rows<Tile>(std::ssize(space.q) * std::ssize(space.c), budgets, reference, consider_row,
                           executor);
}

}  // namespace bitloom::accel
