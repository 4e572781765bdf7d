// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>

#include "bramac_reference.hpp"

namespace bitloom::examples {

/// The columns of trace_*.csv, in their order.
inline constexpr std::array<const char*, 21> trace_columns{
    "cycle", "state",     "counter",    "carry_in",      "ren1",         "ren2",         "wen1",
    "wen2",  "raddr1_a1", "raddr1_a2",  "raddr2",        "waddr1",       "waddr2",       "wsel1",
    "wsel2", "readout",   "mac2_index", "psum_a1_lane0", "acc_a1_lane0", "inv_a1_lane0", "w12_a1_lane0"};

inline std::string trace_csv(const std::vector<TraceLine>& lines) {
  std::string text;
  for (const auto* column : trace_columns) text += (text.empty() ? "" : ",") + std::string(column);
  text += '\n';
  for (const auto& line : lines) {
    const char* comma = "";
    for (const auto* column : trace_columns) {
      text += comma + line.at(column);
      comma = ",";
    }
    text += '\n';
  }
  return text;
}

/// The line that `check` finds the operands of a trace in.
inline std::string operand_line(const DotCase& c, std::optional<std::uint64_t> seed) {
  nlohmann::ordered_json line{{"variant", c.variant},
                              {"n", c.operands.activation_bits},
                              {"signed_inputs", c.operands.signed_activations ? 1 : 0},
                              {"K", c.count()}};
  if (seed) line["seed"] = *seed;
  line["first_readout_cycle"] = c.first_readout;
  for (std::size_t word = 0; word < 2; ++word) {
    auto& words = line[word == 0 ? "w1" : "w2"];
    for (const auto& pair : c.words) words.push_back(fmt::format("{:010x}", pair[word]));
  }
  line["i1"] = c.activations[0];
  line["i2"] = c.activations[1];
  line["acc"] = c.accumulators;
  return line.dump() + "\n";
}

/// @throws Error  the file cannot be written
inline void append_line(const std::string& path, const std::string& line) {
  std::string separator;
  if (std::filesystem::exists(path)) {
    const auto text = core::read_file(path);
    if (!text.empty() && text.back() != '\n') separator = "\n";
  }
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << separator << line << std::flush;
  if (!file) throw Error(path + ": it cannot be written");
}

}  // namespace bitloom::examples
