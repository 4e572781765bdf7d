// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/losses.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/operations.hpp>
#include <train/gradient_error.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;
using Value = train::Value<double>;

namespace {

constexpr double tolerance = 1e-9;

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("every loss has the gradient that finite differences have") {
  CHECK(gradient_error({{3, 4}, {3, 4}}, [](auto v) { return mean_squared_error(v[0], v[1]); }) < tolerance);
  const std::vector<int> labels{2, 0, 4, 4, 1, 3, 0};
  for (const double smoothing : {0.0, 0.1, 1.0})
    CHECK(gradient_error({{5, 7}}, [&](auto v) {
            return softmax_cross_entropy(v[0], std::span<const int>(labels), {.label_smoothing = smoothing});
          }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) {
          const Matrix target = (random_matrix<double>(3, 4, 8).array() * 0.5 + 0.5).matrix();
          return binary_cross_entropy(v[0], v[0].tape().constant(target));
        }) < tolerance);
  const std::vector<double> targets{3, 1, 2, 2, 5};
  CHECK(gradient_error({{1, 5}}, [&](auto v) {
          return pairwise_hinge(v[0], std::span<const double>(targets), 0.3);
        }) < tolerance);
}

TEST_CASE("mean squared error, binary cross-entropy and pairwise hinge are what their formulas say") {
  Tape tape;
  const Matrix a = random_matrix<double>(3, 4, 1),
               b = (random_matrix<double>(3, 4, 2).array() * 0.5 + 0.5).matrix();
  double squares = 0, entropy = 0;
  for (int k = 0; k < 12; ++k) {
    const double x = a.data()[k], t = b.data()[k];
    squares += (x - t) * (x - t);
    entropy -= t * std::log(logistic(x)) + (1 - t) * std::log(1 - logistic(x));
  }
  const auto va = tape.constant(a), vb = tape.constant(b);
  CHECK(mean_squared_error(va, vb).value()(0, 0) == doctest::Approx(squares / 12).epsilon(1e-14));
  CHECK(binary_cross_entropy(va, vb).value()(0, 0) == doctest::Approx(entropy / 12).epsilon(1e-14));

  const Matrix scores = random_matrix<double>(1, 9, 3);
  const std::vector<double> targets{4, 2, 2, 7, 1, 0, 3, 7, 5};
  double hinge = 0;
  int pairs = 0;
  for (std::size_t i = 0; i < 9; ++i)
    for (std::size_t j = i + 1; j < 9; ++j) {
      if (targets[i] == targets[j]) continue;
      const auto difference = scores(0, static_cast<int>(i)) - scores(0, static_cast<int>(j));
      hinge += std::max(0.0, 0.25 - (targets[i] > targets[j] ? difference : -difference));
      ++pairs;
    }
  CHECK(pairs == 34);
  const auto ranked = pairwise_hinge(tape.constant(scores), std::span<const double>(targets), 0.25);
  CHECK(ranked.value()(0, 0) == doctest::Approx(hinge / pairs).epsilon(1e-14));
  Matrix unknown = scores;
  unknown(0, 4) = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(
      pairwise_hinge(tape.constant(unknown), std::span<const double>(targets), 0.25).value()(0, 0)));
  const std::vector<double> equal(9, 1.0);
  CHECK(pairwise_hinge(tape.constant(scores), std::span<const double>(equal), 0.25).value()(0, 0) == 0);
}

TEST_CASE_TEMPLATE("softmax cross-entropy is minus the mean logarithm of the label's share", S, float,
                   double) {
  const auto logits = random_matrix<S>(4, 3, 9);
  const std::vector<int> labels{3, 1, 1};
  double expected = 0;
  for (int item = 0; item < 3; ++item) {
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += std::exp(static_cast<double>(logits(i, item)));
    expected -=
        std::log(std::exp(static_cast<double>(logits(labels[static_cast<std::size_t>(item)], item))) / sum) /
        3;
  }
  train::Tape<S> tape;
  const auto loss = softmax_cross_entropy(tape.constant(logits), std::span<const int>(labels));
  CHECK(static_cast<double>(loss.value()(0, 0)) == doctest::Approx(expected).epsilon(1e-6));
}

