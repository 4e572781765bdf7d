// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/accel/network_cost.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/fabric.hpp>

#include "program.hpp"
#include "report.hpp"

namespace bitloom::examples {

/// Arguments of the subcommand `compare`.
struct CompareOptions {
  std::string network = "resnet18";
  std::vector<std::int64_t>
      shape;  ///< outputs, terms and, if there are three, vectors; else the network counts
  std::vector<int> bits{4};
  int activation_bits = 0;  ///< 0: as many as weights
  bool signed_activations = false;
  std::int64_t blocks = 1000;
  std::string json;
};

inline CLI::App& add_compare(CLI::App& app, CompareOptions& options) {
  auto& command = *app.add_subcommand(
      "compare",
      "which block does a matrix product or a network best: BRAMAC, M4BRAM, CoMeFa, CCB or DSP slices? All "
      "under the same assumptions");
  auto* network = command
                      .add_option("--network", options.network,
                                  "alexnet, resnet18, resnet34, or a JSON file with layer lists")
                      ->check(not_empty())
                      ->capture_default_str();
  command
      .add_option(
          "--shape", options.shape,
          "one matrix product instead: outputs, terms of a sum and, unless it is one, activation vectors")
      ->type_name("OUTPUTS TERMS [VECTORS]")
      ->expected(2, 3)
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->excludes(network);
  command.add_option("--bits", options.bits, "widths of weights and activations: 2 to 8")
      ->delimiter(',')
      ->check(CLI::Range(2, 8))
      ->capture_default_str();
  command
      .add_option("--activation-bits", options.activation_bits,
                  "width of activations, if it is not that of weights")
      ->check(CLI::Range(2, 8));
  command.add_flag("--signed", options.signed_activations, "activations are signed");
  command.add_option("--blocks", options.blocks, "blocks of each kind")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 32))
      ->capture_default_str();
  add_output(command, "--json", options.json, "also write the result to this file");
  return command;
}

namespace detail {

using ComparedBlocks =
    core::TypeList<fabric::Padded<fabric::Bramac2sa>, fabric::Padded<fabric::Bramac1da>,
                   fabric::Padded<fabric::M4bram<fabric::Small, fabric::Synchronous>>,
                   fabric::Padded<fabric::M4bram<fabric::Large, fabric::Synchronous>>,
                   fabric::Padded<fabric::M4bram<fabric::Small, fabric::DoublePumped>>,
                   fabric::Padded<fabric::M4bram<fabric::Large, fabric::DoublePumped>>, fabric::ComefaD,
                   fabric::ComefaA, fabric::Ccb<2>, fabric::Ccb<4>, fabric::DspSlice>;

/// The operands of weights of that width.
inline fabric::Operands compared_operands(const CompareOptions& options, int bits) {
  return {.weight_bits = bits,
          .activation_bits = options.activation_bits > 0 ? options.activation_bits : bits,
          .signed_activations = options.signed_activations};
}

/// A figure and what it is worth.
struct Figure {
  double value{};
  core::Standing standing = core::Standing::Derived;

  [[nodiscard]] std::string text(std::string_view number) const {
    return std::string(number) + (standing == core::Standing::Assumed ? " *" : "");
  }
  void write_to(nlohmann::json& entry, const std::string& key) const {
    entry[key] = value;
    entry[key + "_standing"] = core::name(standing);
  }
};

/// One kind of block on one workload.
struct ComparedRun {
  std::string_view block, weights;
  bool has_memory{};
  bool fits = true;       ///< persistent weights do
  std::int64_t cycles{};  ///< and all below, if they fit
  std::int64_t blocks{};  ///< in use, in the layer that uses most
  Figure latency_us{}, gmac_per_s{}, area_units{}, gmac_per_s_and_area_unit{};
  Figure storage_efficiency{};
  Figure memory_taken_share{};  ///< by the weights of all layers; above 1 they do not fit
  double memory_free_share{};   ///< of the cycles
  core::Standing cycles_standing{};

  [[nodiscard]] std::vector<std::string> cells() const {
    const auto memory = [&](const std::string& text) { return has_memory ? text : std::string("-"); };
    const auto percent = [](double share) { return fmt::format("{:.0f} %", 100 * share); };
    std::vector<std::string> row{std::string(block), std::string(weights)};
    if (fits)
      for (const auto& cell :
           {Figure{0, cycles_standing}.text(std::to_string(cycles)),
            latency_us.text(fmt::format("{:.2f}", latency_us.value)),
            gmac_per_s.text(fmt::format("{:.1f}", gmac_per_s.value)), std::to_string(blocks),
            area_units.text(fmt::format("{:.0f}", area_units.value)),
            gmac_per_s_and_area_unit.text(fmt::format("{:.3f}", gmac_per_s_and_area_unit.value)),
            memory(percent(memory_free_share))})
        row.push_back(cell);
    else
      row.insert(row.end(), {"too large", "-", "-", "-", "-", "-", "-"});
    row.push_back(memory(memory_taken_share.text(percent(memory_taken_share.value))));
    row.push_back(memory(storage_efficiency.text(fmt::format("{:.3f}", storage_efficiency.value))));
    return row;
  }

