// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "support/deployment.hpp"
#include "support/report.hpp"

namespace bitloom::examples {

inline std::string percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

/// What a deployment showed, in sentences.
/// @param name    of the network, the first words
/// @param images  of the test split
inline std::vector<std::string> deployment_lines(const Deployment& d, const std::string& name,
                                                 std::int64_t images) {
  std::vector<std::string> lines{fmt::format(
      "{} with ranges frozen on training images: {} on codes, {} fake-quantized; all outputs the same on "
      "{} of {} test images.",
      name, percent(d.code_accuracy), percent(d.model_accuracy), d.code_images, images)};
  if (!d.on_blocks) {
    lines.emplace_back(
        "It has minifloats, which no block of the library computes with: it ran on codes alone, with exact "
        "sums.");
    return lines;
  }
  lines.push_back(
      fmt::format("{}: plain integers give these outputs on {} of {} test images, the value view of {} on "
                  "{}, the clocked machine "
                  "on {} of {}, in the cycles of the formula.",
                  d.agrees(images) ? "agreement" : "DISAGREEMENT", d.integer_images, images, d.block,
                  d.value_images, d.machine_images, d.sample));
  lines.push_back(
      fmt::format("{} blocks of {}: {} cycles an image, {:.2f} us *, area {:.1f} units (an M20K has 40).",
                  d.blocks, d.block, d.cycles, d.latency_us, d.area));
  if (d.weight_words > d.memory_words)
    lines.push_back(fmt::format(
        "The weights take {} words of the {} in a block: loading them while layers run is not counted.",
        d.weight_words, d.memory_words));
  return lines;
}

/// The layers as the block ran them, for a table.
inline std::vector<std::string> stage_header() {
  return {"layer", "operands in the block", "outputs", "terms", "positions", "blocks", "cycles"};
}
inline std::vector<std::vector<std::string>> stage_rows(const Deployment& d) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < d.stages.size(); ++i) {
    const auto& layer = d.stages[i].layers.front();
    rows.push_back({layer.name, d.operands[i], std::to_string(layer.shape.rows),
                    std::to_string(layer.shape.columns), std::to_string(layer.shape.vectors),
                    std::to_string(d.stages[i].blocks), std::to_string(d.stages[i].cycles)});
  }
  return rows;
}

inline nlohmann::json deployment_json(const Deployment& d, std::int64_t images) {
  nlohmann::json entry{{"agrees", d.agrees(images)},
                       {"fake_quantized_accuracy", d.model_accuracy},
                       {"code_accuracy", d.code_accuracy},
                       {"code_images_equal", d.code_images},
                       {"block", nullptr}};
  if (!d.on_blocks) return entry;
  entry["block"] = d.block;
  entry["integer_images_equal"] = d.integer_images;
  entry["value_view_images_equal"] = d.value_images;
  entry["cycle_view_images"] = d.sample;
  entry["cycle_view_images_equal"] = d.machine_images;
  entry["blocks"] = d.blocks;
  entry["cycles_per_image"] = d.cycles;
  entry["latency_us"] = d.latency_us;
  entry["area_units"] = d.area;
  entry["weight_words_per_block"] = d.weight_words;
  entry["memory_words_per_block"] = d.memory_words;
  entry["layers"] = nlohmann::json::array();
  for (std::size_t i = 0; i < d.stages.size(); ++i) {
    auto layer = to_json(d.stages[i]).at("layers").at(0);
    layer["operands"] = d.operands[i];
    entry["layers"].push_back(std::move(layer));
  }
  return entry;
}

}  // namespace bitloom::examples
