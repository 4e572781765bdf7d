// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include <bitloom/core/error.hpp>

namespace bitloom::train {

/// All bytes of a file.
/// @throws Error  it cannot be read
[[nodiscard]] inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) throw Error("file: '" + path + "' cannot be read, or is empty");
  return std::move(bytes).str();
}

}  // namespace bitloom::train
