// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/accel/m4bram_explore.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/core/version.hpp>

#include "explore.hpp"
#include "m4bram_design_report.hpp"
#include "m4bram_kinds.hpp"
#include "program.hpp"
#include "report.hpp"

namespace bitloom::examples {

/// Arguments of the subcommand `m4bram explore`.
struct M4bramExploreOptions {
  std::string network = "resnet18";
  std::string size = "l";
  std::string clock = "dp";
  int weight_bits = 8;
  int activation_bits = 6;
  double high_share = 1;  ///< of the filters; below 1, the others have `low_bits`
  int low_bits = 4;
  bool no_dsp = false;
  accel::Budgets budgets = accel::m4bram_large_device;
  std::string objective = "qf";
  int max_duplication = 4;
  std::string study = "released";
  bool compare_bramac = false;
  double clock_mhz = 0;  ///< 0: no latency
  std::string json;
};

namespace detail {

/// Accepts finite numbers above `low`, up to `high`.
inline CLI::Validator finite_in(double low, double high) {
  return {[=](const std::string& text) {
            double value = 0;
            const bool ok = CLI::detail::lexical_cast(text, value) && value > low && value <= high;
            return ok ? std::string() : fmt::format("{} is not above {} and up to {}", text, low, high);
          },
          ""};
}

}  // namespace detail

inline CLI::App& add_m4bram_explore(CLI::App& app, M4bramExploreOptions& options) {
  auto& command = *app.add_subcommand(
      "explore",
      "which DLA overlay, plain and with M4BRAM as filter caches, runs a network best on a device?");
  command
      .add_option("--network", options.network,
                  "alexnet, vgg16, resnet18, resnet34, vitbase, or a JSON file with layer lists")
      ->check(not_empty())
      ->capture_default_str();
  command.add_option("--size", options.size, "s or l")
      ->transform(CLI::IsMember({"s", "l"}, CLI::ignore_case))
      ->capture_default_str();
  command.add_option("--clock", options.clock, "sync, or dp: the dummy arrays at twice the main clock")
      ->transform(CLI::IsMember({"sync", "dp"}, CLI::ignore_case))
      ->capture_default_str();
  command.add_option("--weight-bits", options.weight_bits, "2, 4 or 8")
      ->check(CLI::IsMember({2, 4, 8}))
      ->capture_default_str();
  command.add_option("--activation-bits", options.activation_bits, "2 to 8")
      ->check(CLI::Range(2, 8))
      ->capture_default_str();
  auto* share =
      command.add_option("--high-share", options.high_share,
                         "share of the filters that have --weight-bits; the others have --low-bits");
  share->check(detail::finite_in(0, 1))->capture_default_str();
  command.add_option("--low-bits", options.low_bits, "2, 4 or 8")
      ->check(CLI::IsMember({2, 4, 8}))
      ->needs(share)
      ->capture_default_str();
  auto* no_dsp = command.add_flag("--no-dsp", options.no_dsp, "M4BRAM alone, without DSP slices");
  no_dsp->excludes(share);
  add_budgets(command, options.budgets);
  command
      .add_option("--objective", options.objective,
                  "speedup, or qf: speed-up squared over area; alone the speed-up counts, with two widths qf")
      ->check(CLI::IsMember({"qf", "speedup"}))
      ->excludes(share)
      ->excludes(no_dsp)
      ->capture_default_str();
  command
      .add_option("--max-duplication", options.max_duplication,
                  "vectors that may share a weight in a block: 1, 2 or 4")
      ->check(CLI::IsMember({1, 2, 4}))
      ->capture_default_str();
  command
      .add_option("--study", options.study,
                  "released: to the last digit as published; corrected: in integers and without its errors; "
                  "hardware: corrected, for signed activations and with all readouts that lanes need")
      ->check(CLI::IsMember({"released", "corrected", "hardware"}))
      ->capture_default_str();
  command
      .add_flag("--bramac", options.compare_bramac, "also BRAMAC on the same device, where widths are equal")
      ->excludes(share)
      ->excludes(no_dsp);
  command.add_option("--clock-mhz", options.clock_mhz, "clock of the overlays, for latencies")
      ->check(detail::finite_in(0, 1e6));
  add_output(command, "--json", options.json, "also write the result to this file");
  return command;
}

namespace detail {

/// The study in integers, with the cycles and readouts that the block has for signed activations.
using HardwareStudy =
    accel::WithReadouts<accel::WithMac2<accel::CorrectedM4bramStudy, accel::SignedMac2>, accel::SafeReadouts>;
using M4bramStudies = core::TypeList<accel::ReleasedM4bramStudy, accel::CorrectedM4bramStudy, HardwareStudy>;

/// The networks of that name or file.
inline std::vector<accel::M4bramWorkload> m4bram_workloads(const std::string& name) {
  if (auto workload = accel::m4bram_workload(name)) return {*workload};
  std::vector<accel::M4bramWorkload> workloads;
  for (auto& net : net::read_workloads(name)) {
    if (net.feature_maps.empty())
      throw ShapeError(net.name + ": the key iofmap is missing, whose feature maps size the stream buffers");
    workloads.push_back(accel::m4bram_workload(std::move(net)));
  }
  return workloads;
}

}  // namespace detail

/// Explores every network that the options ask for.
/// @throws SolverError  one of them has no feasible configuration
inline int run_m4bram_explore(const M4bramExploreOptions& options) {
  if (!options.json.empty()) core::check_writable(options.json);
  if (options.high_share < 1 && options.low_bits > options.weight_bits)
    throw RangeError(fmt::format("--low-bits: {} is more than the {} bits of the other filters",
                                 options.low_bits, options.weight_bits));
  if (options.compare_bramac && options.weight_bits != options.activation_bits)
    throw RangeError(
        fmt::format("--bramac: BRAMAC has weights and activations of one width, not {} and {} bits",
                    options.weight_bits, options.activation_bits));
  nlohmann::json report{{"version", version},
                        {"study", options.study},
                        {"weight_bits", options.weight_bits},
                        {"activation_bits", options.activation_bits},
                        {"high_share", options.high_share},
                        {"low_bits", options.high_share < 1 ? nlohmann::json(options.low_bits) : nullptr},
                        {"objective", options.no_dsp           ? "speedup"
                                      : options.high_share < 1 ? "qf"
                                                               : options.objective},
                        {"dsp_slices", !options.no_dsp},
                        {"max_duplication", options.max_duplication},
                        {"dsp_budget_slices", options.budgets.dsp},
                        {"bram_budget_blocks", options.budgets.bram},
                        {"clock_mhz", options.clock_mhz > 0 ? nlohmann::json(options.clock_mhz) : nullptr},
                        {"explorations", nlohmann::json::array()}};
  const auto workloads = detail::m4bram_workloads(options.network);
  const accel::Widths widths{options.weight_bits, options.activation_bits};

  const auto add = [&](const accel::M4bramWorkload& workload, const auto& found, const std::string& name) {
    const auto weights = options.high_share < 1
                             ? fmt::format("{}-bit weights in {:g} % of the filters, {}-bit in the others",
                                           options.weight_bits, 100 * options.high_share, options.low_bits)
                             : fmt::format("{}-bit weights", options.weight_bits);
    fmt::print("{}, {}, {}, {}-bit activations: within {} DSP slices and {} block RAMs\n\n",
               workload.net.name, name, weights, options.activation_bits, options.budgets.dsp,
               options.budgets.bram);
    report["explorations"].push_back(detail::report_m4bram(workload, found, name, options.clock_mhz));
  };
  std::vector<core::Constant> bramac_constants;
  // with the objective of the study, whatever that of M4BRAM is
  const auto compare_bramac = [&]<class Study>(std::type_identity<Study>,
                                               const accel::M4bramWorkload& workload, const auto& found) {
    const auto compare = [&]<class Variant>(std::type_identity<Variant>) {
      const auto bramac = accel::explore_bramac_hybrid<Variant, Study>(workload, widths, options.budgets,
                                                                       accel::BestQuality{});
      add(workload, bramac, "DLA with " + std::string(Variant::name));
      const auto ratio = accel::compare_overlays(found, bramac);
      fmt::print(
          "M4BRAM over {}, which is chosen by qf: {:.4f} by speed-ups, each over a baseline of its own "
          "study, {:.4f} by "
          "cycles\n\n",
          Variant::name, ratio.published, ratio.like_for_like);
      report["explorations"].back().update({{"m4bram_over_this_by_speedups", ratio.published},
                                            {"m4bram_over_this_by_cycles", ratio.like_for_like}});
      bramac_constants.push_back(Variant::area_factor);
    };
    compare(std::type_identity<fabric::TwoSync>{});
    compare(std::type_identity<fabric::OneDoublePumped>{});
  };
  const accel::MixedWidths mixed{.weights = {.high_bits = options.weight_bits,
                                             .low_bits = options.low_bits,
                                             .high_ratio = options.high_share},
                                 .activation = options.activation_bits};
  const auto explore_with = [&]<class Study, class Size, class Clocking>(std::type_identity<Study>,
                                                                         std::type_identity<Size>,
                                                                         std::type_identity<Clocking>) {
    const auto name = fmt::format("M4BRAM-{}-{}", Clocking::name, Size::name);
    for (const auto& workload : workloads) {
      if (options.no_dsp) {
        add(workload,
            accel::explore_m4bram_alone<Size, Clocking, Study>(workload, widths, options.budgets,
                                                               accel::BestSpeedup{}, options.max_duplication),
            name + " alone");
      } else if (options.high_share < 1) {
        add(workload,
            accel::explore_m4bram<Size, Clocking, Study>(workload, mixed, options.budgets,
                                                         accel::BestQuality{}, options.max_duplication),
            "DLA with " + name);
      } else {
        detail::visit_objective(options.objective, [&](auto objective) {
          const auto found = accel::explore_m4bram<Size, Clocking, Study>(workload, widths, options.budgets,
                                                                          objective, options.max_duplication);
          add(workload, found, "DLA with " + name);
          if (options.compare_bramac) compare_bramac(std::type_identity<Study>{}, workload, found);
        });
      }
    }
    report["assumptions"] = accel::m4bram_assumptions<Study>();
    for (const auto& line : accel::m4bram_assumptions<Study>()) fmt::print("{}\n", line);
    report["constants"] = nlohmann::json::array();
    auto constants = accel::m4bram_study_constants<Size>();
    for (const auto& c : bramac_constants)
      if (std::ranges::find(constants, c) == constants.end()) constants.push_back(c);
    for (const auto& c : constants) {
      fmt::print("{}\n", constant_text(c));
      report["constants"].push_back(examples::to_json(c));
    }
  };
  const std::size_t study = options.study == "corrected" ? 1 : options.study == "hardware" ? 2 : 0;
  detail::visit_m4bram_kind(options.size, options.clock, [&](auto size, auto clocking) {
    core::visit_at(detail::M4bramStudies{}, study, [&](auto type) { explore_with(type, size, clocking); });
  });
  if (!options.json.empty()) write_json(options.json, report);
  return success;
}

}  // namespace bitloom::examples
