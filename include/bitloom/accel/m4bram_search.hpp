// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <vector>

#include <bitloom/accel/buffered_overlay.hpp>
#include <bitloom/accel/factored_search.hpp>
#include <bitloom/accel/layer_work.hpp>
#include <bitloom/accel/m4bram_space.hpp>
#include <bitloom/accel/m4bram_study.hpp>
#include <bitloom/accel/m4bram_workload.hpp>
#include <bitloom/accel/tile_search.hpp>
#include <bitloom/core/executor.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

namespace detail {

/// The largest filters of the baseline's layers size the filter caches of every overlay.
inline OverlayTask overlay_task(const M4bramWorkload& workload, const net::LayerList& layers,
                                const StreamStorage& storage) {
  return {.layers = layers,
          .largest_filters = largest_filters(workload.net.baseline),
          .largest_maps = largest_maps(workload.net.feature_maps),
          .storage = storage,
          .matrices = workload.matrices};
}

}  // namespace detail

/// What is compared in a search: an enhanced overlay with its baseline, and the spaces of tiles of both.
template <class C>
concept OverlayComparison = requires(const M4bramWorkload& workload, const typename C::Widths& widths,
                                     std::int64_t r, int max_duplication) {
  typename C::Baseline;  // overlays with their stream buffers
  typename C::Enhanced;
  { C::baseline_space(widths, r) } -> std::same_as<FactoredSpace<Tile>>;
  { C::space(widths, r, max_duplication) } -> std::same_as<FactoredSpace<typename C::Enhanced::tile_type>>;
  { C::task(workload) } -> std::same_as<OverlayTask>;    // of the enhanced overlay
  { C::least_speedup } -> std::convertible_to<double>;   // below which it has no quality
  { C::name } -> std::convertible_to<std::string_view>;  // for messages
};

/// The baseline enhanced with M4BRAM.
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
struct M4bramComparison {
  using Widths = accel::Widths;
  using Baseline = BufferedBaseline<S>;
  using Enhanced = BufferedHybrid<S, Size, Clocking>;
  static constexpr double least_speedup = 1;
  static constexpr std::string_view name = "M4BRAM";

  static FactoredSpace<Tile> baseline_space(Widths widths, std::int64_t r) {
    return m4bram_baseline_space(widths, r);
  }
  static FactoredSpace<HybridTile> space(Widths widths, std::int64_t r, int max_duplication) {
    return m4bram_space(widths, r, max_duplication);
  }
  static OverlayTask task(const M4bramWorkload& workload) {
    return detail::overlay_task(workload, workload.net.enhanced, workload.storage);
  }
};

/// The same with two widths of weights.
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
struct MixedM4bramComparison : M4bramComparison<S, Size, Clocking> {
  using Widths = MixedWidths;
  using Baseline = BufferedMixedBaseline<S>;
  using Enhanced = BufferedMixedHybrid<S, Size, Clocking>;
  static constexpr std::string_view name = "mixed-weight M4BRAM";

  static FactoredSpace<Tile> baseline_space(const Widths& widths, std::int64_t r) {
    return m4bram_baseline_space(widths.high(), r);
  }
  static FactoredSpace<HybridTile> space(const Widths& widths, std::int64_t r, int max_duplication) {
    return mixed_m4bram_space(widths, r, max_duplication);
  }
};

/// M4BRAM without DSP slices, against the baseline.
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
struct M4bramAloneComparison : M4bramComparison<S, Size, Clocking> {
  using Enhanced = BufferedAlone<S, Size, Clocking>;
  static constexpr double least_speedup = 0.1;
  static constexpr std::string_view name = "M4BRAM-only";

  static FactoredSpace<Tile> space(Widths widths, std::int64_t r, int max_duplication) {
    check_overlay_bits(widths);
    return m4bram_alone_space(r, max_duplication);
  }
  static OverlayTask task(const M4bramWorkload& workload) {
    return detail::overlay_task(workload, workload.net.enhanced, workload.alone_storage);
  }
};

/// The baseline enhanced with BRAMAC, as the study of M4BRAM compares itself with it: with a baseline from another
/// space.
template <M4bramStudy S, fabric::BramacVariant Variant>
struct BramacComparison {
  using Widths = accel::Widths;
  using Baseline = BufferedBaseline<S>;
  using Enhanced = BufferedBramac<S, Variant>;
  static constexpr double least_speedup = 0.5;
  static constexpr std::string_view name = "BRAMAC";

  static FactoredSpace<Tile> baseline_space(Widths widths, std::int64_t r) {
    return bramac_baseline_space(widths, r);
  }
  /// What a tile of slices is with that of blocks.
  static HybridTile tile(const Tile& dsp, Widths widths) {
    return bramac_tile<Variant, typename S::Mac2>(dsp, widths);
  }
  static FactoredSpace<HybridTile> space(Widths widths, std::int64_t r, int) {
    return bramac_space<Variant, typename S::Mac2>(widths, r);
  }
  static OverlayTask task(const M4bramWorkload& workload) {
    return detail::overlay_task(workload, workload.net.enhanced, workload.storage);
  }
};

