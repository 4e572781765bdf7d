// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/broadcast.hpp>

#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/operations.hpp>
#include <train/gradient_error.hpp>
#include <train/place_in_batch.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;

namespace {

constexpr double tolerance = 1e-9;

}  // namespace

TEST_CASE("an operand is repeated along the axes in which its extent is 1, and its gradient is the sum") {
  const std::vector<std::pair<Shape, Shape>> shapes{{{3, 4}, {3, 1}}, {{3, 4}, {1, 4}}, {{3, 4}, {1, 1}},
                                                    {{3, 1}, {1, 4}}, {{1, 1}, {3, 4}}, {{3, 1}, {3, 4}}};
  for (const auto& [left, right] : shapes) {
    CAPTURE(right.columns);
    CHECK(gradient_error({left, right}, [](auto v) { return add(v[0], v[1]); }) < tolerance);
    CHECK(gradient_error({left, right}, [](auto v) { return subtract(v[0], v[1]); }) < tolerance);
    CHECK(gradient_error({left, right}, [](auto v) { return multiply(v[0], v[1]); }) < tolerance);
    CHECK(gradient_error(
              {left, right}, [](auto v) { return divide(v[0], v[1]); }, 2.0) < tolerance);

    Tape tape;
    const Matrix l = random_matrix<double>(left.rows, left.columns, 1),
                 r = random_matrix<double>(right.rows, right.columns, 2);
    const auto a = tape.constant(l), b = tape.constant(r);
    const auto sum = add(a, b), difference = subtract(a, b), product = multiply(a, b),
               quotient = divide(a, b);
    REQUIRE((sum.rows() == 3 && sum.columns() == 4));
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 4; ++j) {
        const double x = l(left.rows == 1 ? 0 : i, left.columns == 1 ? 0 : j);
        const double y = r(right.rows == 1 ? 0 : i, right.columns == 1 ? 0 : j);
        CHECK((sum.value()(i, j) == x + y && difference.value()(i, j) == x - y));
        CHECK((product.value()(i, j) == x * y && quotient.value()(i, j) == x / y));
      }
  }
}

TEST_CASE("a function of repeated operands that is not linear keeps its own derivative") {
  const auto hypotenuse = [](auto v) {
    return train::detail::broadcast(
        "hypotenuse", v[0], v[1], [](const auto& l, const auto& r) { return l * l + r * r * r; },
        [](const auto& g, const auto& l, const auto&) { return g * l * 2.0; },
        [](const auto& g, const auto&, const auto& r) { return g * r * r * 3.0; });
  };
  CHECK(gradient_error({{3, 4}, {3, 4}}, hypotenuse) < tolerance);
  CHECK(gradient_error({{3, 1}, {1, 4}}, hypotenuse) < tolerance);
}

TEST_CASE_TEMPLATE("the gradient of a repeated number of an item has the same bits wherever it is in a batch",
                   S, float, double) {
  CHECK(items_that_differ_alone<S>([](auto v) { return multiply(v, sum(v, train::Features{})); }) == 0);
}
