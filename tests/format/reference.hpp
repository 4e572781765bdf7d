// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/bits.hpp>

namespace bitloom::format::test {

/// Reference files of formats whose name starts with the prefix; empty, with a message, where there are none.
inline std::vector<std::string> reference_files(const std::string& prefix) {
  const std::filesystem::path folder = BITLOOM_REFERENCE_DIR "/fliqs/formats";
  std::vector<std::string> files;
  if (std::filesystem::is_directory(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().filename().string().starts_with(prefix)) files.push_back(entry.path().string());
  if (files.empty()) MESSAGE("skipped: the reference data fliqs/formats is not there");
  return files;
}

/// `e4m3fn` of `…/table_e4m3fn.csv`.
inline std::string format_of(const std::string& path, const std::string& prefix) {
  return std::filesystem::path(path).stem().string().substr(prefix.size());
}

/// Hexadecimal digits, with or without 0x.
inline std::uint64_t hex(std::string text) {
  if (text.starts_with("0x")) text.erase(0, 2);
  return core::BitVector<64>::from_hex(text).words()[0];
}

}  // namespace bitloom::format::test
