// SPDX-License-Identifier: Apache-2.0
// Are the views of a compute-in-BRAM block the same block? Checks reference files and verifies the models.

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/file.hpp>
#include <bitloom/core/progress.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/fabric.hpp>

#include "support/bramac_reference.hpp"
#include "support/check.hpp"
#include "support/program.hpp"

namespace {

using namespace bitloom;
using fabric::MatrixShape;
using fabric::Operands;

using Blocks = core::TypeList<fabric::Bramac2sa, fabric::Bramac1da>;
using ReleasedBlocks = core::TypeList<fabric::Bramac<fabric::TwoSync, fabric::AsReleased>,
                                      fabric::Bramac<fabric::OneDoublePumped, fabric::AsReleased>>;

/// All integers of a width and sign.
std::vector<std::int16_t> all_values(int bits, bool is_signed) {
  std::vector<std::int16_t> values;
  for (int i = 0; i < 1 << bits; ++i) values.push_back(static_cast<std::int16_t>(is_signed ? i - (1 << (bits - 1)) : i));
  return values;
}

/// Weights and activations of a matrix product.
struct Product {
  MatrixShape shape{};
  std::vector<std::int16_t> weights;
  std::vector<std::int16_t> activations;
};

/// Every pair of weights as a row, every pair of activations as a vector.
Product every_mac2(const Operands& o) {
  const auto weights = all_values(o.weight_bits, true);
  const auto activations = all_values(o.activation_bits, o.signed_activations);
  Product p;
  for (const auto w1 : weights)
    for (const auto w2 : weights) p.weights.insert(p.weights.end(), {w1, w2});
  for (int row = 0; row < 2; ++row)
    for (const auto a1 : activations)
      for (const auto a2 : activations) p.activations.push_back(row == 0 ? a1 : a2);
  p.shape = {.rows = std::ssize(p.weights) / 2, .columns = 2, .vectors = std::ssize(p.activations) / 2};
  return p;
}

Product random_product(const MatrixShape& shape, const Operands& o, core::Random& random) {
  const auto weights = all_values(o.weight_bits, true);
  const auto activations = all_values(o.activation_bits, o.signed_activations);
  const auto draw = [&](const auto& values) {
    return values[static_cast<std::size_t>(random.integer(0, std::ssize(values) - 1))];
  };
  Product p{.shape = shape, .weights = {}, .activations = {}};
  for (std::int64_t i = 0; i < shape.rows * shape.columns; ++i) p.weights.push_back(draw(weights));
  for (std::int64_t i = 0; i < shape.columns * shape.vectors; ++i) p.activations.push_back(draw(activations));
  return p;
}

struct Verdict {
  std::string block;
  Operands operands{};
  bool exhaustive{};           ///< every pair of weights met every pair of activations
  std::int64_t checked{};      ///< (weight pair, activation pair) operands
  std::int64_t mismatches{};   ///< sums that differ
  std::int64_t machine_cycles{};
  std::int64_t formula_cycles{};

  [[nodiscard]] bool ok() const { return mismatches == 0 && machine_cycles == formula_cycles; }
};

template <class B>
void compare_views(const Product& p, Verdict& verdict) {
  const auto size = static_cast<std::size_t>(p.shape.rows * p.shape.vectors);
  std::vector<std::int32_t> value(size), cycle(size);
  B::multiply(p.shape, verdict.operands, p.weights, p.activations, value);
  const auto machine = std::make_unique<typename B::Machine>();
  verdict.machine_cycles += B::run(*machine, p.shape, verdict.operands, p.weights, p.activations, cycle);
  verdict.formula_cycles += B::cycles(p.shape, verdict.operands);
  for (std::size_t i = 0; i < size; ++i) verdict.mismatches += value[i] == cycle[i] ? 0 : 1;
  verdict.checked += p.shape.rows * ((p.shape.columns + 1) / 2) * p.shape.vectors;
}

template <class B>
Verdict verify(const Operands& o, std::uint64_t seed, int products) {
  Verdict verdict{.block = std::string(B::name), .operands = o, .exhaustive = o.weight_bits <= 4};
  if (verdict.exhaustive) compare_views<B>(every_mac2(o), verdict);
  core::Random random(seed);
  for (int i = 0; i < products; ++i) {
    const MatrixShape shape{.rows = random.integer(1, 60), .columns = random.integer(1, 600),
                            .vectors = random.integer(1, 5)};
    compare_views<B>(random_product(shape, o, random), verdict);
  }
  return verdict;
}

int run_verify(std::uint64_t seed, int products, const std::string& json_file) {
  std::vector<Verdict> verdicts;
  core::Progress progress("verify", 18);
  const auto verify_widths = [&]<class B>(std::type_identity<B>, bool is_signed) {
    for (const int bits : {2, 4, 8}) {
      const Operands o{.weight_bits = bits, .activation_bits = bits, .signed_activations = is_signed};
      verdicts.push_back(verify<B>(o, seed, products));
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
    all_ok = all_ok && v.ok();
    fmt::print("{} {:<12}: value {} machine on {} operands{}, cycles {} {} formula\n", v.block,
               fabric::to_string(v.operands), v.mismatches == 0 ? "=" : "!=", v.checked,
               v.exhaustive ? " (every MAC2 among them)" : "", v.machine_cycles,
               v.machine_cycles == v.formula_cycles ? "=" : "!=");
    list.push_back({{"block", v.block},
                    {"weight_bits", v.operands.weight_bits},
                    {"activation_bits", v.operands.activation_bits},
                    {"signed_activations", v.operands.signed_activations},
                    {"every_mac2", v.exhaustive},
                    {"operands", v.checked},
                    {"mismatches", v.mismatches},
                    {"machine_cycles", v.machine_cycles},
                    {"formula_cycles", v.formula_cycles}});
  }
  fmt::print("seed {}, {} random products for each line\n", seed, products);
  if (!json_file.empty()) {
    const nlohmann::json report{
        {"version", version}, {"seed", seed}, {"random_products", products}, {"verified", list}, {"ok", all_ok}};
    core::write_file(json_file, report.dump(2) + "\n");
  }
  return all_ok ? examples::success : examples::check_failed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Do the value view, the cycle view and the formulas of a compute-in-BRAM block agree, with each "
               "other and with reference data?",
               "compute_in_bram");
  app.set_version_flag("--version", std::string(version));
  app.require_subcommand(1);

  std::vector<std::string> files;
  auto* check = app.add_subcommand("check", "recompute reference files (MAC2 dot products, eFSM traces, cycle "
                                            "counts, accumulator limits, instruction words)");
  check->add_option("FILE", files, "files to check")->required()->check(CLI::ExistingFile);

  std::uint64_t seed = 1;
  int products = 20;
  std::string json_file;
  auto* verify_command = app.add_subcommand("verify", "compare the views of every BRAMAC block, width and sign");
  verify_command->add_option("--seed", seed, "seed of the random operands")->capture_default_str();
  verify_command->add_option("--products", products, "random matrix products for each block, width and sign")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  verify_command->add_option("--json", json_file, "also write the result to this file");

  return examples::run_program(app, argc, argv, [&] {
    if (check->parsed()) return examples::check_files(files, examples::check_bramac_file);
    return run_verify(seed, products, json_file);
  });
}
