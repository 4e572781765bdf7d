// SPDX-License-Identifier: Apache-2.0
// Symmetric quantizers of minifloats and fixed point; those of integers are in symmetric.cpp.
#include <bitloom/quant/symmetric.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>

using namespace bitloom;
using namespace bitloom::format;
using namespace bitloom::quant;

namespace {

constexpr float largest_float = std::numeric_limits<float>::max();

std::vector<float> normals(std::uint64_t seed, std::size_t count, double deviation = 1.0) {
  core::Random random(seed);
  std::vector<float> values(count);
  for (auto& x : values) x = static_cast<float>(deviation * random.normal());
  return values;
}

/// The code is x / scale to nearest even. Midpoints times the scale need fewer than 53 bits: comparisons are exact.
template <class F>
bool is_nearest_even(typename F::code_type code, double x, double scale) {
  const auto magnitude = static_cast<std::uint64_t>(code) & (F::layout.magnitudes() - 1);
  const auto value = [](std::uint64_t c) { return F::decode(static_cast<typename F::code_type>(c)); };
  if (magnitude != static_cast<std::uint64_t>(code) && x > 0) return false;
  if (magnitude == static_cast<std::uint64_t>(code) && x < 0 && magnitude != 0) return false;
  const bool even = (magnitude & 1) == 0;
  const double size = std::abs(x);
  if (magnitude < F::max_code) {
    const double above = (value(magnitude) + value(magnitude + 1)) / 2 * scale;
    if (size > above || (size == above && !even)) return false;
  }
  if (magnitude == 0) return true;
  const double below = (value(magnitude) + value(magnitude - 1)) / 2 * scale;
  return size > below || (size == below && even);
}

}  // namespace

TEST_CASE_TEMPLATE("a scaled minifloat is the one nearest to the quotient, a tie to the even code", F, E4m3fn,
                   E5m2, E2m1fn, E3m2fn, E4m3fnuz, Half) {
  using Q = Symmetric<F>;
  core::Random random(8);
  std::int64_t wrong = 0;
  for (int i = 0; i < 60'000; ++i) {
    const auto scale =
        std::bit_cast<float>(static_cast<std::uint32_t>(random.integer(0x20000000, 0x5F7FFFFF)));
    const auto code = static_cast<std::uint64_t>(random.integer(0, F::max_code - 1));
    const double tie = (F::decode(static_cast<typename F::code_type>(code)) +
                        F::decode(static_cast<typename F::code_type>(code + 1))) /
                       2;
    const auto x = static_cast<float>(i % 3 == 0 ? 3 * random.normal() * F::max() * static_cast<double>(scale)
                                                 : tie * static_cast<double>(scale));
    for (const float near : {x, -x, std::nextafter(x, 0.0F), std::nextafter(x, 2 * x)})
      if (std::isfinite(near))
        wrong += is_nearest_even<F>(Q::quantize_one(near, scale), static_cast<double>(near),
                                    static_cast<double>(scale))
                     ? 0
                     : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("minifloats are scaled to the largest value, and not below the floor") {
  const std::vector<float> values{-896, 1, 3.3F, 448};
  const auto tensor = Symmetric<E4m3fn, FlooredScaling>::quantize(values, {4});
  CHECK(tensor.scales == std::vector<float>{2});
  CHECK(tensor.codes.code(0) == 0xFE);
  CHECK(Symmetric<E4m3fn>::dequantize(tensor) == std::vector<float>{-896, 1, 3.25F, 448});
  const auto zeros = Symmetric<E4m3fn, FlooredScaling>::quantize(std::vector<float>{0, -0.0F}, {2});
  CHECK(zeros.scales == std::vector<float>{1e-8F / 448});
  CHECK(zeros.codes.code(1) == 0x80);
  CHECK(Symmetric<E4m3fn>::scales(std::vector<float>{0, 0}, {2}) == std::vector<float>{1});
  CHECK_THROWS_AS(Symmetric<E4m3fn>::quantize(std::vector<float>{std::nanf("")}, {1}), RangeError);
}

TEST_CASE("minifloats take every order of evaluation and a scale for each index of an axis") {
  const auto values = normals(11, 3000);
  const Shape shape{30, 5, 20};
  const auto check = [&]<class E>(E) {
    using Q = Symmetric<E4m3fn, PerAxis<1>, FlooredScaling, E>;
    const auto tensor = Q::quantize(values, shape);
    REQUIRE(tensor.scales.size() == 5);
    const auto restored = Q::dequantize(tensor);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float scale = tensor.scales[i / 20 % 5];
      const auto code = E4m3fn::encode<NearestEven>(E::quotient(values[i], scale));
      wrong += tensor.codes.code(static_cast<std::int64_t>(i)) == code ? 0 : 1;
      wrong += restored[i] == static_cast<float>(E4m3fn::decode(code)) * scale ? 0 : 1;
    }
    CHECK(wrong == 0);
    return tensor;
  };
  const auto exact = check(ExactQuotient{});
  CHECK(check(FloatQuotient{}).scales == exact.scales);
  CHECK(check(FloatReciprocal{}).scales == exact.scales);
}

TEST_CASE("an unscaled minifloat is the format's own code") {
  const auto values = normals(9, 2000, 100);
  const auto tensor = Symmetric<E3m2fn, UnitScaling>::quantize(values, {2000});
  CHECK(tensor.scales == std::vector<float>{1});
  for (std::int64_t i = 0; i < 2000; ++i)
    CHECK(tensor.codes.code(i) == E3m2fn::encode<NearestEven>(values[static_cast<std::size_t>(i)]));
}

TEST_CASE("a minifloat that is clipped saturates, or overflows if told so, however large the quotient") {
  const std::vector<float> values{largest_float, -largest_float, 0};
  const auto saturated = Symmetric<E5m2, FloatQuotient>::quantize(values, {3}, {0x1p-100F});
  CHECK(saturated.codes.code(0) == 0x7B);
  CHECK(saturated.codes.code(1) == 0xFB);
  // only an infinite input would stay infinite; the quotient is finite, although float cannot hold it
  const auto finite = Symmetric<E5m2, FloatQuotient, SaturateFinite>::quantize(values, {3}, {0x1p-100F});
  CHECK(finite.codes == saturated.codes);
  const auto overflowed = Symmetric<E5m2, OverflowToInfinity>::quantize(values, {3}, {0x1p-100F});
  CHECK(overflowed.codes.code(0) == 0x7C);
  CHECK(Symmetric<E4m3fn, OverflowToInfinity>::quantize(values, {3}, {1.0F}).codes.code(0) == 0x7F);
}

TEST_CASE("fixed point has the codes of the integers of its width, at a scale that counts its units") {
  using Q = Symmetric<Fixed<8, 3>>;
  const auto values = normals(10, 500);
  const auto fixed = Q::quantize(values, {500});
  const auto integers = Symmetric<Int<8>>::quantize(values, {500});
  CHECK(fixed.scales.front() == integers.scales.front() * 32);
  for (std::int64_t i = 0; i < 500; ++i) CHECK(fixed.codes.code(i) == integers.codes.code(i));
  CHECK(Q::dequantize(fixed) == Symmetric<Int<8>>::dequantize(integers));
  CHECK_THROWS_AS((Symmetric<Fixed<8, -3>>::scales(std::vector<float>{largest_float}, {1})), RangeError);
}
