// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/standardize.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<float>;

TEST_CASE("standardized features have mean 0 and variance 1, also far from zero") {
  for (const double offset : {0.0, -3.0, 1000.0}) {
    Matrix items = random_matrix<double>(7, 40, 5).cast<float>();
    for (Eigen::Index i = 0; i < items.rows(); ++i)
      items.row(i) = (items.row(i).array() * static_cast<float>(i + 1) + static_cast<float>(offset)).matrix();
    const Matrix before = items;
    const auto standard = train::standardization(items);
    standard.apply(items);
    for (Eigen::Index i = 0; i < items.rows(); ++i) {
      double sum = 0, squares = 0;
      for (Eigen::Index item = 0; item < items.cols(); ++item) {
        sum += static_cast<double>(items(i, item));
        squares += static_cast<double>(items(i, item)) * static_cast<double>(items(i, item));
        CHECK(items(i, item) == (before(i, item) - standard.mean(i, 0)) / standard.deviation(i, 0));
      }
      CHECK(std::abs(sum / 40) < 1e-4);
      CHECK(std::abs(squares / 40 - 1) < 1e-5);
    }
  }
}

TEST_CASE("mean and deviation are those of the definition, and other items are standardized by them") {
  const auto standard = train::standardization(Matrix{{1, 3, 5, 7}, {2, 2, 2, 2}});
  CHECK(standard.mean == Matrix{{4.0F}, {2.0F}});
  CHECK(standard.deviation == Matrix{{std::sqrt(5.0F)}, {1.0F}});
  Matrix others{{4, 4 + std::sqrt(5.0F)}, {2, 5}};
  standard.apply(others);
  CHECK(others.isApprox(Matrix{{0.0F, 1.0F}, {0.0F, 3.0F}}, 1e-6F));
  Matrix none(2, 0);
  CHECK_NOTHROW(standard.apply(none));
}

TEST_CASE("a feature that never changes becomes exactly zero") {
  Matrix items = Matrix::Constant(3, 7, 0.1F);
  items(1, 3) = std::numeric_limits<float>::denorm_min();
  items.row(2).setZero();
  items(2, 6) = std::numeric_limits<float>::denorm_min();  // its deviation underflows
  train::standardization(items).apply(items);
  CHECK((items.row(0).array() == 0.0F).all());
  CHECK(items.allFinite());
}

TEST_CASE("items that do not fit or are not finite are refused") {
  const auto standard = train::standardization(Matrix::Ones(3, 2));
  Matrix other = Matrix::Ones(4, 2);
  CHECK_THROWS_WITH_AS(standard.apply(other), "standardization: features is 4, but those of the mean is 3",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(train::standardization(Matrix(3, 0))), bitloom::ShapeError);
  for (const float wrong :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    other(2, 1) = wrong;
    CHECK_THROWS_WITH_AS(static_cast<void>(train::standardization(other)),
                         "standardization: feature 2 is not finite in all items", bitloom::RangeError);
  }
}
