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

template <class... Policies>
concept HasMxFp4Block = requires {
  typename MxBlock<MxFp4, Policies...>;
};
static_assert(HasMxFp4Block<> && HasMxFp4Block<ScaleEven, NanBlockError> &&
              !HasMxFp4Block<ScaleEven, ScaleFloor>);
static_assert(!HasMxFp4Block<int> && !HasMxFp4Block<NanElements>);  // no FP4 code is NaN
static_assert(BlockFormat<MxBlock<MxFp4>> && BlockFormat<MxBlock<MxFp8E5m2, NanElements>>);

template <class E, class... Policies>
struct Block {
  std::uint8_t scale;
  std::vector<typename E::code_type> codes;

  explicit Block(const std::vector<float>& values) : codes(values.size()) {
    scale = MxBlock<E, Policies...>::encode(values, codes);
  }
  [[nodiscard]] float value(std::size_t i) const { return MxBlock<E, Policies...>::decode(scale, codes[i]); }
};

std::vector<float> random_values(core::Random& random, std::int64_t count = 32) {
  std::vector<float> values;
  const int exponent = static_cast<int>(random.integer(-145, 125));
  for (std::int64_t i = 0; i < count; ++i) {
    const double x = std::ldexp(random.normal(), exponent - static_cast<int>(random.integer(0, 12)));
    values.push_back(static_cast<float>(std::clamp(x, -3e38, 3e38)));
  }
  return values;
}

TEST_CASE_TEMPLATE("a block is encoded as exact arithmetic says, for every rule and any length", E, MxFp8E4m3,
                   MxFp8E5m2, MxFp6E3m2, MxFp6E2m3, MxFp4, MxInt8, MxInt<4>, MxInt<2>,
                   MxFloat<format::E2m1fn, format::NearestAway>, MxFloat<format::Half>) {
  core::Random random(30);
  const auto check = [&]<class Rule>(Rule) {
    for (int n = 0; n < 150; ++n) {
      const auto values = random_values(random, random.integer(1, 70));
      const Block<E, Rule> block(values);
      format::Dyadic largest;
      for (const float value : values) {
        auto x = format::to_dyadic(value);
        x.negative = false;
        if (format::compare(x, largest) > 0) largest = x;
      }
      if (largest.is_zero()) continue;  // all of it rounded away
      const int exponent = std::clamp(Rule::template exponent<E>(largest), -127, 127);
      REQUIRE(block.scale == exponent + 127);
      for (std::size_t i = 0; i < values.size(); ++i) {
        auto x = format::to_dyadic(values[i]);
        x.exponent -= exponent;
        REQUIRE(block.codes[i] == E::encode(x));
        auto element = E::exact(block.codes[i]);
        element.exponent += exponent;
        REQUIRE(block.value(i) == static_cast<float>(format::to_double(element)));
      }
    }
  };
  check(ScaleFloor{});
  check(ScaleCeil{});
  check(ScaleToMax{});
  check(ScaleEven{});
}

TEST_CASE_TEMPLATE("an element is off by half a unit at most, unless the scale clips it", E, MxFp8E4m3,
                   MxFp8E5m2, MxFp6E3m2, MxFp6E2m3, MxFp4, MxInt8, MxInt<4>) {
  core::Random random(31);
  for (int n = 0; n < 300; ++n) {
    const auto values = random_values(random);
    const Block<E, ScaleToMax> block(values);
    const double largest = format::to_double(E::max());
    const double scale = std::ldexp(1.0, block.scale - 127);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double element = static_cast<double>(values[i]) / scale;
      CHECK(std::fabs(element) <= largest);
      // the unit of the highest binade, or of the integer; and half of float's, where the product is subnormal
      const double unit = std::ldexp(1.0, E::max_exponent - E::fraction_bits);
      REQUIRE(std::fabs(static_cast<double>(block.value(i)) - static_cast<double>(values[i])) <=
              unit / 2 * scale + 0x1p-150);
    }
  }
}

TEST_CASE("a block can be encoded at compile time") {
  constexpr auto scale = [] {
    const std::array<float, 3> values{6.0F, -1.0F, 0.0F};
    std::array<std::uint8_t, 3> codes{};
    const auto code = MxBlock<MxFp4>::encode(values, codes);
    return codes[0] == 7 && codes[1] == 10 && codes[2] == 0 ? code : 0;
  }();
  static_assert(scale == 127);
  static_assert(MxBlock<MxFp4>::decode(128, 7) == 12.0F);
}

