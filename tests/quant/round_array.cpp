// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/round_array.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;

using E2m2 = Minifloat<2, 2, Special::Finite>;
using E3m3 = Minifloat<3, 3, Special::Finite>;
using E3m0 = Minifloat<3, 0, Special::Finite>;
using E8m3 = Minifloat<8, 3, Special::Ieee>;

static_assert(quant::RoundableFormat<Int<2>> && quant::RoundableFormat<Int<16, Unsigned>> &&
              quant::RoundableFormat<E4m3fn> && quant::RoundableFormat<Tf32>);
static_assert(!quant::RoundableFormat<Int<1>> && !quant::RoundableFormat<Int<17>> &&
              !quant::RoundableFormat<Float32> && !quant::RoundableFormat<int>);

/// One number, by the format's own functions.
template <class F>
float slow(float x, float scale, bool scaled) {
  const float quotient = x * (1.0F / scale);
  constexpr double most = std::numeric_limits<double>::max();
  const auto code =
      F::template encode<NearestEven, Saturate>(std::clamp(static_cast<double>(quotient), -most, most));
  const double value = F::decode(code);
  bool minus_zero = F::is_signed && std::signbit(x);
  if constexpr (!IntegerFormat<F>) minus_zero = minus_zero && F::layout.has_negative_zero();
  if (value == 0) return minus_zero ? -0.0F : 0.0F;
  return static_cast<float>(value * (scaled ? static_cast<double>(scale) : 1.0));
}

/// All exponents, and codes and ties times the scale with their neighbours.
template <class F>
std::vector<float> values_for(float scale) {
  std::vector<float> values{0.0F, -0.0F, 3.4e38F, -3.4e38F, INFINITY, -INFINITY};
  core::Random random(5);
  for (std::uint32_t top = 0; top < 512; ++top)  // sign and exponent
    for (int i = 0; i < 6; ++i)
      values.push_back(
          std::bit_cast<float>(top << 23 | static_cast<std::uint32_t>(random.integer(0, (1 << 23) - 1))));
  constexpr std::uint32_t codes = std::uint32_t{1} << F::bits, step = std::max(1U, codes / 2048);
  for (std::uint32_t i = 0; i < codes; i += step) {
    const auto x = F::exact(static_cast<typename F::code_type>(
        std::min(codes - 1, i + (step > 1 ? static_cast<std::uint32_t>(random.integer(0, step - 1)) : 0))));
    if (!x.is_finite()) continue;
    auto tie = x;
    tie.significand = 2 * x.significand + 1;
    --tie.exponent;
    for (const auto& number : {x, tie}) {
      const auto value = static_cast<float>(to_double(number) * static_cast<double>(scale));
      values.insert(values.end(), {value, std::nextafter(value, INFINITY), std::nextafter(value, -INFINITY)});
    }
  }
  std::erase_if(values, [](float x) { return std::isnan(x); });
  return values;
}

TEST_CASE_TEMPLATE("arrays are rounded as single numbers are, at all exponents, at every code and every tie",
                   F, Int<2>, Int<3>, Int<4>, Int<5>, Int<6>, Int<7>, Int<8>, Int<16>, Int<4, Unsigned>,
                   Int<8, Unsigned>, E4m3fn, E5m2, E4m3, E3m4, E4m3fnuz, E5m2fnuz, E4m3b11fnuz, E3m2fn,
                   E2m3fn, E2m1fn, E2m2, E3m3, E3m0, E8m3, Half, Bfloat16, Tf32) {
  for (const float scale :
       {1.0F, 0.25F, 0.1F, 0x1.998p-4F, 3.0F, quant::FlooredSymmetric<F>::scale_of(1.7F),
        quant::FlooredSymmetric<F>::scale_of(0.0F), quant::FlooredSymmetric<F>::scale_of(1e5F)}) {
    const auto values = values_for<F>(scale);
    std::vector<float> rounded(values.size()), quotients(values.size()), apart = values;
    quant::round_array<F>(values, scale, rounded);
    quant::round_quotients<F>(values, scale, quotients);
    quant::round_array<F>(apart, std::vector<float>(values.size(), scale), apart);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto same = [](float a, float b) {
        return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
      };
      if (!same(rounded[i], slow<F>(values[i], scale, true)) ||
          !same(quotients[i], slow<F>(values[i], scale, false)) || !same(apart[i], rounded[i]))
        if (wrong++ == 0)
          MESSAGE("first: " << values[i] << " became " << rounded[i] << " and " << quotients[i]);
    }
    CAPTURE(scale);
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("with the scale of the largest magnitude an array is what the quantizer restores", F,
                   Int<2>, Int<4>, Int<8>, E4m3fn, E2m1fn, E5m2fnuz, Bfloat16) {
  core::Random random(9);
  for (const double size : {0.0, 1e-12, 0.3, 4e6}) {
    std::vector<float> values(1001), rounded(1001);
    for (auto& x : values) x = static_cast<float>(random.normal() * size);
    using Q = quant::FlooredSymmetric<F>;
    CHECK(quant::absmax_array(values) == Q::absmax(values));
    quant::round_array<F>(values, Q::scale_of(quant::absmax_array(values)), rounded);
    CHECK(rounded == Q::restore(values, {7, 143}));
  }
}

TEST_CASE("the largest magnitude shows what is not finite") {
  CHECK(quant::absmax_array(std::vector<float>{1.0F, -3.0F, 2.0F}) == 3.0F);
  CHECK(quant::absmax_array({}) == 0.0F);
  CHECK(quant::absmax_array(std::vector<float>{1.0F, -INFINITY, 2.0F}) == INFINITY);
  CHECK(std::isnan(quant::absmax_array(std::vector<float>{1.0F, INFINITY, -NAN, 2.0F})));
}

TEST_CASE("spans of different lengths are refused") {
  const std::vector<float> values(3);
  std::vector<float> rounded(2), right(3);
  CHECK_THROWS_AS(quant::round_array<E2m1fn>(values, 1.0F, rounded), ShapeError);
  CHECK_THROWS_AS(quant::round_quotients<E2m1fn>(values, 1.0F, rounded), ShapeError);
  CHECK_THROWS_AS(quant::round_array<E2m1fn>(values, std::vector<float>(2), right), ShapeError);
}

}  // namespace
