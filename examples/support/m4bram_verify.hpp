// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/core/file.hpp>
#include <bitloom/core/progress.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/fabric/agreement.hpp>
#include <bitloom/fabric/m4bram_product.hpp>
#include <bitloom/fabric/m4bram_value.hpp>
#include <bitloom/rtl/agreement.hpp>

#include "m4bram_choice.hpp"
#include "program.hpp"
#include "report.hpp"
#include "reporting_threads.hpp"
#include "rtl_view.hpp"

namespace bitloom::examples {

/// Arguments of the subcommand `verify`.
struct M4bramVerifyOptions {
  std::vector<std::string> sizes{"s", "l"};
  std::vector<std::string> clocks{"sync", "dp"};
  std::vector<int> duplications{1, 2, 4};
  std::vector<int> weight_bits{2, 4, 8};
  std::vector<int> activation_bits{2, 3, 4, 5, 6, 7, 8};
  std::vector<std::string> signs{"unsigned", "signed"};
  std::vector<std::string> overflows{"wide", "wrap"};
  std::uint64_t seed = 1;
  int products = 2;
  bool rtl = false;
  std::string json{};
};

inline CLI::App& add_m4bram_verify(CLI::App& app, M4bramVerifyOptions& options) {
  auto& command = *app.add_subcommand(
      "verify", "do value view, machine and formula of M4BRAM agree, for every block, width and sign?");
  const auto add_list = [&](const std::string& name, auto& list, const auto& legal, const std::string& what) {
    command.add_option(name, list, what)
        ->delimiter(',')
        ->transform(CLI::IsMember(legal, CLI::ignore_case))
        ->capture_default_str();
  };
  using Words = std::vector<std::string>;
  add_list("--size", options.sizes, Words{"s", "l"}, "s, l");
  add_list("--clock", options.clocks, Words{"sync", "dp"}, "sync, dp");
  command.add_option("--duplication", options.duplications, "1, 2, 4")
      ->delimiter(',')
      ->check(CLI::IsMember({1, 2, 4}))
      ->capture_default_str();
  command.add_option("--weight-bits", options.weight_bits, "2, 4, 8")
      ->delimiter(',')
      ->check(CLI::IsMember({2, 4, 8}))
      ->capture_default_str();
  command.add_option("--activation-bits", options.activation_bits, "2 to 8")
      ->delimiter(',')
      ->check(CLI::Range(2, 8))
      ->capture_default_str();
  add_list("--sign", options.signs, Words{"unsigned", "signed"}, "of activations: unsigned, signed");
  add_list("--overflow", options.overflows, Words{"wide", "wrap"},
           "wide: sums are cut so that no lane wraps; wrap: lanes do");
  command.add_option("--seed", options.seed, "seed of the random operands")
      ->check(seed_number())
      ->capture_default_str();
  command.add_option("--products", options.products, "random matrix products for each block, width and sign")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command.add_flag(
      "--rtl", options.rtl,
      "simulate the emitted hardware description as well, with Verilator, where sums are cut: minutes");
  add_output(command, "--json", options.json, "also write the result to this file");
  return command;
}

/// One block with operands of one kind.
struct M4bramVerdict {
  bool wraps{};         ///< with sums that are not cut
  std::size_t index{};  ///< in M4bramBlocks
  fabric::Operands operands{};
  std::string_view block{};
  fabric::Agreement agreement{};
  std::optional<rtl::Agreement> rtl{};  ///< with the simulation, where that was asked for

