// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <vector>

#include <bitloom/core/progress.hpp>
#include <bitloom/core/threads.hpp>

namespace bitloom::examples {

/// All cores, with a progress bar. Of several exceptions, that of the lowest index is thrown on, whatever ends first.
class ReportingThreads {
 public:
  explicit ReportingThreads(const char* label) : label_(label) {}

  // the body in a std::function: one instantiation of the thread library for all bodies
  void for_each_index(std::int64_t count, const std::function<void(std::int64_t)>& body) const {
    core::Progress progress(label_, count);
    std::mutex mutex;
    std::int64_t done = 0;
    std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
    core::Threads{}.for_each_index(count, [&](std::int64_t i) {
      try {
        body(i);
      } catch (...) {
        failures[static_cast<std::size_t>(i)] = std::current_exception();
      }
      const std::lock_guard lock(mutex);
      progress.update(++done);
    });
    for (const auto& failure : failures)
      if (failure) std::rethrow_exception(failure);
  }

 private:
  const char* label_;
};

}  // namespace bitloom::examples
