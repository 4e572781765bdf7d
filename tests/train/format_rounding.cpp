// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/format_rounding.hpp>

#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/threads.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/train/fake_quant.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace quant = bitloom::quant;
namespace format = bitloom::format;

namespace {

template <class Q>
train::Matrix<float> restored(const train::Matrix<float>& matrix) {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto values = Q::restore(train::detail::row_major(matrix), {matrix.rows(), matrix.cols()});
  return Eigen::Map<const RowMajor>(values.data(), matrix.rows(), matrix.cols());
}

}  // namespace

TEST_CASE_TEMPLATE("a rounded matrix is what the quantizer restores, with one scale or one a row", F,
                   format::Int<3>, format::Int<8>, format::E2m1fn, format::E4m3fn) {
  const auto matrix = random_matrix<float>(13, 37, 1);
  train::Tape<float> tape;
  const auto input = tape.constant(matrix);
  const auto rounded = train::fake_quantize<F>(input);
  CHECK(rounded.value() == restored<quant::FlooredSymmetric<F>>(matrix));
  CHECK_FALSE(rounded.needs_gradient());
  CHECK(train::fake_quantize<F>(input, matrix.cwiseAbs().maxCoeff()).value() == rounded.value());
  using PerRow = quant::Symmetric<F, quant::PerChannel, quant::FlooredScaling, quant::FloatReciprocal>;
  CHECK(train::fake_quantize_rows<F>(input).value() == restored<PerRow>(matrix));
  CHECK(train::fake_quantize_rows<F>(input).value() != rounded.value());
}

TEST_CASE("a bound clips what is larger, and the gradient of that passes or not") {
  auto parameter = random_parameter<float>("x", 6, 5, 1);
  const float bound = 0.5F;
  const train::Matrix<float> whole = random_matrix<float>(6, 5, 77) * (1.0F / 30);
  const auto gradient = [&](auto rounded, train::Tape<float>& tape) {
    CHECK(rounded.value().cwiseAbs().maxCoeff() == doctest::Approx(bound));
    parameter.gradient.setZero();
    tape.backward(weighted_mean(rounded));
    return parameter.gradient;
  };
  train::Tape<float> tape;
  const auto input = tape.parameter(parameter);
  using F = format::E4m3fn;
  CHECK(gradient(train::fake_quantize<F>(input, bound), tape) == whole);
  const auto clipped = gradient(train::fake_quantize<F, train::ClippedThrough>(input, bound), tape);
  const train::Matrix<float> inside = (parameter.value.array().abs() <= bound).cast<float>();
  CHECK(clipped == whole.cwiseProduct(inside));
  CHECK(inside.sum() < 30);
  using Unsigned = format::Int<4, format::Unsigned>;  // which clips negative numbers, too
  const train::Matrix<float> positive =
      inside.cwiseProduct(train::Matrix<float>((parameter.value.array() >= 0.0F).cast<float>()));
  CHECK(gradient(train::fake_quantize<Unsigned, train::ClippedThrough>(input, bound), tape) ==
        whole.cwiseProduct(positive));
  CHECK(positive.sum() < inside.sum());
}

TEST_CASE("every executor gives the same bits, in the gradient as well") {
  bitloom::core::Random random(3);
  train::Matrix<float> large(257, 400);  // several blocks
  for (auto& x : large.reshaped()) x = static_cast<float>(random.normal());
  large(200, 90) = -9;  // in a block between others
  train::Parameter<float> parameter{"x", large, {}};
  const auto run = [&](train::Tape<float>& tape) {
    const auto rounded = train::fake_quantize<format::Int<4>>(tape.parameter(parameter));
    parameter.gradient.setZero();
    tape.backward(weighted_mean(rounded));
    return rounded.value();
  };
  train::Tape<float> serial, parallel(bitloom::core::Threads(3));
  const auto expected = run(serial);
  const auto gradient = parameter.gradient;
  CHECK(run(parallel) == expected);
  CHECK(parameter.gradient == gradient);
  CHECK(expected.minCoeff() == -9);
  CHECK(expected == restored<quant::FlooredSymmetric<format::Int<4>>>(large));
}

TEST_CASE("numbers that are not finite and bounds that are none are refused") {
  train::Tape<float> tape;
  for (const float x : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    auto matrix = random_matrix<float>(3, 4, 1);
    matrix(1, 2) = x;
    const auto broken = tape.constant(matrix);
    CHECK_THROWS_WITH_AS(train::fake_quantize<format::Int<4>>(broken),
                         "fake_quantize: the input has a number that is NaN or infinite",
                         bitloom::RangeError);
    CHECK_THROWS_AS(train::fake_quantize<format::Int<4>>(broken, 1.0F), bitloom::RangeError);
    CHECK_THROWS_AS(train::fake_quantize_rows<format::E2m1fn>(broken), bitloom::RangeError);
    CHECK_THROWS_WITH_AS(
        train::fake_quantize<format::Int<4>>(tape.constant(random_matrix<float>(3, 4, 1)), x),
        doctest::Contains("has to be finite and at least 0"), bitloom::RangeError);
  }
  CHECK_THROWS_AS(train::fake_quantize<format::Int<4>>(tape.constant(random_matrix<float>(3, 4, 1)), -1.0F),
                  bitloom::RangeError);
  CHECK(train::fake_quantize<format::Int<4>>(tape.constant(train::Matrix<float>(3, 0))).columns() == 0);
}
