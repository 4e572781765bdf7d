// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/mx_tensor.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::quant;

static_assert(std::same_as<MxTensor<MxFp4>, BlockTensor<MxBlock<MxFp4>>>);
static_assert(
    std::same_as<Microxcaling<>::Float<format::E4m3fn>, MxFloat<format::E4m3fn, format::NearestAway>>);

TEST_CASE("a tensor of whole blocks is what its standard says") {
  std::vector<float> values(64, 1.0F);
  values[0] = 6.0F;
  values[40] = -24.0F;
  const auto tensor = MxTensor<MxFp4>::quantize(values, {2, 32});
  CHECK(tensor.scale_shape() == Shape{2, 1});
  CHECK(std::ranges::equal(tensor.scales(), std::vector<int>{127, 129}));
  CHECK(tensor.value(0) == 6.0F);
  CHECK(tensor.value(40) == -24.0F);
  CHECK(tensor.value(33) == 0.0F);  // a quarter of a unit, half a step
}

/// What the emulator computes, from the description of its rules: in double, where all of it is exact.
struct Emulator {
  int exponent_bits;  ///< of the elements, 0 for integers
  int mantissa_bits;  ///< with the sign and the hidden bit
  int max_exponent;
  double max;

  [[nodiscard]] double element(double x) const {
    double unit = std::ldexp(1.0, 2 - mantissa_bits);
    if (exponent_bits > 0) {
      const int lowest = 2 - (1 << (exponent_bits - 1));
      unit = std::ldexp(unit, std::max(x == 0 ? 0 : std::ilogb(x), lowest));
    }
    const double magnitude = std::floor(std::fabs(x) / unit + 0.5) * unit;
    return std::copysign(std::min(magnitude, max), x);
  }

  void block(std::vector<float>& values, int scale_bits, bool flushes) const {
    double largest = 0;
    for (const float x : values) {
      if (!std::isfinite(x)) largest = INFINITY;
      largest = std::max(largest, std::fabs(static_cast<double>(x)));
    }
    int shared = std::isinf(largest) ? 1000 : std::ilogb(largest == 0 ? 0x1p-126 : largest);
    const bool flush = flushes && shared <= -127;
    shared -= max_exponent;
    const int limit = (1 << (scale_bits - 1)) - 1;
    const bool nan = shared > limit;
    shared = std::max(shared, -limit);
    for (auto& x : values) {
      const double scaled = flush ? 0.0 : std::ldexp(static_cast<double>(x), -shared);
      x = nan ? NAN : static_cast<float>(std::ldexp(element(scaled), shared));
    }
  }
};

template <class M, class E, int ScaleBits, bool Flushes>
void agrees_with(const Emulator& emulator) {
  core::Random random(22);
  for (int n = 0; n < 400; ++n) {
    const auto count = random.integer(1, 70);
    const int exponent = static_cast<int>(random.integer(-150, 127));
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i) {
      auto x = static_cast<float>(std::ldexp(random.integer(-64, 64), exponent - 6));  // many ties
      if (random.bernoulli(0.3)) x = static_cast<float>(std::ldexp(random.normal(), exponent - 3));
      values.push_back(random.bernoulli(0.01) ? INFINITY : x);
    }
    const auto restored = M::template Tensor<E>::quantize(values, {count}).dequantize();
    for (std::int64_t first = 0; first < count; first += 32) {
      const auto end = std::min<std::int64_t>(first + 32, count);
      std::vector<float> block(values.begin() + first, values.begin() + end);
      emulator.block(block, ScaleBits, Flushes);
      for (std::size_t i = 0; i < block.size(); ++i) {
        const float ours = restored[static_cast<std::size_t>(first) + i];
        CAPTURE(values[static_cast<std::size_t>(first) + i]);
        if (std::isnan(block[i]))
          REQUIRE(std::isnan(ours));
        else
          REQUIRE(ours == block[i]);
      }
    }
  }
}

template <int ScaleBits, bool Flushes>
void agrees_for_all_elements() {
  using M = Microxcaling<ScaleBits, format::NearestAway,
                         std::conditional_t<Flushes, FlushSubnormalBlocks, KeepSubnormalBlocks>>;
  agrees_with<M, typename M::template Float<format::E4m3fn>, ScaleBits, Flushes>({4, 5, 8, 448});
  agrees_with<M, typename M::template Float<format::E5m2>, ScaleBits, Flushes>({5, 4, 15, 57344});
  agrees_with<M, typename M::template Float<format::E3m2fn>, ScaleBits, Flushes>({3, 4, 4, 28});
  agrees_with<M, typename M::template Float<format::E2m3fn>, ScaleBits, Flushes>({2, 5, 2, 7.5});
  agrees_with<M, typename M::template Float<format::E2m1fn>, ScaleBits, Flushes>({2, 3, 2, 6});
  agrees_with<M, typename M::template Int<8>, ScaleBits, Flushes>({0, 8, 0, 127.0 / 64});
  agrees_with<M, typename M::template Int<4>, ScaleBits, Flushes>({0, 4, 0, 1.75});
  agrees_with<M, typename M::template Int<2>, ScaleBits, Flushes>({0, 2, 0, 1});
}

TEST_CASE("the conventions of microxcaling are kept, for every element and width of the scale") {
  agrees_for_all_elements<8, false>();
  agrees_for_all_elements<8, true>();
  agrees_for_all_elements<5, false>();
  agrees_for_all_elements<4, true>();
}

TEST_CASE("a scale of five bits ends at 2^15 above, with NaN, and at 2^-15 below") {
  using M = Microxcaling<5>;
  using Tensor = M::Tensor<M::Int<2>, Along<2>>;
  const std::vector<float> values{0x1p16F, 0, 0x1p15F, 0, 0x1p-16F, 0, 0x1p-17F, 0, -1.0F, 0};
  const auto restored = Tensor::quantize(values, {10}).dequantize();
  CHECK(std::isnan(restored[0]));
  CHECK(std::isnan(restored[1]));
  CHECK(restored[2] == 0x1p15F);
  CHECK(restored[4] == 0x1p-15F);  // half a unit, away from zero
  CHECK(restored[6] == 0.0F);
  CHECK(restored[8] == -1.0F);
}

TEST_CASE("every element may have a scale of its own") {
  using M = Microxcaling<>;
  using Tensor = M::Tensor<M::Float<format::E2m1fn>, Along<1>>;
  const std::vector<float> values{1e-3F, 1e3F, NAN, -7.0F};
  const auto tensor = Tensor::quantize(values, {4});
  CHECK(tensor.scale_shape() == Shape{4});
  CHECK(tensor.value(0) == 0x1p-10F);
  CHECK(tensor.value(1) == 1024.0F * 0.75F);
  CHECK(std::isnan(tensor.value(2)));
  CHECK(tensor.value(3) == -6.0F);
}

}  // namespace
