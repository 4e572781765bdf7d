// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/nvfp4.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::quant;

static_assert(BlockFormat<Nvfp4> && BlockFormat<Nvfp4Block<Tile<16, 16>>>);

/// The reference's operations, one after the other.
struct Slow {
  std::uint8_t scale;
  std::vector<std::uint8_t> codes;

  Slow(const std::vector<float>& block, float tensor_largest) {
    constexpr float largest_float = std::numeric_limits<float>::max();
    float global = tensor_largest == 0.0F ? 1.0F : 2688.0F / tensor_largest;
    global = std::min(global, largest_float);
    const float inverse = 1.0F / global;
    float largest = 0;
    for (const float x : block) largest = std::max(largest, std::abs(x));
    float wanted = largest / 6.0F;
    wanted = wanted * global;
    wanted = std::min(wanted, 448.0F);
    scale = format::E4m3fn::encode<format::NearestEven>(wanted);
    const float encode =
        std::min(1.0F / (static_cast<float>(format::E4m3fn::decode(scale)) * inverse), largest_float);
    for (const float x : block) {
      const float y = std::clamp(x * encode, -6.0F, 6.0F);
      codes.push_back(y == 0.0F ? std::uint8_t{0} : format::E2m1fn::encode<format::NearestEven>(y));
    }
  }
};

std::vector<float> random_values(std::size_t count, core::Random& random) {
  std::vector<float> values(count);
  const int exponent = static_cast<int>(random.integer(-120, 110));
  for (auto& x : values)
    x = random.bernoulli(0.1) ? -0.0F
                              : static_cast<float>(std::ldexp(
                                    random.normal(), exponent - static_cast<int>(random.integer(0, 9))));
  return values;
}

TEST_CASE("a block is encoded and decoded by the reference's operations in float") {
  core::Random random(20);
  for (int n = 0; n < 3000; ++n) {
    const auto values = random_values(static_cast<std::size_t>(random.integer(1, 40)), random);
    float largest = 0;
    for (const float x : values) largest = std::max(largest, std::abs(x));
    largest *= static_cast<float>(random.integer(1, 50));  // the tensor has larger ones
    const Slow slow(values, largest);
    std::vector<std::uint8_t> codes(values.size());
    REQUIRE(Nvfp4::encode(values, largest, codes) == slow.scale);
    REQUIRE(codes == slow.codes);
    for (const auto code : codes) {
      const auto exact =
          static_cast<float>(format::E2m1fn::decode(code) * format::E4m3fn::decode(slow.scale));
      REQUIRE(Nvfp4::decode(slow.scale, largest, code) ==
              exact * (largest > 0.0F ? largest / 2688.0F : 1.0F));
    }
  }
}

TEST_CASE("a tensor has the scale of its largest number, and its blocks theirs") {
  core::Random random(21);
  for (const std::int64_t count : {1, 16, 100, 1024, 1500}) {
    const auto values = random_values(static_cast<std::size_t>(count), random);
    float largest = 0;
    for (const float x : values) largest = std::max(largest, std::abs(x));
    const auto tensor = Nvfp4Tensor<>::quantize(values, {count});
    CHECK(tensor.common().largest == largest);
    const auto restored = tensor.dequantize();
    bool same = true;
    for (std::int64_t first = 0; first < count; first += 16) {
      const auto end = std::min(first + 16, count);
      const Slow slow({values.begin() + first, values.begin() + end}, largest);
      for (auto i = first; i < end; ++i) {
        const auto code = slow.codes[static_cast<std::size_t>(i - first)];
        const float decoded = Nvfp4::decode(slow.scale, largest, code);
        same = same && tensor.scale(i) == slow.scale && tensor.codes().code(i) == code &&
               tensor.value(i) == decoded && restored[static_cast<std::size_t>(i)] == decoded;
      }
    }
    CHECK(same);
  }
}

TEST_CASE("blocks may be tiles") {
  const std::vector<float> values{1, 2, 3, 4, 5, 6, 7, 8};
  const auto tensor = Nvfp4Tensor<Tile<2, 2>>::quantize(values, {2, 4});
  CHECK(tensor.scale_shape() == Shape{1, 2});
  const Slow slow({1, 2, 5, 6}, 8.0F);
  CHECK(tensor.scales()[0] == slow.scale);
  CHECK(tensor.codes().code(4) == slow.codes[2]);
}

TEST_CASE("a tensor of zeros has the factor 1") {
  const std::vector<float> zeros{0.0F, -0.0F, 0.0F};
  const auto tensor = Nvfp4Tensor<>::quantize(zeros, {3});
  CHECK(tensor.common().factor == 1.0F);
  CHECK(tensor.scales()[0] == 0);
  CHECK(tensor.dequantize() == std::vector<float>(3, 0.0F));
  CHECK(Nvfp4::tensor_factor(0.0F) == 1.0F);
  CHECK(Nvfp4::tensor_factor(1e-40F) == std::numeric_limits<float>::max());
  CHECK(Nvfp4::tensor_factor(2688.0F) == 1.0F);
}

TEST_CASE("NaN and infinities make NaN of their block, and do not change the others") {
  std::vector<float> values(40, 1.0F);
  const auto clean = Nvfp4Tensor<>::quantize(values, {40});
  values[20] = -INFINITY;
  values[35] = NAN;
  const auto tensor = Nvfp4Tensor<>::quantize(values, {40});
  CHECK(tensor.scales()[0] == clean.scales()[0]);
  CHECK(tensor.value(3) == clean.value(3));
  CHECK(tensor.scales()[1] == 0x7F);
  CHECK(tensor.scales()[2] == 0x7F);
  CHECK(tensor.codes().code(21) == 0);
  CHECK(std::isnan(tensor.value(21)));
  CHECK(std::isnan(tensor.dequantize()[39]));
}

TEST_CASE("codes of another number than the values are refused") {
  const volatile std::size_t fewer =
      3;  // a size that compilers know would make them warn of what never happens
  const std::vector<float> values(4);
  std::vector<std::uint8_t> codes(fewer);
  CHECK_THROWS_AS(static_cast<void>(Nvfp4::encode(values, 1.0F, codes)), ShapeError);
}

}  // namespace