/// What the baseline of a workload runs.
/// @throws ShapeError  there is no convolution or no feature map, or a count needs more than 63 bits
[[nodiscard]] inline OverlayTask baseline_task(const M4bramWorkload& workload) {
  return detail::overlay_task(workload, workload.net.baseline, workload.storage);
}

/// What candidates for the baseline are measured with.
/// @throws RangeError  an impossible width
/// @throws ShapeError  as `baseline_task`
template <OverlayComparison C>
[[nodiscard]] Reference baseline_reference(const M4bramWorkload& workload, const typename C::Widths& widths) {
  const auto task = baseline_task(workload);
  const auto tile = m4bram_reference_tile(workload.net.rvec);
  return {.cycles = C::Baseline::cycles(task, tile, widths),
          .area = C::Baseline::resources(task, tile, widths).area};
}

/// What candidates of the enhanced overlay are measured with.
template <OverlayComparison C>
[[nodiscard]] Reference enhanced_reference(const Candidate& baseline) noexcept {
  return {.cycles = baseline.cycles, .area = baseline.resources.area, .least_speedup = C::least_speedup};
}

/// Searches the baseline with the best quality.
///
/// @throws RangeError  an impossible width
/// @throws ShapeError  the workload has no convolution or no feature maps, or a count needs more than 63 bits
template <OverlayComparison C, FrontAxes Axes = CyclesArea, core::Executor Executor = core::Serial>
[[nodiscard]] FrontSearch<Tile> search_baseline(const M4bramWorkload& workload,
                                                const typename C::Widths& widths, const Budgets& budgets,
                                                Axes axes = {}, const Executor& executor = {}) {
  return search_factored<typename C::Baseline>(
      baseline_task(workload), C::baseline_space(widths, workload.net.rvec), widths, budgets,
      baseline_reference<C>(workload, widths), BestQuality{}, axes, executor);
}

/// Searches the enhanced overlay, measured with a baseline.
///
/// @param max_duplication  output columns and rows of blocks together: 1, 2 or 4
/// @throws RangeError      an impossible width or duplication
/// @throws ShapeError      the workload has no convolution or no feature maps, or a count needs more than 63 bits
template <OverlayComparison C, SearchObjective Objective = BestQuality, FrontAxes Axes = CyclesArea,
          core::Executor Executor = core::Serial>
[[nodiscard]] FrontSearch<typename C::Enhanced::tile_type> search_enhanced(
    const M4bramWorkload& workload, const typename C::Widths& widths, const Budgets& budgets,
    const Candidate& baseline, Objective objective = {}, int max_duplication = 4, Axes axes = {},
    const Executor& executor = {}) {
  return search_factored<typename C::Enhanced>(
      C::task(workload), C::space(widths, workload.net.rvec, max_duplication), widths, budgets,
      enhanced_reference<C>(baseline), objective, axes, executor);
}

/// A network on both overlays of a comparison.
template <OverlayComparison C>
struct OverlayExploration {
  using tile_type = typename C::Enhanced::tile_type;
  FrontSearch<Tile> baseline;
  FrontSearch<tile_type> enhanced;
  std::vector<std::int64_t> baseline_cycles;  ///< of each layer, one image
  std::vector<std::int64_t> enhanced_cycles;  ///< of each layer, one image

  [[nodiscard]] const Candidate& best_baseline() const { return *baseline.best; }
  [[nodiscard]] const Scored<tile_type>& best() const { return *enhanced.best; }
};

/// Searches the best baseline, then the enhanced overlay that improves most on it.
///
/// @throws SolverError  no feasible configuration; the message names the limit
/// @throws RangeError   an impossible width or duplication
/// @throws ShapeError   the workload has no convolution or no feature maps, or a count needs more than 63 bits
template <OverlayComparison C, SearchObjective Objective = BestQuality,
          core::Executor Executor = core::Serial>
[[nodiscard]] OverlayExploration<C> explore_overlays(const M4bramWorkload& workload,
                                                     const typename C::Widths& widths, const Budgets& budgets,
                                                     Objective objective = {}, int max_duplication = 4,
                                                     const Executor& executor = {}) {
  OverlayExploration<C> result;
  result.baseline = search_baseline<C>(workload, widths, budgets, CyclesArea{}, executor);
  check_found(result.baseline, budgets, "baseline");
  result.enhanced = search_enhanced<C>(workload, widths, budgets, result.best_baseline(), objective,
                                       max_duplication, CyclesArea{}, executor);
  check_found(result.enhanced, budgets, C::name, C::least_speedup);
  result.baseline_cycles =
      C::Baseline::layer_cycles(baseline_task(workload), result.best_baseline().tile, widths);
  result.enhanced_cycles = C::Enhanced::layer_cycles(C::task(workload), result.best().tile, widths);
  return result;
}

}  // namespace bitloom::accel
