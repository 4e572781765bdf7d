// SPDX-License-Identifier: Apache-2.0
#include <bitloom/kernel/integer_array.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom::kernel;

constexpr IntegerBits int8{-128, 127, 0xFF};
constexpr IntegerBits int4{-8, 7, 0xF};
constexpr IntegerBits uint8{0, 255, 0xFF};
constexpr IntegerBits int16{-32768, 32767, 0xFFFF};

/// A whole number and a rest, rounded to nearest even; `side` compares the rest with one half.
double round_to_even(double whole, int side) {
  return whole + (side > 0 || (side == 0 && std::fmod(whole, 2) != 0) ? 1 : 0);
}

/// |x| / scale rounded to an integer. The remainder of the exact quotient is a double.
template <Quotient Q>
double slow_quotient(float x, float scale) {
  const auto magnitude = static_cast<double>(std::abs(x)), divisor = static_cast<double>(scale);
  if (Q == Quotient::Exact) {
    if (magnitude > divisor * 100000) return 100000;
    const double rest = std::fmod(magnitude, divisor);
    const double whole = std::round((magnitude - rest) / divisor);
    return round_to_even(whole, 2 * rest > divisor ? 1 : 2 * rest < divisor ? -1 : 0);
  }
  const float q = Q == Quotient::Float ? std::abs(x) / scale : std::abs(x) * (1.0F / scale);
  if (q > 100000.0F) return 100000;
  const auto whole = std::floor(static_cast<double>(q));
  const double rest = static_cast<double>(q) - whole;
  return round_to_even(whole, rest > 0.5 ? 1 : rest < 0.5 ? -1 : 0);
}

template <IntegerBits B, Quotient Q>
std::uint32_t slow(float x, float scale) {
  const double signed_quotient = std::signbit(x) ? -slow_quotient<Q>(x, scale) : slow_quotient<Q>(x, scale);
  const auto integer = std::clamp(static_cast<std::int32_t>(signed_quotient), B.lowest, B.max);
  return static_cast<std::uint32_t>(integer) & B.mask;
}

/// Near every multiple and every tie of the scale, beyond the range, and random ones.
std::vector<float> values_for(float scale) {
  bitloom::core::Random random(5);
  std::vector<float> values{0.0F, -0.0F, 3.4e38F, -3.4e38F, 1e-45F, -1e-45F};
  for (int i = -6000; i <= 6000; ++i) {
    const auto x = static_cast<float>(static_cast<double>(scale) * i / 2);
    values.insert(values.end(), {x, std::nextafter(x, INFINITY), std::nextafter(x, -INFINITY)});
  }
  for (int i = 0; i < 2000; ++i)
    values.push_back(static_cast<float>((random.uniform() - 0.5) * 70000 * static_cast<double>(scale)));
  for (int i = 0; i < 1000; ++i)
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(random()) & 0xBFFFFFFF));
  std::erase_if(values, [](float x) { return !std::isfinite(x); });
  return values;
}

template <IntegerBits B, Quotient Q, class Code>
void quantizes_as_defined() {
  for (const float scale : {0.1F, 1.0F, 0.3F, 3.0F, 0x1.998p-4F, 0x1.f26p-1F, 0x1.358p+30F, 0x1.fffffep-2F,
                            0x1.000002p+9F, 7.0e-39F, 0x1p-126F, 1e30F}) {
    const auto values = values_for(scale);
    std::vector<Code> codes(values.size());
    quantize_floats<B, Q>(values.data(), values.size(), scale, codes.data());
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i) wrong += codes[i] != slow<B, Q>(values[i], scale);
    CAPTURE(scale);
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("floats are quantized as the order of evaluation says, also next to ties and beyond the range") {
  quantizes_as_defined<int8, Quotient::Exact, std::uint8_t>();
  quantizes_as_defined<int8, Quotient::Float, std::uint8_t>();
  quantizes_as_defined<int8, Quotient::Reciprocal, std::uint8_t>();
  quantizes_as_defined<int4, Quotient::Exact, std::uint8_t>();
  quantizes_as_defined<uint8, Quotient::Reciprocal, std::uint8_t>();
  quantizes_as_defined<uint8, Quotient::Exact, std::uint8_t>();
  quantizes_as_defined<int16, Quotient::Exact, std::uint16_t>();
  quantizes_as_defined<int16, Quotient::Float, std::uint16_t>();
}

TEST_CASE("every code is dequantized with one rounding") {
  for (const float scale : {0.1F, 1.0F, 3.0e-45F, 0x1.fffffep+120F}) {
    std::vector<std::uint16_t> codes;
    for (int code = 0; code < 65536; ++code) codes.push_back(static_cast<std::uint16_t>(code));
    std::vector<float> values(codes.size());
    dequantize_floats<int16>(codes.data(), codes.size(), scale, values.data());
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < codes.size(); ++i)
      wrong += values[i] != static_cast<float>(static_cast<double>(static_cast<std::int16_t>(codes[i])) *
                                               static_cast<double>(scale));
    CHECK(wrong == 0);
  }
  const std::uint8_t all[]{0x00, 0x7F, 0x80, 0xFF};
  float values[4]{};
  dequantize_floats<uint8>(all, 4, 0.5F, values);
  CHECK(values[2] == 64.0F);
  CHECK(values[3] == 127.5F);
}

TEST_CASE("products are quantized in units of a power of two, and come back") {
  const std::vector<float> values{1.0F, 0.75F, -0.75F, 3.0F, 0.375F, -0.0F}, factors{1, 2, 2, 1, 1, 4};
  std::vector<std::uint8_t> codes(values.size());
  quantize_products<int4, 2>(values.data(), factors.data(), values.size(), codes.data());
  CHECK(codes == std::vector<std::uint8_t>{4, 6, 10, 7, 2, 0});
  std::vector<float> decoded(values.size());
  dequantize_products<int4, 2>(codes.data(), factors.data(), codes.size(), decoded.data());
  CHECK(decoded == std::vector<float>{1.0F, 3.0F, -3.0F, 1.75F, 0.5F, 0.0F});
  std::vector<float> block(32, 0.25F);
  block[31] = -8.0F;
  std::vector<std::uint8_t> of_block(32);
  quantize_blocks<int4, 2, 32>(
      block.data(), 1,
      [](std::size_t, std::size_t, const std::uint32_t* largest, float* factor) {
        *factor = 1.0F / std::bit_cast<float>(*largest);
      },
      of_block.data());
  CHECK(of_block[0] == 0);
  CHECK(of_block[31] == 12);
}

}  // namespace
