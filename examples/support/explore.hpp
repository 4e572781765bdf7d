// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/accel/explore.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/core/version.hpp>

#include "program.hpp"
#include "report.hpp"
#include "workloads.hpp"

namespace bitloom::examples {

/// Arguments of the subcommand `explore`.
struct ExploreOptions {
  std::string network = "resnet34";
  std::vector<int> bits{4};
  std::vector<std::string> variants{"2sa"};
  accel::Budgets budgets{};
  bool released = false;
  bool corrected = false;
  bool stride_width = false;
  std::string json;
};

/// `--dsp` and `--bram`: what the device offers.
inline void add_budgets(CLI::App& command, accel::Budgets& budgets) {
  command.add_option("--dsp", budgets.dsp, "DSP slices of the device")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
      ->capture_default_str();
  command.add_option("--bram", budgets.bram, "block RAMs of the device")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 40))
      ->capture_default_str();
}

inline CLI::App& add_explore(CLI::App& app, ExploreOptions& options) {
  auto& command = *app.add_subcommand(
      "explore",
      "which DLA overlay, plain and with BRAMAC in its filter caches, runs a network best on a device?");
  command
      .add_option("--network", options.network,
                  "alexnet, resnet18, resnet34, or a JSON file with layer lists")
      ->check(not_empty())
      ->capture_default_str();
  command.add_option("--bits", options.bits, "widths of weights and activations: 2, 4, 8")
      ->delimiter(',')
      ->capture_default_str();
  command.add_option("--variant", options.variants, "variants of BRAMAC: 2sa, 1da")
      ->delimiter(',')
      ->check(CLI::IsMember({"2sa", "1da"}, CLI::ignore_case))
      ->capture_default_str();
  add_budgets(command, options.budgets);
  auto* released = command.add_flag(
      "--released", options.released,
      "the study as published: rounding errors of its script, AlexNet's stream buffers in all area ratios");
  command
      .add_flag("--corrected", options.corrected,
                "stream buffers count as block RAMs, and overlays run at the clocks of their blocks")
      ->excludes(released);
  command.add_flag("--stride-width", options.stride_width,
                   "stream buffers as wide as a stride asks for, not as the released script makes them");
  add_output(command, "--json", options.json, "also write the result to this file");
  return command;
}

namespace detail {

inline std::string tile_text(const accel::Tile& tile) {
  return fmt::format("{}/{}/{}", tile.q, tile.c, tile.k);
}

inline std::string layer_text(const net::LayerShape& layer) {
  if (const auto* conv = std::get_if<net::ConvShape>(&layer))
    return fmt::format("conv {}x{}x{}x{}x{}x{}", conv->r, conv->s, conv->c, conv->p, conv->q, conv->k);
  const auto& fc = std::get<net::FcShape>(layer);
  return fmt::format("fc {}x{}", fc.c, fc.k);
}

inline nlohmann::json to_json(const accel::Tile& tile) {
  return {{"q_output_columns", tile.q},
          {"c_input_channels", tile.c},
          {"k_output_channels", tile.k},
          {"r_filter_columns", tile.r}};
}

inline nlohmann::json to_json(const accel::Candidate& candidate) {
  return {{"tile", to_json(candidate.tile)},
          {"dsp_slices", candidate.resources.dsp},
          {"filter_brams", candidate.resources.filter_bram},
          {"stream_brams", candidate.resources.stream_bram},
          {"area_units", candidate.resources.area},
          {"cycles_per_image", candidate.cycles}};
}

inline nlohmann::json to_json(const accel::Feasibility& f) {
  return {{"candidates", f.candidates}, {"over_dsp_budget", f.over_dsp}, {"over_bram_budget", f.over_bram},
          {"over_both", f.over_both},   {"within_budgets", f.within},    {"not_faster", f.not_faster}};
}

inline nlohmann::json layers_json(const net::LayerList& list, const std::vector<std::int64_t>& cycles) {
  auto layers = nlohmann::json::array();
  for (std::size_t i = 0; i < cycles.size(); ++i)
    layers.push_back({{"layer", layer_text(list.layers[i])}, {"cycles", cycles[i]}});
  return layers;
}

}  // namespace detail

/// One network, width and variant, explored.
struct ExplorationReport {
  const net::Workload* workload{};
  int bits{};
  accel::Budgets budgets{};
  std::string_view variant;
  accel::Exploration found{};
  std::vector<std::int64_t> baseline_cycles{};  ///< [layer]
  std::vector<std::int64_t> enhanced_cycles{};  ///< [layer]
  accel::ColumnSplit split{};
  std::int64_t computing_bram{};
  core::Constant baseline_clock{}, enhanced_clock{};
  double clock_ratio = 1;
  std::optional<double> own_area_ratio{};  ///< if the study takes other feature maps

  void print() const;
  void print_layers() const;
  [[nodiscard]] nlohmann::json json() const;
};

