// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/mx.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::quant;

static_assert(MxElement<MxFp8E4m3> && MxElement<MxInt8> && MxElement<MxInt<2>> && !MxElement<int>);
static_assert(ScaleRule<ScaleFloor> && ScaleRule<ScaleToMax> && !ScaleRule<int>);
static_assert(MxFp8E4m3::max_exponent == 8 && MxFp8E5m2::max_exponent == 15 && MxFp6E3m2::max_exponent == 4 &&
              MxFp6E2m3::max_exponent == 2 && MxFp4::max_exponent == 2 && MxInt8::max_exponent == 0);

template <class E, class R>
struct Block {
  std::uint8_t scale;
  std::vector<typename E::code_type> codes;

  explicit Block(const std::vector<float>& values) : codes(values.size()) {
    scale = MxBlock<E, R>::encode(values, codes);
  }
  [[nodiscard]] float value(std::size_t i) const { return MxBlock<E, R>::decode(scale, codes[i]); }
};

std::vector<float> random_values(core::Random& random) {
  std::vector<float> values;
  const int exponent = static_cast<int>(random.integer(-100, 100));
  for (int i = 0; i < 32; ++i) values.push_back(static_cast<float>(std::ldexp(random.normal(), exponent)));
  return values;
}

TEST_CASE_TEMPLATE("an element is off by half a unit at most, unless the scale clips it", E, MxFp8E4m3,
                   MxFp8E5m2, MxFp6E3m2, MxFp6E2m3, MxFp4, MxInt8, MxInt<4>) {
  core::Random random(31);
  for (int n = 0; n < 300; ++n) {
    const auto values = random_values(random);
    const Block<E, ScaleToMax> block(values);
    const double largest = format::to_double(E::max());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double element = values[i] / std::ldexp(1.0, block.scale - 127);
      CHECK(std::fabs(element) <= largest);
      // the unit at the element's binade, or of the integer
      const double unit = std::ldexp(
          1.0, std::max(0, std::is_same_v<E, MxInt8> || std::is_same_v<E, MxInt<4>> ? 0 : E::max_exponent) -
                   E::fraction_bits);
      REQUIRE(std::fabs(static_cast<double>(block.value(i)) / std::ldexp(1.0, block.scale - 127) - element) <=
              unit / 2);
    }
  }
}

TEST_CASE("the scale rules differ where they should") {
  const auto exponent = [](auto rule, float largest) {
    return decltype(rule)::template exponent<MxFp4>(format::to_dyadic(largest));
  };
  CHECK(exponent(ScaleFloor{}, 4.0F) == 0);
  CHECK(exponent(ScaleCeil{}, 4.0F) == 0);
  CHECK(exponent(ScaleFloor{}, 6.5F) == 0);
  CHECK(exponent(ScaleCeil{}, 6.5F) == 1);
  CHECK(exponent(ScaleToMax{}, 6.0F) == 0);
  CHECK(exponent(ScaleToMax{}, 6.5F) == 1);
  CHECK(exponent(ScaleEven{}, 6.9F) == 0);
  CHECK(exponent(ScaleEven{}, 7.0F) == 1);         // a tie at one fraction bit goes to 8
  CHECK(exponent(ScaleFloor{}, 127.99999F) == 4);  // next to a power of two
}

TEST_CASE("zeros, NaN and infinities make the blocks that the standard has for them") {
  const std::vector<float> zeros(32, -0.0F);
  const Block<MxFp8E4m3, ScaleFloor> block(zeros);
  CHECK(block.scale == 0);
  CHECK(block.value(3) == 0.0F);
  std::vector<float> broken(32, 1.0F);
  broken[5] = NAN;
  CHECK(Block<MxFp4, ScaleFloor>(broken).scale == 255);
  CHECK(std::isnan(Block<MxFp4, ScaleFloor>(broken).value(0)));
  broken[5] = -INFINITY;
  CHECK(Block<MxInt8, ScaleFloor>(broken).scale == 255);
}

TEST_CASE("the ends of the scale's range are clamped, and subnormal floats keep their value") {
  const std::vector<float> tiny{1e-44F, -3e-45F};
  const Block<MxFp8E5m2, ScaleFloor> block(tiny);
  CHECK(block.scale == 0);
  CHECK(block.value(0) == 0.0F);  // 2^-127 is the smallest scale
  const std::vector<float> small{0x1p-130F, 0x1.8p-131F};
  CHECK(Block<MxFp8E4m3, ScaleFloor>(small).value(0) == 0x1p-130F);
  CHECK(Block<MxFp8E4m3, ScaleFloor>(small).value(1) == 0x1.8p-131F);
  const std::vector<float> large{0x1.8p127F};
  CHECK(Block<MxInt8, ScaleFloor>(large).value(0) == 0x1.8p127F);
}

TEST_CASE("codes of another number than the values are refused") {
  const std::array<float, 4> values{};
  std::array<std::uint8_t, 3> codes{};
  CHECK_THROWS_AS(static_cast<void>(MxBlock<MxFp4>::encode(values, codes)), ShapeError);
}

}  // namespace
