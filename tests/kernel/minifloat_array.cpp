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

}  // namespace
