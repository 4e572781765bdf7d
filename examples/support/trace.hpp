// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <bitloom/core/file.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/fabric/bramac_run.hpp>

#include "bramac_reference.hpp"
#include "efsm_text.hpp"
#include "program.hpp"
#include "trace_file.hpp"

namespace bitloom::examples {

/// Arguments of the subcommand `trace`.
struct TraceOptions {
  std::string variant = "2sa";
  int bits = 4;
  bool is_signed = false;
  std::string weights{};      ///< a list for every lane, lane 0 first: `1,2,3,4/-1,0,5,6`
  std::string activations{};  ///< a list for every array
  std::int64_t mac2 = 2;      ///< of random operands
  std::uint64_t seed = 1;
  std::string rows = "lanes";  ///< lanes, hex or none
  std::string csv{};
  std::string operands{};
};

inline CLI::App& add_trace(CLI::App& app, TraceOptions& options) {
  auto& command = *app.add_subcommand(
      "trace", "what does a BRAMAC block do in every cycle of a dot product? Runs one on the machine");
  command.add_option("--variant", options.variant, "2sa or 1da")
      ->transform(CLI::IsMember({"2sa", "1da"}, CLI::ignore_case))
      ->capture_default_str();
  command.add_option("--bits", options.bits, "width of weights and activations: 2, 4 or 8")
      ->check(CLI::IsMember({2, 4, 8}))
      ->capture_default_str();
  command.add_flag("--signed", options.is_signed, "activations are two's complement");
  auto* weights = command
                      .add_option("--weights", options.weights,
                                  "weights of lane 0, as 1,-2,3,4; those of further lanes after a slash")
                      ->check(not_empty());
  auto* activations = command
                          .add_option("--activations", options.activations,
                                      "activations of array 1, as many as weights; those of array 2 after a "
                                      "slash, or else the same")
                          ->check(not_empty());
  weights->needs(activations);
  activations->needs(weights);
  command.add_option("--mac2", options.mac2, "MAC2 (pairs of terms) of a random dot product")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str()
      ->excludes(weights);
  command.add_option("--seed", options.seed, "seed of its operands")
      ->check(seed_number())
      ->capture_default_str()
      ->excludes(weights);
  command.add_option("--rows", options.rows, "how written rows are shown: lanes, hex or none")
      ->check(CLI::IsMember({"lanes", "hex", "none"}))
      ->capture_default_str();
  add_output(command, "--csv", options.csv,
             "also write the trace as a table; `check` reads it, with its operands in trace_operands.jsonl "
             "beside it");
  add_output(command, "--operands", options.operands,
             "append the operands to this file, a JSON object a line");
  return command;
}

/// Lists of whole numbers: commas between numbers, slashes between lists.
/// @throws ParseError  something else
inline std::vector<std::vector<std::int64_t>> parse_number_lists(const std::string& text,
                                                                 const std::string& argument) {
  std::vector<std::vector<std::int64_t>> lists(1);
  for (std::size_t begin = 0;;) {
    const auto end = std::min(text.find_first_of(",/", begin), text.size());
    const auto number = std::string_view(text).substr(begin, end - begin);
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || rest != number.data() + number.size())
      throw ParseError(fmt::format("{}: '{}' is not a whole number", argument, number));
    lists.back().push_back(value);
    if (end == text.size()) return lists;
    if (text[end] == '/') lists.emplace_back();
    begin = end + 1;
  }
}