  [[nodiscard]] bool holds() const { return rtl ? rtl->holds() : agreement.holds(); }
  [[nodiscard]] std::string text() const { return rtl ? rtl::to_string(*rtl) : fabric::to_string(agreement); }
};

/// All that the options ask for, block after block, without an outcome.
inline std::vector<M4bramVerdict> verdicts_to_find(const M4bramVerifyOptions& options) {
  std::vector<M4bramVerdict> verdicts;
  for (const auto& overflow : options.overflows)
    for (const auto& size : options.sizes)
      for (const auto& clock : options.clocks)
        for (const int duplication : options.duplications)
          for (const int weight_bits : options.weight_bits)
            for (const int activation_bits : options.activation_bits)
              for (const auto& sign : options.signs) {
                const M4bramChoice choice{.size = size,
                                          .clock = clock,
                                          .duplication = duplication,
                                          .weight_bits = weight_bits,
                                          .activation_bits = activation_bits,
                                          .signed_activations = sign == "signed"};
                verdicts.push_back(
                    {.wraps = overflow == "wrap", .index = choice.index(), .operands = choice.operands()});
              }
  return verdicts;
}

/// Compares the views on the products of fabric::verify. Goes through the products here, not once for every type.
inline void find_verdict(M4bramVerdict& verdict, const M4bramVerifyOptions& options) {
  const auto& o = verdict.operands;
  fabric::for_each_product(
      o, options.seed, options.products,
      [&](const fabric::MatrixShape& shape, const auto& weights, const auto& activations) {
        const auto compare = [&]<class B>(std::type_identity<B>) {
          verdict.block = B::name;
          fabric::compare_views<B>(shape, o, weights, activations, verdict.agreement);
        };
        if (verdict.wraps)
          core::visit_at(M4bramBlocks<M4bramWrapping>{}, verdict.index, compare);
        else
          core::visit_at(M4bramBlocks<fabric::M4bramPolicies>{}, verdict.index, compare);
      });
}

/// Compares them with a simulation of the hardware description, too. Only where sums are cut: the hardware is the same.
inline void find_verdict(M4bramVerdict& verdict, const M4bramVerifyOptions& options,
                         RtlSimulations& simulations) {
  if (verdict.wraps) return find_verdict(verdict, options);
  core::visit_at(M4bramBlocks<fabric::M4bramPolicies>{}, verdict.index, [&]<class B>(std::type_identity<B>) {
    verdict.block = B::name;
    verdict.rtl = simulations.verify<B>(verdict.operands, options.seed, options.products);
    verdict.agreement = verdict.rtl->views;
  });
}

/// A line for each block, and one for each of its widths where something does not agree.
inline void print_verdicts(const std::vector<M4bramVerdict>& verdicts) {
  for (auto first = verdicts.begin(); first != verdicts.end();) {
    const auto last = std::find_if(first, verdicts.end(), [&](const auto& v) {
      return v.index != first->index || v.wraps != first->wraps;
    });
    rtl::Agreement all;
    std::int64_t every = 0;
    for (auto v = first; v != last; ++v) {
      all.views.operands += v->agreement.operands;
      all.views.mismatches += v->agreement.mismatches;
      all.views.machine_cycles += v->agreement.machine_cycles;
      all.views.formula_cycles += v->agreement.formula_cycles;
      if (v->rtl && all.rtl_difference.empty()) all.rtl_difference = v->rtl->rtl_difference;
      every += fabric::verifies_all(v->operands) ? 1 : 0;
    }
    fmt::print("{:<14} {}  {} widths and signs, of {} every MAC2: {}\n", first->block,
               first->wraps ? "wrap" : "wide", last - first, every,
               first->rtl ? rtl::to_string(all) : fabric::to_string(all.views));
    for (; first != last; ++first)
      if (!first->holds()) fmt::print("  {:<12} {}\n", fabric::to_string(first->operands), first->text());
  }
}

/// Compares the views of all blocks that the options ask for.
/// @throws Error  the file cannot be written
inline int run_m4bram_verify(const M4bramVerifyOptions& options) {
  if (!options.json.empty()) core::check_writable(options.json);
  auto verdicts = verdicts_to_find(options);
  if (options.rtl) {
    RtlSimulations simulations;
    core::Progress progress("verify", std::ssize(verdicts));
    for (std::int64_t done = 0; auto& verdict : verdicts) {
      find_verdict(verdict, options, simulations);
      progress.update(++done);
    }
  } else {
    ReportingThreads("verify").for_each_index(std::ssize(verdicts), [&](std::int64_t i) {
      find_verdict(verdicts[static_cast<std::size_t>(i)], options);
    });
  }
  print_verdicts(verdicts);
  fmt::print("seed {}, {} random products for each width and sign\n", options.seed, options.products);
  const bool ok = std::ranges::all_of(verdicts, [](const auto& v) { return v.holds(); });
  if (!options.json.empty()) {
    auto list = nlohmann::json::array();
    for (const auto& v : verdicts)
      list.push_back({{"block", v.block},
                      {"overflow", v.wraps ? "wrap" : "wide"},
                      {"weight_bits", v.operands.weight_bits},
                      {"activation_bits", v.operands.activation_bits},
                      {"signed_activations", v.operands.signed_activations},
                      {"every_mac2", fabric::verifies_all(v.operands)},
                      {"operands", v.agreement.operands},
                      {"mismatches", v.agreement.mismatches},
                      {"machine_cycles", v.agreement.machine_cycles},
                      {"formula_cycles", v.agreement.formula_cycles},
                      {"rtl_cycles", v.rtl ? nlohmann::json(v.rtl->rtl_cycles) : nlohmann::json(nullptr)}});
    write_json(options.json, {{"version", version},
                              {"seed", options.seed},
                              {"random_products", options.products},
                              {"verified", list},
                              {"ok", ok}});
  }
  return ok ? success : check_failed;
}

}  // namespace bitloom::examples
