// SPDX-License-Identifier: Apache-2.0
// Are the views of a compute-in-BRAM block the same block? Checks reference files and verifies the models.

#include <algorithm>
#include <cstdint>
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

#include "support/bramac_reference.hpp"
#include "support/check.hpp"
#include "support/program.hpp"

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
};

int run_verify(std::uint64_t seed, int products, const std::string& json_file) {
  std::vector<Verdict> verdicts;
  core::Progress progress("verify", 18);
  const auto verify_widths = [&]<class B>(std::type_identity<B>, bool is_signed) {
    for (const int bits : {2, 4, 8}) {
      const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
      verdicts.push_back({std::string(B::name), o, fabric::verify<B>(o, seed, products)});
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
    all_ok = all_ok && v.agreement.holds();
    const bool every = fabric::verifies_all(v.operands);
    fmt::print("{:<22} {:<12}  {}{}\n", v.block, fabric::to_string(v.operands),
               fabric::to_string(v.agreement), every ? " (every MAC2 among them)" : "");
    list.push_back({{"block", v.block},
                    {"weight_bits", v.operands.weight_bits},
                    {"activation_bits", v.operands.activation_bits},
                    {"signed_activations", v.operands.signed_activations},
                    {"every_mac2", every},
                    {"operands", v.agreement.operands},
                    {"mismatches", v.agreement.mismatches},
                    {"machine_cycles", v.agreement.machine_cycles},
                    {"formula_cycles", v.agreement.formula_cycles}});
  }
  fmt::print("seed {}, {} random products for each line\n", seed, products);
  if (!json_file.empty()) {
    const nlohmann::json report{{"version", version},
                                {"seed", seed},
                                {"random_products", products},
                                {"verified", list},
                                {"ok", all_ok}};
    core::write_file(json_file, report.dump(2) + "\n");
  }
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
  const Operands o{.weight_bits = options.bits, .activation_bits = options.bits};
  auto report = nlohmann::json::array();
  core::Table table(
      {"network", "block", "cycles/image", "load cycles", "blocks", "latency [us]", "port busy"});
  core::Table layer_table({"layer", "block", "outputs", "terms", "positions", "blocks", "cycles"});
  std::vector<core::Constant> constants;
  for (const auto& network : load_networks(options.network)) {
    const auto& name = network.first;
    const auto products = accel::layer_products(network.second);
    core::for_each_type(CostBlocks{}, [&]<class B>(std::type_identity<B>) {
      const auto cost = accel::network_cost<B>(products, {options.blocks, o});
      table.add_row({name, std::string(B::name), std::to_string(cost.cycles),
                     std::to_string(cost.load_cycles), std::to_string(cost.blocks),
                     fmt::format("{:.1f} *", cost.latency_us),
                     fmt::format("{:.0f} %", 100 * cost.port_occupancy)});
      auto layers = nlohmann::json::array();
      for (const auto& layer : cost.layers) {
        const auto& [rows, columns, vectors] = layer.shape;
        layer_table.add_row({name + ' ' + layer.name, std::string(B::name), std::to_string(rows),
                             std::to_string(columns), std::to_string(vectors),
                             std::to_string(layer.product.mapping.blocks()),
                             std::to_string(layer.product.cycles)});
        layers.push_back({{"name", layer.name},
                          {"outputs", rows},
                          {"terms", columns},
                          {"positions", vectors},
                          {"blocks", layer.product.mapping.blocks()},
                          {"cycles", layer.product.cycles}});
      }
      report.push_back({{"network", name},
                        {"block", B::name},
                        {"cycles_per_image", cost.cycles},
                        {"load_cycles_per_image", cost.load_cycles},
                        {"blocks", cost.blocks},
                        {"latency_us", cost.latency_us},
                        {"latency_standing", core::name(cost.latency_standing)},
                        {"port_occupancy", cost.port_occupancy},
                        {"layers", layers}});
      for (const auto& constant : cost.constants)
        if (std::ranges::find(constants, constant) == constants.end()) constants.push_back(constant);
    });
  }
  if (options.layers) fmt::print("{}\n", layer_table.text());
  fmt::print("{}\n{} on {} blocks of each kind. * At an assumed clock; the cycles are exact.\n", table.text(),
             fabric::to_string(o), options.blocks);
  for (const auto& c : constants)
    fmt::print("{}: {:g} {} ({}: {})\n", c.name, c.value, c.unit, core::name(c.standing), c.source);
  if (!options.json.empty()) {
    const nlohmann::json file{{"version", version},
                              {"bits", options.bits},
                              {"blocks_available", options.blocks},
                              {"costs", report}};
    core::write_file(options.json, file.dump(2) + "\n");
  }
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
  auto* check = app.add_subcommand("check",
                                   "recompute reference files (MAC2 dot products, eFSM traces, cycle "
                                   "counts, accumulator limits, instruction words)");
  check->add_option("FILE", files, "files to check")->required()->check(CLI::ExistingFile);

  std::uint64_t seed = 1;
  int products = 20;
  std::string json_file;
  auto* verify_command =
      app.add_subcommand("verify", "compare the views of every BRAMAC block, width and sign");
  verify_command->add_option("--seed", seed, "seed of the random operands")->capture_default_str();
  verify_command->add_option("--products", products, "random matrix products for each block, width and sign")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  verify_command->add_option("--json", json_file, "also write the result to this file");

  CostOptions cost;
  auto* cost_command = app.add_subcommand("cost",
                                          "cycles of a network's layers on an array of blocks, beside DSP "
                                          "slices");
  cost_command
      ->add_option("--network", cost.network, "alexnet, resnet18, resnet34, or a JSON file with layer lists")
      ->capture_default_str();
  cost_command->add_option("--bits", cost.bits, "width of weights and activations: 2, 4 or 8")
      ->capture_default_str();
  cost_command->add_option("--blocks", cost.blocks, "blocks of each kind")->capture_default_str();
  cost_command->add_flag("--layers", cost.layers, "also print every layer");
  cost_command->add_option("--json", cost.json, "also write the result to this file");

  return examples::run_program(app, argc, argv, [&] {
    if (check->parsed()) return examples::check_files(files, examples::check_bramac_file);
    if (cost_command->parsed()) return run_cost(cost);
    return run_verify(seed, products, json_file);
  });
}
