// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/accel/m4bram_explore.hpp>
#include <bitloom/core/table.hpp>

#include "explore.hpp"

namespace bitloom::examples::detail {

inline std::string rows_text(const accel::Tile& tile) {
  return fmt::format("{} row{}", tile.p, tile.p == 1 ? "" : "s");
}
inline std::string design_text(const accel::Tile& tile) {
  return fmt::format("{}, {}", tile_text(tile), rows_text(tile));
}
inline std::string design_text(const accel::HybridTile& tile) {
  return fmt::format("{} + {}, {}", tile_text(tile.dsp), tile_text(tile.bram), rows_text(tile.dsp));
}

inline nlohmann::json tile_json(const accel::Tile& tile) {
  auto json = to_json(tile);
  json["p_output_rows"] = tile.p;
  return json;
}
inline nlohmann::json tile_json(const accel::HybridTile& tile) {
  return {{"dsp", tile_json(tile.dsp)}, {"bram", tile_json(tile.bram)}};
}

template <class T>
nlohmann::json scored_json(const accel::Scored<T>& c) {
  return {{"tile", tile_json(c.tile)},
          {"dsp_slices", c.resources.dsp},
          {"filter_brams", c.resources.filter_bram},
          {"stream_brams", c.resources.stream_bram},
          {"area_units", c.resources.area},
          {"cycles_per_image", c.cycles},
          {"speedup", c.speedup},
          {"area_ratio", c.area_ratio},
          {"quality", c.quality}};
}

/// An exploration printed, and as JSON.
/// @param clock_mhz  0: no latencies
template <class Exploration>
nlohmann::json report_m4bram(const accel::M4bramWorkload& workload, const Exploration& found,
                             const std::string& name, double clock_mhz) {
  core::Table designs({"overlay", "tile q/c/k", "DSP", "filter BRAM", "stream BRAM", "area [units]",
                       "cycles/image", "latency [us]"});
  const auto add = [&](std::string overlay, const auto& c, const std::string& tile) {
    designs.add_row({std::move(overlay), tile, std::to_string(c.resources.dsp),
                     std::to_string(c.resources.filter_bram), std::to_string(c.resources.stream_bram),
                     fmt::format("{:.1f}", c.resources.area), std::to_string(c.cycles),
                     clock_mhz > 0 ? fmt::format("{:.1f}", static_cast<double>(c.cycles) / clock_mhz) : "-"});
  };
  const auto& baseline = found.best_baseline();
  const auto& best = found.best();
  add("DLA", baseline, design_text(baseline.tile));
  add(name, best, design_text(best.tile));
  fmt::print("{}\nspeed-up {:.4f}, area ratio {:.4f}, speed-up squared per area {:.4f}\n\n", designs.text(),
             best.speedup, best.area_ratio, best.quality);

  core::Table layers({"layer", "DLA", "cycles", "enhanced", "cycles"});
  auto layer_json = nlohmann::json::array();
  const auto& plain = workload.net.baseline.layers;
  const auto& enhanced = workload.net.enhanced.layers;
  for (std::size_t i = 0; i < std::max(plain.size(), enhanced.size()); ++i) {
    const auto text = [i](const auto& list) {
      return i < list.size() ? layer_text(list[i]) : std::string("-");
    };
    const auto cycles = [i](const auto& list) {
      return i < list.size() ? std::to_string(list[i]) : std::string("-");
    };
    const auto count = [i](const auto& list) { return i < list.size() ? nlohmann::json(list[i]) : nullptr; };
    layers.add_row({std::to_string(i + 1), text(plain), cycles(found.baseline_cycles), text(enhanced),
                    cycles(found.enhanced_cycles)});
    layer_json.push_back({{"baseline_layer", text(plain)},
                          {"baseline_cycles", count(found.baseline_cycles)},
                          {"enhanced_layer", text(enhanced)},
                          {"enhanced_cycles", count(found.enhanced_cycles)}});
  }
  fmt::print("{}\n", layers.text());

  core::Table counts(
      {"tiles tried", "candidates", "over DSP", "over BRAM", "over both", "within", "not faster", "ties"});
  const auto count = [&](const char* overlay, const auto& search) {
    const auto& f = search.feasibility;
    counts.add_row({overlay, std::to_string(f.candidates), std::to_string(f.over_dsp),
                    std::to_string(f.over_bram), std::to_string(f.over_both), std::to_string(f.within),
                    std::to_string(f.not_faster), std::to_string(search.ties)});
  };
  count("DLA", found.baseline);
  count("enhanced", found.enhanced);
  fmt::print("{}\n", counts.text());

  core::Table front({"Pareto front", "cycles/image", "area [units]", "speed-up", "area ratio"});
  auto front_json = nlohmann::json::array();
  for (const auto& c : found.enhanced.front) {
    front.add_row({design_text(c.tile), std::to_string(c.cycles), fmt::format("{:.1f}", c.resources.area),
                   fmt::format("{:.4f}", c.speedup), fmt::format("{:.4f}", c.area_ratio)});
    front_json.push_back(scored_json(c));
  }
  fmt::print("{}\n", front.text());
  auto baseline_json = scored_json(baseline);
  for (const auto* key :
       {"speedup", "area_ratio", "quality"})  // these are over the tile that its search starts from
    baseline_json.erase(key);
  auto best_json = scored_json(best);
  if (clock_mhz > 0) {
    baseline_json["latency_us"] = static_cast<double>(baseline.cycles) / clock_mhz;
    best_json["latency_us"] = static_cast<double>(best.cycles) / clock_mhz;
  }
  return {{"network", workload.net.name},
          {"overlay", name},
          {"baseline", baseline_json},
          {"enhanced", best_json},
          {"layers", layer_json},
          {"ties", {{"baseline", found.baseline.ties}, {"enhanced", found.enhanced.ties}}},
          {"feasibility",
           {{"baseline", to_json(found.baseline.feasibility)},
            {"enhanced", to_json(found.enhanced.feasibility)}}},
          {"pareto_front", front_json}};
}

}  // namespace bitloom::examples::detail