/// @throws SolverError  no feasible configuration
template <fabric::BramacVariant Variant, accel::OverlayStudy Study>
ExplorationReport explore_network(const net::Workload& workload, int bits, const ExploreOptions& options) {
  using Baseline = accel::BaselineOverlay<Study>;
  using Enhanced = accel::EnhancedOverlay<Study, Variant>;
  ExplorationReport report{
      .workload = &workload, .bits = bits, .budgets = options.budgets, .variant = Variant::name};
  report.found = accel::explore<Variant, Study>(workload, bits, options.budgets);
  const auto& tile = report.found.best().tile;
  report.baseline_cycles =
      accel::layer_cycles<Baseline>(workload.baseline, report.found.best_baseline().tile, bits);
  report.enhanced_cycles = accel::layer_cycles<Enhanced>(workload.enhanced, tile, bits);
  report.split = Enhanced::split(tile, bits);
  report.computing_bram = Enhanced::compute_bram(tile, bits);
  report.baseline_clock = Baseline::clock();
  report.enhanced_clock = Enhanced::clock();
  report.clock_ratio = Study::Clock::template ratio<Enhanced, Baseline>();
  if constexpr (!std::same_as<typename Study::Source, accel::OwnMaps>)
    report.own_area_ratio =
        accel::explore<Variant, accel::WithSource<Study, accel::OwnMaps>>(workload, bits, options.budgets)
            .best()
            .area_ratio;
  return report;
}

inline void ExplorationReport::print() const {
  const auto& best = found.best();
  fmt::print("{}, {} bits, {}: within {} DSP slices and {} block RAMs\n\n", workload->name, bits, variant,
             budgets.dsp, budgets.bram);
  core::Table designs(
      {"overlay", "q/c/k", "DSP", "filter BRAM", "stream BRAM", "area [units]", "cycles/image"});
  const auto add = [&](std::string name, const accel::Candidate& c) {
    designs.add_row({std::move(name), detail::tile_text(c.tile), std::to_string(c.resources.dsp),
                     std::to_string(c.resources.filter_bram), std::to_string(c.resources.stream_bram),
                     fmt::format("{:.1f}", c.resources.area), std::to_string(c.cycles)});
  };
  add("DLA", found.best_baseline());
  if (found.reference.resources != found.best_baseline().resources) add("DLA as compared", found.reference);
  add("DLA with " + std::string(variant), best);
  fmt::print("{}\n", designs.text());
  fmt::print("speed-up {:.4f}, area ratio {:.4f}, speed-up per area {:.4f}\n", best.speedup, best.area_ratio,
             best.speedup_per_area());
  if (own_area_ratio)
    fmt::print("area ratio with stream buffers sized by the network's own feature maps: {:.4f}\n",
               *own_area_ratio);
  fmt::print("of {} output columns, {} on DSP slices and {} in block RAMs that compute{}\n", best.tile.q,
             split.dsp, split.bram, split.copies > 1 ? " (weights in two copies)" : "");
  if (clock_ratio != 1)
    fmt::print("clocks: {:g} MHz in place of {:g} MHz\n", enhanced_clock.value, baseline_clock.value);
  if (best.resources.bram() > budgets.bram)
    fmt::print("note: with its stream buffers the design takes {} block RAMs, more than the budget\n",
               best.resources.bram());
  fmt::print("\n");
  print_layers();
  core::Table counts(
      {"tiles tried", "candidates", "over DSP", "over BRAM", "over both", "within", "not faster"});
  const auto count = [&](const char* name, const accel::Feasibility& f) {
    counts.add_row({name, std::to_string(f.candidates), std::to_string(f.over_dsp),
                    std::to_string(f.over_bram), std::to_string(f.over_both), std::to_string(f.within),
                    std::to_string(f.not_faster)});
  };
  count("DLA", found.baseline.feasibility);
  count("enhanced", found.enhanced.feasibility);
  fmt::print("{}\n", counts.text());
  core::Table front({"Pareto front", "cycles/image", "area [units]", "speed-up", "area ratio"});
  for (const auto& c : accel::pareto_front(found.enhanced))
    front.add_row({detail::tile_text(c.tile), std::to_string(c.cycles),
                   fmt::format("{:.1f}", c.resources.area), fmt::format("{:.4f}", c.speedup),
                   fmt::format("{:.4f}", c.area_ratio)});
  fmt::print("{}\n", front.text());
}

inline void ExplorationReport::print_layers() const {
  core::Table layers({"layer", "DLA", "cycles", "enhanced", "cycles"});
  const auto& baseline = workload->baseline.layers;
  const auto& enhanced = workload->enhanced.layers;
  const auto cell = [](const auto& list, std::size_t i, auto text) {
    return i < list.size() ? text(list[i]) : "-";
  };
  const auto number = [](std::int64_t cycles) { return std::to_string(cycles); };
  for (std::size_t i = 0; i < std::max(baseline.size(), enhanced.size()); ++i)
    layers.add_row({std::to_string(i + 1), cell(baseline, i, detail::layer_text),
                    cell(baseline_cycles, i, number), cell(enhanced, i, detail::layer_text),
                    cell(enhanced_cycles, i, number)});
  fmt::print("{}\n", layers.text());
}

