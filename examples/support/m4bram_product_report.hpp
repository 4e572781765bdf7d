// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/block_cut.hpp>

#include "product_operands.hpp"

namespace bitloom::examples {

/// A matrix product that went through an array of machines.
struct M4bramProductReport {
  std::string_view block{};
  fabric::Operands operands{};
  fabric::MatrixShape shape{};
  std::int64_t available{};        ///< blocks
  accel::ProductCost cost{};       ///< by formula
  std::int64_t cycles{};           ///< counted, with those of the adder tree
  fabric::BlockCut cut{};          ///< of the largest part
  std::int64_t readout_cycles{};   ///< of one readout
  std::int64_t prologue_cycles{};  ///< with instructions, before the first MAC2
  std::int64_t streamed_words{};   ///< of the largest part
  std::int64_t macs_per_mac2{}, mac2_cycles{};
  int lane_bits{}, stored_bits{};
  std::vector<core::Constant> constants{};  ///< that the figures rest on
  core::Constant clock{};
  bool clock_given{};
  double area_units{};         ///< of the blocks in use
  std::int64_t wrapped{};      ///< accumulators that left their lane
  std::int64_t differing{};    ///< outputs other than the exact integers
  std::int64_t unexplained{};  ///< outputs other than the exact integers with those lanes wrapped

  [[nodiscard]] std::int64_t blocks() const { return cost.mapping.blocks(); }
  [[nodiscard]] std::int64_t readouts() const { return cut.passes * cut.groups * cut.readouts; }
  [[nodiscard]] double macs_per_cycle() const {
    return static_cast<double>(shape.macs()) / static_cast<double>(cycles);
  }
  [[nodiscard]] double peak_macs_per_cycle() const {  ///< of the blocks in use
    return static_cast<double>(blocks() * macs_per_mac2) / static_cast<double>(mac2_cycles);
  }
  [[nodiscard]] double time_us() const { return static_cast<double>(cycles) / clock.value; }
  [[nodiscard]] std::int64_t free_a() const {
    return cycles - prologue_cycles - cost.busy_cycles - readouts() * readout_cycles;
  }
  [[nodiscard]] bool holds() const { return cycles == cost.cycles && unexplained == 0; }

  /// Another clock than that of the block.
  void give_clock(double mhz) {
    std::erase_if(constants, [](const auto& c) { return c.unit == "MHz" || c.unit == "ps"; });
    clock.value = mhz;
    clock_given = true;
  }