/// The dot product that the options ask for. Lanes without a list of weights have zeros, and so has the second term
/// of a last MAC2 with one.
/// @throws ParseError  a list is none
/// @throws ShapeError  lists of different lengths, or more of them than there are lanes or arrays
/// @throws RangeError  a number outside its width
template <class B>
DotCase trace_case(const TraceOptions& options) {
  DotCase c;
  c.where = "trace";
  c.variant = B::arrays == 2 ? "2SA" : "1DA";
  c.operands = bramac_operands(options.bits, options.is_signed);
  const auto arrays = static_cast<std::size_t>(B::arrays);
  for (auto& inputs : c.activations) inputs.resize(arrays);
  if (options.weights.empty()) {
    core::Random random(options.seed);
    const auto range = fabric::operand_range(options.bits, options.is_signed);
    for (std::int64_t k = 0; k < options.mac2; ++k) {
      c.words.push_back({random() & core::low_mask(B::word_bits), random() & core::low_mask(B::word_bits)});
      for (auto& inputs : c.activations)
        for (auto& array : inputs) array.push_back(random.integer(range.lowest, range.max));
    }
    return c;
  }
  const auto weights = parse_number_lists(options.weights, "weights");
  auto activations = parse_number_lists(options.activations, "activations");
  if (std::ssize(weights) > B::lanes(c.operands))
    throw ShapeError(fmt::format("weights: {} lists, but {}-bit weights have {} lanes", weights.size(),
                                 options.bits, B::lanes(c.operands)));
  if (activations.size() > arrays)
    throw ShapeError(fmt::format("activations: {} lists, but {} has {} dummy array{}", activations.size(),
                                 B::name, arrays, arrays == 1 ? "" : "s"));
  if (activations.size() < arrays) activations.push_back(activations.front());
  const auto terms = weights.front().size();
  c.words.resize((terms + 1) / 2);
  for (std::size_t lane = 0; lane < weights.size(); ++lane) {
    core::check_equal("number of weights", std::ssize(weights[lane]), "that of lane 0",
                      std::ssize(weights.front()));
    for (std::size_t i = 0; i < terms; ++i) {
      fabric::check_value("weight", weights[lane][i], options.bits, true);
      core::BitVector<B::word_bits> word(c.words[i / 2][i % 2]);
      word.insert(static_cast<int>(lane) * options.bits, options.bits,
                  static_cast<std::uint64_t>(weights[lane][i]));
      c.words[i / 2][i % 2] = word.words()[0];
    }
  }
  for (std::size_t a = 0; a < arrays; ++a) {
    core::check_equal("number of activations", std::ssize(activations[a]), "that of weights",
                      std::ssize(weights.front()));
    activations[a].resize(2 * c.words.size());
    for (std::size_t i = 0; i < activations[a].size(); ++i) {
      fabric::check_value("activation", activations[a][i], options.bits, options.is_signed);
      c.activations[i % 2][a].push_back(activations[a][i]);
    }
  }
  return c;
}

