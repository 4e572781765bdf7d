// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/softmax.hpp>

#include <cmath>

#include <doctest/doctest.h>
#include <train/gradient_error.hpp>
#include <train/place_in_batch.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;

TEST_CASE("softmax is every share of the exponentials, log-softmax its logarithm") {
  train::Tape<double> tape;
  const Matrix a = 3 * random_matrix<double>(5, 4, 1);
  const auto shares = softmax(tape.constant(a)), logarithms = log_softmax(tape.constant(a));
  for (int j = 0; j < 4; ++j) {
    double sum = 0;
    for (int i = 0; i < 5; ++i) sum += std::exp(a(i, j));
    for (int i = 0; i < 5; ++i) {
      CHECK(shares.value()(i, j) == doctest::Approx(std::exp(a(i, j)) / sum).epsilon(1e-14));
      CHECK(logarithms.value()(i, j) == doctest::Approx(a(i, j) - std::log(sum)).epsilon(1e-14));
    }
  }
}

TEST_CASE("softmax does not overflow, and log-softmax keeps shares that underflow") {
  train::Tape<float> tape;
  const train::Matrix<float> large{{1e4F}, {-1e4F}};
  CHECK(softmax(tape.constant(large)).value() == train::Matrix<float>{{1.0F}, {0.0F}});
  CHECK(log_softmax(tape.constant(large)).value() == train::Matrix<float>{{0.0F}, {-2e4F}});
}

TEST_CASE("gradients of softmax and log-softmax agree with finite differences") {
  CHECK(gradient_error({{5, 4}}, [](auto v) { return softmax(v[0]); }) < 1e-9);
  CHECK(gradient_error({{5, 4}}, [](auto v) { return log_softmax(v[0]); }) < 1e-9);
  train::Tape<double> tape;
  CHECK_THROWS_AS(softmax(tape.constant(Matrix(0, 2))), bitloom::ShapeError);
  CHECK_THROWS_AS(log_softmax(tape.constant(Matrix(0, 2))), bitloom::ShapeError);
}

TEST_CASE_TEMPLATE("shares of an item have the same bits wherever it is in a batch", S, float, double) {
  CHECK(items_that_differ_alone<S>([](auto v) { return softmax(v); }) == 0);
  CHECK(items_that_differ_alone<S>([](auto v) { return log_softmax(v); }) == 0);
}
