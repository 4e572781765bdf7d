// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/batch_norm.hpp>

#include <cmath>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/operations.hpp>
#include <train/gradient_error.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;

namespace {

constexpr op::TensorShape shape{3, 4, 5};
constexpr double epsilon = 1e-3;

}  // namespace

TEST_CASE("batch normalization gives every channel its scale as deviation and its shift as mean") {
  Tape tape;
  const Matrix x = random_matrix<double>(shape.size(), 6, 1), scale = random_matrix<double>(3, 1, 2),
               shift = random_matrix<double>(3, 1, 3);
  train::ChannelStatistics<double> seen;
  const auto y =
      batch_norm(tape.constant(x), tape.constant(scale), tape.constant(shift), shape, epsilon, &seen);
  const auto frozen =
      frozen_batch_norm(tape.constant(x), tape.constant(scale), tape.constant(shift),
                        tape.constant(seen.mean), tape.constant(seen.variance), shape, epsilon);
  CHECK(seen.count == 120);
  for (int c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    for (int item = 0; item < 6; ++item)
      for (int i = 0; i < 20; ++i) sum += x(20 * c + i, item);
    for (int item = 0; item < 6; ++item)
      for (int i = 0; i < 20; ++i) squares += std::pow(x(20 * c + i, item) - sum / 120, 2);
    CHECK(seen.mean(c, 0) == doctest::Approx(sum / 120).epsilon(1e-13));
    CHECK(seen.variance(c, 0) == doctest::Approx(squares / 120).epsilon(1e-13));
    for (int item = 0; item < 6; ++item)
      for (int i = 0; i < 20; ++i)
        CHECK(y.value()(20 * c + i, item) == doctest::Approx(scale(c, 0) * (x(20 * c + i, item) - sum / 120) /
                                                                 std::sqrt(squares / 120 + epsilon) +
                                                             shift(c, 0))
                                                 .epsilon(1e-12));
  }
  CHECK(frozen.value() == y.value());
}

TEST_CASE("a mean far from zero does not spoil the variance") {
  train::Tape<float> tape;
  train::Matrix<float> x = random_matrix<float>(50, 40, 1);
  const auto spread = channel_statistics(tape.constant(x), {2, 5, 5}).variance;
  x.array() += 1000;
  const auto moved = channel_statistics(tape.constant(x), {2, 5, 5}).variance;
  for (int c = 0; c < 2; ++c) CHECK(moved(c, 0) == doctest::Approx(spread(c, 0)).epsilon(1e-3));
}

TEST_CASE("gradients of batch normalizations agree with finite differences") {
  constexpr double tolerance = 1e-8;
  const std::vector<Shape> shapes{{shape.size(), 2}, {3, 1}, {3, 1}};
  CHECK(gradient_error(
            shapes, [](auto v) { return batch_norm(v[0], v[1], v[2], shape, epsilon); }, 0, 1, 1) <
        tolerance);
  CHECK(gradient_error({{7, 5}, {7, 1}, {7, 1}}, [](auto v) {
          return batch_norm(v[0], v[1], v[2], op::TensorShape{7}, epsilon);
        }) < tolerance);
  CHECK(gradient_error(
            shapes,
            [](auto v) {
              const auto x = batch_norm(v[0], v[1], v[2], shape, epsilon);
              return add(x, batch_norm(v[0], v[2], v[1], shape, epsilon));
            },
            0, 1, 1) < tolerance);
  CHECK(gradient_error(
            shapes,
            [](auto v) {
              auto& tape = v[0].tape();
              const Matrix mean = random_matrix<double>(3, 1, 5), variance = Matrix::Constant(3, 1, 0.7);
              return frozen_batch_norm(v[0], v[1], v[2], tape.constant(mean), tape.constant(variance), shape,
                                       epsilon);
            },
            0, 1, 1) < tolerance);
}

TEST_CASE("an activation within a normalization is the operation after it, to the bit") {
  auto input = random_parameter<double>("x", shape.size(), 5, 1);
  auto scale = random_parameter<double>("scale", 3, 1, 2), shift = random_parameter<double>("shift", 3, 1, 3);
  Tape tape;
  const auto run = [&](auto&& operation) {
    tape.clear();
    const std::vector<train::Parameter<double>*> all{&input, &scale, &shift};
    train::zero_gradients(std::span<train::Parameter<double>* const>(all));
    const auto result = operation(tape.parameter(input), tape.parameter(scale), tape.parameter(shift));
    tape.backward(weighted_mean(result));
    return std::tuple(result.value(), input.gradient, scale.gradient, shift.gradient);
  };
  const auto fused = run(
      [](auto x, auto g, auto b) { return train::batch_norm<train::Rectified>(x, g, b, shape, epsilon); });
  const auto apart = run([](auto x, auto g, auto b) { return relu(batch_norm(x, g, b, shape, epsilon)); });
  CHECK(fused == apart);
}

TEST_CASE("batch normalizations refuse what does not fit") {
  Tape tape;
  const auto x = tape.constant(Matrix::Zero(60, 2)), three = tape.constant(Matrix::Ones(3, 1)),
             two = tape.constant(Matrix::Ones(2, 1)), wrong = tape.constant(Matrix::Zero(59, 2)),
             single = tape.constant(Matrix::Zero(3, 1));
  CHECK_THROWS_WITH_AS(batch_norm(wrong, three, three, shape, epsilon),
                       "batch_norm: input is 59x2, but has to be 60x2", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(batch_norm(x, two, three, shape, epsilon),
                       "batch_norm: scale is 2x1, but has to be 3x1", bitloom::ShapeError);
  CHECK_THROWS_AS(batch_norm(x, three, two, shape, epsilon), bitloom::ShapeError);
  CHECK_THROWS_AS(batch_norm(x, three, three, shape, 0), bitloom::RangeError);
  CHECK_THROWS_WITH_AS(batch_norm(single, three, three, {3}, epsilon),
                       "batch_norm: values of a channel: 1 have to be at least 2", bitloom::ShapeError);
  CHECK_THROWS_AS(frozen_batch_norm(x, three, three, two, three, shape, epsilon), bitloom::ShapeError);
  CHECK_THROWS_AS(frozen_batch_norm(x, three, three, three, two, shape, epsilon), bitloom::ShapeError);
  CHECK_THROWS_AS(channel_statistics(wrong, shape), bitloom::ShapeError);
}
