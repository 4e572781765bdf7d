// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/executor.hpp>

#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

using namespace bitloom;

static_assert(core::Executor<core::Serial>);
static_assert(!core::Executor<int>);

TEST_CASE("the serial executor visits every index once, in ascending order") {
  std::vector<std::int64_t> visited;
  core::Serial{}.for_each_index(5, [&](std::int64_t i) { visited.push_back(i); });
  CHECK(visited == std::vector<std::int64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("the serial executor does nothing for a count of zero") {
  int calls = 0;
  core::Serial{}.for_each_index(0, [&](std::int64_t) { ++calls; });
  CHECK(calls == 0);
}

TEST_CASE("the serial executor stops at the first exception and passes it on") {
  int calls = 0;
  const auto body = [&](std::int64_t i) {
    ++calls;
    if (i == 3) throw std::domain_error("at three");
  };
  CHECK_THROWS_WITH_AS(core::Serial{}.for_each_index(10, body), "at three", std::domain_error);
  CHECK(calls == 4);
}
