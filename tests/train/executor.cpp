// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/executor.hpp>

#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>
#include <train/backwards.hpp>

namespace core = bitloom::core;
namespace train = bitloom::train;

static_assert(core::Executor<train::AnyExecutor> && core::Executor<Backwards>);
static_assert(!std::constructible_from<train::AnyExecutor, int>);

TEST_CASE("any executor runs what the executor in it runs, in its order") {
  const auto order = [](train::AnyExecutor executor) {
    std::vector<std::int64_t> seen;
    executor.for_each_index(4, [&](std::int64_t i) { seen.push_back(i); });
    return seen;
  };
  CHECK(order({}) == std::vector<std::int64_t>{0, 1, 2, 3});
  CHECK(order(core::Serial{}) == std::vector<std::int64_t>{0, 1, 2, 3});
  CHECK(order(Backwards{}) == std::vector<std::int64_t>{3, 2, 1, 0});
  const train::AnyExecutor nested{train::AnyExecutor(Backwards{})};
  CHECK(order(nested) == std::vector<std::int64_t>{3, 2, 1, 0});
}

TEST_CASE("any executor keeps the body's state and throws its exceptions") {
  int sum = 0;
  auto body = [&, calls = 0](std::int64_t) mutable { sum += ++calls; };
  train::AnyExecutor().for_each_index(3, body);
  CHECK(sum == 6);
  CHECK_THROWS_AS(train::AnyExecutor().for_each_index(2, [](std::int64_t) { throw std::domain_error("x"); }),
                  std::domain_error);
}
