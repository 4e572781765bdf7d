// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <optional>

#include <benchmark/benchmark.h>

#include <bitloom/accel/explore.hpp>
#include <bitloom/net/workload.hpp>
#include <bitloom/net/zoo.hpp>

#include "support/summary.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::accel;

/// The published search as it is written down: every tile, every layer, every formula in full.
struct PlainLoops {
  using Baseline = Dla<>;
  using Enhanced = DlaBramac<fabric::TwoSync>;

  const net::Workload& net;
  int bits;
  Budgets budgets{};

  [[nodiscard]] Candidate explore() const {
    const auto first = baseline(reference_tile(bits));
    std::optional<Candidate> best;
    const auto space = baseline_space(bits);
    for (const auto q : space.q)
      for (const auto c : space.c)
        for (const auto k : space.k)
          if (k % (2 * c) == 0) consider(baseline({.q = q, .c = c, .k = k}), first, best);
    const auto reference = *best;
    best.reset();
    const auto enhanced_tiles = enhanced_space<fabric::TwoSync>(bits);
    for (const auto q : enhanced_tiles.q)
      for (const auto c : enhanced_tiles.c)
        for (const auto k : enhanced_tiles.k)
          consider(enhanced({.q = q, .c = c, .k = k}, reference.resources.filter_bram), reference, best);
    return *best;
  }

 private:
  void consider(const Candidate& x, const Candidate& reference, std::optional<Candidate>& best) const {
    if (x.resources.dsp > budgets.dsp || x.resources.filter_bram > budgets.bram) return;
    const auto scored =
        score(x.tile, x.resources, x.cycles, {.cycles = reference.cycles, .area = reference.resources.area});
    if (scored.quality > (best ? best->quality : 0)) best = scored;
  }
  [[nodiscard]] std::int64_t streams(const Tile& tile) const {
    return stream_bram(largest_maps(net.feature_maps), stream_form(net), tile, bits);
  }
  [[nodiscard]] Candidate baseline(const Tile& tile) const {
    const auto filters = Baseline::filter_bram(largest_filters(net.baseline), tile, bits);
    return {.tile = tile,
            .resources = Baseline::resources(tile, bits, filters, streams(tile)),
            .cycles = total_cycles<Baseline>(net.baseline, tile, bits)};
  }
  [[nodiscard]] Candidate enhanced(const Tile& tile, std::int64_t baseline_filters) const {
    const auto filters = Enhanced::filter_bram(tile, bits, baseline_filters);
    return {.tile = tile,
            .resources = Enhanced::resources(tile, bits, filters, streams(tile)),
            .cycles = total_cycles<Enhanced>(net.enhanced, tile, bits)};
  }
};

/// One network, BRAMAC-2SA, all three precisions, with the Pareto front.
void explore_resnet34_bramac(benchmark::State& state) {
  const auto net = net::workload(net::resnet34(), "resnet34");
  for (const int bits : {2, 4, 8})
    if (explore<fabric::TwoSync>(net, bits).best() != PlainLoops{.net = net, .bits = bits}.explore())
      return state.SkipWithError("another tile than that of plain loops");
  for (auto _ : state)
    for (const int bits : {2, 4, 8}) {
      const auto found = explore<fabric::TwoSync>(net, bits);
      benchmark::DoNotOptimize(found.best());
      benchmark::DoNotOptimize(pareto_front(found.enhanced));
    }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(explore_resnet34_bramac);

void plain_loops_resnet34_bramac(benchmark::State& state) {
  const auto net = net::workload(net::resnet34(), "resnet34");
  for (auto _ : state)
    for (const int bits : {2, 4, 8}) benchmark::DoNotOptimize(PlainLoops{.net = net, .bits = bits}.explore());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(plain_loops_resnet34_bramac);

const bench::AddRow row({.name = "explore_resnet34_bramac",
                         .unit = "explorations/s",
                         .items_per_unit = 1,
                         .benchmark = "explore_resnet34_bramac",
                         .peer = "plain loops",
                         .peer_benchmark = "plain_loops_resnet34_bramac",
                         .limit_benchmark = {}});

}  // namespace