TEST_CASE("softmax cross-entropy neither overflows nor loses large differences") {
  train::Tape<float> tape;
  train::Parameter<float> logits{"logits", train::Matrix<float>{{1e4F, 0.0F}, {-1e4F, 3e38F}}, {}};
  const std::vector<int> labels{1, 1};
  const auto loss = softmax_cross_entropy(tape.parameter(logits), std::span<const int>(labels));
  CHECK(loss.value()(0, 0) == 1e4F);
  tape.backward(loss);
  CHECK(logits.gradient == train::Matrix<float>{{0.5F, 0.0F}, {-0.5F, 0.0F}});
}

TEST_CASE("label smoothing mixes the loss of the label with the mean loss of all classes") {
  Tape tape;
  const auto logits = tape.constant(random_matrix<double>(5, 3, 4));
  const std::vector<int> labels{4, 0, 2};
  const auto loss = [&](std::vector<int> wanted, double smoothing) {
    return softmax_cross_entropy(logits, std::span<const int>(wanted), {.label_smoothing = smoothing})
        .value()(0, 0);
  };
  double even = 0;
  for (int k = 0; k < 5; ++k) even += loss({k, k, k}, 0) / 5;
  for (const double smoothing : {0.1, 0.5, 1.0})
    CHECK(loss(labels, smoothing) ==
          doctest::Approx((1 - smoothing) * loss(labels, 0) + smoothing * even).epsilon(1e-14));
}

TEST_CASE("binary cross-entropy does not overflow for large logits") {
  train::Tape<float> tape;
  train::Parameter<float> logits{"logits", train::Matrix<float>{{1e4F, -1e4F, -1e4F, 1e4F}}, {}};
  const auto target = tape.constant(train::Matrix<float>{{1.0F, 0.0F, 1.0F, 0.0F}});
  const auto loss = binary_cross_entropy(tape.parameter(logits), target);
  CHECK(loss.value()(0, 0) == 5e3F);
  tape.backward(loss);
  CHECK(logits.gradient == train::Matrix<float>{{0.0F, 0.0F, -0.25F, 0.25F}});
}

TEST_CASE("losses refuse operands that do not fit") {
  Tape tape;
  const auto a = tape.constant(Matrix::Zero(3, 4)), b = tape.constant(Matrix::Zero(4, 3)),
             empty = tape.constant(Matrix(0, 0));
  CHECK_THROWS_WITH_AS(mean_squared_error(a, b), "mean_squared_error: prediction is 3x4, but target is 4x3",
                       bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(binary_cross_entropy(a, b), "binary_cross_entropy: logits is 3x4, but target is 4x3",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(mean_squared_error(empty, empty), bitloom::ShapeError);
  CHECK_THROWS_AS(binary_cross_entropy(empty, empty), bitloom::ShapeError);
  const std::vector<double> targets{1, 2, 3};
  CHECK_THROWS_WITH_AS(pairwise_hinge(a, std::span<const double>(targets), 0.1),
                       "pairwise_hinge: scores are 3x4, but have to be 1x3 for the targets",
                       bitloom::ShapeError);
  const std::vector<double> unknown{1, 2, 3, std::numeric_limits<double>::quiet_NaN()};
  CHECK_THROWS_WITH_AS(
      pairwise_hinge(tape.constant(Matrix::Zero(1, 4)), std::span<const double>(unknown), 0.1),
      "pairwise_hinge: a target is not a number", bitloom::RangeError);

  const auto loss = [](Value logits, std::vector<int> labels, double smoothing = 0) {
    return softmax_cross_entropy(logits, std::span<const int>(labels), {.label_smoothing = smoothing});
  };
  CHECK_THROWS_WITH_AS(loss(a, {0, 1, 2}), "softmax_cross_entropy: 3 labels, but the logits are 3x4",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(loss(a, {0, 1, 2, 3}), bitloom::RangeError);
  CHECK_THROWS_AS(loss(a, {0, 1, 2, -1}), bitloom::RangeError);
  CHECK_THROWS_AS(loss(empty, {}), bitloom::ShapeError);
  CHECK_THROWS_AS(loss(a, {0, 1, 2, 0}, 1.1), bitloom::RangeError);
  CHECK_THROWS_AS(loss(a, {0, 1, 2, 0}, -0.1), bitloom::RangeError);
}