inline nlohmann::json ExplorationReport::json() const {
  const auto& best = found.best();
  auto baseline = detail::to_json(found.best_baseline());
  baseline["layers"] = detail::layers_json(workload->baseline, baseline_cycles);
  auto enhanced = detail::to_json(best);
  enhanced["layers"] = detail::layers_json(workload->enhanced, enhanced_cycles);
  enhanced["dsp_columns"] = split.dsp;
  enhanced["bramac_columns"] = split.bram;
  enhanced["weight_copies"] = split.copies;
  enhanced["computing_brams"] = computing_bram;
  auto front = nlohmann::json::array();
  for (const auto& c : accel::pareto_front(found.enhanced)) {
    front.push_back(detail::to_json(c));
    front.back().update({{"speedup", c.speedup}, {"area_ratio", c.area_ratio}});
  }
  nlohmann::json report{
      {"network", workload->name},
      {"bits", bits},
      {"variant", variant},
      {"baseline", baseline},
      {"enhanced", enhanced},
      {"baseline_area_units_as_compared", found.reference.resources.area},
      {"speedup", best.speedup},
      {"area_ratio", best.area_ratio},
      {"speedup_per_area", best.speedup_per_area()},
      {"clock_ratio", clock_ratio},
      {"residual_stream_buffers", accel::stream_form(*workload) == accel::StreamForm::Residual},
      {"feasibility",
       {{"baseline", detail::to_json(found.baseline.feasibility)},
        {"enhanced", detail::to_json(found.enhanced.feasibility)}}},
      {"pareto_front", front}};
  if (own_area_ratio) report["area_ratio_own_feature_maps"] = *own_area_ratio;
  return report;
}

/// Explores every network, width and variant that the options ask for.
/// @throws SolverError  one of them has no feasible configuration
inline int run_explore(const ExploreOptions& options) {
  if (!options.json.empty()) core::check_writable(options.json);
  using Studies = core::TypeList<accel::ExactStudy, accel::ReleasedStudy, accel::CorrectedStudy>;
  using Variants = core::TypeList<fabric::TwoSync, fabric::OneDoublePumped>;
  constexpr std::array<std::string_view, 3> names{"exact", "released", "corrected"};
  const std::size_t study = options.corrected ? 2 : options.released ? 1 : 0;
  nlohmann::json report{{"version", version},
                        {"study", names[study]},
                        {"stream_width", options.stride_width ? "stride" : "released"},
                        {"dsp_budget_slices", options.budgets.dsp},
                        {"bram_budget_blocks", options.budgets.bram},
                        {"explorations", nlohmann::json::array()}};
  const auto workloads = load_workloads(options.network);
  for (const auto& workload : workloads)
    if (workload.feature_maps.empty())
      throw ShapeError(workload.name +
                       ": the key iofmap is missing, whose feature maps size the stream buffers");
  const auto explore_with = [&]<class Study>(std::type_identity<Study>) {
    for (const auto& workload : workloads)
      for (const int bits : options.bits)
        for (const auto& variant : options.variants)
          core::visit_at(Variants{}, variant == "1da" ? 1 : 0,
                         [&]<class Variant>(std::type_identity<Variant>) {
                           const auto found = explore_network<Variant, Study>(workload, bits, options);
                           found.print();
                           report["explorations"].push_back(found.json());
                         });
    std::vector<core::Constant> constants;
    for (const auto& variant : options.variants) {
      const auto touched = variant == "1da" ? accel::study_constants<Study, fabric::OneDoublePumped>()
                                            : accel::study_constants<Study, fabric::TwoSync>();
      for (const auto& c : touched)
        if (std::ranges::find(constants, c) == constants.end()) constants.push_back(c);
    }
    std::vector<std::string> assumptions(accel::study_assumptions<Study>.begin(),
                                         accel::study_assumptions<Study>.end());
    for (const auto& workload : workloads)
      if (!workload.residual)
        assumptions.push_back("The file does not say whether " + workload.name +
                              " has shortcuts: stream buffers keep none.");
    for (const auto& line : assumptions) fmt::print("{}\n", line);
    report["assumptions"] = assumptions;
    report["constants"] = nlohmann::json::array();
    for (const auto& c : constants) {
      fmt::print("{}\n", constant_text(c));
      report["constants"].push_back(examples::to_json(c));
    }
  };
  core::visit_at(Studies{}, study, [&]<class Study>(std::type_identity<Study> type) {
    if (options.stride_width)
      explore_with(std::type_identity<accel::WithWidth<Study, accel::StrideWidth>>{});
    else
      explore_with(type);
  });
  if (!options.json.empty()) write_json(options.json, report);
  return success;
}

}  // namespace bitloom::examples
