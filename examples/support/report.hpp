// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/accel/network_cost.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/file.hpp>

namespace bitloom::examples {

/// Writes a report. Names that are no UTF-8 are mended.
inline void write_json(const std::string& path, const nlohmann::json& report) {
  core::write_file(path, report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

/// A number from outside, with its origin and standing.
inline nlohmann::json to_json(const core::Constant& c) {
  return {{"name", c.name},
          {"value", c.value},
          {"unit", c.unit},
          {"source", c.source},
          {"standing", core::name(c.standing)}};
}
inline std::string constant_text(const core::Constant& c) {
  return fmt::format("{}: {:g}{}{} ({}: {})", c.name, c.value, c.unit.empty() ? "" : " ", c.unit,
                     core::name(c.standing), c.source);
}

/// What the figures of a report rest on: assumptions, and constants from outside, each once.
class Basis {
 public:
  void add(const accel::NetworkCost& cost) {
    for (const auto& constant : cost.constants)
      if (std::ranges::find(constants_, constant) == constants_.end()) constants_.push_back(constant);
  }

  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> lines{"* At an assumed clock; cycles are counted."};
    lines.insert(lines.end(), accel::network_assumptions.begin(), accel::network_assumptions.end());
    for (const auto& c : constants_) lines.push_back(constant_text(c));
    return lines;
  }

  /// Adds `constants` and `assumptions`.
  void write_to(nlohmann::json& report) const {
    report["assumptions"] = accel::network_assumptions;
    report["constants"] = nlohmann::json::array();
    for (const auto& c : constants_) report["constants"].push_back(to_json(c));
  }

 private:
  std::vector<core::Constant> constants_;
};

/// A network's cost; areas are relative, an M20K being 40 units and a DSP slice 30, and no energy is known.
inline nlohmann::json to_json(const accel::NetworkCost& cost) {
  auto layers = nlohmann::json::array();
  for (const auto& layer : cost.layers)
    layers.push_back({{"name", layer.name},
                      {"outputs", layer.shape.rows},
                      {"terms", layer.shape.columns},
                      {"positions", layer.shape.vectors},
                      {"blocks", layer.product.mapping.blocks()},
                      {"cycles", layer.product.cycles}});
  return {{"cycles_per_image", cost.cycles},
          {"load_cycles_per_image", cost.load_cycles},
          {"blocks", cost.blocks},
          {"weight_words_per_block", cost.weight_words},
          {"port_occupancy", cost.port_occupancy},
          {"latency_us", cost.latency_us},
          {"latency_standing", core::name(cost.latency_standing)},
          {"area_units", cost.area},
          {"energy_pj", nullptr},
          {"layers", layers}};
}

/// The columns of a cost in a table.
inline std::vector<std::string> cost_header() {
  return {"cycles/image", "waiting", "blocks", "latency [us]", "area [units]", "energy", "port busy"};
}
inline std::vector<std::string> cost_cells(const accel::NetworkCost& cost) {
  const bool assumed = cost.latency_standing == core::Standing::Assumed;
  return {std::to_string(cost.cycles),
          std::to_string(cost.load_cycles),
          std::to_string(cost.blocks),
          fmt::format("{:.2f}{}", cost.latency_us, assumed ? " *" : ""),
          fmt::format("{:.1f}", cost.area),
          "-",
          cost.weight_words == 0 ? "-" : fmt::format("{:.0f} %", 100 * cost.port_occupancy)};
}

}  // namespace bitloom::examples
