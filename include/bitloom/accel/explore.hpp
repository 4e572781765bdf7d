// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <bitloom/accel/layer_work.hpp>
#include <bitloom/accel/overlay_study.hpp>
#include <bitloom/accel/tile_search.hpp>
#include <bitloom/core/executor.hpp>

namespace bitloom::accel {

namespace detail {

/// first, first + step, … last.
inline std::vector<std::int64_t> steps(std::int64_t first, std::int64_t last, std::int64_t step) {
  std::vector<std::int64_t> values;
  for (auto value = first; value <= last; value += step) values.push_back(value);
  return values;
}

}  // namespace detail

/// The tiles that the published study tries for the baseline; of those, only with k / c an even integer.
[[nodiscard]] inline TileSpace baseline_space(int bits, std::int64_t r = 3) {
  check_overlay_bits(bits);
  return {.q = bits == 2 ? detail::steps(2, 4, 2) : detail::steps(1, 4, 1),
          .c = detail::steps(4, 16, 2),
          .k = detail::steps(4, 98, 2),
          .r = r};
}

/// The tiles that the published study tries for the enhanced overlay.
template <fabric::BramacVariant Variant>
[[nodiscard]] TileSpace enhanced_space(int bits, std::int64_t r = 3) {
  check_overlay_bits(bits);
  const auto lanes = DlaBramac<Variant>::lanes(bits);
  return {.q = detail::steps(Variant::arrays + 1, 4, 1),
          .c = detail::steps(4, 64, 2),
          .k = detail::steps(2 * lanes, 29 * lanes, lanes),
          .r = r};
}

/// The baseline that the published study measures candidates for the baseline with. It need not fit the budgets.
[[nodiscard]] inline Tile reference_tile(int bits, std::int64_t r = 3) {
  check_overlay_bits(bits);
  return {.q = bits == 2 ? 4 : 2, .c = bits == 8 ? 4 : 8, .k = 48, .r = r};
}

/// Whether a stream buffer keeps the map of a shortcut; a workload that does not say has none.
[[nodiscard]] inline StreamForm stream_form(const net::Workload& workload) noexcept {
  return workload.residual.value_or(false) ? StreamForm::Residual : StreamForm::Plain;
}

namespace detail {

/// Sums over the layers of a workload for tiles up to the largest of a space, after a check that none overflows.
struct SearchedWork {
  LayerWork work;

  /// @param channel_steps  times tile.c, the channels that are filled up
  /// @param extra          cycles for each group of outputs
  SearchedWork(const net::LayerList& list, const TileSpace& space, std::int64_t channel_steps,
               std::int64_t extra)
      : work(list) {
    constexpr auto what = "cycles of a network";
    const auto filled = [](std::int64_t extent, std::int64_t tile) {
      core::check_positive("extent of a layer", extent);
      return core::checked_sum(what, extent, tile);
    };
    std::int64_t total = 0;
    for (const auto& [conv, count] : work.convs) {
      const auto outputs = core::checked_product(
          what, {filled(conv.q, space.q.back()), filled(conv.k, space.k.back()), conv.p, count});
      const auto channels = filled(conv.c, channel_steps * space.c.back());
      const auto terms = core::checked_product(what, {channels, conv.s, filled(conv.r, space.r)});
      total = core::checked_sum(
          what, total, core::checked_product(what, {outputs, core::checked_sum(what, terms, extra)}));
    }
    for (const auto& [fc, count] : work.fcs)
      total = core::checked_sum(what, total, core::checked_product(what, {fc.c, fc.k, count, channel_steps}));
  }
};

inline void check_space(const TileSpace& space) {
  for (const auto* values : {&space.q, &space.c, &space.k}) {
    core::check_positive("values of a tile space", std::ssize(*values));
    if (!std::ranges::is_sorted(*values)) throw RangeError("tile space: values have to be ascending");
  }
  check_tile(space.tile({}));
  check_tile({.q = space.q.back(), .c = space.c.back(), .k = space.k.back(), .r = space.r});
}

/// The stream buffers of every pair of output columns and input channels.
template <class Width>
std::vector<std::int64_t> stream_table(const TileSpace& space, const net::FeatureMap& map, StreamForm form,
                                       int bits) {
  std::vector<std::int64_t> table;
  for (const auto q : space.q)
    for (const auto c : space.c)
      table.push_back(stream_bram<Width>(map, form, {.q = q, .c = c, .k = 1, .r = space.r}, bits));
  return table;
}

template <OverlayStudy Study>
class BaselineModel {
 public:
  using Model = BaselineOverlay<Study>;

