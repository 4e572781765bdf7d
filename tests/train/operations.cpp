// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/operations.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <train/gradient_error.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;
using Value = train::Value<double>;

namespace {

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
  for (int j = 0; j < 4; ++j) {
    for (int i = 0; i < 3; ++i) {
      CHECK(sum.value()(i, j) == a(i, j) + b(i, j));
      CHECK(product.value()(i, j) == a(i, j) * b(i, j));
      CHECK(biased.value()(i, j) == a(i, j) + d(i, 0));
      CHECK(rectified.value()(i, j) == (a(i, j) > 0 ? a(i, j) : 0));
    }
    for (int i = 0; i < 5; ++i) {
      double dot = 0;
      for (int k = 0; k < 3; ++k) dot += w(i, k) * a(k, j);
      CHECK(matrix_product.value()(i, j) == doctest::Approx(dot).epsilon(1e-14));
      CHECK(affine.value()(i, j) == doctest::Approx(dot + c(i, 0)).epsilon(1e-14));
    }
  }
}

TEST_CASE("every operation's gradient agrees with finite differences") {
  CHECK(gradient_error({{3, 4}, {3, 4}}, [](auto v) { return add(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return add(v[0], v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}, {3, 1}}, [](auto v) { return add_bias(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error({{3, 4}, {3, 4}}, [](auto v) { return multiply(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return multiply(v[0], v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}, {3, 4}}, [](auto v) { return subtract(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error(
            {{3, 4}, {3, 4}}, [](auto v) { return divide(v[0], v[1]); }, 2.0) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return scale(v[0], -1.5); }) < tolerance);
  CHECK(gradient_error({{5, 3}, {3, 4}}, [](auto v) { return matmul(v[0], v[1]); }) < tolerance);
  using train::Plain, train::Transposed;
  CHECK(gradient_error({{3, 5}, {3, 4}}, [](auto v) { return train::matmul<Transposed>(v[0], v[1]); }) <
        tolerance);
  CHECK(gradient_error({{5, 3}, {4, 3}},
                       [](auto v) { return train::matmul<Plain, Transposed>(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error({{3, 5}, {4, 3}},
                       [](auto v) { return train::matmul<Transposed, Transposed>(v[0], v[1]); }) < tolerance);
  CHECK(gradient_error({{4, 4}}, [](auto v) { return matmul(v[0], v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}, {5, 3}, {5, 1}}, [](auto v) { return dense(v[0], v[1], v[2]); }) < tolerance);
  CHECK(gradient_error({{3, 4}, {5, 3}, {5, 1}},
                       [](auto v) { return train::dense<train::Rectified>(v[0], v[1], v[2]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return relu(v[0]); }) < tolerance);
}

TEST_CASE("a factor may be any number that the scalar can be made of") {
  train::Tape<float> tape;
  const auto x = tape.constant(train::Matrix<float>::Ones(2, 1));
  CHECK(scale(x, 0.5).value() == train::Matrix<float>::Constant(2, 1, 0.5F));
}

TEST_CASE("matmul multiplies what its policies say") {
  Tape tape;
  using train::Plain, train::Transposed;
  const Matrix a = random_matrix<double>(3, 4, 1), b = random_matrix<double>(4, 5, 2);
  const auto left = tape.constant(a), right = tape.constant(b), left_t = tape.constant(a.transpose()),
             right_t = tape.constant(b.transpose());
  const Matrix expected = a * b;
  for (const auto& product : {matmul(left, right), train::matmul<Transposed>(left_t, right),
                              train::matmul<Plain, Transposed>(left, right_t),
                              train::matmul<Transposed, Transposed>(left_t, right_t)})
    CHECK((product.value() - expected).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("an activation within dense is the operation after it, to the bit") {
  train::Parameter<double> weight = random_parameter<double>("w", 40, 9, 1),
                           bias = random_parameter<double>("b", 40, 1, 2);
  Tape tape;
  const auto run = [&](auto&& operation) {
    tape.clear();
    const std::vector<train::Parameter<double>*> all{&weight, &bias};
    train::zero_gradients(std::span<train::Parameter<double>* const>(all));
    const auto result = operation(tape.constant(random_matrix<double>(9, 70, 3)));
    tape.backward(weighted_mean(result));
    return std::tuple(result.value(), weight.gradient, bias.gradient);
  };
  const auto fused = run([&](Value x) {
    return train::dense<train::Rectified>(x, tape.parameter(weight), tape.parameter(bias));
  });
  const auto apart =
      run([&](Value x) { return relu(dense(x, tape.parameter(weight), tape.parameter(bias))); });
  CHECK(fused == apart);
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

TEST_CASE("operands that do not fit are refused, and both shapes named") {
  Tape tape;
  const auto a = tape.constant(Matrix::Zero(3, 4)), b = tape.constant(Matrix::Zero(4, 3)),
             bias = tape.constant(Matrix::Zero(2, 1));
  CHECK_THROWS_WITH_AS(add(a, b), "add: left is 3x4, but right is 4x3", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(multiply(a, b), "multiply: left is 3x4, but right is 4x3", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(matmul(a, a), "matmul: left is 3x4, but right is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(add_bias(a, bias), "add_bias: bias is 2x1, but the input is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(add_bias(a, a), "add_bias: bias is 3x4, but the input is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(dense(a, a, bias), "dense: weight is 3x4, but the input is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(dense(b, a, bias), "dense: bias is 2x1, but the weight is 3x4", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(subtract(a, b), "subtract: left is 3x4, but right is 4x3", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(divide(a, bias), "divide: left is 3x4, but right is 2x1", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(train::matmul<train::Transposed>(a, b), "matmul: left is 4x3, but right is 4x3",
                       bitloom::ShapeError);
}
