// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/aqt.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>

using namespace bitloom;
using namespace bitloom::format;
using namespace bitloom::quant;

namespace {

using UInt1 = Int<1, Unsigned>;  // a comma inside a macro's argument would end it
using UInt4 = Int<4, Unsigned>;
using UInt8 = Int<8, Unsigned>;

constexpr AqtFormat e4m3{.min_exponent = -15, .max_exponent = 0, .fraction_bits = 3};
using Binade = AqtUnitBinade<e4m3>;

template <class F>
concept HasInteger = requires {
  typename AqtInteger<F>;
};
static_assert(HasInteger<Int<2>> && HasInteger<UInt1> && !HasInteger<Int<1>> && !HasInteger<Int<25>> &&
              !HasInteger<int>);
template <AqtFormat A>
concept HasBinade = requires {
  typename AqtUnitBinade<A>;
};
static_assert(HasBinade<e4m3> && !HasBinade<AqtFormat{-11, 4, 3}> && !HasBinade<AqtFormat{1, 0, 3}>);
static_assert(std::is_empty_v<Binade> && std::is_empty_v<AqtInteger<Int<8>>>);

constexpr float largest_float = std::numeric_limits<float>::max();

std::vector<float> normals(std::uint64_t seed, std::size_t count, double deviation = 1.0) {
  core::Random random(seed);
  std::vector<float> values(count);
  for (auto& x : values) x = static_cast<float>(deviation * random.normal());
  return values;
}

}  // namespace

TEST_CASE("signed integers are rounded half up in float and lie in the narrow range") {
  using Q = AqtInteger<Int<4>>;
  CHECK(Q::factor_of(7.0F) == AqtFactor{7.0F / (7.0F + 0x1p-23F)});
  const AqtFactor one{1.0F};
  const auto code = [&](float x) { return Int<4>::integer(Q::quantize_one(x, one)); };
  CHECK(code(0.5F) == 1);
  CHECK(code(-0.5F) == 0);
  CHECK(code(-1.5F) == -1);
  CHECK(code(2.5F) == 3);
  CHECK(code(0.49999997F) == 1);  // the sum with one half is rounded to 1
  CHECK(code(-8.0F) == -7);
  CHECK(code(-largest_float) == -7);
  CHECK(code(largest_float) == 7);
  const std::vector<float> values{-2, 1, 0.3F, 0};
  const auto tensor = Q::quantize(values, {4});
  CHECK(tensor.codes.integers() == std::vector<std::int16_t>{-7, 4, 1, 0});
  CHECK(Q::dequantize(tensor)[0] == -7.0F / tensor.scales.front().factor);
}

TEST_CASE("unsigned integers are cut off, and the bound maps to a number that is clipped") {
  using Q = AqtInteger<UInt4>;
  CHECK(Q::factor_of(16.0F) == AqtFactor{1.0F});  // epsilon is lost in 16
  const AqtFactor one{1.0F};
  const auto code = [&](float x) { return UInt4::integer(Q::quantize_one(x, one)); };
  CHECK(code(0.99F) == 0);
  CHECK(code(15.99F) == 15);
  CHECK(code(16.0F) == 15);
  CHECK(code(-0.01F) == 0);
  CHECK(code(-largest_float) == 0);
  CHECK(Q::quantize(std::vector<float>{-100, 8, 16}, {3}).codes.integers() ==
        std::vector<std::int16_t>{0, 8, 15});
}

