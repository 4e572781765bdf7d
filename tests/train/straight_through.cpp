// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/straight_through.hpp>

#include <doctest/doctest.h>

#include <bitloom/train/operations.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;

namespace {

static_assert(train::StraightThroughGradient<train::PassThrough> &&
              train::StraightThroughGradient<train::ClippedThrough> && !train::StraightThroughGradient<int>);

/// Gradient of `parameter` where the values are replaced, with given gradients of the result.
template <class G>
train::Matrix<double> gradient(train::Parameter<double>& parameter, double limit) {
  parameter.gradient.setZero(parameter.value.rows(), parameter.value.cols());
  train::Tape<double> tape;
  const train::Matrix<double> value =
      random_matrix<double>(parameter.value.rows(), parameter.value.cols(), 8);
  const auto result = train::straight_through<G>(tape.parameter(parameter), value, -limit, limit);
  CHECK(result.value() == value);
  tape.backward(weighted_mean(result));
  return parameter.gradient;
}

}  // namespace

TEST_CASE("the gradient passes everywhere, or where the number is inside of the range, its ends included") {
  auto parameter = random_parameter<double>("x", 7, 5, 1);
  const double limit = std::abs(parameter.value(3, 2));
  const train::Matrix<double> whole =
      random_matrix<double>(7, 5, 77) * (1.0 / 35);  // what weighted_mean multiplies by
  CHECK(gradient<train::PassThrough>(parameter, limit) == whole);
  const auto clipped = gradient<train::ClippedThrough>(parameter, limit);
  int zeros = 0;
  for (Eigen::Index i = 0; i < 35; ++i) {
    const bool inside = std::abs(parameter.value.data()[i]) <= limit;
    CHECK(clipped.data()[i] == (inside ? whole.data()[i] : 0.0));
    zeros += !inside;
  }
  CHECK(zeros > 0);
  CHECK(clipped(3, 2) == whole(3, 2));
  const auto passes = [](float x) { return train::ClippedThrough::passes(x, -0.25F, 0.5F); };
  static_assert(passes(0.5F) && passes(-0.25F) && !passes(0.51F) && !passes(-0.26F));
}

TEST_CASE("a value of another shape is refused") {
  train::Tape<float> tape;
  const auto input = tape.constant(random_matrix<float>(3, 4, 1));
  CHECK_THROWS_WITH_AS(train::straight_through(input, random_matrix<float>(4, 3, 1)),
                       "straight_through: input is 3x4, but value is 4x3", bitloom::ShapeError);
}
