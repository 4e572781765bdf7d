// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <bitloom/core/error.hpp>
#include <bitloom/core/executor.hpp>

namespace bitloom::core {

/// Spreads the iterations over cores with oneTBB. Needs the package component `threads`.
class Threads {
 public:
  /// All cores.
  Threads() = default;

  /// At most `count` threads.
  /// @throws RangeError  count < 1
  explicit Threads(int count) : count_(count) { check_range("threads", count, 1, 1 << 16); }

  /// Calls body(0) … body(count - 1) in no particular order and waits for all. An exception of a body is
  /// thrown on from here.
  template <class Body>
  void for_each_index(std::int64_t count, Body&& body) const {
    tbb::task_arena arena(count_ > 0 ? count_ : tbb::task_arena::automatic);
    arena.execute([&] { tbb::parallel_for(std::int64_t{0}, count, [&](std::int64_t i) { body(i); }); });
  }

 private:
  int count_ = 0;
};

}  // namespace bitloom::core
