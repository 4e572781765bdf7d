// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>
#include <type_traits>
#include <typeindex>
#include <typeinfo>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/fabric.hpp>
#include <bitloom/rtl.hpp>

#include "m4bram_choice.hpp"
#include "program.hpp"

namespace bitloom::examples {

/// What the subcommand `rtl` is asked for, whatever the block.
struct RtlOutput {
  bool released = false;  ///< with the control table as released
  std::string folder{};  ///< gets module, testbench and a trace; if empty, the module goes to standard output
  std::uint64_t seed = 1;  ///< of the operands in the trace
};

/// And for BRAMAC.
struct RtlOptions : RtlOutput {
  std::string variant = "2SA";  ///< 2SA or 1DA
};

/// And for M4BRAM. The module is that of the size and the clocking; the other choices are those of the trace.
struct M4bramRtlOptions : RtlOutput {
  M4bramChoice choice{};
};

/// A trace of one random product, for the testbench.
template <class B>
std::string random_trace(const fabric::Operands& o, std::uint64_t seed) {
  using Recorded = rtl::Recorded<B>;
  const fabric::MatrixShape shape{.rows = 20, .columns = 16, .vectors = 2};
  core::Random random(seed);
  const auto draw = [&](std::int64_t count, int bits, bool is_signed) {
    std::vector<std::int16_t> values(static_cast<std::size_t>(count));
    const auto range = fabric::operand_range(bits, is_signed);
    for (auto& v : values) v = static_cast<std::int16_t>(random.integer(range.lowest, range.max));
    return values;
  };
  const auto weights = draw(shape.rows * shape.columns, o.weight_bits, o.signed_weights);
  const auto activations = draw(shape.columns * shape.vectors, o.activation_bits, o.signed_activations);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(shape.rows * shape.vectors));
  std::ostringstream trace;
  const auto machine = std::make_unique<typename Recorded::Machine>(trace);
  fabric::run_product<Recorded>(*machine, shape, o, weights, activations, sums);
  machine->end_trace();
  return trace.str();
}

/// Prints the module of a block, or writes it to a folder with its testbench and a trace of these operands.
/// @throws Error  a file cannot be written
template <class B>
int show_rtl(const RtlOutput& output, const fabric::Operands& o) {
  std::ostringstream design, test;
  rtl::emit<B>(design);
  rtl::emit_test<B>(test);
  if (output.folder.empty()) {
    fmt::print("{}", design.str());
    return success;
  }
  std::error_code failed;
  std::filesystem::create_directories(output.folder, failed);
  if (failed) throw Error(output.folder + ": the folder cannot be made");
  const auto module = rtl::module_name<B>();
  const auto write = [&](const std::string& name, const std::string& text) {
    const auto path = (std::filesystem::path(output.folder) / name).string();
    core::write_file(path, text);
    fmt::print("{}\n", path);
  };
  write(module + ".sv", design.str());
  write(module + "_test.sv", test.str());
  write(module + ".trace", random_trace<B>(o, output.seed));
  fmt::print(
      "to simulate, in that folder:\n  verilator --binary --top-module {0}_test {0}.sv {0}_test.sv\n"
      "  obj_dir/V{0}_test +trace={0}.trace\n",
      module);
  return success;
}

/// Writes the hardware description of a BRAMAC block.
/// @throws RangeError  there is no such variant
/// @throws Error       a file cannot be written
inline int run_rtl(const RtlOptions& options) {
  using fabric::Bramac;
  using Blocks =
      core::TypeList<fabric::Bramac2sa, fabric::Bramac1da, Bramac<fabric::TwoSync, fabric::AsReleased>,
                     Bramac<fabric::OneDoublePumped, fabric::AsReleased>>;
  if (options.variant != "2SA" && options.variant != "1DA")
    throw RangeError("variant: '" + options.variant + "' is neither 2SA nor 1DA");
  const std::size_t index = (options.variant == "1DA" ? 1U : 0U) + (options.released ? 2U : 0U);
  return core::visit_at(Blocks{}, index, [&]<class B>(std::type_identity<B>) {
    return show_rtl<B>(options, {.weight_bits = 4, .activation_bits = 4, .signed_activations = true});
  });
}

/// Writes the hardware description of an M4BRAM block.
/// @throws RangeError  the block lacks the operands
/// @throws Error       a file cannot be written
inline int run_rtl(const M4bramRtlOptions& options) {
  const auto show = [&]<class B>(std::type_identity<B>) {
    return show_rtl<B>(options, options.choice.operands());
  };
  if (options.released) return visit_m4bram<fabric::M4bramAsReleased>(options.choice, show);
  return visit_m4bram<fabric::M4bramPolicies>(options.choice, show);
}

/// The simulations of `verify --rtl`, each module compiled when it is first asked for.
class RtlSimulations {
 public:
  /// @param folder  keeps them for the next time; if empty, they go with the program
  explicit RtlSimulations(std::string folder = {}) : folder_(std::move(folder)) {
    static_cast<void>(rtl::require_program("verilator", "--rtl"));
    if (folder_.empty()) folder_ = scratch_.path();
  }

  /// Compares value view, machine, formula and RTL.
  template <class B>
  rtl::Agreement verify(const fabric::Operands& o, std::uint64_t seed, int products) {
    using Simulation = rtl::Simulation<rtl::EmittedBlock<B>>;
    auto& compiled = compiled_[typeid(Simulation)];
    if (!compiled) compiled = std::make_shared<Simulation>(folder_);
    return rtl::verify<B>(*std::static_pointer_cast<Simulation>(compiled), o, seed, products);
  }

 private:
  rtl::TemporaryFolder scratch_;
  std::string folder_;
  std::map<std::type_index, std::shared_ptr<void>> compiled_;
};

}  // namespace bitloom::examples
