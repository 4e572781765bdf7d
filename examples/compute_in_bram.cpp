// SPDX-License-Identifier: Apache-2.0
// Are the views of a compute-in-BRAM block the same block, and what does such a block buy? Checks reference files,
// verifies the models, and explores accelerators made of them.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/accel.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/progress.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/fabric.hpp>
#include <bitloom/net/layer_list_json.hpp>
#include <bitloom/net/lowering.hpp>
#include <bitloom/net/zoo.hpp>
#include <bitloom/rtl/agreement.hpp>

#include "compute_in_bram/m4bram.hpp"
#include "support/bramac_reference.hpp"
#include "support/bramac_reproduction.hpp"
#include "support/check.hpp"
#include "support/compare.hpp"
#include "support/describe.hpp"
#include "support/device_reference.hpp"
#include "support/explore.hpp"
#include "support/program.hpp"
#include "support/report.hpp"
#include "support/rtl_view.hpp"
#include "support/trace.hpp"

namespace {

using namespace bitloom;
using fabric::Operands;

using CostBlocks = core::TypeList<fabric::Bramac2sa, fabric::Bramac1da, fabric::DspSlice>;
using Blocks = core::TypeList<fabric::Bramac2sa, fabric::Bramac1da>;
using ReleasedBlocks = core::TypeList<fabric::Bramac<fabric::TwoSync, fabric::AsReleased>,
                                      fabric::Bramac<fabric::OneDoublePumped, fabric::AsReleased>>;

struct Verdict {
  std::string block;
  Operands operands{};
  fabric::Agreement agreement{};
  std::optional<rtl::Agreement> rtl{};  ///< with the simulation, where that was asked for

