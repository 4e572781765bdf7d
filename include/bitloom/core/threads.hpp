// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <bitloom/core/error.hpp>
#include <bitloom/core/executor.hpp>

namespace bitloom::core {

/// Spreads the iterations over cores with oneTBB. Needs the package component `threads`.
///
/// Copies share their threads, which stay ready between calls: keep an executor rather than make one for every loop.
class Threads {
 public:
  /// All cores.
  Threads() = default;

  /// At most `count` threads.
  /// @throws RangeError  count < 1
  explicit Threads(int count) : arena_(std::make_shared<tbb::task_arena>(checked(count))) {}

  /// Calls body(0) … body(count - 1) in no particular order and waits for all. An exception of a body is
  /// thrown on from here.
  template <class Body>
  void for_each_index(std::int64_t count, Body&& body) const {
    arena_->execute([&] { tbb::parallel_for(std::int64_t{0}, count, [&](std::int64_t i) { body(i); }); });
  }

 private:
  static int checked(int count) {
    check_range("threads", count, 1, 1 << 16);
    return count;
  }

  // not made for every loop: threads take longer to enter a new arena than most loops run
  std::shared_ptr<tbb::task_arena> arena_ = std::make_shared<tbb::task_arena>();
};

}  // namespace bitloom::core
