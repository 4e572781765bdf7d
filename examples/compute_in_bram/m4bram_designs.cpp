// SPDX-License-Identifier: Apache-2.0
#include "compute_in_bram/m4bram.hpp"

#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <bitloom/core/csv.hpp>

#include "support/m4bram_dse_reference.hpp"
#include "support/m4bram_explore.hpp"
#include "support/m4bram_reproduction.hpp"
#include "support/program.hpp"

namespace bitloom::examples {

Subcommands add_m4bram_designs(CLI::App& m4bram) {
  struct Options {
    M4bramExploreOptions explore;
    std::string page;
  };
  const auto options = std::make_shared<Options>();
  const auto& explore = add_m4bram_explore(m4bram, options->explore);
  auto& reproduce = *m4bram.add_subcommand("reproduce", "write a page of published results beside ours");
  reproduce.add_option("FILE", options->page, "the page, in Markdown")->required()->check(not_empty());
  return [options, &explore, &reproduce]() -> std::optional<int> {
    if (explore.parsed()) return run_m4bram_explore(options->explore);
    if (reproduce.parsed()) return run_m4bram_reproduce(options->page);
    return std::nullopt;
  };
}

bool check_m4bram_searches(const core::Csv& file, CaseCounter& counter) {
  return check_m4bram_dse(file, counter);
}

}  // namespace bitloom::examples
