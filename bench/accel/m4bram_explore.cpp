// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <variant>

#include <benchmark/benchmark.h>

#include <bitloom/accel/layer_work.hpp>
#include <bitloom/accel/m4bram_explore.hpp>

#include "support/summary.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::accel;

/// ResNet-18 with 8-bit weights and 6-bit activations on the large device, double-pumped M4BRAM-L.
constexpr Widths widths{8, 6};
constexpr Budgets budgets = m4bram_large_device;

template <class Objective>
auto explore(const M4bramWorkload& workload, Objective objective) {
  return explore_m4bram<fabric::Large, fabric::DoublePumped>(workload, widths, budgets, objective);
}

/// The published search as it is written down: every tile, every layer, every formula in full, but in integers, without
/// checks, and with all that is constant worked out before.
class PlainLoops {
 public:
  struct Found {
    HybridTile tile{};
    std::int64_t cycles{}, feasible{};
    double speedup{}, quality{};
  };

  PlainLoops(const M4bramWorkload& workload, bool fastest)
      : layers_(workload.net.baseline.layers),
        filters_(largest_filters(workload.net.baseline)),
        map_(largest_maps(workload.net.feature_maps)),
        elements_(map_.input_elements() + 2 * map_.output_elements()),
        fastest_(fastest) {}

  [[nodiscard]] Found explore() const {
    const auto first = baseline({.q = 1, .c = 8, .k = 48});
    Point reference;
    double best = 0;
    for (std::int64_t p = 1; p <= 8; ++p)
      for (std::int64_t q = 1; q <= 8; ++q)
        for (std::int64_t c = 4; c <= 21; c += 4)
          for (std::int64_t k = 4; k <= 128; k += 4) {
            if (k % c != 0 || k / c % 2 != 0) continue;
            const auto x = baseline({.q = q, .c = c, .k = k, .p = p});
            if (x.cycles == 0) continue;
            const auto quality = quality_of(x, first);
            if (quality > best) {
              best = quality;
              reference = x;
            }
          }
    return enhanced(reference);
  }

 private:
  struct Point {
    std::int64_t cycles{};  ///< 0 over the budgets
    double area{};
  };

  static std::int64_t up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
  static double real(std::int64_t x) { return static_cast<double>(x); }
  static std::int64_t up(double x) {
    const auto whole = static_cast<std::int64_t>(x);
    return whole + (real(whole) < x ? 1 : 0);
  }
  static double quality_of(const Point& x, const Point& reference) {
    const auto speedup = real(reference.cycles) / real(x.cycles);
    return speedup > 1 ? speedup * speedup / (x.area / reference.area) : 0;
  }

  [[nodiscard]] std::int64_t stream(std::int64_t banks) const {
    return up(up(elements_, banks), std::int64_t{2048}) * banks;
  }

  [[nodiscard]] Point baseline(const Tile& t) const {
    const auto dsp = up(t.q * t.p * 3 * t.c * t.k, std::int64_t{2});
    const auto words =
        up(filters_.r, std::int64_t{3}) * filters_.s * up(filters_.c, t.c) * up(filters_.k, t.k);
    const auto bram = 3 * up(t.c * t.k, std::int64_t{4}) * up(words, std::int64_t{512}) +
                      stream(((t.q - 1) * up(map_.qout, map_.qin) + 3) * t.c * t.p);
    const bool is_reference = t.p == 1 && t.q == 1 && t.c == 8 && t.k == 48;
    if (!is_reference && (dsp > budgets.dsp || bram > budgets.bram)) return {};
    Point x{.cycles = 0, .area = 40 * real(bram) + 30 * real(dsp)};
    for (const auto& layer : layers_) {
      if (const auto* l = std::get_if<net::ConvShape>(&layer)) {
        double efficiency = real(l->q) / real(up(l->q, t.q) * t.q);
        efficiency = efficiency * real(l->p) / real(up(l->p, t.p) * t.p);
        efficiency = efficiency * real(l->k) / real(up(l->k, t.k) * t.k);
        efficiency = efficiency * real(l->c) / real(up(l->c, t.c) * t.c);
        efficiency = efficiency * real(l->r) / real(up(l->r, std::int64_t{3}) * 3);
        x.cycles += up(2 * real(l->r * l->s * l->c * l->p * l->q * l->k) / efficiency / real(4 * dsp));
      } else {
        const auto& fc = std::get<net::FcShape>(layer);
        x.cycles += up(fc.c * fc.k, 2 * dsp);
      }
    }
    return x;
  }

