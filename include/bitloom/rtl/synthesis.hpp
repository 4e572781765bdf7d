// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/rtl/tool.hpp>

namespace bitloom::rtl {

/// How often a synthesized netlist has a cell.
struct CellCount {
  std::string cell;  ///< Yosys's name, e.g. `$_XOR_`
  std::int64_t count{};
};

/// What generic synthesis makes of a module.
struct Synthesis {
  std::string yosys;  ///< version of Yosys, first line
  std::vector<CellCount> cells;
  std::string messages{};  ///< its warnings; empty if it has none

  /// @return  0 for a cell that the netlist lacks
  [[nodiscard]] std::int64_t count(const std::string& cell) const noexcept {
    for (const auto& c : cells)
      if (c.cell == cell) return c.count;
    return 0;
  }
};

/// Synthesizes a module with Yosys to its generic gates, without a technology.
///
/// Memories stay whole, as cells `$mem_v2`: the arrays are SRAM in the block, and 20,480 flip-flops with their
/// multiplexers would say nothing about it. What is counted is the logic around them. States keep their numbers.
/// @throws Error  Yosys is missing, or refuses the text
[[nodiscard]] inline Synthesis synthesize(const std::string& verilog, const std::string& module) {
  const auto yosys = require_program("yosys", "synthesis");
  const TemporaryFolder folder;
  core::write_file(folder.file("design.sv"), verilog);
  // `synth` up to and after its step `memory_map`
  const auto script =
      "read_verilog -sv " + folder.file("design.sv") + "; synth -top " + module +
      " -nofsm -run begin:fine; opt -fast -full; opt -undriven -fine; techmap; opt -fast; abc -fast; "
      "opt -fast; hierarchy -check; check -assert; tee -o " +
      folder.file("cells") + " stat";
  const auto finished = run_program({yosys, "-q", "-p", script});
  if (finished.exit_code != 0)
    throw Error("yosys: " + module + " cannot be synthesized:\n" + finished.output);

  Synthesis result{.yosys = run_program({yosys, "-V"}).output, .cells = {}, .messages = finished.output};
  result.yosys.resize(result.yosys.find_last_not_of('\n') + 1);
  std::istringstream lines(core::read_file(folder.file("cells")));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    CellCount count;
    if (fields >> count.cell >> count.count && count.cell.starts_with('$')) result.cells.push_back(count);
  }
  if (result.cells.empty()) throw Error("yosys: " + module + " has no cells:\n" + finished.output);
  return result;
}

}  // namespace bitloom::rtl