  void print() const;
  [[nodiscard]] nlohmann::json json() const;
};

/// Compares the result with plain integers, and says in which accumulators a lane was too narrow.
///
/// @param cut    sums are read in time, so that no lane wraps
/// @param trap   a lane that wraps is an error
/// @throws RangeError  one does
inline void compare_with_integers(const ProductOperands& product, const std::vector<std::int32_t>& result,
                                  bool cut, bool trap, M4bramProductReport& report) {
  const auto& shape = product.shape;
  const auto terms = report.cost.mapping.largest.columns;
  const auto lane = [&](std::int64_t sum) {
    return core::sign_extend(static_cast<std::uint64_t>(sum), report.lane_bits);
  };
  for (std::int64_t row = 0; row < shape.rows; ++row)
    for (std::int64_t vector = 0; vector < shape.vectors; ++vector) {
      std::int64_t exact = 0, delivered = 0;
      for (std::int64_t first = 0; first < shape.columns; first += terms) {  // the part of a block
        const auto end = std::min(first + terms, shape.columns);
        std::int64_t sum = 0;
        bool wraps = false;
        for (auto term = first; term < end; term += 2) {  // MAC2
          sum += exact_sum(product, row, vector, term, std::min(term + 2, end));
          if (cut || lane(sum) == sum) continue;
          wraps = true;
          if (trap)
            throw RangeError(
                fmt::format("accumulator of output {}, vector {}: {} after terms {}..{} does not fit {} bits",
                            row, vector, sum, first, std::min(term + 2, end) - 1, report.lane_bits));
        }
        exact += sum;
        delivered += cut ? sum : lane(sum);
        report.wrapped += wraps ? 1 : 0;
      }
      const auto value = result[static_cast<std::size_t>(row * shape.vectors + vector)];
      report.differing += value == exact ? 0 : 1;
      report.unexplained += value == delivered ? 0 : 1;
    }
}

inline void M4bramProductReport::print() const {
  const auto share = [&](std::int64_t part) {
    return 100 * static_cast<double>(part) / static_cast<double>(cycles);
  };
  const auto& mapping = cost.mapping;
  fmt::print("{} outputs x {} terms x {} vectors, {}, on {} of {} blocks {}\n", shape.rows, shape.columns,
             shape.vectors, fabric::to_string(operands), blocks(), available, block);
  fmt::print(
      "mapping     parts: {} of the outputs, {} of the sums{}; the largest {} x {} x {}\n",
      mapping.row_blocks, mapping.column_blocks,
      mapping.tree_levels() > 0 ? fmt::format(", joined by adders {} deep", mapping.tree_levels()) : "",
      mapping.largest.rows, mapping.largest.columns, mapping.largest.vectors);
  fmt::print("cycles      {} counted {} {} by formula\n", cycles,
             cycles == cost.cycles ? "=" : "!=", cost.cycles);
  fmt::print("throughput  {:.2f} of {:.2f} MAC/cycle ({:.1f} %), {:.2f} in a block\n", macs_per_cycle(),
             peak_macs_per_cycle(), 100 * macs_per_cycle() / peak_macs_per_cycle(),
             macs_per_cycle() / static_cast<double>(blocks()));
  fmt::print("largest     {} MAC2 of {} cycles, {} readouts of {} cycles\n", cut.total_mac2(), mac2_cycles,
             readouts(), readout_cycles);
  fmt::print("port A      copies in {:.1f} % of the cycles, readouts in {:.1f} %; free in {}{}\n",
             share(cost.busy_cycles), share(readouts() * readout_cycles), free_a(),
             streamed_words > 0 ? ", some of them for weights" : "");
  fmt::print("port B      {} {}\n", streamed_words > 0 ? "free but for weights in" : "free in all", cycles);
  fmt::print(
      "weights     {} of 512 words{}{}\n", cost.weight_words,
      streamed_words > 0
          ? fmt::format("; {} stream in, a word a cycle on port B, on port A in free cycles if need be",
                        streamed_words)
          : "",
      stored_bits != operands.weight_bits ? fmt::format(", stored with {} bits", stored_bits) : "");
  fmt::print("time        {:.3f} us at {:g} MHz{}, {:.1f} area units\n", time_us(), clock.value,
             clock_given                                 ? " as given"
             : clock.standing == core::Standing::Assumed ? " *"
                                                         : "",
             area_units);
  if (differing == 0)
    fmt::print("result      equals the exact integers\n");
  else
    fmt::print(
        "result      {} of {} outputs other than the exact integers; {} accumulators wrapped in {} bits{}\n",
        differing, shape.rows * shape.vectors, wrapped, lane_bits,
        unexplained > 0 ? ", which does not explain all" : "");
}

inline nlohmann::json M4bramProductReport::json() const {
  const auto& mapping = cost.mapping;
  return {{"block", block},
          {"weight_bits", operands.weight_bits},
          {"activation_bits", operands.activation_bits},
          {"signed_activations", operands.signed_activations},
          {"outputs", shape.rows},
          {"terms", shape.columns},
          {"vectors", shape.vectors},
          {"blocks_available", available},
          {"blocks", blocks()},
          {"output_parts", mapping.row_blocks},
          {"term_parts", mapping.column_blocks},
          {"largest_part",
           {{"outputs", mapping.largest.rows},
            {"terms", mapping.largest.columns},
            {"vectors", mapping.largest.vectors},
            {"mac2", cut.total_mac2()},
            {"readouts", readouts()},
            {"weight_words", cost.weight_words},
            {"words_streamed_through_free_cycles", streamed_words},
            {"port_a_copy_cycles", cost.busy_cycles},
            {"port_a_readout_cycles", readouts() * readout_cycles},
            {"port_a_free_cycles", free_a()},
            {"port_b_free_cycles", cycles}}},
          {"cycles_counted", cycles},
          {"cycles_formula", cost.cycles},
          {"adder_tree_cycles", mapping.tree_levels()},
          {"mac2_cycles", mac2_cycles},
          {"readout_cycles", readout_cycles},
          {"macs", shape.macs()},
          {"macs_per_cycle", macs_per_cycle()},
          {"peak_macs_per_cycle", peak_macs_per_cycle()},
          {"lane_bits", lane_bits},
          {"stored_weight_bits", stored_bits},
          {"time_us", time_us()},
          {"clock_mhz", clock.value},
          {"clock_standing", clock_given ? "given" : core::name(clock.standing)},
          {"area_units", area_units},
          {"energy_pj", nullptr},
          {"wrapped_accumulators", wrapped},
          {"differing_outputs", differing},
          {"ok", holds()}};
}

}  // namespace bitloom::examples