  [[nodiscard]] bool holds() const { return rtl ? rtl->holds() : agreement.holds(); }
  [[nodiscard]] std::string text() const { return rtl ? rtl::to_string(*rtl) : fabric::to_string(agreement); }
};

struct VerifyOptions {
  std::uint64_t seed = 1;
  int products = 20;
  bool rtl = false;
  std::string json;
};

int run_verify(const VerifyOptions& options) {
  const auto& [seed, products, with_rtl, json_file] = options;
  if (!json_file.empty()) core::check_writable(json_file);
  std::optional<examples::RtlSimulations> simulations;
  if (with_rtl) simulations.emplace();
  std::vector<Verdict> verdicts;
  core::Progress progress("verify", 18);
  const auto verify_widths = [&]<class B>(std::type_identity<B>, bool is_signed) {
    for (const int bits : {2, 4, 8}) {
      const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
      Verdict verdict{.block = std::string(B::name), .operands = o};
      if (simulations) {
        verdict.rtl = simulations->verify<B>(o, options.seed, options.products);
        verdict.agreement = verdict.rtl->views;
      } else {
        verdict.agreement = fabric::verify<B>(o, options.seed, options.products);
      }
      verdicts.push_back(std::move(verdict));
      progress.update(std::ssize(verdicts));
    }
  };
  core::for_each_type(Blocks{}, [&](auto block) {
    verify_widths(block, false);
    verify_widths(block, true);
  });
  // the released control table differs in the sign step alone
  core::for_each_type(ReleasedBlocks{}, [&](auto block) { verify_widths(block, true); });

  bool all_ok = true;
  auto list = nlohmann::json::array();
  for (const auto& v : verdicts) {
    all_ok = all_ok && v.holds();
    const bool every = fabric::verifies_all(v.operands);
    fmt::print("{:<22} {:<12}  {}{}\n", v.block, fabric::to_string(v.operands), v.text(),
               every ? " (every MAC2 among them)" : "");
    list.push_back({{"block", v.block},
                    {"weight_bits", v.operands.weight_bits},
                    {"activation_bits", v.operands.activation_bits},
                    {"signed_activations", v.operands.signed_activations},
                    {"every_mac2", every},
                    {"operands", v.agreement.operands},
                    {"mismatches", v.agreement.mismatches},
                    {"machine_cycles", v.agreement.machine_cycles},
                    {"formula_cycles", v.agreement.formula_cycles},
                    {"rtl_cycles", v.rtl ? nlohmann::json(v.rtl->rtl_cycles) : nlohmann::json(nullptr)}});
  }
  fmt::print("seed {}, {} random products for each line\n", seed, products);
  if (!json_file.empty())
    examples::write_json(json_file, {{"version", version},
                                     {"seed", seed},
                                     {"random_products", products},
                                     {"verified", list},
                                     {"ok", all_ok}});
  return all_ok ? examples::success : examples::check_failed;
}

/// A network by the name of a built-in one, or all networks of a file with layer lists.
std::vector<std::pair<std::string, net::LayerList>> load_networks(const std::string& name) {
  if (name == "alexnet") return {{name, net::layer_list(net::alexnet())}};
  if (name == "resnet18") return {{name, net::layer_list(net::resnet18())}};
  if (name == "resnet34") return {{name, net::layer_list(net::resnet34())}};
  std::vector<std::pair<std::string, net::LayerList>> networks;
  for (const auto& workload : net::read_workloads(name))
    networks.emplace_back(workload.name, workload.enhanced);
  return networks;
}

struct CostOptions {
  std::string network = "resnet18";
  int bits = 4;
  std::int64_t blocks = 1000;
  bool layers = false;
  std::string json;
};

int run_cost(const CostOptions& options) {
  if (!options.json.empty()) core::check_writable(options.json);
  const Operands o{.weight_bits = options.bits, .activation_bits = options.bits};
  nlohmann::json report{{"version", version},
                        {"bits", options.bits},
                        {"blocks_available", options.blocks},
                        {"costs", nlohmann::json::array()}};
  std::vector<std::string> header{"network", "block"};
  for (auto& column : examples::cost_header()) header.push_back(std::move(column));
  core::Table table(header);
  core::Table layer_table({"layer", "block", "outputs", "terms", "positions", "blocks", "cycles"});
  examples::Basis basis;
  for (const auto& network : load_networks(options.network)) {
    const auto& name = network.first;
    const auto products = accel::layer_products(network.second);
    core::for_each_type(CostBlocks{}, [&]<class B>(std::type_identity<B>) {
      const auto cost = accel::network_cost<B>(products, {options.blocks, o});
      basis.add(cost);
      std::vector<std::string> line{name, std::string(B::name)};
      for (auto& cell : examples::cost_cells(cost)) line.push_back(std::move(cell));
      table.add_row(line);
      for (const auto& layer : cost.layers)
        layer_table.add_row({name + ' ' + layer.name, std::string(B::name), std::to_string(layer.shape.rows),
                             std::to_string(layer.shape.columns), std::to_string(layer.shape.vectors),
                             std::to_string(layer.product.mapping.blocks()),
                             std::to_string(layer.product.cycles)});
      auto entry = examples::to_json(cost);
      entry.update({{"network", name}, {"block", B::name}});
      report["costs"].push_back(std::move(entry));
    });
  }
  if (options.layers) fmt::print("{}\n", layer_table.text());
  fmt::print("{}\n{}, {} blocks of each kind\n", table.text(), fabric::to_string(o), options.blocks);
  for (const auto& line : basis.lines()) fmt::print("{}\n", line);
  basis.write_to(report);
  if (!options.json.empty()) examples::write_json(options.json, report);
  return examples::success;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Do the value view, the cycle view and the formulas of a compute-in-BRAM block agree, with each "
      "other and with reference data?",
      "compute_in_bram");
  app.set_version_flag("--version", std::string(version));
  app.require_subcommand(1);

  std::vector<std::string> files;
  std::string json_file;
  auto* check =
      app.add_subcommand("check",
                         "recompute reference files (MAC2 dot products, eFSM traces, cycle "
                         "counts, accumulator limits, instruction words, DLA overlays and their "
                         "exploration, areas, peak throughput, CoMeFa operations, published results; for "
                         "M4BRAM also block vectors, searches and quantizers)");
  check->add_option("FILE", files, "files to check")->required()->check(CLI::ExistingFile);
  examples::add_output(*check, "--json", json_file, "also write the result to this file");

