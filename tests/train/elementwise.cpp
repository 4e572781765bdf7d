// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/elementwise.hpp>

#include <cmath>

#include <doctest/doctest.h>
#include <train/gradient_error.hpp>
#include <train/place_in_batch.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;

TEST_CASE("functions of elements are those of the standard library") {
  train::Tape<double> tape;
  const Matrix a = 4 * random_matrix<double>(7, 9, 1), b = (a.array() + 4.5).matrix();
  const auto v = tape.constant(a), positive = tape.constant(b);
  const auto e = exp(v), l = log(positive), s = sqrt(positive), t = tanh(v), p = sigmoid(v);
  const auto exact = gelu(v), approximate = train::gelu<train::TanhForm>(v);
  for (int k = 0; k < 63; ++k) {
    const double x = a.data()[k], y = b.data()[k];
    const auto close = [&](const auto& value, double wanted) {
      return std::abs(value.value().data()[k] - wanted) <= 4e-15 * (1 + std::abs(wanted));
    };
    CHECK(close(e, std::exp(x)));
    CHECK(close(l, std::log(y)));
    CHECK(close(s, std::sqrt(y)));
    CHECK(close(t, std::tanh(x)));
    CHECK(close(p, 1 / (1 + std::exp(-x))));
    CHECK(close(exact, x / 2 * std::erfc(-x / std::sqrt(2.0))));
    CHECK(close(approximate,
                x / 2 * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)))));
    CHECK(std::abs(exact.value().data()[k] - approximate.value().data()[k]) < 5e-4);
  }
}

TEST_CASE("gradients of functions of elements agree with finite differences") {
  constexpr double tolerance = 1e-8;
  CHECK(gradient_error({{3, 4}}, [](auto v) { return exp(v[0]); }) < tolerance);
  CHECK(gradient_error(
            {{3, 4}}, [](auto v) { return log(v[0]); }, 1.5) < tolerance);
  CHECK(gradient_error(
            {{3, 4}}, [](auto v) { return sqrt(v[0]); }, 1.5) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return tanh(v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return sigmoid(v[0]); }) < tolerance);
  CHECK(gradient_error(
            {{3, 4}}, [](auto v) { return gelu(v[0]); }, 0, 3) < tolerance);
  CHECK(gradient_error(
            {{3, 4}}, [](auto v) { return train::gelu<train::TanhForm>(v[0]); }, 0, 3) < tolerance);
}

TEST_CASE_TEMPLATE("a function of an element has the same bits wherever the element is", S, float, double) {
  CHECK(items_that_differ_alone<S>([](auto v) { return exp(v); }) == 0);
  CHECK(items_that_differ_alone<S>([](auto v) { return log(exp(v)); }) == 0);
  CHECK(items_that_differ_alone<S>([](auto v) { return sqrt(exp(v)); }) == 0);
  CHECK(items_that_differ_alone<S>([](auto v) { return tanh(v); }) == 0);
  CHECK(items_that_differ_alone<S>([](auto v) { return sigmoid(v); }) == 0);
  CHECK(items_that_differ_alone<S>([](auto v) { return gelu(v); }) == 0);
}
