// SPDX-License-Identifier: Apache-2.0
// The peer of `bramac_cycle_rate`: the emitted RTL, compiled by Verilator, on the same stream of port requests.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <bitloom/core/file.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/fabric.hpp>
#include <bitloom/rtl.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::fabric;

/// Runs a trace through the Verilated module: once with a look at every accumulator word, then as often as it is told,
/// against the clock. Prints the seconds.
constexpr std::string_view driver = R"(
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "V@module@.h"

struct Cycle {
  unsigned select, request_a, address_a, request_b, address_b;
  std::uint64_t data_a, data_b, a_q;
};

int main(int, char** arguments) {
  std::vector<Cycle> cycles;
  std::ifstream file(arguments[1]);
  for (std::string line, kind; std::getline(file, line);) {
    std::istringstream fields(line);
    Cycle c{};
    if (fields >> kind >> std::hex >> c.select >> c.request_a >> c.address_a >> c.data_a >> c.request_b >>
            c.address_b >> c.data_b >> c.a_q && kind == "c")
      cycles.push_back(c);
  }
  V@module@ dut;
  const auto edge = [&] {
    dut.clk = 1;
    dut.eval();
    dut.clk = 0;
    dut.eval();
  };
  dut.comp_en = 1;
  dut.rst = 1;
  dut.clk = 0;
  dut.eval();
  edge();
  dut.rst = 0;
  std::uint64_t sum = 0;
  const auto put = [&](const Cycle& c) {
    dut.read_select = c.select;
    dut.a_enable = c.request_a >> 1;
    dut.a_write = c.request_a & 1;
    dut.a_address = c.address_a;
    dut.a_data = c.data_a;
    dut.b_enable = c.request_b >> 1;
    dut.b_write = c.request_b & 1;
    dut.b_address = c.address_b;
    dut.b_data = c.data_b;
  };
  for (const auto& c : cycles) {
    put(c);
    dut.eval();
    if (dut.readout && dut.a_q != (c.a_q & 0xFFFFFFFFFF)) {
      std::puts("wrong");
      return 1;
    }
    edge();
  }
  const int passes = std::atoi(arguments[2]);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < passes; ++i)
    for (const auto& c : cycles) {
      put(c);
      edge();  // the inputs settle in the evaluation of the rising edge
      if (dut.readout) sum += dut.a_q;
    }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf("%.9f %zu %llu\n", seconds.count(), cycles.size(), static_cast<unsigned long long>(sum));
}
)";

/// The Verilated program of a block, and the trace that it runs.
template <class B>
struct Verilated {
  rtl::TemporaryFolder folder;
  std::string binary, trace = folder.file("trace");

  Verilated() {
    record();
    const auto module = rtl::module_name<B>();
    std::ostringstream design;
    rtl::emit<B>(design);
    core::write_file(folder.file(module + ".sv"), design.str());
    core::write_file(folder.file("main.cpp"), rtl::fill(driver, {{"module", module}}));
    const auto finished = rtl::run_program({"env",
                                            "-u",
                                            "MAKEFLAGS",
                                            "verilator",
                                            "--cc",
                                            "--exe",
                                            "--build",
                                            "-O3",
                                            "--x-assign",
                                            "fast",
                                            "--x-initial",
                                            "fast",
                                            "--noassert",
                                            "-CFLAGS",
                                            "-O3 -march=native",
                                            "-MAKEFLAGS",
                                            "OPT_FAST=-O3 OPT_SLOW=-O3 OPT_GLOBAL=-O3",
                                            "--Mdir",
                                            folder.file("build"),
                                            "-o",
                                            "rate",
                                            "--top-module",
                                            module,
                                            folder.file(module + ".sv"),
                                            folder.file("main.cpp")});
    if (finished.exit_code != 0) throw Error("verilator: " + finished.output);
    binary = folder.file("build/rate");
  }

  /// The run of `bramac_cycle_rate`: 240 MAC2 with two readouts.
  void record() const {
    using R = rtl::Recorded<B>;
    core::Random random(3);
    std::vector<Mac2<R>> mac2(240);
    for (std::size_t i = 0; i < mac2.size(); ++i) {
      for (auto& word : mac2[i].words) word = random() & core::low_mask(40);
      for (auto& array : mac2[i].activations)
        for (auto& a : array) a = static_cast<std::int16_t>(random.integer(-8, 7));
      mac2[i].last = i % 120 == 119;
    }
    std::ofstream file(trace);
    const auto machine = std::make_unique<BramacMachine<R>>(file);
    BramacRun<R> run(*machine, {.weight_bits = 4, .activation_bits = 4, .signed_activations = true});
    run.run(
        240, 240, [&](std::int64_t i) { return mac2[static_cast<std::size_t>(i)]; }, [](const auto&) {});
  }
};

/// Cycles of dummy arrays in the Verilated RTL. The process and its build do not count.
template <class B>
void verilator_rate(benchmark::State& state) {
  static const Verilated<B> verilated;
  constexpr int passes = 20;
  std::int64_t cycles = 0;
  for (auto _ : state) {
    const auto finished = rtl::run_program({verilated.binary, verilated.trace, std::to_string(passes)});
    char* end = nullptr;
    const double seconds = std::strtod(finished.output.c_str(), &end);
    const auto count = std::strtoll(end, nullptr, 10);
    if (finished.exit_code != 0 || count == 0) return state.SkipWithError("the Verilated RTL is wrong");
    state.SetIterationTime(seconds);
    cycles += count * passes * B::arrays;
  }
  state.SetItemsProcessed(cycles);
}

const bool registered = [] {
  if (rtl::find_program("verilator").empty()) {
    std::fprintf(stderr, "bench: the peer of bramac_cycle_rate is off, because verilator is not on PATH\n");
    return false;
  }
  benchmark::RegisterBenchmark("verilator_rate_2sa", verilator_rate<Bramac2sa>)->UseManualTime();
  benchmark::RegisterBenchmark("verilator_rate_1da", verilator_rate<Bramac1da>)->UseManualTime();
  return true;
}();

}  // namespace
