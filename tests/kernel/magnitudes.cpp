// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/magnitudes.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom::kernel;

std::vector<float> random_floats(std::size_t count, bitloom::core::Random& random) {
  std::vector<float> values(count);
  for (auto& x : values) x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));  // NaN among them
  return values;
}

std::uint32_t slow_magnitude(float x, std::uint32_t limit) {
  const auto bits = std::bit_cast<std::uint32_t>(std::abs(x));
  return bits > limit ? 0 : bits;
}

TEST_CASE("the largest magnitude of an array of any length is found") {
  bitloom::core::Random random(6);
  for (std::size_t count = 0; count < 200; ++count)
    for (const auto limit : {any_magnitude, largest_finite}) {
      const auto values = random_floats(count, random);
      std::uint32_t expected = 0;
      for (const float x : values) expected = std::max(expected, slow_magnitude(x, limit));
      REQUIRE(largest_magnitude(values.data(), count, limit) == expected);
    }
}

TEST_CASE("infinity is above all finite numbers, and NaN above infinity") {
  const std::vector<float> values{1.0F, -3.4e38F, 0.0F};
  CHECK(largest_magnitude(values.data(), 3) == std::bit_cast<std::uint32_t>(3.4e38F));
  const std::vector<float> beyond{-INFINITY, 1.0F, NAN};
  CHECK(largest_magnitude(beyond.data(), 2) == largest_finite + 1);
  CHECK(largest_magnitude(beyond.data(), 3) > largest_finite + 1);
  CHECK(largest_magnitude(beyond.data(), 3, largest_finite) == std::bit_cast<std::uint32_t>(1.0F));
}

TEST_CASE("magnitudes of runs of every length are raised, never lowered") {
  bitloom::core::Random random(7);
  for (std::size_t length = 1; length < 70; ++length)
    for (const std::size_t count : {std::size_t{1}, length, 3 * length, std::size_t{130}}) {
      const auto values = random_floats(count, random);
      std::vector<std::uint32_t> largest((count + length - 1) / length);
      for (auto& magnitude : largest) magnitude = static_cast<std::uint32_t>(random() & any_magnitude);
      auto expected = largest;
      for (std::size_t i = 0; i < count; ++i)
        expected[i / length] = std::max(expected[i / length], slow_magnitude(values[i], largest_finite));
      raise_magnitudes(values.data(), count, length, largest_finite, largest.data());
      REQUIRE(largest == expected);
    }
}

TEST_CASE("numbers are repeated for runs of every length") {
  std::vector<float> values(200);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  for (std::size_t length = 1; length < 70; ++length)
    for (std::size_t count = 0; count < 150; ++count) {
      std::vector<float> out(count + 1, -1.0F);
      repeat_each(values.data(), length, count, out.data());
      bool right = out.back() == -1.0F;
      for (std::size_t i = 0; i < count; ++i) right = right && out[i] == values[i / length];
      REQUIRE(right);
    }
}

}  // namespace
