// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/fabric/m4bram_product.hpp>

#include "integer_matrix.hpp"
#include "m4bram_choice.hpp"
#include "m4bram_product_report.hpp"
#include "product_operands.hpp"
#include "program.hpp"
#include "report.hpp"
#include "reporting_threads.hpp"

namespace bitloom::examples {

/// Arguments of the subcommand `gemm`.
struct M4bramGemmOptions {
  M4bramChoice block;
  std::string weights{};      ///< a CSV file [outputs × terms]
  std::string activations{};  ///< a CSV file [terms × vectors]
  std::vector<std::int64_t> shape{64, 256, 8};
  std::uint64_t seed = 1;
  std::int64_t blocks = 4;
  std::string overflow = "wide";
  std::optional<double> clock_mhz{};
  std::string output{};
  std::string json{};
};

inline CLI::App& add_m4bram_gemm(CLI::App& app, M4bramGemmOptions& options) {
  auto& command = *app.add_subcommand(
      "gemm",
      "what does a matrix product take on an array of M4BRAM blocks, and is it right? Runs all of it on "
      "machines, clock by clock");
  auto* weights = command
                      .add_option("--weights", options.weights,
                                  "CSV file of whole numbers, a line for every output with all its terms")
                      ->type_name("FILE")
                      ->check(not_empty());
  auto* activations = command
                          .add_option("--activations", options.activations,
                                      "CSV file, a line for every term with that of all vectors")
                          ->type_name("FILE")
                          ->check(not_empty());
  weights->needs(activations);
  activations->needs(weights);
  command.add_option("--shape", options.shape, "outputs, terms of a sum and vectors of a random product")
      ->type_name("OUTPUTS TERMS VECTORS")
      ->expected(3)
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 24))
      ->capture_default_str()
      ->excludes(weights);
  command.add_option("--seed", options.seed, "seed of its operands")
      ->check(seed_number())
      ->capture_default_str()
      ->excludes(weights);
  add_m4bram_choice(command, options.block);
  command.add_option("--blocks", options.blocks, "blocks of the array")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command
      .add_option(
          "--overflow", options.overflow,
          "of an accumulator's lane: wrap; check: wrapping is an error; flush: readouts in time; wide: "
          "also wider lanes where a single MAC2 could wrap")
      ->check(CLI::IsMember({"wrap", "check", "flush", "wide"}))
      ->capture_default_str();
  add_m4bram_clock(command, options.clock_mhz);
  add_output(command, "--output", options.output, "write the result to this CSV file");
  add_output(command, "--json", options.json, "also write the figures to this file");
  return command;
}

/// Sums are read before a lane could wrap.
struct M4bramFlushing : fabric::M4bramPolicies {
  using Flushing = fabric::FlushLanes;
};

/// Runs the product on an array of blocks.
/// @throws RangeError  the block lacks these operands, or a sum might not fit 32 bits
template <fabric::M4bramBlock B>
M4bramProductReport run_on_blocks(const ProductOperands& product, const fabric::Operands& o,
                                  std::int64_t blocks, std::vector<std::int32_t>& result) {
  const accel::BlockArray<B> array(blocks, o);
  const auto& shape = product.shape;
  M4bramProductReport report{.block = B::name, .operands = o, .shape = shape, .available = blocks};
  report.cost = array.cost(shape);
  const auto& largest = report.cost.mapping.largest;
  report.cut = B::cut(largest, o);
  report.readout_cycles = B::readout_cycles();
  report.prologue_cycles = B::clocking::prologue_cycles;
  report.streamed_words = 2 * B::streamed_pairs(largest, o, B::weight_words / 2);
  report.macs_per_mac2 = B::macs_per_mac2(o);
  report.mac2_cycles = B::mac2_cycles(o);
  report.lane_bits = B::lane_bits(o);
  report.stored_bits = B::stored_bits(o);
  report.clock = B::clock();
  for (const auto& constant : B::constants()) report.constants.push_back(constant);
  report.area_units = B::area().value * static_cast<double>(report.blocks());
  check_elements("sums of the blocks", {report.cost.mapping.column_blocks, shape.rows, shape.vectors});
  result.resize(static_cast<std::size_t>(shape.rows * shape.vectors));
  report.cycles =
      array.run(shape, product.weights, product.activations, result, ReportingThreads("M4BRAM blocks"));
  return report;
}

/// The operands that the options ask for.
/// @throws ParseError  a file has something else than numbers of the width
/// @throws ShapeError  the files do not fit each other, or the product is too large
inline ProductOperands gemm_product(const M4bramGemmOptions& options) {
  const auto o = options.block.operands();
  if (options.weights.empty()) {
    const fabric::MatrixShape shape{options.shape.at(0), options.shape.at(1), options.shape.at(2)};
    check_size(shape);
    return random_product(shape, o, options.seed);
  }
  auto weights = read_integer_matrix(options.weights, fabric::operand_range(o.weight_bits, o.signed_weights));
  auto activations = read_integer_matrix(options.activations,
                                         fabric::operand_range(o.activation_bits, o.signed_activations));
  core::check_equal((options.activations + ": number of lines").c_str(), activations.rows,
                    "the number of terms in a line of the weights", weights.columns);
  ProductOperands product{.shape = {weights.rows, weights.columns, activations.columns},
                          .weights = std::move(weights.values),
                          .activations = std::move(activations.values)};
  check_size(product.shape);
  return product;
}

/// Runs the product on an array of machines.
/// @throws Error  bad operands or files, or a lane wraps that must not
inline int run_m4bram_gemm(const M4bramGemmOptions& options) {
  for (const auto& path : {options.output, options.json})
    if (!path.empty()) core::check_writable(path);
  check_m4bram_clock(options.clock_mhz);
  const auto o = options.block.operands();
  const auto product = gemm_product(options);
  std::vector<std::int32_t> result;
  const auto run = [&]<class B>(std::type_identity<B>) {
    return run_on_blocks<B>(product, o, options.blocks, result);
  };
  if (options.overflow == "flush")  // what the block has then is what a wide one need not widen
    visit_m4bram<M4bramFlushing>(options.block,
                                 [&]<class B>(std::type_identity<B>) { fabric::check_supported<B>(o); });
  const bool cut = options.overflow == "flush" || options.overflow == "wide";
  auto report = cut ? visit_m4bram<fabric::M4bramPolicies>(options.block, run)
                    : visit_m4bram<M4bramWrapping>(options.block, run);
  if (options.clock_mhz) report.give_clock(*options.clock_mhz);
  compare_with_integers(product, result, cut, options.overflow == "check", report);
  report.print();
  const bool random = options.weights.empty();
  if (random) fmt::print("random operands of seed {}\n", options.seed);
  if (!options.clock_mhz) fmt::print("* At an assumed clock; cycles are counted.\n");
  for (const auto& c : report.constants) fmt::print("{}\n", constant_text(c));
  if (!options.output.empty())
    core::write_file(options.output, integer_matrix_text(product.shape.vectors, result));
  if (!options.json.empty()) {
    auto json = report.json();
    json["version"] = version;
    json["overflow"] = options.overflow;
    json["seed"] = random ? nlohmann::json(options.seed) : nlohmann::json(nullptr);
    for (const auto& c : report.constants) json["constants"].push_back(to_json(c));
    write_json(options.json, json);
  }
  return report.holds() ? success : check_failed;
}

}  // namespace bitloom::examples
