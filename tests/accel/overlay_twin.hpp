// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <variant>

#include <bitloom/accel/tile_search.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::test {

/// The published study as plain loops over tiles and layers, with formulas of its own.
struct OverlayTwin {
  const net::Workload& net;
  int bits;
  accel::Budgets budgets;
  bool two_sync;
  bool full_charge = false;
  bool stride_width = false;
  double clock_ratio = 1;

  struct Result {
    std::optional<accel::Candidate> baseline;
    std::optional<accel::Candidate> enhanced;
    accel::Feasibility baseline_counts, enhanced_counts;
  };

  [[nodiscard]] Result run() const {
    Result result;
    const accel::Tile first{.q = bits == 2 ? 4 : 2, .c = bits == 8 ? 4 : 8, .k = 48};
    const auto reference = baseline(first);
    for (std::int64_t q = 1; q <= 4; ++q)
      for (std::int64_t c = 4; c <= 16; c += 2)
        for (std::int64_t k = 4; k <= 98; k += 2) {
          if (bits == 2 && q % 2 == 1) continue;
          if (k % c != 0 || k / c % 2 != 0) continue;
          consider(baseline({.q = q, .c = c, .k = k}), reference, 1, result.baseline, result.baseline_counts);
        }
    if (!result.baseline) return result;
    const auto lanes = 40 / bits;
    for (std::int64_t q = two_sync ? 3 : 2; q <= 4; ++q)
      for (std::int64_t c = 4; c <= 64; c += 2)
        for (std::int64_t k = 2 * lanes; k <= 29 * lanes; k += lanes)
          consider(enhanced({.q = q, .c = c, .k = k}, result.baseline->resources.filter_bram),
                   *result.baseline, clock_ratio, result.enhanced, result.enhanced_counts);
    return result;
  }

 private:
  static std::int64_t up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
  [[nodiscard]] std::int64_t packed() const { return 16 / bits; }

  void consider(accel::Candidate x, const accel::Candidate& reference, double clocks,
                std::optional<accel::Candidate>& best, accel::Feasibility& counts) const {
    const auto bram = x.resources.filter_bram + (full_charge ? x.resources.stream_bram : 0);
    const bool over_dsp = x.resources.dsp > budgets.dsp;
    const bool over_bram = bram > budgets.bram;
    ++counts.candidates;
    counts.over_dsp += over_dsp;
    counts.over_bram += over_bram;
    counts.over_both += over_dsp && over_bram;
    counts.least_dsp = std::min(counts.least_dsp, x.resources.dsp);
    counts.least_bram = std::min(counts.least_bram, bram);
    if (over_dsp || over_bram) return;
    ++counts.within;
    x.speedup = static_cast<double>(reference.cycles) / static_cast<double>(x.cycles) * clocks;
    x.area_ratio = x.resources.area / reference.resources.area;
    x.quality = x.speedup > 1 ? x.speedup * x.speedup / x.area_ratio : 0;
    if (x.quality == 0) ++counts.not_faster;
    if (x.quality > 0 && (!best || x.quality > best->quality)) best = x;
  }

  [[nodiscard]] std::int64_t streams(const accel::Tile& t) const {
    net::FeatureMap most{};
    std::int64_t size = 0;
    for (const auto& m : net.feature_maps)
      if (m.pin * m.qin * m.cin + m.pout * m.qout * m.cout > size) {
        most = m;
        size = m.pin * m.qin * m.cin + m.pout * m.qout * m.cout;
      }
    const auto step = stride_width ? up(most.qin, most.qout) : up(most.qout, most.qin);
    const auto banks = ((t.q - 1) * step + 3) * t.c;
    const auto kept = *net.residual ? 2 : 1;
    const auto elements = most.pin * most.qin * most.cin + kept * most.pout * most.qout * most.cout;
    return up(up(elements, banks), 512 * (32 / bits)) * banks;
  }

  [[nodiscard]] accel::Candidate baseline(const accel::Tile& t) const {
    accel::Candidate x{.tile = t};
    auto& use = x.resources;
    use.dsp = up(t.q * 3 * t.c * t.k, packed());
    std::int64_t most = 0;
    for (const auto& layer : net.baseline.layers) {
      if (const auto* l = std::get_if<net::ConvShape>(&layer)) {
        x.cycles += up(
            l->s * l->p * up(l->q, t.q) * t.q * up(l->k, t.k) * t.k * up(l->c, t.c) * t.c * up(l->r, 3) * 3,
            use.dsp * packed());
        if (l->r * l->s * l->c * l->k > most) {
          most = l->r * l->s * l->c * l->k;
          use.filter_bram =
              up(3 * t.c, 32 / bits) * t.k * up(up(l->r, 3) * l->s * up(l->c, t.c) * up(l->k, t.k), 512);
        }
      } else {
        const auto& fc = std::get<net::FcShape>(layer);
        x.cycles += up(fc.c * fc.k, use.dsp * packed());
      }
    }
    use.stream_bram = streams(t);
    use.area =
        40.0 * static_cast<double>(use.filter_bram + use.stream_bram) + 30.0 * static_cast<double>(use.dsp);
    return x;
  }

  [[nodiscard]] accel::Candidate enhanced(const accel::Tile& t, std::int64_t baseline_filters) const {
    accel::Candidate x{.tile = t};
    auto& use = x.resources;
    const auto mac2 = two_sync ? bits + 2 : (bits + 4) / 2;
    const bool doubled = !two_sync && t.q == 4 && bits == 2;
    const auto columns = two_sync || doubled ? 2 : 1;
    use.dsp = up((t.q - columns) * 3 * t.c * t.k, packed());
    const auto blocks = up(mac2 * t.c, 2) * 3 * up(t.k, 40 / bits) * (doubled ? 2 : 1);
    use.filter_bram = blocks < baseline_filters ? up(baseline_filters, blocks) * blocks : blocks;
    for (const auto& layer : net.enhanced.layers) {
      if (const auto* l = std::get_if<net::ConvShape>(&layer)) {
        x.cycles += (up(l->c, mac2 * t.c) * mac2 * l->s * up(l->r, 3) + (two_sync ? 8 : 4)) * up(l->k, t.k) *
                    up(l->q, t.q) * l->p;
      } else {
        const auto& fc = std::get<net::FcShape>(layer);
        x.cycles +=
            up(fc.c * fc.k * mac2, use.dsp * packed() * mac2 + blocks * (two_sync ? 4 : 2) * 40 / bits);
      }
    }
    use.stream_bram = streams(t);
    use.area = (two_sync ? 1.34 : 1.17) * 40.0 * static_cast<double>(use.filter_bram + use.stream_bram) +
               30.0 * static_cast<double>(use.dsp);
    return x;
  }
};

}  // namespace bitloom::test
