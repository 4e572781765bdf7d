// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/fabric.hpp>
#include <bitloom/rtl.hpp>

#include "program.hpp"

namespace bitloom::examples {

/// What the subcommand `rtl` is asked for.
struct RtlOptions {
  std::string variant = "2SA";  ///< 2SA or 1DA
  bool released = false;        ///< with the control table as released
  std::string folder{};  ///< gets module, testbench and a trace; if empty, the module goes to standard output
  std::uint64_t seed = 1;  ///< of the operands in the trace
};

/// A trace of one random product of 4-bit numbers, for the testbench.
template <class B>
std::string random_trace(std::uint64_t seed) {
  using Recorded = rtl::Recorded<B>;
  const fabric::MatrixShape shape{.rows = 20, .columns = 16, .vectors = 2};
  core::Random random(seed);
  std::vector<std::int16_t> weights(static_cast<std::size_t>(shape.rows * shape.columns));
  std::vector<std::int16_t> activations(static_cast<std::size_t>(shape.columns * shape.vectors));
  for (auto& w : weights) w = static_cast<std::int16_t>(random.integer(-8, 7));
  for (auto& a : activations) a = static_cast<std::int16_t>(random.integer(-8, 7));
  std::vector<std::int32_t> sums(static_cast<std::size_t>(shape.rows * shape.vectors));
  std::ostringstream trace;
  const auto machine = std::make_unique<typename Recorded::Machine>(trace);
  Recorded::run(*machine, shape, {.weight_bits = 4, .activation_bits = 4, .signed_activations = true},
                weights, activations, sums);
  machine->end_trace();
  return trace.str();
}

/// Writes the hardware description of a block.
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
    std::ostringstream design, test;
    rtl::emit<B>(design);
    rtl::emit_test<B>(test);
    if (options.folder.empty()) {
      fmt::print("{}", design.str());
      return success;
    }
    std::error_code failed;
    std::filesystem::create_directories(options.folder, failed);
    if (failed) throw Error(options.folder + ": the folder cannot be made");
    const auto module = rtl::module_name<B>();
    const auto write = [&](const std::string& name, const std::string& text) {
      const auto path = (std::filesystem::path(options.folder) / name).string();
      core::write_file(path, text);
      fmt::print("{}\n", path);
    };
    write(module + ".sv", design.str());
    write(module + "_test.sv", test.str());
    write(module + ".trace", random_trace<B>(options.seed));
    fmt::print(
        "to simulate, in that folder:\n  verilator --binary --top-module {0}_test {0}.sv {0}_test.sv\n"
        "  obj_dir/V{0}_test +trace={0}.trace\n",
        module);
    return success;
  });
}

/// The simulations of `verify --rtl`, each compiled when it is first asked for.
class RtlSimulations {
 public:
  /// @param folder  keeps them for the next time; if empty, they go with the program
  explicit RtlSimulations(std::string folder = {}) : folder_(std::move(folder)) {
    static_cast<void>(rtl::require_program("verilator", "--rtl"));
  }

  /// Compares value view, machine, formula and RTL.
  template <class B>
  rtl::Agreement verify(const fabric::Operands& o, std::uint64_t seed, int products) {
    auto& simulation = std::get<std::optional<rtl::Simulation<B>>>(compiled_);
    if (!simulation) simulation.emplace(folder_);
    return rtl::verify<B>(*simulation, o, seed, products);
  }

 private:
  template <class... B>
  using Tuple = std::tuple<std::optional<rtl::Simulation<B>>...>;

  std::string folder_;
  Tuple<fabric::Bramac2sa, fabric::Bramac1da, fabric::Bramac<fabric::TwoSync, fabric::AsReleased>,
        fabric::Bramac<fabric::OneDoublePumped, fabric::AsReleased>>
      compiled_;
};

}  // namespace bitloom::examples
