// SPDX-License-Identifier: Apache-2.0
#include "compute_in_bram/m4bram.hpp"

#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "support/m4bram_choice.hpp"
#include "support/m4bram_conv.hpp"
#include "support/m4bram_gemm.hpp"
#include "support/m4bram_trace.hpp"
#include "support/m4bram_verify.hpp"
#include "support/program.hpp"
#include "support/rtl_view.hpp"

namespace bitloom::examples {

Subcommands add_m4bram_blocks(CLI::App& m4bram) {
  struct Options {
    M4bramVerifyOptions verify;
    M4bramGemmOptions gemm;
    M4bramConvOptions conv;
    M4bramTraceOptions trace;
    M4bramRtlOptions rtl;
  };
  const auto options = std::make_shared<Options>();
  const auto& verify = add_m4bram_verify(m4bram, options->verify);
  const auto& gemm = add_m4bram_gemm(m4bram, options->gemm);
  const auto& conv = add_m4bram_conv(m4bram, options->conv);
  const auto& trace = add_m4bram_trace(m4bram, options->trace);
  auto& rtl = *m4bram.add_subcommand(
      "rtl", "the block as synthesizable SystemVerilog, with a testbench and a trace of a random product");
  add_m4bram_choice(rtl, options->rtl.choice);
  rtl.add_flag("--released", options->rtl.released, "with the control table as released");
  rtl.add_option("--output", options->rtl.folder,
                 "folder for module, testbench and trace; without it, the module is printed")
      ->type_name("FOLDER")
      ->check(not_empty());
  rtl.add_option("--seed", options->rtl.seed, "seed of the operands in the trace")
      ->check(seed_number())
      ->capture_default_str();
  return [options, &verify, &gemm, &conv, &trace, &rtl]() -> std::optional<int> {
    if (verify.parsed()) return run_m4bram_verify(options->verify);
    if (gemm.parsed()) return run_m4bram_gemm(options->gemm);
    if (conv.parsed()) return run_m4bram_conv(options->conv);
    if (trace.parsed()) return run_m4bram_trace(options->trace);
    if (rtl.parsed()) return run_rtl(options->rtl);
    return std::nullopt;
  };
}

}  // namespace bitloom::examples
