// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>

#include <bitloom/accel/m4bram_search.hpp>
#include <bitloom/core/executor.hpp>

namespace bitloom::accel {

/// Searches the best baseline, then the overlay with M4BRAM that improves most on it.
///
/// @param widths           Widths, or MixedWidths where the filters of a layer have two
/// @param objective        BestQuality or BestSpeedup, of the enhanced overlay
/// @param max_duplication  vectors of activations that a block multiplies with the same weights: 1, 2 or 4
/// @throws SolverError     no feasible configuration; the message names the limit
/// @throws RangeError      an impossible width or duplication
/// @throws ShapeError      the workload has no convolution or no feature maps, or a count needs more than 63 bits
/// Source: released simulator of M4BRAM (arXiv 2311.02758).
template <fabric::M4bramSize Size, fabric::M4bramClocking Clocking, M4bramStudy Study = ReleasedM4bramStudy,
          class W, SearchObjective Objective = BestQuality, core::Executor Executor = core::Serial>
[[nodiscard]] auto explore_m4bram(const M4bramWorkload& workload, const W& widths, const Budgets& budgets,
                                  Objective objective = {}, int max_duplication = 4,
                                  const Executor& executor = {}) {
  using Comparison =
      std::conditional_t<std::same_as<W, MixedWidths>, MixedM4bramComparison<Study, Size, Clocking>,
                         M4bramComparison<Study, Size, Clocking>>;
  return explore_overlays<Comparison>(workload, widths, budgets, objective, max_duplication, executor);
}

/// The same for M4BRAM without DSP slices; the study takes the fastest.
template <fabric::M4bramSize Size, fabric::M4bramClocking Clocking, M4bramStudy Study = ReleasedM4bramStudy,
          SearchObjective Objective = BestSpeedup, core::Executor Executor = core::Serial>
[[nodiscard]] auto explore_m4bram_alone(const M4bramWorkload& workload, Widths widths, const Budgets& budgets,
                                        Objective objective = {}, int max_duplication = 4,
                                        const Executor& executor = {}) {
  return explore_overlays<M4bramAloneComparison<Study, Size, Clocking>>(workload, widths, budgets, objective,
                                                                        max_duplication, executor);
}

/// The same for BRAMAC, as the study of M4BRAM models it; weights and activations have one width.
template <fabric::BramacVariant Variant, M4bramStudy Study = ReleasedM4bramStudy,
          SearchObjective Objective = BestQuality, core::Executor Executor = core::Serial>
[[nodiscard]] auto explore_bramac_hybrid(const M4bramWorkload& workload, Widths widths,
                                         const Budgets& budgets, Objective objective = {},
                                         const Executor& executor = {}) {
  return explore_overlays<BramacComparison<Study, Variant>>(workload, widths, budgets, objective, 4,
                                                            executor);
}

/// What duplication brings: the best overlays with at most 1, 2 and 4 vectors of activations a block, against the same
/// baseline.
struct DuplicationAblation {
  static constexpr std::array<int, 3> max_duplication{1, 2, 4};
  FrontSearch<Tile> baseline;
  std::array<FrontSearch<HybridTile>, 3> enhanced;
};

/// @throws SolverError  no feasible configuration; the message names the limit
/// @throws RangeError   an impossible width
/// @throws ShapeError   the workload has no convolution or no feature maps, or a count needs more than 63 bits
template <fabric::M4bramSize Size, fabric::M4bramClocking Clocking, M4bramStudy Study = ReleasedM4bramStudy,
          SearchObjective Objective = BestQuality, core::Executor Executor = core::Serial>
[[nodiscard]] DuplicationAblation ablate_duplication(const M4bramWorkload& workload, Widths widths,
                                                     const Budgets& budgets, Objective objective = {},
                                                     const Executor& executor = {}) {
  using Comparison = M4bramComparison<Study, Size, Clocking>;
  DuplicationAblation result;
  result.baseline = search_baseline<Comparison>(workload, widths, budgets, CyclesArea{}, executor);
  check_found(result.baseline, budgets, "baseline");
  for (std::size_t i = 0; i < result.enhanced.size(); ++i) {
    result.enhanced[i] =
        search_enhanced<Comparison>(workload, widths, budgets, *result.baseline.best, objective,
                                    DuplicationAblation::max_duplication[i], CyclesArea{}, executor);
    check_found(result.enhanced[i], budgets, Comparison::name);
  }
  return result;
}

/// How much faster one enhanced overlay is than another.
struct RatioOfOverlays {
  double published{};      ///< of speed-ups, as the study: each over a baseline of its own
  double like_for_like{};  ///< of cycles
};

/// Two overlays on one network. In the study their baselines come from different spaces and at times have different
/// cycles, so that the ratio of speed-ups is not that of cycles.
template <OverlayComparison A, OverlayComparison B>
[[nodiscard]] RatioOfOverlays compare_overlays(const OverlayExploration<A>& a,
                                               const OverlayExploration<B>& b) {
  return {.published = a.best().speedup / b.best().speedup,
          .like_for_like = static_cast<double>(b.best().cycles) / static_cast<double>(a.best().cycles)};
}

}  // namespace bitloom::accel