namespace detail {

template <class B>
void print_row(const fabric::BramacMachine<B>& machine, int array, fabric::Row row, int lane_bits, bool hex) {
  const auto& content = machine.array(array).row(row);
  fmt::print("{:>8}{} {:<4}", "array ", array + 1, row_name(row));
  if (hex) {
    fmt::print(" {}\n", content.to_hex());
    return;
  }
  for (int lane = 0; lane < B::row_bits / lane_bits; ++lane)
    fmt::print(" {}", fabric::lanes::value(content, lane, lane_bits));
  fmt::print("\n");
}

/// One cycle: state, counter, control outputs as numbers (`-` where off), what happens, and the rows it wrote.
template <class B>
void print_cycle(std::int64_t index, const fabric::BramacStep& step, const fabric::BramacMachine<B>& after,
                 int lane_bits, const std::string& rows) {
  using Variant = typename B::variant;
  constexpr auto table = Variant::table();
  constexpr bool shifts = B::sign_policy::shift;
  const auto& control = step.control;
  const auto& cycle = control.arrays[0];
  const bool write1 = cycle.write1 != fabric::Write1::None;
  const bool write2 = cycle.write2 != fabric::Write2::None;
  const auto number = [](bool on, auto value) {
    return on ? std::to_string(static_cast<int>(value)) : std::string("-");
  };
  auto first = std::string(row_name(cycle.read1));
  std::string read1 = number(control.reads1, cycle.read1);
  if constexpr (B::arrays == 2) {
    read1 += ' ' + number(control.reads1, control.arrays[1].read1);
    if (control.arrays[1].read1 != cycle.read1) first += '/' + std::string(row_name(control.arrays[1].read1));
  }
  auto operation = operation_text(cycle, first, shifts);
  if (control.readout) operation += operation.empty() ? "readout" : ", readout";
  fmt::print(
      "{:>5}  {:<8} {:>7} {:>6}  {:<7} {:<6} {:<7} {:<7} {:<7} {}\n", index,
      table[static_cast<std::size_t>(step.state)].name, step.counter, cycle.carry ? 1 : 0, read1,
      number(control.reads2, cycle.read2),
      write1 ? fmt::format("{}:{}", static_cast<int>(cycle.target1), Variant::select_code(cycle.write1))
             : "-",
      write2 ? fmt::format("{}:{}", static_cast<int>(cycle.target2), Variant::select_code(cycle.write2))
             : "-",
      control.readout ? "1" : "-", operation);
  if (rows == "none") return;
  for (int k = 0; k < B::arrays; ++k) {
    if (write1) print_row(after, k, cycle.target1, lane_bits, rows == "hex");
    if (write2) print_row(after, k, cycle.target2, lane_bits, rows == "hex");
  }
}

/// Runs the case, prints its cycles up to the first readout, and fills in accumulators and first readout.
template <class B>
void print_trace(DotCase& c, const std::string& rows) {
  const int lane_bits = B::lane_bits(c.operands);
  const auto machine = std::make_unique<fabric::BramacMachine<B>>();
  fmt::print(
      "{}, {}, {} MAC2; write ports are row:select, arrays that differ stand side by side\n{:>5}  {:<8} "
      "{:>7} {:>6}  {:<7} {:<6} {:<7} {:<7} {:<7} "
      "{}\n",
      B::name, fabric::to_string(c.operands), c.count(), "cycle", "state", "counter", "carry", "read 1",
      "read 2", "write 1", "write 2", "readout", "operation");
  std::int64_t index = 0;
  c.first_readout = -1;
  run_dot_case<B>(
      c, *machine,
      [&](const auto& accumulators) {
        for (const auto& row : accumulators) {
          auto& values = c.accumulators.emplace_back();
          for (int e = 0; e < B::lanes(c.operands); ++e)
            values.push_back(fabric::lanes::value(row, B::lane_of(e, c.operands), lane_bits));
        }
      },
      [&](const fabric::BramacStep& step, const fabric::BramacMachine<B>& after) {
        if (c.first_readout < 0) print_cycle(index, step, after, lane_bits, rows);
        if (step.control.readout && c.first_readout < 0) c.first_readout = index;
        ++index;
      });
}

/// The accumulators, and where they differ from the exact sums.
template <class B>
void print_accumulators(const DotCase& c) {
  fmt::print("\naccumulators at the readout in cycle {}, by the formula {}\n", c.first_readout,
             B::first_readout_step(c.count(), c.operands));
  for (std::size_t a = 0; a < c.accumulators.size(); ++a) {
    fmt::print("array {}:", a + 1);
    std::string wrapped;
    for (std::size_t e = 0; e < c.accumulators[a].size(); ++e) {
      const int place = static_cast<int>(e) * c.operands.weight_bits;
      std::int64_t sum = 0;
      for (std::size_t k = 0; k < c.words.size(); ++k)
        for (std::size_t i = 0; i < 2; ++i)
          sum += core::sign_extend(c.words[k][i] >> place, c.operands.weight_bits) * c.activations[i][a][k];
      fmt::print(" {}", c.accumulators[a][e]);
      if (sum != c.accumulators[a][e])
        wrapped += fmt::format("{} lane {}: {}", wrapped.empty() ? "" : ",", e, sum);
    }
    fmt::print("  ({})\n", wrapped.empty() ? "the exact sums" : "wrapped; exact:" + wrapped);
  }
}

}  // namespace detail

/// Runs a dot product on the machine and prints every eFSM cycle.
/// @throws Error  the operands are none of the block, or a file cannot be written
inline int run_trace(const TraceOptions& options) {
  for (const auto& path : {options.csv, options.operands})
    if (!path.empty()) core::check_writable(path);
  const auto trace = [&]<class B>(std::type_identity<B>) {
    auto c = trace_case<B>(options);
    detail::print_trace<B>(c, options.rows);
    detail::print_accumulators<B>(c);
    const bool random = options.weights.empty();
    if (random) fmt::print("random operands of seed {}\n", options.seed);
    if (!options.csv.empty()) core::write_file(options.csv, trace_csv(compute_trace<B>(c)));
    if (!options.operands.empty())
      append_line(options.operands, operand_line(c, random ? std::optional(options.seed) : std::nullopt));
    return success;
  };
  return core::visit_at(core::TypeList<fabric::Bramac2sa, fabric::Bramac1da>{},
                        options.variant == "1da" ? 1 : 0, trace);
}

}  // namespace bitloom::examples
