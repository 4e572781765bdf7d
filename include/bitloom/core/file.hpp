// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include <bitloom/core/error.hpp>

namespace bitloom::core {

/// All bytes of a file.
/// @throws ParseError  it cannot be read; the message starts with its name
[[nodiscard]] inline std::string read_file(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) throw ParseError(path + ": the file cannot be opened");
  std::string bytes;
  char buffer[1 << 14];
  while (const auto count = std::fread(buffer, 1, sizeof buffer, file.get())) bytes.append(buffer, count);
  if (std::ferror(file.get()) != 0) throw ParseError(path + ": the file cannot be read");
  return bytes;
}

/// Writes a file whole or not at all: to a neighbour first, which then takes its name.
/// @throws Error  it cannot be written; the message starts with its name
inline void write_file(const std::string& path, const std::string& bytes) {
  const auto part = path + ".part";
  std::FILE* file = std::fopen(part.c_str(), "wb");
  if (file == nullptr) throw Error(path + ": the file cannot be created");
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  const bool closed = std::fclose(file) == 0;
  if (!written || !closed || std::rename(part.c_str(), path.c_str()) != 0) {
    std::remove(part.c_str());
    throw Error(path + ": the file cannot be written");
  }
}

}  // namespace bitloom::core