TEST_CASE("zeros, NaN and infinities make the blocks that the standard has for them") {
  const std::vector<float> zeros(32, -0.0F);
  const Block<MxFp8E4m3> block(zeros);
  CHECK(block.scale == 0);
  CHECK(block.codes[3] == 0);
  CHECK(block.value(3) == 0.0F);
  std::vector<float> broken(32, 1.0F);
  broken[5] = NAN;
  const Block<MxFp4> nan(broken);
  CHECK(nan.scale == 255);
  CHECK(std::ranges::all_of(nan.codes, [](auto code) { return code == 0; }));
  CHECK(std::isnan(nan.value(0)));
  broken[5] = -INFINITY;
  CHECK(Block<MxInt8>(broken).scale == 255);
}

TEST_CASE("NaN may be refused, or stay in its element") {
  std::vector<float> broken{1.0F, NAN, -448.0F, INFINITY};
  CHECK_THROWS_WITH_AS((Block<MxFp4, NanBlockError>(broken)), "block: a value is NaN or infinite",
                       RangeError);
  const Block<MxFp8E4m3, NanElements> block(broken);
  CHECK(block.scale == 127);
  CHECK(block.codes == std::vector<std::uint8_t>{0x38, 0x7F, 0xFE, 0x7F});
  CHECK(block.value(2) == -448.0F);
  CHECK(std::isnan(block.value(1)));
  const Block<MxFp8E5m2, NanElements> infinite({INFINITY, -INFINITY});
  CHECK(infinite.value(0) == INFINITY);
  CHECK(infinite.value(1) == -INFINITY);
}

TEST_CASE("the ends of the scale's range are clamped, and subnormal floats keep their value") {
  const std::vector<float> tiny{1e-44F, -3e-45F};
  const Block<MxFp8E5m2> block(tiny);
  CHECK(block.scale == 0);
  CHECK(block.value(0) == 0.0F);  // 2^-127 is the smallest scale
  const std::vector<float> small{0x1p-130F, 0x1.8p-131F};
  CHECK(Block<MxFp8E4m3>(small).value(0) == 0x1p-130F);
  CHECK(Block<MxFp8E4m3>(small).value(1) == 0x1.8p-131F);
  CHECK(Block<MxFp8E4m3, FlushSubnormalBlocks>(small).value(0) == 0.0F);
  CHECK(Block<MxFp8E4m3, FlushSubnormalBlocks>({0x1p-126F, 0x1p-130F}).value(1) == 0x1p-130F);
  const std::vector<float> large{0x1.8p127F};
  CHECK(Block<MxInt8>(large).value(0) == 0x1.8p127F);
}

TEST_CASE("a narrow scale is clipped at its ends, or makes NaN above") {
  const std::vector<float> large{0x1p16F}, highest{0x1p15F}, small{0x1p-17F};
  CHECK(Block<MxInt<4>, ScaleBits<5>>(highest).scale == 30);
  CHECK(Block<MxInt<4>, ScaleBits<5>>(highest).value(0) == 0x1p15F);
  CHECK(Block<MxInt<4>, ScaleBits<5>>(large).scale == 30);
  CHECK(Block<MxInt<4>, ScaleBits<5>>(large).value(0) == 0x1.cp15F);  // clipped
  CHECK(Block<MxInt<4>, NanAboveScale, ScaleBits<5>>(large).scale == 31);
  CHECK(std::isnan(Block<MxInt<4>, NanAboveScale, ScaleBits<5>>(large).value(0)));
  CHECK(Block<MxInt<4>, NanAboveScale, ScaleBits<5>>(small).scale == 0);
  CHECK(Block<MxInt<4>, NanAboveScale, ScaleBits<5>>(small).value(0) == 0x1p-17F);
}

TEST_CASE("codes of another number than the values are refused") {
  const std::array<float, 4> values{};
  std::array<std::uint8_t, 3> codes{};
  CHECK_THROWS_AS(static_cast<void>(MxBlock<MxFp4>::encode(values, codes)), ShapeError);
}

}  // namespace
