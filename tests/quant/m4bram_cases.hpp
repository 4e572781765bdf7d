// SPDX-License-Identifier: Apache-2.0
#pragma once

#if __has_include(<nlohmann/json.hpp>)

#include <filesystem>
#include <optional>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/file.hpp>

namespace bitloom::test {

/// The reference data m4bram/quant_cases.json; nothing, with a message, where it is not at hand.
inline std::optional<nlohmann::json> m4bram_cases() {
  const std::string path = BITLOOM_REFERENCE_DIR "/m4bram/quant_cases.json";
  if (std::filesystem::exists(path)) return nlohmann::json::parse(core::read_file(path));
  MESSAGE("skipped: the reference data m4bram/quant_cases.json is not there");
  return std::nullopt;
}

}  // namespace bitloom::test

#endif
