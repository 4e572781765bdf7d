// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <bitloom/core/csv.hpp>

#include "support/check.hpp"

// The parts of `compute_in_bram m4bram`, each in a source of its own so that they compile side by side.

namespace bitloom::examples {

/// Runs the subcommand that was asked for, if it is one of a group; its result is the exit code.
using Subcommands = std::function<std::optional<int>()>;

/// `verify`, `gemm`, `conv`, `trace` and `rtl`.
Subcommands add_m4bram_blocks(CLI::App& m4bram);

/// `explore` and `reproduce`.
Subcommands add_m4bram_designs(CLI::App& m4bram);

/// Checks a reference file of the searches.
/// @return  false if it is of another kind
bool check_m4bram_searches(const core::Csv& file, CaseCounter& counter);

/// Checks one reference file of M4BRAM.
/// @return  false if it is of another kind
bool check_m4bram(const std::string& path, CaseCounter& counter);

}  // namespace bitloom::examples
