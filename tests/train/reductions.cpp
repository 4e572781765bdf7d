// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/reductions.hpp>

#include <doctest/doctest.h>
#include <bitloom/train/operations.hpp>
#include <train/gradient_error.hpp>
#include <train/place_in_batch.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;

TEST_CASE("sums and means over either axis or both are what they say") {
  train::Tape<double> tape;
  const Matrix a = random_matrix<double>(3, 4, 1);
  const auto v = tape.constant(a);
  const auto by_item = sum(v, train::Features{}), by_feature = sum(v, train::Batch{});
  REQUIRE(
      (by_item.rows() == 1 && by_item.columns() == 4 && by_feature.rows() == 3 && by_feature.columns() == 1));
  double total = 0;
  for (int i = 0; i < 3; ++i) {
    double row = 0;
    for (int j = 0; j < 4; ++j) row += a(i, j);
    CHECK(by_feature.value()(i, 0) == doctest::Approx(row).epsilon(1e-14));
    CHECK(mean(v, train::Batch{}).value()(i, 0) == doctest::Approx(row / 4).epsilon(1e-14));
    total += row;
  }
  for (int j = 0; j < 4; ++j) {
    CHECK(by_item.value()(0, j) == doctest::Approx(a(0, j) + a(1, j) + a(2, j)).epsilon(1e-14));
    CHECK(mean(v, train::Features{}).value()(0, j) ==
          doctest::Approx((a(0, j) + a(1, j) + a(2, j)) / 3).epsilon(1e-14));
  }
  CHECK(sum(v).value()(0, 0) == doctest::Approx(total).epsilon(1e-14));
  CHECK(mean(v).value()(0, 0) == doctest::Approx(total / 12).epsilon(1e-14));
}

TEST_CASE("gradients of sums and means agree with finite differences") {
  constexpr double tolerance = 1e-9;
  CHECK(gradient_error({{3, 4}}, [](auto v) { return sum(v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return sum(v[0], train::Features{}); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return sum(v[0], train::Batch{}); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return mean(v[0]); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return mean(v[0], train::Features{}); }) < tolerance);
  CHECK(gradient_error({{3, 4}}, [](auto v) { return mean(v[0], train::Batch{}); }) < tolerance);
}

TEST_CASE("a mean of nothing is refused") {
  train::Tape<double> tape;
  const auto empty = tape.constant(Matrix(0, 0));
  CHECK_THROWS_AS(mean(empty), bitloom::ShapeError);
  CHECK_THROWS_AS(mean(empty, train::Features{}), bitloom::ShapeError);
  CHECK_THROWS_AS(mean(empty, train::Batch{}), bitloom::ShapeError);
  CHECK(sum(empty).value()(0, 0) == 0);
}

TEST_CASE_TEMPLATE("the sum of an item has the same bits wherever it is in a batch", S, float, double) {
  CHECK(items_that_differ_alone<S>([](auto v) { return sum(v, train::Features{}); }) == 0);
  CHECK(items_that_differ_alone<S>([](auto v) { return mean(v, train::Features{}); }) == 0);
}