  BaselineModel(const net::Workload& workload, const TileSpace& space, int bits)
      : space_(space),
        bits_(bits),
        work_(workload.baseline, space, 1, 0),
        largest_(largest_filters(workload.baseline)),
        streams_(stream_table<typename Study::Width>(space, largest_maps(workload.feature_maps),
                                                     stream_form(workload), bits)) {}

  [[nodiscard]] bool admits(const TileSpace::Index& i) const noexcept {
    return space_.k[i.k] % (2 * space_.c[i.c]) == 0;
  }
  [[nodiscard]] Resources resources(const TileSpace::Index& i) const {
    const auto tile = space_.tile(i);
    return Model::resources(tile, bits_, Model::filter_bram(largest_, tile, bits_),
                            streams_[i.q * space_.c.size() + i.c]);
  }
  [[nodiscard]] static std::int64_t bram(const Resources& resources) noexcept {
    return Study::Charge::charged(resources);
  }
  [[nodiscard]] std::int64_t cycles(const TileSpace::Index& i) const { return cycles(space_.tile(i)); }
  [[nodiscard]] std::int64_t cycles(const Tile& tile) const {
    const auto macs = Model::macs_per_cycle(tile, bits_);
    std::int64_t sum = 0;
    for (const auto& [conv, count] : work_.work.convs)
      sum += count * Study::Arithmetic::conv_cycles(conv, tile, macs);
    for (const auto& [fc, count] : work_.work.fcs) sum += count * core::ceil_div(fc.c * fc.k, macs);
    return sum;
  }

 private:
  const TileSpace& space_;
  int bits_;
  SearchedWork work_;
  net::ConvShape largest_;
  std::vector<std::int64_t> streams_;
};

/// Cycles of a convolution are a product of three counts, each of one extent of the tile: all are tabulated.
template <OverlayStudy Study, fabric::BramacVariant Variant>
class EnhancedModel {
 public:
  using Model = EnhancedOverlay<Study, Variant>;

  EnhancedModel(const net::Workload& workload, const TileSpace& space, int bits,
                std::int64_t baseline_filter_bram)
      : space_(space),
        bits_(bits),
        baseline_filter_bram_(baseline_filter_bram),
        work_(workload.enhanced, space, Model::mac2_cycles(bits), Model::Block::readout_cycles()),
        streams_(stream_table<typename Study::Width>(space, largest_maps(Study::Source::maps(workload)),
                                                     stream_form(workload), bits)) {
    const auto& convs = work_.work.convs;
    for (const auto q : space.q)
      for (const auto& [conv, count] : convs) rows_.push_back(count * conv.p * core::ceil_div(conv.q, q));
    for (const auto c : space.c)
      for (const auto& [conv, count] : convs)
        groups_.push_back(
            Model::group_cycles(conv, {.q = space.q[0], .c = c, .k = space.k[0], .r = space.r}, bits));
    for (const auto k : space.k)
      for (const auto& [conv, count] : convs)
        outputs_.push_back(core::ceil_div(
            conv.k, Model::built({.q = space.q[0], .c = space.c[0], .k = k, .r = space.r}, bits).k));
  }

  [[nodiscard]] static bool admits(const TileSpace::Index&) noexcept { return true; }
  [[nodiscard]] Resources resources(const TileSpace::Index& i) const {
    const auto tile = space_.tile(i);
    return Model::resources(tile, bits_, Model::filter_bram(tile, bits_, baseline_filter_bram_),
                            streams_[i.q * space_.c.size() + i.c]);
  }
  [[nodiscard]] static std::int64_t bram(const Resources& resources) noexcept {
    return Study::Charge::charged(resources);
  }
  [[nodiscard]] std::int64_t cycles(const TileSpace::Index& i) const {
    const auto layers = work_.work.convs.size();
    const auto* rows = rows_.data() + i.q * layers;
    const auto* groups = groups_.data() + i.c * layers;
    const auto* outputs = outputs_.data() + i.k * layers;
    std::int64_t sum = 0;
    for (std::size_t l = 0; l < layers; ++l) sum += rows[l] * groups[l] * outputs[l];
    const auto macs = Model::macs_per_mac2(space_.tile(i), bits_);
    for (const auto& [fc, count] : work_.work.fcs)
      sum += count * core::ceil_div(fc.c * fc.k * Model::mac2_cycles(bits_), macs);
    return sum;
  }