TEST_CASE_TEMPLATE("random numbers get the codes of the formula, step by step in float", F, Int<2>, Int<4>,
                   Int<8>, Int<16>, UInt1, UInt8) {
  core::Random random(1);
  std::int64_t wrong = 0;
  for (int i = 0; i < 100'000; ++i) {
    const float bound = std::bit_cast<float>(static_cast<std::uint32_t>(random.integer(0, 0x7F7FFFFF)));
    const auto n = static_cast<float>(F::is_signed ? (1 << (F::bits - 1)) - 1 : 1 << F::bits);
    const float sum = bound + std::numeric_limits<float>::epsilon();
    const float factor = n / sum;
    wrong += AqtInteger<F>::factor_of(bound).factor == factor ? 0 : 1;
    const auto x = static_cast<float>((2.4 * random.uniform() - 1.2) * static_cast<double>(bound));
    if (!std::isfinite(x)) continue;
    const float product = x * factor;
    const float shifted = product + (F::is_signed ? 0.5F : 0.0F);
    const auto expected = std::clamp(std::floor(shifted), F::is_signed ? -n : 0.0F, F::is_signed ? n : n - 1);
    const auto code = AqtInteger<F>::quantize_one(x, {factor});
    wrong += static_cast<float>(F::integer(code)) == expected ? 0 : 1;
    wrong += AqtInteger<F>::dequantize_one(code, {factor}) == expected / factor ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("the factor of a unit binade is the power of two that moves the bound into [1, 2)") {
  core::Random random(2);
  std::int64_t wrong = 0;
  for (int i = 0; i < 100'000; ++i) {
    const float bound = std::bit_cast<float>(static_cast<std::uint32_t>(random.integer(0, 0x7F7FFFFF)));
    const double sum = static_cast<double>(bound + 0x1p-23F);
    const auto factor = static_cast<double>(Binade::factor_of(bound).factor);
    const bool is_power = std::bit_cast<std::uint64_t>(factor) << 12 == 0;
    wrong += is_power && sum * factor >= 1 && sum * factor < 2 ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(Binade::factor_of(0.0F).factor == 0x1p23F);
  CHECK(Binade::factor_of(1.0F).factor == 1.0F);
  CHECK(Binade::factor_of(std::nextafter(2.0F, 0.0F)).factor == 0.5F);  // the sum rounds up to 2
  CHECK(Binade::factor_of(largest_float).factor == 0x1p-127F);
}

TEST_CASE("scaled floats are rounded in the unit binade and moved back") {
  const std::vector<float> values{3, -2.9F, 1.1F, 0x1p-20F, 0, -0.0F};
  const auto restored = Binade::restore(values, {6});
  CHECK(restored == std::vector<float>{3, -3, 1.125F, 0, 0, 0});
  CHECK(std::signbit(restored[5]));
  for (const double deviation : {1e-30, 1e-3, 1.0, 1e30}) {
    const auto random = normals(3, 1000, deviation);
    const auto factors = AqtUnitBinade<e4m3, PerChannel>::factors(random, {10, 100});
    const auto all = AqtUnitBinade<e4m3, PerChannel>::restore(random, {10, 100});
    REQUIRE(factors.size() == 10);
    for (std::size_t i = 0; i < random.size(); ++i) {
      const float factor = factors[i / 100].factor;
      REQUIRE(all[i] == e4m3.downcast(random[i] * factor) / factor);
      if (deviation > 1e-6 && std::abs(random[i] * factor) > 1e-3F)  // to nearest in 4 bits
        REQUIRE(std::abs(static_cast<double>(all[i]) - static_cast<double>(random[i])) <=
                std::abs(static_cast<double>(random[i])) / 16);
    }
  }
}

TEST_CASE("a number beyond the bound is clipped, even where the product overflows") {
  const std::vector<float> values{largest_float, -largest_float, 1};
  const std::vector<AqtFactor> factors{{0x1p23F}};
  CHECK(Binade::restore(values, {3}, factors)[0] == 1.875F * 0x1p-23F);
  CHECK(Binade::restore(values, {3}, factors)[1] == -1.875F * 0x1p-23F);
}

TEST_CASE("factors are found per axis and per group, and empty tensors have their epsilon's") {
  const auto values = normals(4, 24);
  using Axis = AqtInteger<Int<8>, PerAxis<1>>;
  const auto tensor = Axis::quantize(values, {2, 3, 4});
  REQUIRE(tensor.scales.size() == 3);
  float largest = 0;
  for (const std::size_t i : {4U, 5U, 6U, 7U, 16U, 17U, 18U, 19U})
    largest = std::max(largest, std::abs(values[i]));
  CHECK(tensor.scales[1] == Axis::factor_of(largest));
  using Grouped = AqtInteger<Int<8>, GroupsOf>;
  const auto factors = Grouped::factors(values, {3, 8}, GroupsOf(3));
  CHECK(factors.size() == 9);
  CHECK(Grouped::quantize(values, {3, 8}, factors, GroupsOf(3)).codes.size() == 24);
  const std::vector<float> none;
  CHECK(AqtInteger<Int<8>>::quantize(none, {0}).scales == std::vector<AqtFactor>{{127 * 0x1p23F}});
  CHECK(Binade::restore(none, {0}).empty());
  CHECK(AqtInteger<Int<8>>::dequantize(AqtInteger<Int<8>>::quantize(std::vector<float>{0, 0}, {2})) ==
        std::vector<float>{0, 0});
}

TEST_CASE("bounds, factors, shapes and numbers that make no sense are refused") {
  using Limits = std::numeric_limits<float>;
  using Q = AqtInteger<Int<8>>;
  const std::vector<float> values{1, 2};
  for (const float bad : {Limits::quiet_NaN(), Limits::infinity(), -1.0F}) {
    CHECK_THROWS_AS(Q::factor_of(bad), RangeError);
    CHECK_THROWS_AS(Binade::factor_of(bad), RangeError);
    CHECK_THROWS_AS(Q::quantize(values, {2}, {AqtFactor{bad}}), RangeError);
    CHECK_THROWS_AS(Binade::restore(values, {2}, std::vector<AqtFactor>{{bad}}), RangeError);
  }
  CHECK_THROWS_AS(Q::quantize(values, {2}, {AqtFactor{0}}), RangeError);
  for (const float bad : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    CHECK_THROWS_AS(Q::quantize(std::vector<float>{bad}, {1}), RangeError);
    CHECK_THROWS_AS(Q::quantize(std::vector<float>{bad}, {1}, {AqtFactor{1}}), RangeError);
    CHECK_THROWS_AS(Binade::restore(std::vector<float>{bad}, {1}), RangeError);
  }
  CHECK_THROWS_AS(Q::quantize_one(Limits::quiet_NaN(), {1.0F}), RangeError);
  CHECK(Int<8>::integer(Q::quantize_one(-Limits::infinity(), {1.0F})) == -127);
  CHECK_THROWS_AS(Q::quantize(values, {3}), ShapeError);
  CHECK_THROWS_AS(Q::quantize(values, {2}, std::vector<AqtFactor>{}), ShapeError);
  CHECK_THROWS_AS(Binade::restore(values, {2}, std::vector<AqtFactor>{}), ShapeError);
}
