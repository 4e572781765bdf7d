// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/version.hpp>

#include "program.hpp"
#include "report.hpp"

namespace bitloom::examples {

/// Counts the cases of a file and keeps the first that failed.
class CaseCounter {
 public:
  /// One case: `ok`, or what is wrong with it.
  void add(bool ok, const std::string& what) {
    ++(ok ? passed_ : failed_);
    if (!ok && first_failure_.empty()) first_failure_ = what;
  }

  [[nodiscard]] std::int64_t passed() const noexcept { return passed_; }
  [[nodiscard]] std::int64_t failed() const noexcept { return failed_; }
  [[nodiscard]] const std::string& first_failure() const noexcept { return first_failure_; }

 private:
  std::int64_t passed_ = 0;
  std::int64_t failed_ = 0;
  std::string first_failure_;
};

/// Checks files: a line a file, last `N passed, N failed` over all cases.
///
/// @param json_file   also gets the result, unless it is empty
/// @param check_file  counts the cases of one file; a ParseError or other Error of it counts as one failed case
/// @return exit code
template <class CheckFile>
int check_files(const std::vector<std::string>& files, const std::string& json_file, CheckFile&& check_file) {
  if (!json_file.empty()) core::check_writable(json_file);
  auto list = nlohmann::json::array();
  std::int64_t passed = 0;
  std::int64_t failed = 0;
  for (const auto& file : files) {
    CaseCounter counter;
    try {
      check_file(file, counter);
      if (counter.passed() + counter.failed() == 0) counter.add(false, "the file has no case");
    } catch (const Error& error) {
      counter.add(false, error.what());
    }
    if (counter.failed() == 0)
      fmt::print("{}: {} passed\n", file, counter.passed());
    else
      fmt::print("{}: {} passed, {} failed; first: {}\n", file, counter.passed(), counter.failed(),
                 counter.first_failure());
    nlohmann::json entry{{"file", file}, {"passed", counter.passed()}, {"failed", counter.failed()}};
    if (counter.failed() > 0) entry["first_failure"] = counter.first_failure();
    list.push_back(std::move(entry));
    passed += counter.passed();
    failed += counter.failed();
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  if (!json_file.empty())
    write_json(json_file, {{"version", version}, {"passed", passed}, {"failed", failed}, {"files", list}});
  return failed == 0 ? success : check_failed;
}

}  // namespace bitloom::examples