 private:
  const TileSpace& space_;
  int bits_;
  std::int64_t baseline_filter_bram_;
  SearchedWork work_;
  std::vector<std::int64_t> streams_;
  std::vector<std::int64_t> rows_, groups_, outputs_;  ///< [value of the space × convolution]
};

}  // namespace detail

/// Searches the baseline, measured with the published study's reference tile.
///
/// @throws RangeError  an impossible width or tile
/// @throws ShapeError  the workload has no convolution or no feature maps, or a count needs more than 63 bits
template <OverlayStudy Study = ExactStudy, core::Executor Executor = core::Serial>
[[nodiscard]] Search search_baseline(const net::Workload& workload, int bits, const Budgets& budgets,
                                     const TileSpace& space, const Executor& executor = {}) {
  using Model = BaselineOverlay<Study>;
  detail::check_space(space);
  const detail::BaselineModel<Study> model(workload, space, bits);
  const auto tile = reference_tile(bits, space.r);
  const auto filters = Model::filter_bram(largest_filters(workload.baseline), tile, bits);
  const auto stream = stream_bram<typename Study::Width>(largest_maps(workload.feature_maps),
                                                         stream_form(workload), tile, bits);
  const Reference reference{.cycles = total_cycles<Model>(workload.baseline, tile, bits),
                            .area = Model::resources(tile, bits, filters, stream).area};
  return search_tiles(space, model, budgets, reference, executor);
}

/// A baseline as the enhanced overlay is compared with it: its stream buffers as `Study::Source` sizes them.
/// @throws ShapeError  there are no feature maps
template <OverlayStudy Study>
[[nodiscard]] Candidate compared(const net::Workload& workload, int bits, const Candidate& baseline) {
  auto result = baseline;
  const auto stream = stream_bram<typename Study::Width>(largest_maps(Study::Source::maps(workload)),
                                                         stream_form(workload), baseline.tile, bits);
  result.resources =
      BaselineOverlay<Study>::resources(baseline.tile, bits, baseline.resources.filter_bram, stream);
  return result;
}

/// Searches the enhanced overlay, measured with a baseline.
///
/// @param baseline     as of `compared`
/// @throws RangeError  an impossible width or tile
/// @throws ShapeError  the workload has no feature maps, or a count needs more than 63 bits
template <fabric::BramacVariant Variant, OverlayStudy Study = ExactStudy,
          core::Executor Executor = core::Serial>
[[nodiscard]] Search search_enhanced(const net::Workload& workload, int bits, const Budgets& budgets,
                                     const Candidate& baseline, const TileSpace& space,
                                     const Executor& executor = {}) {
  detail::check_space(space);
  const detail::EnhancedModel<Study, Variant> model(workload, space, bits, baseline.resources.filter_bram);
  const Reference reference{
      .cycles = baseline.cycles,
      .area = baseline.resources.area,
      .clock_ratio = Study::Clock::template ratio<EnhancedOverlay<Study, Variant>, BaselineOverlay<Study>>()};
  return search_tiles(space, model, budgets, reference, executor);
}

/// A network on both overlays.
struct Exploration {
  Search baseline;
  Search enhanced;
  Candidate reference;  ///< the best baseline as the enhanced overlay is compared with it

  [[nodiscard]] const Candidate& best_baseline() const { return *baseline.best; }
  [[nodiscard]] const Candidate& best() const { return *enhanced.best; }
};

/// Searches the best baseline, then the enhanced overlay that improves most on it.
///
/// @throws SolverError  no feasible configuration; the message names the limit
/// @throws RangeError   an impossible width
/// @throws ShapeError   the workload has no convolution or no feature maps, or a count needs more than 63 bits
/// Source: released overlay simulator of BRAMAC (arXiv 2304.03974).
template <fabric::BramacVariant Variant, OverlayStudy Study = ExactStudy,
          core::Executor Executor = core::Serial>
[[nodiscard]] Exploration explore(const net::Workload& workload, int bits, const Budgets& budgets = {},
                                  const Executor& executor = {}) {
  Exploration result;
  result.baseline =
      search_baseline<Study>(workload, bits, budgets, baseline_space(bits, workload.rvec), executor);
  check_found(result.baseline, budgets, "baseline");
  result.reference = compared<Study>(workload, bits, result.best_baseline());
  result.enhanced = search_enhanced<Variant, Study>(workload, bits, budgets, result.reference,
                                                    enhanced_space<Variant>(bits, workload.rvec), executor);
  check_found(result.enhanced, budgets, "enhanced");
  return result;
}

}  // namespace bitloom::accel
