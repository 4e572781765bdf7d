// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <bitloom/core/error.hpp>

namespace bitloom::rtl {

/// Path of a program on PATH; empty if there is none.
[[nodiscard]] inline std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const auto folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    const auto file = std::filesystem::path(folder.empty() ? "." : folder) / name;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(file, ignored) && access(file.c_str(), X_OK) == 0)
      return file.string();
  }
  return {};
}

/// @throws Error  the program is not on PATH; the message says what it would be for
[[nodiscard]] inline std::string require_program(const std::string& name, const std::string& purpose) {
  auto path = find_program(name);
  if (path.empty()) throw Error(name + ": it is not on PATH; " + purpose + " needs it");
  return path;
}

/// What a program that has ended left behind.
struct Finished {
  int exit_code{};     ///< 128 + number of the signal that ended it, if one did
  std::string output;  ///< standard output and standard error
};

/// Runs a program to its end, without input. The arguments reach it as they are.
/// @throws Error  it cannot be started
[[nodiscard]] inline Finished run_program(const std::vector<std::string>& command) {
  std::string line = "exec";
  for (const auto& argument : command) {
    line += " '";
    for (const char c : argument) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  std::fflush(nullptr);
  std::FILE* pipe = popen((line + " </dev/null 2>&1").c_str(), "r");
  if (pipe == nullptr) throw Error(command.at(0) + ": it cannot be started");
  Finished result;
  char buffer[1 << 12];
  while (const auto count = std::fread(buffer, 1, sizeof buffer, pipe)) result.output.append(buffer, count);
  const int status = pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

/// A new folder that is removed, with all that is in it, when the object goes.
class TemporaryFolder {
 public:
  /// @param parent  where it is made; by default where the system keeps such folders
  /// @throws Error  it cannot be made
  explicit TemporaryFolder(const std::filesystem::path& parent = std::filesystem::temp_directory_path())
      : path_((parent / "bitloom-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw Error(path_ + ": the folder cannot be made");
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string file(const std::string& name) const {
    return (std::filesystem::path(path_) / name).string();
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

}  // namespace bitloom::rtl
