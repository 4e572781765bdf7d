// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/relu.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

using namespace bitloom;

static_assert(noexcept(op::relu(std::span<float>{})));

TEST_CASE("every 16-bit integer becomes the larger of itself and zero") {
  std::vector<std::int16_t> values;
  for (int i = INT16_MIN; i <= INT16_MAX; ++i) values.push_back(static_cast<std::int16_t>(i));
  op::relu(std::span(values));
  bool right = true;
  for (int i = INT16_MIN; i <= INT16_MAX; ++i)
    right = right && values[static_cast<std::size_t>(i - INT16_MIN)] == (i > 0 ? i : 0);
  CHECK(right);
}

TEST_CASE("floats lose their negative part, and NaN stays NaN") {
  using Limits = std::numeric_limits<float>;
  std::array<float, 6> values{
      -1.5F, 2.5F, -Limits::infinity(), Limits::infinity(), -Limits::denorm_min(), Limits::quiet_NaN()};
  op::relu(std::span<float>(values));
  CHECK(values[0] == 0.0F);
  CHECK(values[1] == 2.5F);
  CHECK(values[2] == 0.0F);
  CHECK(values[3] == Limits::infinity());
  CHECK(values[4] == 0.0F);
  CHECK(std::isnan(values[5]));
}

TEST_CASE("it works at compile time") {
  constexpr auto result = [] {
    std::array<int, 3> values{-1, 0, 7};
    op::relu(std::span<int>(values));
    return values;
  }();
  static_assert(result == std::array<int, 3>{0, 0, 7});
  CHECK(result[2] == 7);
}
