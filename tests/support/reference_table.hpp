// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/file.hpp>

namespace bitloom::test {

/// A table of the reference data, e.g. `fliqs/requant.csv`; nothing, with a message, where the data is not at hand.
inline std::optional<core::Csv> reference_table(const std::string& name) {
  const auto path = std::string(BITLOOM_REFERENCE_DIR) + '/' + name;
  if (std::filesystem::exists(path)) return core::Csv::parse(core::read_file(path), path);
  MESSAGE("skipped: the reference data " << name << " is not there");
  return std::nullopt;
}

}  // namespace bitloom::test
