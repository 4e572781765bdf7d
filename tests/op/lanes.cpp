// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/lanes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/core/random.hpp>

namespace op = bitloom::op;

TEST_CASE("sums in lanes take every term once, in the stated order") {
  for (std::int64_t count = 0; count < 100; ++count) {
    const auto sums = op::sum_in_lanes<double, 2>(count, [](std::int64_t i) {
      const auto x = static_cast<double>(i);
      return std::array{x, x * x};
    });
    const auto n = static_cast<double>(count);
    CHECK(sums[0] == n * (n - 1) / 2);
    CHECK(sums[1] == (n - 1) * n * (2 * n - 1) / 6);
  }
  bitloom::core::Random random(1);
  std::vector<float> terms;
  for (int i = 0; i < 77; ++i) terms.push_back(static_cast<float>(random.normal()));
  const auto at = [&](std::int64_t i) { return std::array{terms[static_cast<std::size_t>(i)]}; };
  std::array<float, 16> lanes{};
  for (std::size_t i = 0; i < 77; ++i) lanes[i % 16] += terms[i];
  const auto eight = [&](std::size_t i) { return lanes[i] + lanes[i + 8]; };
  const auto four = [&](std::size_t i) { return eight(i) + eight(i + 4); };
  CHECK(op::sum_in_lanes<float, 1>(77, at)[0] == (four(0) + four(2)) + (four(1) + four(3)));
  CHECK(op::sum_in_lanes(terms.data(), 77) == (four(0) + four(2)) + (four(1) + four(3)));
}
