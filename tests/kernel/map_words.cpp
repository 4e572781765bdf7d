// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/map_words.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom::kernel::detail;

/// Numbers whose words are random, and one behind them that nobody may touch.
template <class T>
std::vector<T> random_numbers(std::size_t count, bitloom::core::Random& random) {
  std::vector<T> numbers(count);
  for (auto& x : numbers) x = from_word<T>(static_cast<std::uint32_t>(random()) & 0x7EFFFFFF);
  return numbers;
}

template <class To, class F, class... From>
bool maps_as_a_loop(std::size_t count, F f, const std::vector<From>&... from) {
  constexpr auto sentinel = static_cast<To>(77);
  std::vector<To> by_all(count + 1, sentinel), by_single(count + 1, sentinel), expected(count + 1, sentinel);
  map_words(count, by_all.data(), f, from.data()...);
  map_single_words(count, by_single.data(), f, from.data()...);
  for (std::size_t i = 0; i < count; ++i) expected[i] = from_word<To>(f(to_word(from[i])...));
  return by_all == expected && by_single == expected;
}

TEST_CASE("arrays of any length and of every width are mapped as by a loop, and nothing behind them") {
  bitloom::core::Random random(2);
  const auto low = [](auto x) { return (x >> 3) & decltype(x)(0xFF); };
  const auto wide = [](auto x) { return (x >> 5) & decltype(x)(0xFFFF); };
  const auto small = [](auto x) { return x ^ decltype(x)(0x55); };
  const auto number = [](auto x) { return x + decltype(x)(0x40000000); };
  for (std::size_t count = 0; count <= 200; ++count) {
    CAPTURE(count);
    const auto floats = random_numbers<float>(count, random);
    const auto bytes = random_numbers<std::uint8_t>(count, random);
    const auto pairs = random_numbers<std::uint16_t>(count, random);
    const auto words = random_numbers<std::uint32_t>(count, random);
    REQUIRE(maps_as_a_loop<std::uint8_t>(count, low, floats));
    REQUIRE(maps_as_a_loop<std::uint16_t>(count, wide, floats));
    REQUIRE(maps_as_a_loop<std::uint32_t>(count, number, floats));
    REQUIRE(maps_as_a_loop<float>(count, number, bytes));
    REQUIRE(maps_as_a_loop<float>(count, number, pairs));
    REQUIRE(maps_as_a_loop<float>(count, small, words));
    REQUIRE(maps_as_a_loop<float>(
        count, [](auto x, auto y) { return multiply(x, to_float(y)); }, floats, bytes));
    REQUIRE(maps_as_a_loop<std::uint8_t>(
        count, [](auto x, auto y) { return (x ^ y) & decltype(x)(0xFF); }, floats, floats));
  }
}

template <std::size_t Length>
void blocks_agree() {
  bitloom::core::Random random(3);
  for (std::size_t blocks = 0; blocks <= 70; ++blocks) {
    const auto values = random_numbers<float>(blocks * Length, random);
    std::vector<std::uint32_t> largest(blocks);
    for (std::size_t i = 0; i < values.size(); ++i)
      largest[i / Length] = std::max(largest[i / Length], to_word(std::abs(values[i])));
    std::size_t next = 0;
    bool in_order = true;
    const auto factors_of = [&](std::size_t first, std::size_t count, const std::uint32_t* magnitudes,
                                float* factors) {
      in_order = in_order && first == next;
      next += count;
      for (std::size_t b = 0; b < count; ++b) {
        in_order = in_order && magnitudes[b] == largest[first + b];
        factors[b] = static_cast<float>(first + b + 1);
      }
    };
    const auto code = [](auto value, auto factor) {
      return ((value >> 20) ^ (factor >> 18)) & decltype(value)(0xFF);
    };
    std::vector<std::uint8_t> codes(values.size() + 1, 99), expected(values.size() + 1, 99);
    map_blocks<Length>(values.data(), blocks, factors_of, codes.data(), code);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto block = i / Length;
      expected[i] =
          static_cast<std::uint8_t>(code(to_word(values[i]), to_word(static_cast<float>(block + 1))));
    }
    CAPTURE(blocks);
    REQUIRE(in_order);
    REQUIRE(next == blocks);
    REQUIRE(codes == expected);
  }
}

TEST_CASE("blocks get the factors of their largest magnitudes, one after the other") {
  blocks_agree<16>();
  blocks_agree<32>();
  blocks_agree<64>();
}

TEST_CASE("a value is repeated as often as it should be") {
  for (std::size_t count = 0; count < 50; ++count) {
    std::vector<float> out(count + 1, 1.0F), expected(count + 1, 2.5F);
    expected.back() = 1.0F;
    fill_words(2.5F, count, out.data());
    REQUIRE(out == expected);
  }
}

}  // namespace