  [[nodiscard]] Found enhanced(const Point& reference) const {
    Found found;
    double best = 0;
    for (const std::int64_t p : {1, 2, 4})
      for (const std::int64_t mq : {1, 2, 4}) {
        if (mq * p > 4) continue;
        for (std::int64_t q = 1; q <= 8; ++q)
          for (std::int64_t c = 4; c <= 21; c += 4)
            for (std::int64_t mc = 4; mc <= 42; mc += 4) {
              if (mc / 2 % c != 0) continue;
              for (std::int64_t k = 4; k <= 256; k += 4) {
                if (k % c != 0 || k / c % 2 != 0) continue;
                for (std::int64_t mk = 16; mk <= 256; mk += 16) {
                  if (mk % k != 0) continue;
                  const HybridTile tile{.dsp = {.q = q, .c = c, .k = k, .p = p},
                                        .bram = {.q = mq, .c = mc, .k = mk, .p = p}};
                  const auto x = hybrid(tile);
                  if (x.cycles == 0) continue;
                  ++found.feasible;
                  const auto speedup = real(reference.cycles) / real(x.cycles);
                  const auto quality = quality_of(x, reference);
                  const auto value = fastest_ ? speedup : quality;
                  if (value <= best) continue;
                  best = value;
                  found.tile = tile;
                  found.cycles = x.cycles;
                  found.speedup = speedup;
                  found.quality = quality;
                }
              }
            }
      }
    return found;
  }

  [[nodiscard]] Point hybrid(const HybridTile& tile) const {
    constexpr std::int64_t mac2 = 5, three = 3;
    const auto& t = tile.dsp;
    const auto& m = tile.bram;
    const auto vectors = m.q * m.p;
    const auto dsp = up(t.q * t.p * 3 * t.c * t.k, std::int64_t{2});
    const auto step = up(map_.qin, map_.qout);
    const auto banks = (((t.q - 1) * step + 3) * t.c + ((m.q - 1) * step + 3) * up(m.c, mac2)) * t.p;
    const auto words = up(filters_.r, three) * filters_.s * up(filters_.c, m.c) * up(filters_.k, m.k);
    const auto filter_bram = 3 * up(m.k, 8 / vectors) * m.c / 2 * up(words, 128 * vectors);
    const auto bram = filter_bram + stream(banks);
    if (dsp > budgets.dsp || bram > budgets.bram) return {};
    Point x{.cycles = 0, .area = 1.334 * 40 * real(bram) + 30 * real(dsp)};
    for (const auto& layer : layers_) {
      if (const auto* l = std::get_if<net::ConvShape>(&layer)) {
        const auto groups = up(l->q, t.q + m.q) * up(l->p, t.p);
        const auto rows = l->s * up(l->r, three);
        const auto outputs = up(l->k, m.k);
        const auto on_dsp = up(l->c, t.c) * rows * up(l->k, t.k) * groups;
        const auto on_bram = up(l->c, m.c) * mac2 * rows * outputs * groups;
        x.cycles += std::max(on_dsp, on_bram) + 8 * outputs * groups;
      } else {
        const auto& fc = std::get<net::FcShape>(layer);
        const auto batch = 2 * t.k;
        const auto per_mac2 = 2 * mac2 * dsp + 16 * filter_bram;
        x.cycles += up(2 * real(fc.c * fc.k * batch) / (2 * real(per_mac2)) * real(mac2) / real(batch));
      }
    }
    return x;
  }

  const std::vector<net::LayerShape>& layers_;
  net::ConvShape filters_;
  net::FeatureMap map_;
  std::int64_t elements_;
  bool fastest_;
};

template <class Objective>
bool same_as_plain(const M4bramWorkload& workload, Objective objective) {
  const auto found = explore(workload, objective);
  const auto plain = PlainLoops(workload, objective.name == BestSpeedup::name).explore();
  const auto& best = found.best();
  return plain.tile == best.tile && plain.cycles == best.cycles && plain.speedup == best.speedup &&
         plain.feasible == found.enhanced.feasibility.within;
}

/// Both objectives of the study, with counts, ties and Pareto front.
void explore_resnet18_m4bram(benchmark::State& state) {
  const auto workload = m4bram_resnet18();
  if (!same_as_plain(workload, BestQuality{}) || !same_as_plain(workload, BestSpeedup{}))
    return state.SkipWithError("another tile than that of plain loops");
  for (auto _ : state) {
    benchmark::DoNotOptimize(explore(workload, BestQuality{}));
    benchmark::DoNotOptimize(explore(workload, BestSpeedup{}));
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(explore_resnet18_m4bram);

/// The optimum and its count alone.
void plain_loops_resnet18_m4bram(benchmark::State& state) {
  const auto workload = m4bram_resnet18();
  for (auto _ : state)
    for (const bool fastest : {false, true})
      benchmark::DoNotOptimize(PlainLoops(workload, fastest).explore());
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(plain_loops_resnet18_m4bram);

const bench::AddRow row({.name = "explore_resnet18_m4bram",
                         .unit = "explorations/s",
                         .items_per_unit = 1,
                         .benchmark = "explore_resnet18_m4bram",
                         .peer = "plain loops",
                         .peer_benchmark = "plain_loops_resnet18_m4bram",
                         .limit_benchmark = {}});

}  // namespace
