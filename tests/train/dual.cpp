// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/dual.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>
#include <bitloom/train/concepts.hpp>

namespace train = bitloom::train;
using Dual = train::Dual<double>;

static_assert(train::Scalar<Dual> && train::Scalar<train::Dual<float>>);

namespace {

/// Largest difference between the derivative that a function computes and a central difference, at some places.
template <class Function>
double error(Function&& function) {
  double worst = 0;
  for (const double x : {0.3, 0.9, 1.7, 2.2}) {
    const double h = 1e-5;
    const double numeric = (function(Dual(x + h)).value - function(Dual(x - h)).value) / (2 * h);
    const Dual at = function(Dual(x, 2.0));  // twice as fast
    worst = std::max(worst, std::abs(at.derivative - 2 * numeric) / (1 + std::abs(numeric)));
  }
  return worst;
}

}  // namespace

TEST_CASE("every function and operator of a dual number has the right derivative") {
  constexpr double tolerance = 1e-8;
  CHECK(error([](Dual x) { return x + x * x - 3.0 * x; }) < tolerance);
  CHECK(error([](Dual x) { return 1.0 / x - x / (x + 1.0); }) < tolerance);
  CHECK(error([](Dual x) { return -x; }) < tolerance);
  CHECK(error([](Dual x) { return exp(x); }) < tolerance);
  CHECK(error([](Dual x) { return log(x); }) < tolerance);
  CHECK(error([](Dual x) { return sqrt(x); }) < tolerance);
  CHECK(error([](Dual x) { return tanh(x); }) < tolerance);
  CHECK(error([](Dual x) { return erf(x); }) < tolerance);
  CHECK(error([](Dual x) { return abs(x - 1.0); }) < tolerance);
  CHECK(error([](Dual x) {
          Dual y = x;
          y += x;
          y *= x;
          y -= 1.0;
          y /= x;
          return y;
        }) < tolerance);
}

TEST_CASE("values are those of the plain functions, and comparisons look at them alone") {
  const Dual x(1.25, 7.0), y(1.25, -1.0);
  CHECK(exp(x).value == doctest::Approx(std::exp(1.25)).epsilon(1e-15));
  CHECK(erf(x).value == doctest::Approx(std::erf(1.25)).epsilon(1e-15));
  CHECK(x == y);
  CHECK((x <= y && !(x < y) && x < Dual(1.5) && x > 1.0));
  CHECK(static_cast<double>(x) == 1.25);
  CHECK((isfinite(x) && !isfinite(Dual(1.0, std::numeric_limits<double>::infinity()))));
  CHECK(isnan(Dual(0.0, std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("Eigen multiplies matrices of dual numbers by the product rule") {
  using Matrix = train::Matrix<Dual>;
  Matrix a(3, 20), b(20, 2);
  for (int k = 0; k < 60; ++k) a.data()[k] = Dual(std::sin(k), std::cos(2 * k));
  for (int k = 0; k < 40; ++k) b.data()[k] = Dual(std::cos(k), std::sin(3 * k));
  const Matrix product = a * b;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 2; ++j) {
      double value = 0, derivative = 0;
      for (int k = 0; k < 20; ++k) {
        value += a(i, k).value * b(k, j).value;
        derivative += a(i, k).derivative * b(k, j).value + a(i, k).value * b(k, j).derivative;
      }
      CHECK(product(i, j).value == doctest::Approx(value).epsilon(1e-13));
      CHECK(product(i, j).derivative == doctest::Approx(derivative).epsilon(1e-13));
    }
}