  static std::vector<std::string> header() {
    return {
        "block",       "weights",     "cycles",      "latency [us]",      "GMAC/s", "blocks", "area [units]",
        "GMAC/s/unit", "memory free", "memory used", "storage efficiency"};
  }

  [[nodiscard]] nlohmann::json json() const {
    nlohmann::json entry{{"block", block}, {"weights", weights}, {"weights_fit", fits}};
    for (const auto* key : {"memory_taken_share", "memory_free_share", "storage_efficiency", "cycles",
                            "latency_us", "throughput_gmac_per_s", "area_units",
                            "throughput_per_area_gmac_per_s_and_unit", "blocks", "energy_pj"})
      entry[key] = nullptr;
    if (has_memory) {
      memory_taken_share.write_to(entry, "memory_taken_share");
      storage_efficiency.write_to(entry, "storage_efficiency");
    }
    if (!fits) return entry;
    if (has_memory) entry["memory_free_share"] = memory_free_share;
    entry["blocks"] = blocks;
    entry["cycles"] = cycles;
    entry["cycles_standing"] = core::name(cycles_standing);
    latency_us.write_to(entry, "latency_us");
    gmac_per_s.write_to(entry, "throughput_gmac_per_s");
    area_units.write_to(entry, "area_units");
    gmac_per_s_and_area_unit.write_to(entry, "throughput_per_area_gmac_per_s_and_unit");
    return entry;
  }
};

/// What cycles of a block are worth: those of all but the bit-serial blocks follow from released controllers.
template <class B>
constexpr core::Standing cycles_standing() {
  if constexpr (requires { B::cycles_standing; })
    return B::cycles_standing;
  else
    return core::Standing::Derived;
}

/// All layers, one after the other on the same blocks.
/// @throws RangeError  the block lacks these operands, or a sum might not fit 32 bits
/// @throws ShapeError  there is no layer, or a total does not fit 63 bits
template <fabric::Block B>
ComparedRun compare_run(const std::vector<accel::LayerProduct>& layers, const accel::BlockArray<B>& array,
                        fabric::Weights weights) {
  core::check_positive("layers", std::ssize(layers));
  const auto& o = array.operands();
  const bool persistent = weights == fabric::Weights::Persistent;
  const auto capacity = fabric::weight_words<B>(o);
  ComparedRun run{.block = B::name,
                  .weights = capacity == 0 ? "outside"
                             : persistent  ? "persistent"
                                           : "tiled",
                  .has_memory = capacity > 0,
                  .cycles_standing = cycles_standing<B>()};
  std::int64_t words = 0;
  double macs = 0;
  std::vector<accel::Mapping> mappings;
  for (const auto& layer : layers) {
    const auto mapping = array.map(layer.shape);
    words = core::checked_sum("weight words", words, fabric::words_taken<B>(mapping.largest, o));
    macs += static_cast<double>(layer.shape.macs());
    run.blocks = std::max(run.blocks, mapping.blocks());
    mappings.push_back(mapping);
  }
  if (run.has_memory)
    run.memory_taken_share = {static_cast<double>(words) / static_cast<double>(capacity),
                              run.cycles_standing};
  run.storage_efficiency = {fabric::storage_efficiency<B>(o), run.cycles_standing};
  run.fits = !persistent || words <= capacity;
  if (!run.fits) return run;
  std::int64_t free = 0;
  for (const auto& mapping : mappings) {
    const auto own = fabric::latency_cycles<B>(mapping.largest, o, weights) + mapping.tree_levels();
    run.cycles = core::checked_sum("cycles", run.cycles, own);
    free += fabric::free_cycles<B>(mapping.largest, o, weights);
  }
  const auto cycles = static_cast<double>(run.cycles);
  const auto latency_standing = std::max(run.cycles_standing, B::clock().standing);
  run.memory_free_share = static_cast<double>(free) / cycles;
  run.latency_us = {cycles / B::clock().value, latency_standing};
  run.gmac_per_s = {macs / run.latency_us.value * 1e-3, latency_standing};
  run.area_units = {B::area().value * static_cast<double>(run.blocks), B::area().standing};
  run.gmac_per_s_and_area_unit = {run.gmac_per_s.value / run.area_units.value,
                                  std::max(latency_standing, B::area().standing)};
  return run;
}

inline std::vector<std::string> compare_assumptions(const CompareOptions& options) {
  std::vector<std::string> lines{
      fmt::format(
          "There are {} blocks of each kind. Outputs are split over them first, then sums; an adder tree "
          "joins partial sums, one cycle a level, in the blocks' clock.",
          options.blocks),
      "Layers run one after the other on the same blocks, one image at a time.",
      "Persistent: the weights of all layers are in the blocks before. Tiled: none is; those of a layer are "
      "loaded while it runs, two words a cycle in every block, which memory outside keeps up with.",
      "BRAMAC loads weights in cycles that computing leaves free, M4BRAM through port B and those of port A. "
      "CoMeFa and CCB stop for every row of "
      "weights, "
      "for every accumulator that is read and, CCB, for every activation.",
      "CoMeFa and CCB compute one output a column, all columns with the same activation; columns "
      "beyond the outputs idle. What offsets of signed operands add is subtracted outside.",
      "CCB is taken to compute as CoMeFa does, with 2 or 4 activations stored in the array: nothing about it "
      "has a source that can be cited.",
      "Each weight of M4BRAM meets one vector of activations (no duplication).",
      "DSP slices take weights and activations from memory that is not counted."};
  for (const int bits : options.bits) {
    const auto o = compared_operands(options, bits);
    const auto note = [&](std::string_view block, const fabric::Operands& padded) {
      if (padded != o)
        lines.push_back(
            fmt::format("{} computes {} as {}.", block, fabric::to_string(o), fabric::to_string(padded)));
    };
    note("BRAMAC", fabric::Padded<fabric::Bramac2sa>::padded(o));
    note("M4BRAM", fabric::Padded<fabric::M4bram<fabric::Small, fabric::Synchronous>>::padded(o));
  }
  return lines;
}

}  // namespace detail

