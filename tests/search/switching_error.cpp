// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/switching_error.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/quant/round_array.hpp>
#include <bitloom/quant/symmetric.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

using Formats = JoinedFormats<FliqsSmallIntegers, FliqsSmallFloats>;

TEST_CASE("the error of a switch is the mean distance of the quantized weights") {
  const std::vector<float> weights{7.0F, 0.4F, -1.6F, -3.0F};
  // int4: scale 1: 7, 0, -2, -3; int8: scale 7/127: the weights to 1/36
  double by_hand = 0;
  const double scale = static_cast<double>(7.0F / 127);
  const double four[] = {7, 0, -2, -3};
  for (std::size_t i = 0; i < 4; ++i)
    by_hand += std::abs(std::nearbyint(static_cast<double>(weights[i]) / scale) * scale - four[i]) / 4;
  CHECK(switching_error<FliqsSmallIntegers>(weights, 0, 1) == doctest::Approx(by_hand).epsilon(1e-6));
  CHECK(switching_error<FliqsSmallIntegers>(weights, 1, 0) ==
        switching_error<FliqsSmallIntegers>(weights, 0, 1));
  CHECK(switching_error<FliqsSmallIntegers>(weights, 1, 1) == 0);
}

TEST_CASE("ties of a tensor fall as in training") {
  core::Random random(2);
  std::int64_t wrong = 0, apart = 0;
  for (int i = 0; i < 300; ++i) {
    const auto bound = static_cast<float>(1 + random.uniform());
    const float scale = bound / 7;
    const std::vector<float> weights{bound,        0.5F * scale, 1.5F * scale,
                                     2.5F * scale, 4.5F * scale, 5.5F * scale};
    std::vector<float> rounded(weights.size());
    quant::round_array<format::Int<4>>(weights, scale, rounded);
    wrong += TensorQuantizer::quantized<format::Int<4>>(weights) != rounded;
    using Exact = quant::Symmetric<format::Int<4>, quant::FlooredScaling>;
    apart += Exact::dequantize(Exact::quantize(weights, {std::ssize(weights)})) != rounded;
  }
  CHECK(wrong == 0);
  CHECK(apart > 0);  // so that the order of evaluation is seen
}

TEST_CASE("close formats switch with less error than distant ones") {
  core::Random random(4);
  std::vector<float> weights(2000);
  for (auto& w : weights) w = static_cast<float>(random.normal());
  using Integers = IntegerFormats<2, 8>;
  for (std::size_t place = 0; place + 2 < Integers::size; ++place) {
    CHECK(switching_error<Integers>(weights, place, 6) > switching_error<Integers>(weights, place + 1, 6));
    CHECK(switching_error<Integers>(weights, place, place + 1) > 0);
  }
  CHECK(switching_error<Formats>(weights, 0, 2) > 0);  // int4 and e2m1 have other values
}

TEST_CASE("a meter follows every layer by itself") {
  SwitchingErrorMeter<Formats> meter(2);
  const std::vector<float> a{1.0F, 0.3F}, b{-2.0F, 0.7F};
  CHECK(meter.switched(0, a, 0) == 0);
  CHECK(meter.switched(1, b, 3) == 0);
  CHECK(meter.switched(0, a, 1) == switching_error<Formats>(a, 0, 1));
  CHECK(meter.switched(0, b, 1) == 0);  // the same format on other weights is no switch
  CHECK(meter.switched(1, b, 2) == switching_error<Formats>(b, 3, 2));
  CHECK(meter.switched(0, a, 3) == switching_error<Formats>(a, 1, 3));
}

TEST_CASE("impossible places and weights are refused") {
  const std::vector<float> weights{1.0F};
  CHECK_THROWS_AS(static_cast<void>(switching_error<Formats>(weights, 0, 4)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(switching_error<Formats>(weights, 4, 4)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(switching_error<Formats>(std::vector<float>{}, 0, 1)), ShapeError);
  const std::vector<float> broken{std::numeric_limits<float>::quiet_NaN()};
  CHECK_THROWS_AS(static_cast<void>(switching_error<Formats>(broken, 0, 1)), RangeError);
  CHECK_THROWS_AS(SwitchingErrorMeter<Formats>(0), ShapeError);
  SwitchingErrorMeter<Formats> meter(1);
  CHECK_THROWS_AS(meter.switched(1, weights, 0), RangeError);
}

}  // namespace
