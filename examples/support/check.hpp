// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/error.hpp>
#include "program.hpp"

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
/// @param check_file  counts the cases of one file; a ParseError or other Error of it counts as one failed case
/// @return exit code
template <class CheckFile>
int check_files(const std::vector<std::string>& files, CheckFile&& check_file) {
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
    passed += counter.passed();
    failed += counter.failed();
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 ? success : check_failed;
}

}  // namespace bitloom::examples