/// Runs every block on every workload and width that the options ask for.
///
/// @param load_networks  load_networks(name) gives pairs of a name and a net::LayerList
/// @throws RangeError  a sum of products might not fit 32 bits
/// @throws ShapeError  an impossible layer, or a total that does not fit 63 bits
template <class LoadNetworks>
int run_compare(const CompareOptions& options, LoadNetworks&& load_networks) {
  if (!options.json.empty()) core::check_writable(options.json);
  std::vector<std::pair<std::string, std::vector<accel::LayerProduct>>> workloads;
  if (options.shape.empty()) {
    for (const auto& [name, list] : load_networks(options.network))
      workloads.emplace_back(name, accel::layer_products(list));
  } else {
    const auto& extents = options.shape;
    const fabric::MatrixShape shape{
        .rows = extents.at(0), .columns = extents.at(1), .vectors = extents.size() > 2 ? extents[2] : 1};
    const auto name =
        fmt::format("{} outputs x {} terms x {} vectors", shape.rows, shape.columns, shape.vectors);
    workloads.emplace_back(name, std::vector<accel::LayerProduct>{{name, shape}});
  }
  nlohmann::json report{
      {"version", version}, {"blocks_available", options.blocks}, {"comparisons", nlohmann::json::array()}};
  std::vector<core::Constant> constants;
  const auto note = [&](const core::Constant& constant) {
    if (std::ranges::find(constants, constant) == constants.end()) constants.push_back(constant);
  };
  for (const auto& workload : workloads)
    for (const int bits : options.bits) {
      const auto o = detail::compared_operands(options, bits);
      core::Table table(detail::ComparedRun::header());
      auto runs = nlohmann::json::array();
      core::for_each_type(detail::ComparedBlocks{}, [&]<class B>(std::type_identity<B>) {
        const accel::BlockArray<B> array(options.blocks, o);
        const auto add = [&](fabric::Weights weights) {
          const auto run = detail::compare_run<B>(workload.second, array, weights);
          table.add_row(run.cells());
          runs.push_back(run.json());
        };
        add(fabric::Weights::Persistent);
        if (fabric::weight_words<B>(o) > 0) add(fabric::Weights::Tiled);
        if constexpr (requires { B::constants(); })
          for (const auto& constant : B::constants()) note(constant);
        else
          for (const auto& constant : {B::clock(), B::area()}) note(constant);
        if constexpr (requires { B::accumulator(o); }) note(B::accumulator(o));
      });
      fmt::print("{}, {}\n{}\n", workload.first, fabric::to_string(o), table.text());
      report["comparisons"].push_back({{"workload", workload.first},
                                       {"weight_bits", bits},
                                       {"activation_bits", o.activation_bits},
                                       {"signed_activations", options.signed_activations},
                                       {"runs", runs}});
    }
  report["assumptions"] = detail::compare_assumptions(options);
  report["constants"] = nlohmann::json::array();
  fmt::print("* Assumed, or from something assumed.\n");
  for (const auto& line : detail::compare_assumptions(options)) fmt::print("{}\n", line);
  for (const auto& c : constants) {
    fmt::print("{}: {:g}{}{} ({}: {})\n", c.name, c.value, c.unit.empty() ? "" : " ", c.unit,
               core::name(c.standing), c.source);
    report["constants"].push_back({{"name", c.name},
                                   {"value", c.value},
                                   {"unit", c.unit},
                                   {"source", c.source},
                                   {"standing", core::name(c.standing)}});
  }
  if (!options.json.empty()) write_json(options.json, report);
  return success;
}

}  // namespace bitloom::examples
