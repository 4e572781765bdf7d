// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/operations.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/gradient_check.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;
using Value = train::Value<double>;

namespace {

struct Shape {
  std::int64_t rows, columns;
};

/// Largest gradient error of an operation of parameters of the given shapes, over several seeds.
template <class Operation>
double gradient_error(const std::vector<Shape>& shapes, Operation&& operation) {
  double worst = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    std::vector<train::Parameter<double>> parameters;
    for (const auto& shape : shapes)
      parameters.push_back(
          random_parameter<double>("p", shape.rows, shape.columns, 10 * seed + parameters.size()));
    std::vector<train::Parameter<double>*> pointers;
    for (auto& parameter : parameters) pointers.push_back(&parameter);
    const auto check = train::check_gradients(pointers, [&](Tape& tape) {
      std::vector<Value> values;
      for (auto& parameter : parameters) values.push_back(tape.parameter(parameter));
      return weighted_mean(operation(values));
    });
    for (const auto& parameter : parameters) REQUIRE(parameter.gradient.norm() > 1e-6);
    worst = std::max(worst, check.error);
  }
  return worst;
}

constexpr double tolerance = 1e-9;

}  // namespace

TEST_CASE("every operation computes what its formula says") {
  Tape tape;
  const Matrix a = random_matrix<double>(3, 4, 1), b = random_matrix<double>(3, 4, 2);
  const Matrix w = random_matrix<double>(5, 3, 3), c = random_matrix<double>(5, 1, 4),
               d = random_matrix<double>(3, 1, 5);
  const auto va = tape.constant(a), vb = tape.constant(b), vw = tape.constant(w), vc = tape.constant(c),
             vd = tape.constant(d);
  const auto sum = add(va, vb), product = multiply(va, vb), matrix_product = matmul(vw, va),
             biased = add_bias(va, vd), affine = dense(va, vw, vc), rectified = relu(va);
  double total = 0, squares = 0;
  for (int j = 0; j < 4; ++j) {
    for (int i = 0; i < 3; ++i) {
      CHECK(sum.value()(i, j) == a(i, j) + b(i, j));
      CHECK(product.value()(i, j) == a(i, j) * b(i, j));
      CHECK(biased.value()(i, j) == a(i, j) + d(i, 0));
      CHECK(rectified.value()(i, j) == (a(i, j) > 0 ? a(i, j) : 0));
      total += a(i, j);
      squares += (a(i, j) - b(i, j)) * (a(i, j) - b(i, j));
    }
    for (int i = 0; i < 5; ++i) {
      double dot = 0;
      for (int k = 0; k < 3; ++k) dot += w(i, k) * a(k, j);
      CHECK(matrix_product.value()(i, j) == doctest::Approx(dot).epsilon(1e-14));
      CHECK(affine.value()(i, j) == doctest::Approx(dot + c(i, 0)).epsilon(1e-14));
    }
  }
  CHECK(mean(va).value()(0, 0) == doctest::Approx(total / 12).epsilon(1e-14));
  CHECK(mean_squared_error(va, vb).value()(0, 0) == doctest::Approx(squares / 12).epsilon(1e-14));
}

TEST_CASE("every operation's gradient agrees with finite differences") {
  CHECK(gradient_error({{3, 4}, {3, 4}}, [](auto v) { return add(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return add(v[0], v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}, {3, 1}}, [](auto v) { return add_bias(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error({{3, 4}, {3, 4}}, [](auto v) { return multiply(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return multiply(v[0], v[0]); }) < tolerance);
  CHECK(gradient_error({{5, 3}, {3, 4}}, [](auto v) { return matmul(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error({{4, 4}}, [](auto v) { return matmul(v[0], v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}, {5, 3}, {5, 1}}, [](auto v) { return dense(v[0], v[1], v[2]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return relu(v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return mean(v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}, {3, 4}}, [](auto v) { return mean_squared_error(v[0], v[1]); }) < tolerance);
  const std::vector<int> labels{2, 0, 4, 4, 1, 3, 0};
  CHECK(gradient_error({{5, 7}}, [&](auto v) {
          return softmax_cross_entropy(v[0], std::span<const int>(labels));
        }) < tolerance);
}

TEST_CASE("relu lets a NaN through and closes at zero") {
  Tape tape;
  train::Parameter<double> x{"x", Matrix{{0.0, -1.0, 2.0, std::numeric_limits<double>::quiet_NaN()}}, {}};
  const auto y = relu(tape.parameter(x));
  CHECK(y.value()(0, 1) == 0);
  CHECK(std::isnan(y.value()(0, 3)));
  tape.backward(matmul(y, tape.constant(Matrix::Ones(4, 1))));
  CHECK(x.gradient == Matrix{{0.0, 0.0, 1.0, 0.0}});
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

TEST_CASE("operands that do not fit are refused, and both shapes named") {
  Tape tape;
  const auto a = tape.constant(Matrix::Zero(3, 4)), b = tape.constant(Matrix::Zero(4, 3)),
             bias = tape.constant(Matrix::Zero(2, 1)), empty = tape.constant(Matrix(0, 0));
  CHECK_THROWS_WITH_AS(add(a, b), "add: left is 3x4, but right is 4x3", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(multiply(a, b), "multiply: left is 3x4, but right is 4x3", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(matmul(a, a), "matmul: left is 3x4, but right is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(add_bias(a, bias), "add_bias: bias is 2x1, but the input is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(add_bias(a, a), "add_bias: bias is 3x4, but the input is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(dense(a, a, bias), "dense: weight is 3x4, but the input is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(dense(b, a, bias), "dense: bias is 2x1, but the weight is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(mean_squared_error(a, b), "mean_squared_error: prediction is 3x4, but target is 4x3",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(mean(empty), bitloom::ShapeError);
  CHECK_THROWS_AS(mean_squared_error(empty, empty), bitloom::ShapeError);

  const auto loss = [](Value logits, std::vector<int> labels) {
    return softmax_cross_entropy(logits, std::span<const int>(labels));
  };
  CHECK_THROWS_WITH_AS(loss(a, {0, 1, 2}), "softmax_cross_entropy: 3 labels, but the logits are 3x4",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(loss(a, {0, 1, 2, 3}), bitloom::RangeError);
  CHECK_THROWS_AS(loss(a, {0, 1, 2, -1}), bitloom::RangeError);
  CHECK_THROWS_AS(loss(empty, {}), bitloom::ShapeError);
}