  VerifyOptions verify;
  auto* verify_command =
      app.add_subcommand("verify", "compare the views of every BRAMAC block, width and sign");
  verify_command->add_option("--seed", verify.seed, "seed of the random operands")
      ->check(examples::seed_number())
      ->capture_default_str();
  verify_command
      ->add_option("--products", verify.products, "random matrix products for each block, width and sign")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  verify_command->add_flag("--rtl", verify.rtl,
                           "simulate the emitted hardware description as well, with Verilator: minutes");
  examples::add_output(*verify_command, "--json", verify.json, "also write the result to this file");

  examples::RtlOptions rtl_options;
  auto* rtl_command =
      app.add_subcommand("rtl", "the block as synthesizable SystemVerilog, with a testbench and a trace");
  rtl_command->add_option("--variant", rtl_options.variant, "2SA or 1DA")
      ->check(CLI::IsMember({"2SA", "1DA"}, CLI::ignore_case))
      ->capture_default_str();
  rtl_command->add_flag("--released", rtl_options.released, "with the control table as released");
  rtl_command
      ->add_option("--output", rtl_options.folder,
                   "folder for module, testbench and trace; without it, the module is printed")
      ->type_name("FOLDER")
      ->check(examples::not_empty());
  rtl_command->add_option("--seed", rtl_options.seed, "seed of the operands in the trace")
      ->check(examples::seed_number())
      ->capture_default_str();

  CostOptions cost;
  auto* cost_command =
      app.add_subcommand("cost", "cycles of a network's layers on an array of blocks, beside DSP slices");
  cost_command
      ->add_option("--network", cost.network, "alexnet, resnet18, resnet34, or a JSON file with layer lists")
      ->check(examples::not_empty())
      ->capture_default_str();
  cost_command->add_option("--bits", cost.bits, "width of weights and activations: 2, 4 or 8")
      ->capture_default_str();
  cost_command->add_option("--blocks", cost.blocks, "blocks of each kind")->capture_default_str();
  cost_command->add_flag("--layers", cost.layers, "also print every layer");
  examples::add_output(*cost_command, "--json", cost.json, "also write the result to this file");

  examples::ExploreOptions explore;
  const auto& explore_command = examples::add_explore(app, explore);
  examples::CompareOptions compare;
  const auto& compare_command = examples::add_compare(app, compare);

  examples::DescribeOptions describe;
  const auto& describe_command = examples::add_describe(app, describe);
  examples::TraceOptions trace;
  const auto& trace_command = examples::add_trace(app, trace);

  auto& m4bram = *app.add_subcommand(
      "m4bram", "the same questions of M4BRAM, a block with weights and activations of different widths");
  m4bram.require_subcommand(1);
  const auto m4bram_blocks = examples::add_m4bram_blocks(m4bram);
  const auto m4bram_designs = examples::add_m4bram_designs(m4bram);

  std::string page;
  auto* reproduce = app.add_subcommand("reproduce", "write a page of published results beside ours");
  reproduce->add_option("FILE", page, "the page, in Markdown")->required()->check(examples::not_empty());

  return examples::run_program(app, argc, argv, [&] {
    if (compare_command.parsed()) return examples::run_compare(compare, load_networks);
    if (describe_command.parsed()) return examples::run_describe(describe);
    if (trace_command.parsed()) return examples::run_trace(trace);
    if (explore_command.parsed()) return examples::run_explore(explore);
    if (reproduce->parsed()) return examples::run_reproduce(page, {examples::reproduce_device()});
    if (check->parsed())
      return examples::check_files(files, json_file,
                                   [](const std::string& path, examples::CaseCounter& counter) {
                                     if (!examples::check_m4bram(path, counter))
                                       examples::check_bramac_file(path, counter);
                                   });
    if (const auto code = m4bram_blocks()) return *code;
    if (const auto code = m4bram_designs()) return *code;
    if (cost_command->parsed()) return run_cost(cost);
    if (rtl_command->parsed()) return examples::run_rtl(rtl_options);
    return run_verify(verify);
  });
}
