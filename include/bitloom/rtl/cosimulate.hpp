// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/rtl/emit.hpp>
#include <bitloom/rtl/hardware.hpp>
#include <bitloom/rtl/testbench.hpp>
#include <bitloom/rtl/text.hpp>
#include <bitloom/rtl/tool.hpp>
#include <bitloom/rtl/trace.hpp>

namespace bitloom::rtl {

/// What a simulation said about a trace.
struct Verdict {
  bool passed{};
  std::int64_t cycles{};  ///< eFSM cycles that were compared, if it passed
  std::string text{};     ///< `PASS <n> cycles`, or `FAIL` with the first difference
};

namespace detail {

/// FNV-1a, for names of files.
inline std::uint64_t digest(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

inline Verdict verdict(const Finished& finished) {
  const auto& output = finished.output;
  for (const auto* word : {"FAIL ", "PASS "}) {
    const auto begin = output.find(word);
    if (begin == std::string::npos) continue;
    Verdict v{.text = output.substr(begin, output.find('\n', begin) - begin)};
    v.passed = word[0] == 'P' && finished.exit_code == 0;
    if (v.passed) v.cycles = std::strtoll(v.text.c_str() + 5, nullptr, 10);
    return v;
  }
  return {.text = "FAIL without a verdict, exit code " + std::to_string(finished.exit_code) + ": " + output};
}

}  // namespace detail

/// The emitted module and its testbench, compiled with Verilator once, to run any number of traces.
///
/// Everything that has no reset (rows, memory, outputs) starts with random bits.
template <EmittableBlock B>
class Simulation {
 public:
  /// @param folder  keeps the compiled simulation, for the next that asks for the same text and Verilator; if empty, it
  ///                goes with the object
  /// @throws Error  Verilator is missing, finds fault with the text (warnings count), or a file cannot be written
  explicit Simulation(const std::string& folder = {}) {
    const auto verilator = require_program("verilator", "co-simulation");
    const auto module = module_name<B>();
    std::ostringstream design, test;
    emit<B>(design);
    emit_test<B>(test);
    std::vector<std::string> command{verilator,  "--binary",     "-O3",           "-Wall",
                                     "--assert", "--x-initial",  "unique",        "--x-assign",
                                     "unique",   "--top-module", module + "_test"};
    auto key = run_program({verilator, "--version"}).output + design.str() + test.str();
    for (const auto& argument : command) key += argument + '\n';
    std::string name = module + '-';
    append_hex(name, detail::digest(key), 16);
    std::error_code failed;
    if (!folder.empty()) std::filesystem::create_directories(folder, failed);
    if (failed) throw Error(folder + ": the folder cannot be made");
    const std::filesystem::path home = folder.empty() ? scratch_.emplace().path() : folder;
    binary_ = (home / name).string();
    if (std::filesystem::exists(binary_)) return;

    const TemporaryFolder build(home);
    core::write_file(build.file(module + ".sv"), design.str());
    core::write_file(build.file(module + "_test.sv"), test.str());
    command.insert(command.begin(), {"env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL"});
    command.insert(command.end(), {"--Mdir", build.file("build"), "-o", name, build.file(module + ".sv"),
                                   build.file(module + "_test.sv")});
    const auto finished = run_program(command);
    const auto made = std::filesystem::path(build.file("build")) / name;
    if (finished.exit_code != 0 || !std::filesystem::exists(made))
      throw Error("verilator: " + module + " cannot be compiled:\n" + finished.output);
    std::filesystem::rename(made, binary_);  // at once, so that no other process sees half of it
  }

  /// Runs a trace file.
  /// @param seed  of the random bits that registers without a reset start with, not 0
  [[nodiscard]] Verdict run(const std::string& trace_file, std::uint32_t seed = 1) const {
    return detail::verdict(run_program({binary_, "+trace=" + trace_file, "+verilator+rand+reset+2",
                                        "+verilator+seed+" + std::to_string(seed)}));
  }

  /// Records what `drive(machine)` does to a new machine of `Recorded<B>`, and runs that trace.
  /// @param arguments  of the machine, behind the trace
  /// @throws Error  what `drive` throws, or the trace cannot be written
  template <class Drive, class... Arguments>
  [[nodiscard]] Verdict check(Drive&& drive, const Arguments&... arguments) const {
    const TemporaryFolder folder;
    const auto path = folder.file("trace");
    std::ofstream trace(path);
    const auto machine = std::make_unique<typename Recorded<B>::Machine>(trace, arguments...);
    drive(*machine);
    machine->end_trace();
    if (!trace) throw Error(path + ": the trace cannot be written");
    trace.close();
    auto result = run(path);
    if (result.passed && result.cycles != machine->recorded_cycles())
      result = {.text = "FAIL it counted " + std::to_string(result.cycles) + " cycles instead of " +
                        std::to_string(machine->recorded_cycles())};
    return result;
  }

 private:
  std::optional<TemporaryFolder> scratch_;
  std::string binary_;
};

}  // namespace bitloom::rtl
