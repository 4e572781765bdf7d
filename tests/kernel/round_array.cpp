// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/round_array.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom::kernel;

static_assert(ValueBits<IntegerBits> && ValueBits<MinifloatBits> && !ValueBits<int>);

constexpr std::uint32_t none = 0x7FFFFFFF;
constexpr IntegerBits int4{-8, 7, 0xF};
constexpr IntegerBits uint4{0, 15, 0xF};
constexpr MinifloatBits e2m1{2, 1, 1, 7, 7, none, none};
constexpr MinifloatBits e3m0{3, 0, 3, 7, 7, none, none};
constexpr MinifloatBits e4m3fnuz{4, 3, 8, 0x7F, 0, none, none, false};
constexpr MinifloatBits bf16{8, 7, 127, 0x7F7F, 0x7FC0, 0x7F80, none};

template <std::size_t N>
std::array<std::uint32_t, N> bits(const std::array<float, N>& values) {
  return std::bit_cast<std::array<std::uint32_t, N>>(values);
}

template <auto B, std::size_t N>
std::array<std::uint32_t, N> rounded(const std::array<float, N>& values, float scale) {
  std::array<float, N> result{};
  round_floats<B>(values.data(), N, scale, result.data());
  std::array<float, N> quotients = values;
  round_quotients<B>(quotients.data(), N, scale, quotients.data());  // in place
  for (auto& q : quotients) q *= scale;
  CHECK(bits(quotients) == bits(result));
  std::array<float, N> scales;
  scales.fill(scale);
  quotients = values;
  round_floats<B>(quotients.data(), scales.data(), N, quotients.data());
  CHECK(bits(quotients) == bits(result));
  return bits(result);
}

TEST_CASE("integers: ties go to even, what is too large is clipped, and zeros keep their sign") {
  CHECK(rounded<int4>(std::array{0.5F, 1.5F, -2.5F, 7.4F, 7.6F, -9.0F, 1e30F, -0.4F, -0.0F, 0.4F}, 1.0F) ==
        bits(std::array{0.0F, 2.0F, -2.0F, 7.0F, 7.0F, -8.0F, 7.0F, -0.0F, -0.0F, 0.0F}));
  CHECK(rounded<int4>(std::array{0.25F, 0.76F, -3.0F, -100.0F}, 0.5F) ==
        bits(std::array{0.0F, 1.0F, -3.0F, -4.0F}));
  CHECK(rounded<uint4>(std::array{-3.0F, -0.1F, 14.5F, 15.5F, 99.0F}, 1.0F) ==
        bits(std::array{0.0F, 0.0F, 14.0F, 15.0F, 15.0F}));
}

TEST_CASE("the quotient is the product with the reciprocal in float") {
  constexpr float x = 0x1.a66666p+0F, scale = 0.3F;
  CHECK(x / scale < 5.5F);
  CHECK(x * (1.0F / scale) == 5.5F);
  CHECK(rounded<int4>(std::array{x}, scale) == bits(std::array{6.0F * scale}));
}

TEST_CASE("minifloats: subnormals stay, ties go to even, and what is too large becomes the largest value") {
  CHECK(rounded<e2m1>(std::array{0.2F, 0.25F, 0.75F, 1.25F, 1.75F, 2.5F, 3.5F, 5.0F, 7.0F, -1e9F, -0.1F},
                      1.0F) ==
        bits(std::array{0.0F, 0.0F, 1.0F, 1.0F, 2.0F, 2.0F, 4.0F, 4.0F, 6.0F, -6.0F, -0.0F}));
  CHECK(rounded<e3m0>(std::array{0.125F, 0.126F, 0.25F, 0.375F, 3.0F, 2.9F}, 1.0F) ==
        bits(std::array{0.0F, 0.25F, 0.25F, 0.5F, 4.0F, 2.0F}));
  CHECK(rounded<e2m1>(std::array{1.0F, -2.6F}, 0.25F) == bits(std::array{1.0F, -1.5F}));
}

TEST_CASE("a format without minus zero has no negative zeros") {
  CHECK(rounded<e4m3fnuz>(std::array{-0.0F, -1e-9F, -1.0F, -1e9F}, 1.0F) ==
        bits(std::array{0.0F, 0.0F, -1.0F, -240.0F}));
}

TEST_CASE("a format with the exponents of float32 is its upper part") {
  CHECK(rounded<bf16>(std::array{1.0F, 0x1.01p0F, -0x1.03p0F, 0x1p-133F, 0x1.8p-134F, 3.4e38F}, 1.0F) ==
        bits(std::array{1.0F, 1.0F, -0x1.04p0F, 0x1p-133F, 0x1p-133F, 0x1.FEp127F}));
}

TEST_CASE("arrays of every length are rounded as single numbers are, and nothing is written behind them") {
  bitloom::core::Random random(7);
  for (std::size_t count = 0; count < 200; ++count) {
    std::vector<float> values(count), result(count + 1, 5.0F);
    for (auto& x : values) x = static_cast<float>(random.normal() * 3);
    round_floats<e2m1>(values.data(), count, 0.7F, result.data());
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i) {
      float one = 0;
      round_floats<e2m1>(&values[i], 1, 0.7F, &one);
      wrong += std::bit_cast<std::uint32_t>(one) != std::bit_cast<std::uint32_t>(result[i]);
    }
    REQUIRE(wrong == 0);
    REQUIRE(result[count] == 5.0F);
    round_floats<e2m1>(values.data(), count, 0.7F, values.data());
    result.pop_back();
    REQUIRE(values == result);
  }
}

}  // namespace
