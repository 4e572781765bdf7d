// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/threads.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;

static_assert(core::Executor<core::Threads>);

namespace {

/// Each item sums normal deviates of a stream of its own.
template <core::Executor E>
std::vector<std::uint64_t> sums(const E& executor, std::int64_t count) {
  std::vector<std::uint64_t> result(static_cast<std::size_t>(count));
  executor.for_each_index(count, [&](std::int64_t i) {
    core::Random random(11, static_cast<std::uint64_t>(i));
    double sum = 0;
    for (int k = 0; k < 20; ++k) sum += random.normal();
    result[static_cast<std::size_t>(i)] = std::bit_cast<std::uint64_t>(sum);
  });
  return result;
}

}  // namespace

TEST_CASE("every executor gives the same bits") {
  const auto expected = sums(core::Serial{}, 500);
  CHECK(std::set(expected.begin(), expected.end()).size() == expected.size());
  CHECK(sums(core::Threads{}, 500) == expected);
  for (int count = 1; count <= 4; ++count) CHECK(sums(core::Threads(count), 500) == expected);
}

TEST_CASE("threads visit every index once") {
  for (const std::int64_t count : {0, 1, 2, 1000}) {
    std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
    core::Threads{}.for_each_index(count, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
    CHECK(std::ranges::all_of(visits, [](const auto& n) { return n == 1; }));
  }
}

TEST_CASE("no more threads run than were asked for") {
  for (int count = 1; count <= 3; ++count) {
    std::mutex mutex;
    std::set<std::thread::id> seen;
    std::atomic<int> running = 0;
    std::atomic<int> most = 0;
    core::Threads(count).for_each_index(200, [&](std::int64_t) {
      const int now = ++running;
      for (int old = most; old < now && !most.compare_exchange_weak(old, now);) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds(50));
      --running;
      const std::scoped_lock lock(mutex);
      seen.insert(std::this_thread::get_id());
    });
    CHECK(most <= count);
    if (count == 1) CHECK(seen.size() == 1);
  }
}

TEST_CASE("an exception of a body reaches the caller") {
  const auto body = [](std::int64_t i) {
    if (i == 37) throw std::domain_error("at thirty-seven");
  };
  CHECK_THROWS_WITH_AS(core::Threads{}.for_each_index(100, body), "at thirty-seven", std::domain_error);
  CHECK_THROWS_WITH_AS(core::Threads(1).for_each_index(100, body), "at thirty-seven", std::domain_error);
}

TEST_CASE("loops may be nested") {
  std::vector<int> cells(30 * 20);
  core::Threads(2).for_each_index(30, [&](std::int64_t row) {
    core::Threads(2).for_each_index(20, [&](std::int64_t column) {
      cells[static_cast<std::size_t>(row * 20 + column)] = static_cast<int>(row * column);
    });
  });
  for (std::size_t i = 0; i < cells.size(); ++i) REQUIRE(cells[i] == static_cast<int>((i / 20) * (i % 20)));
}

TEST_CASE("a thread count below one is refused") {
  CHECK_THROWS_WITH_AS(core::Threads(0), "threads: 0 is outside 1..65536", RangeError);
  CHECK_THROWS_AS(core::Threads(-1), RangeError);
}
