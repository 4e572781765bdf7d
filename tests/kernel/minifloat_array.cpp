// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/minifloat_array.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

namespace {

using namespace bitloom::kernel;

constexpr std::uint32_t none = 0x7FFFFFFF;
constexpr MinifloatBits e2m1{2, 1, 1, 7, 7, none, none};
constexpr MinifloatBits e4m3fn{4, 3, 7, 0x7E, 0x7F, none, 0x7F};
constexpr MinifloatBits e5m2{5, 2, 15, 0x7B, 0x7E, 0x7C, none};

TEST_CASE("four bits hold the numbers between which the floats lie, ties to even") {
  const std::array<float, 10> values{0.2F, 0.25F, 0.75F, 1.25F, 1.75F, 2.5F, 3.5F, 5.0F, 7.0F, -1e9F};
  std::array<std::uint8_t, 10> codes{};
  encode_floats<e2m1>(values.data(), values.size(), codes.data());
  CHECK(codes == std::array<std::uint8_t, 10>{0, 0, 2, 2, 4, 4, 6, 6, 7, 15});
  std::array<std::uint8_t, 8> all{0, 1, 2, 3, 4, 5, 6, 7};
  std::array<float, 8> decoded{};
  decode_floats<e2m1>(all.data(), all.size(), decoded.data());
  CHECK(decoded == std::array<float, 8>{0, 0.5F, 1, 1.5F, 2, 3, 4, 6});
}

TEST_CASE("NaN and infinity become what the parameters say, and come back") {
  const std::array<float, 3> values{NAN, INFINITY, -449.0F};
  std::array<std::uint8_t, 3> codes{};
  encode_floats<e4m3fn>(values.data(), values.size(), codes.data());
  CHECK(codes == std::array<std::uint8_t, 3>{0x7F, 0x7E, 0xFE});
  const std::array<std::uint8_t, 3> special{0x7C, 0xFC, 0x7D};
  std::array<float, 3> decoded{};
  decode_floats<e5m2>(special.data(), special.size(), decoded.data());
  CHECK(decoded[0] == INFINITY);
  CHECK(decoded[1] == -INFINITY);
  CHECK(std::isnan(decoded[2]));
}

TEST_CASE("no value is read or written beyond the count") {
  const std::array<float, 2> values{1.0F, 2.0F};
  std::array<std::uint8_t, 3> codes{9, 9, 9};
  encode_floats<e5m2>(values.data(), 1, codes.data());
  CHECK(codes[1] == 9);
  encode_floats<e5m2>(values.data(), 0, codes.data());
  CHECK(codes[0] == 0x3C);
}

TEST_CASE("without minus zero the sign of zero is dropped, and NaN takes its place") {
  constexpr MinifloatBits e4m3fnuz{4, 3, 8, 0x7F, 0, none, none, false};
  const std::array<float, 6> values{-0.0F, -1e-9F, NAN, -NAN, -INFINITY, -1.0F};
  std::array<std::uint8_t, 6> codes{};
  encode_floats<e4m3fnuz>(values.data(), values.size(), codes.data());
  CHECK(codes == std::array<std::uint8_t, 6>{0, 0, 0x80, 0x80, 0xFF, 0xC0});
  std::array<float, 6> decoded{};
  decode_floats<e4m3fnuz>(codes.data(), codes.size(), decoded.data());
  CHECK(std::isnan(decoded[2]));
  CHECK(decoded[4] == -240.0F);
  CHECK(decoded[5] == -1.0F);
}

TEST_CASE("without fraction bits ties go to zero below the smallest number, and up above it") {
  constexpr MinifloatBits e3m0{3, 0, 3, 7, 7, none, none};
  const std::array<float, 6> values{0.125F, 0.126F, 0.25F, 0.375F, 3.0F, 2.9F};
  std::array<std::uint8_t, 6> codes{};
  encode_floats<e3m0>(values.data(), values.size(), codes.data());
  CHECK(codes == std::array<std::uint8_t, 6>{0, 1, 1, 2, 5, 4});
}

TEST_CASE("a format with the exponents of float32 is its upper part") {
  constexpr MinifloatBits bf16{8, 7, 127, 0x7F7F, 0x7FC0, 0x7F80, none};
  const std::array<float, 5> values{1.0F, 0x1.01p0F, -0x1.03p0F, 0x1p-149F, 3.4e38F};
  std::array<std::uint16_t, 5> codes{};
  encode_floats<bf16>(values.data(), values.size(), codes.data());
  CHECK(codes == std::array<std::uint16_t, 5>{0x3F80, 0x3F80, 0xBF82, 0, 0x7F7F});
  const std::array<std::uint16_t, 3> special{0x0001, 0xFF80, 0x7F81};
  std::array<float, 3> decoded{};
  decode_floats<bf16>(special.data(), special.size(), decoded.data());
  CHECK(decoded[0] == 0x1p-133F);
  CHECK(decoded[1] == -INFINITY);
  CHECK(std::isnan(decoded[2]));
}

TEST_CASE("products are encoded, with or without the sign of a zero, and codes are multiplied") {
  const std::array<float, 4> values{3.0F, -0.0F, -1e-30F, 1.0F}, factors{0.5F, 1.0F, 1e-30F, 100.0F};
  std::array<std::uint8_t, 4> codes{};
  encode_products<e2m1>(values.data(), factors.data(), values.size(), codes.data());
  CHECK(codes == std::array<std::uint8_t, 4>{3, 8, 8, 7});
  encode_products<e2m1, ZeroProduct::IsPositive>(values.data(), factors.data(), values.size(), codes.data());
  CHECK(codes == std::array<std::uint8_t, 4>{3, 0, 0, 7});
  std::array<float, 4> decoded{};
  decode_products<e2m1>(codes.data(), factors.data(), codes.size(), decoded.data());
  CHECK(decoded == std::array<float, 4>{0.75F, 0, 0, 600});
}

TEST_CASE("a block is scaled by what its largest magnitude says") {
  std::array<float, 16> values{};
  values[3] = -12.0F;
  values[4] = 4.0F;
  std::array<std::uint8_t, 16> codes{};
  encode_blocks<e2m1, 16>(
      values.data(), 1,
      [](std::size_t, std::size_t, const std::uint32_t* largest, float* factors) {
        *factors = 6.0F / std::bit_cast<float>(*largest);
      },
      codes.data());
  CHECK(codes[3] == 15);
  CHECK(codes[4] == 4);
  values[4] = NAN;
  encode_blocks<e2m1, 16>(
      values.data(), 1,
      [](std::size_t, std::size_t, const std::uint32_t*, float* factors) { *factors = 0.0F; }, codes.data());
  CHECK(codes == std::array<std::uint8_t, 16>{});
}

}  // namespace
