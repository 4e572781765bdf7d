// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/block_format.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/format/int.hpp>
#include <bitloom/quant/block_tensor.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::quant;

/// Bytes under a scale of whole numbers: code = value / scale, rounded down. The least that a format can be.
struct Plain {
  using Format = format::Int<8, format::Unsigned>;
  using code_type = std::uint8_t;
  using Shape = Along<4>;
  using Common = NothingInCommon;
  static constexpr int scale_bits = 8;
  static constexpr std::uint32_t largest_counted = kernel::any_magnitude;

  static void scales_of(std::span<const std::uint32_t> magnitudes, Common, std::uint8_t* scales,
                        float* factors) {
    for (std::size_t b = 0; b < magnitudes.size(); ++b) {
      const float largest = std::bit_cast<float>(magnitudes[b]);
      scales[b] = largest > 1000.0F ? std::uint8_t{255} : static_cast<std::uint8_t>(largest / 256 + 1);
      factors[b] = largest > 1000.0F ? 0.0F : 1.0F / static_cast<float>(scales[b]);
    }
  }
  static void encode_scaled(std::span<const float> values, std::span<const float> factors,
                            std::span<std::uint8_t> codes) {
    for (std::size_t i = 0; i < values.size(); ++i)
      codes[i] = static_cast<std::uint8_t>(values[i] * factors[i]);
  }
  static float restoring_factor(std::uint8_t scale) { return static_cast<float>(scale); }
  static void decode_scaled(std::span<const std::uint8_t> codes, std::span<const float> factors, Common,
                            float* values) {
    for (std::size_t i = 0; i < codes.size(); ++i) values[i] = static_cast<float>(codes[i]) * factors[i];
  }
};
static_assert(BlockFormat<Plain> && !BlockFormat<int>);

TEST_CASE("a block of any length is encoded under one scale, or dropped") {
  for (const std::size_t count : {0U, 1U, 255U, 256U, 257U, 1000U}) {
    std::vector<float> values(count, 8.0F);
    if (count > 0) values.back() = 600.0F;
    std::vector<std::uint8_t> codes(count, 9);
    const auto scale = detail::encode_block<Plain>(values, {}, codes);
    CHECK(scale == (count > 0 ? 3 : 1));
    bool right = true;
    for (std::size_t i = 0; i < count; ++i) right = right && codes[i] == static_cast<int>(values[i]) / 3;
    CHECK(right);
  }
  const std::array<float, 3> large{1, 2, 2000};
  std::array<std::uint8_t, 3> codes{9, 9, 9};
  CHECK(detail::encode_block<Plain>(large, {}, codes) == 255);
  CHECK(codes == std::array<std::uint8_t, 3>{});
}

TEST_CASE("a format of one's own makes a tensor") {
  const std::vector<float> values{1, 2, 3, 4, 512, 9, 6, 3, 5000, 1, 7};
  const auto tensor = BlockTensor<Plain>::quantize(values, {11});
  CHECK(std::ranges::equal(tensor.scales(), std::vector<int>{1, 3, 255}));
  CHECK(tensor.dequantize() == std::vector<float>{1, 2, 3, 4, 510, 9, 6, 3, 0, 0, 0});
}

}  // namespace
