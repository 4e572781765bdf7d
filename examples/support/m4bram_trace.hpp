// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <bitloom/core/checked.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/fabric/m4bram_product.hpp>

#include "efsm_text.hpp"
#include "m4bram_choice.hpp"
#include "m4bram_observed.hpp"
#include "product_operands.hpp"
#include "program.hpp"
#include "trace.hpp"

namespace bitloom::examples {

/// Arguments of the subcommand `m4bram trace`.
struct M4bramTraceOptions {
  M4bramChoice block;
  bool released = false;
  std::string weights{};              ///< a list for every output: `1,2,3,4/-1,0,5,6`
  std::string activations{};          ///< a list for every vector
  std::vector<std::int64_t> shape{};  ///< of random operands; if empty, what fills the block, with four terms
  std::uint64_t seed = 1;
  std::string rows = "lanes";  ///< lanes, hex or none
  std::string csv{};
};

inline CLI::App& add_m4bram_trace(CLI::App& app, M4bramTraceOptions& options) {
  auto& command = *app.add_subcommand(
      "trace",
      "what does an M4BRAM block do in every cycle of its state machine? Runs a small matrix product on "
      "one, sums read at their end");
  add_m4bram_choice(command, options.block);
  command.add_flag("--released", options.released, "with the controller as released");
  auto* weights = command
                      .add_option("--weights", options.weights,
                                  "weights of output 0, as 1,-2,3,4; those of further outputs after a slash")
                      ->check(not_empty());
  auto* activations =
      command
          .add_option("--activations", options.activations,
                      "activations of vector 0, as many as weights; those of further vectors after a slash")
          ->check(not_empty());
  weights->needs(activations);
  activations->needs(weights);
  command
      .add_option(
          "--shape", options.shape,
          "outputs, terms of a sum and vectors of a random product; else as many as the block has at a "
          "time, and four terms")
      ->type_name("OUTPUTS TERMS VECTORS")
      ->expected(3)
      ->check(CLI::Range(1, 1024))
      ->excludes(weights);
  command.add_option("--seed", options.seed, "seed of its operands")
      ->check(seed_number())
      ->capture_default_str()
      ->excludes(weights);
  command.add_option("--rows", options.rows, "how written rows are shown: lanes, hex or none")
      ->check(CLI::IsMember({"lanes", "hex", "none"}))
      ->capture_default_str();
  add_output(command, "--csv", options.csv, "also write the instructions and all control outputs as a table");
  return command;
}

/// What a trace has to know of a block.
struct TracedBlock {
  std::string_view name{};
  fabric::Operands operands{};
  int lanes{};    ///< outputs side by side
  int vectors{};  ///< vectors side by side
  int lane_bits{};
  int row_bits{};
  bool shifts{};                            ///< in the sign step
  std::vector<fabric::LanePlace> places{};  ///< [vector × output] of the sums
};

template <fabric::M4bramBlock B>
TracedBlock traced_block(const fabric::Operands& o) {
  fabric::check_supported<B>(o);
  TracedBlock block{.name = B::name,
                    .operands = o,
                    .lanes = B::lanes(o),
                    .vectors = B::vectors,
                    .lane_bits = B::lane_bits(o),
                    .row_bits = B::row_bits,
                    .shifts = B::policies::Sign::shift};
  for (int v = 0; v < block.vectors; ++v)
    for (int e = 0; e < block.lanes; ++e) block.places.push_back(B::place(e, v, o));
  return block;
}

/// The product that the options ask for.
/// @throws ParseError  a list is none
/// @throws ShapeError  lists of different lengths
/// @throws RangeError  a number outside its width
inline ProductOperands traced_product(const M4bramTraceOptions& options, const TracedBlock& block) {
  const auto& o = block.operands;
  if (options.weights.empty()) {
    const auto& extents = options.shape;
    const auto shape = extents.empty() ? fabric::MatrixShape{block.lanes, 4, block.vectors}
                                       : fabric::MatrixShape{extents.at(0), extents.at(1), extents.at(2)};
    return random_product(shape, o, options.seed);
  }
  const auto weights = parse_number_lists(options.weights, "weights");
  const auto activations = parse_number_lists(options.activations, "activations");
  ProductOperands product{.shape = {.rows = std::ssize(weights),
                                    .columns = std::ssize(weights.front()),
                                    .vectors = std::ssize(activations)}};
  for (const auto& list : weights) {
    core::check_equal("number of weights", std::ssize(list), "that of output 0", product.shape.columns);
    for (const auto value : list) {
      fabric::check_value("weight", value, o.weight_bits, true);
      product.weights.push_back(static_cast<std::int16_t>(value));
    }
  }
  product.activations.resize(static_cast<std::size_t>(product.shape.columns * product.shape.vectors));
  for (std::size_t v = 0; v < activations.size(); ++v) {
    core::check_equal("number of activations", std::ssize(activations[v]), "that of weights",
                      product.shape.columns);
    for (std::size_t c = 0; c < activations[v].size(); ++c) {
      fabric::check_value("activation", activations[v][c], o.activation_bits, o.signed_activations);
      product.activations[c * activations.size() + v] = static_cast<std::int16_t>(activations[v][c]);
    }
  }
  return product;
}

/// A product that went through a machine.
struct TracedProduct {
  TracedBlock block{};
  ProductOperands product{};
  fabric::BlockCut cut{};
  M4bramTrace trace{};
  std::int64_t cycles{};                  ///< main clock, counted
  std::int64_t first_readout{};           ///< eFSM cycle, by formula
  std::optional<std::int64_t> formula{};  ///< of `cycles`, unless the period drifts
};

namespace detail {

/// The rows that the elements read through port 1, by number, or by name where they differ.
inline std::string first_rows(const M4bramCycle& c, bool names) {
  std::string text;
  const bool same = std::ranges::all_of(c.control.arrays,
                                        [&](const auto& array) { return array.read1 == c.array().read1; });
  for (const auto& array : c.control.arrays) {
    if (names)
      text += (text.empty() ? "" : "/") + std::string(row_name(array.read1));
    else
      text += std::to_string(static_cast<int>(array.read1));
    if (names && same) break;
  }
  return text;
}

inline std::string request_text(const char* port, const fabric::PortRequest& request) {
  if (!request.enable) return {};
  return request.write ? fmt::format(", {}[{}] <- {:08x}", port, request.address, request.data)
                       : fmt::format(", reads {}[{}]", port, request.address);
}

/// One cycle: state, counter, control outputs as numbers (`-` where off), the bus, and what happens.
inline void print_m4bram_cycle(std::int64_t index, const M4bramCycle& c, bool shifts) {
  const auto number = [](bool on, auto value) {
    return on ? std::to_string(static_cast<int>(value)) : std::string("-");
  };
  const auto write = [](bool on, fabric::Row row, int select) {
    return on ? fmt::format("{}:{}", static_cast<int>(row), select) : std::string("-");
  };
  const auto& bus = c.ports.cim;
  std::string operation;
  if (c.ports.reset)
    operation = "reset of the block";
  else if (bus.configure)
    operation = "configuration";
  else
    operation = operation_text(c.array(), first_rows(c, true), shifts);
  if (c.control.readout) operation += operation.empty() ? "readout" : ", readout";
  operation += request_text("A", c.ports.a) + request_text("B", c.ports.b);
  fmt::print("{:>5}  {:<8} {:>7} {:>6}  {:<7} {:<7} {:<8} {:<8} {:<7} {:<11} {}\n", index, c.state, c.counter,
             c.array().carry ? 1 : 0, c.control.reads1 ? first_rows(c, false) : "-",
             number(c.control.reads2, c.array().read2), write(c.writes1(), c.array().target1, c.select1),
             write(c.writes2(), c.array().target2, c.select2),
             c.copies() ? fmt::format("{}.{}", bus.word, bus.slice) : "-",
             bus.enable ? fmt::format("{:x} {:08x}", bus.byte_enable, bus.data) : "-", operation);
}

inline void print_m4bram_row(const M4bramRow& row, const TracedBlock& block, bool hex) {
  fmt::print("{:>13} {} {:<4}", "element", row.element, row_name(row.row));
  const auto digits = static_cast<std::size_t>(block.row_bits / 4);
  const auto content = row.content.to_hex();
  if (hex) fmt::print(" {}", std::string_view(content).substr(content.size() - digits));
  for (int lane = 0; !hex && lane < block.row_bits / block.lane_bits; ++lane)
    fmt::print(" {}", fabric::lanes::value(row.content, lane, block.lane_bits));
  fmt::print("\n");
}

inline void print_m4bram_cycles(const M4bramTrace& trace, const TracedBlock& block, const std::string& rows) {
  fmt::print(
      "read 1 is the row of each element, write ports are row:select, a copy is word.slice, the bus is byte "
      "enables and data\n{:>5}  {:<8} {:>7} {:>6}  {:<7} {:<7} {:<8} {:<8} {:<7} {:<11} {}\n",
      "cycle", "state", "counter", "carry", "read 1", "read 2", "write 1", "write 2", "copy", "bus",
      "operation");
  for (std::size_t i = 0; i < trace.cycles.size(); ++i) {
    print_m4bram_cycle(static_cast<std::int64_t>(i) - trace.start, trace.cycles[i], block.shifts);
    if (rows == "none") continue;
    for (const auto& row : trace.cycles[i].written) print_m4bram_row(row, block, rows == "hex");
  }
}

/// The accumulators of a readout, and where they differ from the exact sums.
inline void print_m4bram_readout(const M4bramReadout& readout, const TracedBlock& block,
                                 const ProductOperands& product, std::int64_t first_row,
                                 std::int64_t first_vector) {
  for (const auto& row : readout.rows) print_m4bram_row(row, block, false);
  std::string wrapped, other;
  for (int v = 0; v < block.vectors && first_vector + v < product.shape.vectors; ++v)
    for (int e = 0; e < block.lanes && first_row + e < product.shape.rows; ++e) {
      const auto place = block.places[static_cast<std::size_t>(v * block.lanes + e)];
      const auto& row = readout.rows[static_cast<std::size_t>(place.array)];
      const auto sum = fabric::lanes::value(row.content, place.lane, block.lane_bits);
      const auto exact = exact_sum(product, first_row + e, first_vector + v, 0, product.shape.columns);
      if (sum == exact) continue;
      const bool fits = exact == core::sign_extend(static_cast<std::uint64_t>(exact), block.lane_bits);
      auto& list = fits ? other : wrapped;
      list += fmt::format("{} output {} of vector {} (element {}, lane {}): {}", list.empty() ? "" : ",",
                          first_row + e, first_vector + v, place.array, place.lane, exact);
    }
  if (wrapped.empty() && other.empty()) fmt::print("the exact sums\n");
  if (!wrapped.empty()) fmt::print("wrapped; exact:{}\n", wrapped);
  if (!other.empty()) fmt::print("other than the exact sums:{}\n", other);
}

inline void print_m4bram_trace(const TracedProduct& traced, const std::string& rows) {
  const auto& [block, product, cut, trace, cycles, first_readout, formula] = traced;
  const auto& shape = product.shape;
  fmt::print("{}, {}, {} outputs x {} terms x {} vectors; loaded in {} cycles before\n", block.name,
             fabric::to_string(block.operands), shape.rows, shape.columns, shape.vectors, trace.load_cycles);
  print_m4bram_cycles(trace, block, rows);
  for (std::int64_t r = 0; r < std::ssize(trace.readouts); ++r) {
    const auto& readout = trace.readouts[static_cast<std::size_t>(r)];
    fmt::print("\naccumulators at the readout in cycle {}{}\n", readout.cycle - trace.start,
               r == 0 ? fmt::format(", by the formula {}", first_readout) : "");
    print_m4bram_readout(readout, block, product, r % cut.groups * block.lanes,
                         r / cut.groups * block.vectors);
  }
  fmt::print("\n{} main cycles from the start to the end of the last readout{}\n", cycles,
             formula ? fmt::format(", by the formula {}", *formula) : "");
}

}  // namespace detail

/// Runs a matrix product on the machine and prints every eFSM cycle.
/// @throws Error  the operands are none of the block, or a file cannot be written
inline int run_m4bram_trace(const M4bramTraceOptions& options) {
  if (!options.csv.empty()) core::check_writable(options.csv);
  const auto run = [&]<class B>(std::type_identity<B>) {
    using Observed = ObservedM4bram<B>;
    const auto o = options.block.operands();
    TracedProduct traced{.block = traced_block<B>(o)};
    traced.product = traced_product(options, traced.block);
    const auto& [shape, weights, activations] = traced.product;
    traced.cut = B::cut(shape, o);
    core::check_range("MAC2 of the product", traced.cut.total_mac2(), 1, 10000);
    std::vector<std::int32_t> sums(static_cast<std::size_t>(shape.rows * shape.vectors));
    const auto machine = std::make_unique<typename Observed::Machine>();
    traced.cycles = fabric::run_product<Observed>(*machine, shape, o, weights, activations, sums).cycles;
    traced.trace = machine->trace();
    traced.first_readout = B::first_readout_step(traced.cut.mac2, o);
    if (fabric::Block<B>) traced.formula = B::cycles(shape, o);
    return traced;
  };
  const auto traced = options.released ? visit_m4bram<fabric::M4bramAsReleased>(options.block, run)
                                       : visit_m4bram<M4bramWrapping>(options.block, run);
  detail::print_m4bram_trace(traced, options.rows);
  if (options.weights.empty()) fmt::print("random operands of seed {}\n", options.seed);
  if (!options.csv.empty()) core::write_file(options.csv, m4bram_trace_csv(traced.trace));
  return success;
}

}  // namespace bitloom::examples
