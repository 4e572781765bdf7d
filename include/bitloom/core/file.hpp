// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

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

/// Calls f, which parses what is in a file, and puts the file's name before the message of a ParseError.
template <std::invocable F>
decltype(auto) naming_file(const std::string& path, F&& f) {
  try {
    return f();
  } catch (const ParseError& error) {
    throw ParseError(path + ": " + error.what());
  }
}

namespace detail {

/// Writes all bytes and closes; false if that failed.
inline bool write_all(const std::string& path, const std::string& bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  return std::fclose(file) == 0 && written;
}

/// Where a path leads, and whether a file may take its place there: not if it is a device or a pipe.
struct Target {
  std::string path;
  bool replaceable;
};
inline Target target_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  if (!fs::exists(status)) return {path, true};
  if (!fs::is_regular_file(status)) return {path, false};
  const auto real = fs::canonical(path, ignored);
  return {ignored ? path : real.string(), true};
}

}  // namespace detail

/// Writes a file whole or not at all: to a neighbour first, which then takes its name. A symbolic link is followed;
/// what is no regular file, such as a pipe, is written directly.
/// @throws Error  it cannot be written; the message starts with its name
inline void write_file(const std::string& path, const std::string& bytes) {
  const auto target = detail::target_of(path);
  const auto place = target.replaceable ? target.path + ".part" : target.path;
  bool written = detail::write_all(place, bytes);
  if (target.replaceable) {
    written = written && std::rename(place.c_str(), target.path.c_str()) == 0;
    if (!written) std::remove(place.c_str());
  }
  if (!written) throw Error(path + ": the file cannot be written");
}

/// Finds out before a long run whether `write_file` could write there. Leaves nothing behind.
/// @throws Error  it could not; the message starts with the name
inline void check_writable(const std::string& path) {
  const auto target = detail::target_of(path);
  if (std::filesystem::is_directory(target.path)) throw Error(path + ": a folder is there");
  if (!target.replaceable) return;
  const auto part = target.path + ".part";
  if (!detail::write_all(part, {})) throw Error(path + ": the file cannot be written");
  std::remove(part.c_str());
}

}  // namespace bitloom::core
