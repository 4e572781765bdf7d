// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/layer_norm.hpp>

#include <cmath>

#include <doctest/doctest.h>
#include <bitloom/train/operations.hpp>
#include <train/gradient_error.hpp>
#include <train/place_in_batch.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;

namespace {

constexpr double epsilon = 1e-3;

}  // namespace

TEST_CASE("layer normalization treats every piece of a column by itself") {
  Tape tape;
  const Matrix x = random_matrix<double>(12, 3, 1), scale = random_matrix<double>(4, 1, 2),
               shift = random_matrix<double>(4, 1, 3);
  const auto y = layer_norm(tape.constant(x), tape.constant(scale), tape.constant(shift), epsilon);
  for (int item = 0; item < 3; ++item)
    for (int piece = 0; piece < 3; ++piece) {
      double sum = 0, squares = 0;
      for (int i = 0; i < 4; ++i) sum += x(4 * piece + i, item);
      for (int i = 0; i < 4; ++i) squares += std::pow(x(4 * piece + i, item) - sum / 4, 2);
      for (int i = 0; i < 4; ++i)
        CHECK(y.value()(4 * piece + i, item) ==
              doctest::Approx(scale(i, 0) * (x(4 * piece + i, item) - sum / 4) /
                                  std::sqrt(squares / 4 + epsilon) +
                              shift(i, 0))
                  .epsilon(1e-12));
    }
}

TEST_CASE("gradients of layer normalization agree with finite differences") {
  constexpr double tolerance = 1e-8;
  CHECK(gradient_error({{15, 4}, {5, 1}, {5, 1}},
                       [](auto v) { return layer_norm(v[0], v[1], v[2], epsilon); }) < tolerance);
  CHECK(gradient_error({{15, 4}, {5, 1}, {5, 1}}, [](auto v) {
          return add(layer_norm(v[0], v[1], v[2], epsilon), layer_norm(v[0], v[2], v[1], epsilon));
        }) < tolerance);
}

TEST_CASE("layer normalization refuses what does not fit") {
  Tape tape;
  const auto x = tape.constant(Matrix::Zero(60, 2)), three = tape.constant(Matrix::Ones(3, 1)),
             two = tape.constant(Matrix::Ones(2, 1)), wrong = tape.constant(Matrix::Zero(59, 2));
  CHECK_THROWS_WITH_AS(layer_norm(wrong, three, three, epsilon),
                       "layer_norm: input is 59x2, but 3 features have to divide its rows",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(layer_norm(x, three, two, epsilon), bitloom::ShapeError);
  CHECK_THROWS_AS(layer_norm(x, three, three, 0), bitloom::RangeError);
}

TEST_CASE_TEMPLATE("a piece is normalized to the same bits wherever it is in a batch", S, float, double) {
  CHECK(items_that_differ_alone<S>(
            [](auto v) {
              auto& tape = v.tape();
              const auto features = v.rows() / 3;
              return layer_norm(v, tape.constant(random_matrix<S>(features, 1, 1)),
                                tape.constant(random_matrix<S>(features, 1, 2)), epsilon);
            },
            3) == 0);
}
