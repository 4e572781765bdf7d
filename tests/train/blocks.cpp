// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/blocks.hpp>

#include <utility>

#include <doctest/doctest.h>
#include <train/backwards.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;

TEST_CASE("blocks are neither too many nor too narrow") {
  for (Eigen::Index extent = 1; extent < 3000; ++extent) {
    const auto width = train::detail::product_block(extent);
    CHECK((width >= 32 && width % 16 == 0 && (extent + width - 1) / width <= 16));
  }
  for (const Eigen::Index rows : {0, 1, 100, 16384, 1 << 20}) {
    const auto columns = train::detail::block_columns(rows);
    CHECK((columns >= 1 && (columns == 1 || columns * std::max<Eigen::Index>(rows, 1) <= 16384)));
  }
}

TEST_CASE("a product in blocks is the product, set or added, whichever axis is cut") {
  const train::Tape<double> tape{Backwards{}};
  for (const auto& [rows, columns] :
       {std::pair{70, 3}, std::pair{3, 70}, std::pair{100, 130}, std::pair{1, 1}}) {
    const Matrix left = random_matrix<double>(rows, 20, 1), right = random_matrix<double>(20, columns, 2);
    const Matrix expected = left * right;
    Matrix target = Matrix::Constant(rows, columns, 5);
    train::detail::multiply_into(tape, target, false, left, right);
    CHECK((target - expected).cwiseAbs().maxCoeff() < 1e-14);
    train::detail::multiply_into(tape, target, true, left, right);
    CHECK((target - 2 * expected).cwiseAbs().maxCoeff() < 1e-14);
    const Matrix left_t = left.transpose(), right_t = right.transpose();
    train::detail::multiply_into(tape, target, false, left_t.transpose(), right_t.transpose());
    CHECK((target - expected).cwiseAbs().maxCoeff() < 1e-14);
  }
}

TEST_CASE("products add to the gradient of what needs one") {
  auto parameter = random_parameter<double>("p", 3, 4, 1);
  train::Tape<double> tape;
  const auto v = tape.parameter(parameter), fixed = tape.constant(parameter.value);
  const Matrix left = random_matrix<double>(3, 2, 2), right = random_matrix<double>(2, 4, 3);
  train::detail::add_product(v, left, right);
  train::detail::add_product(v, left, right);
  train::detail::add_product(fixed, left, right);
  CHECK((v.gradient() - 2 * left * right).cwiseAbs().maxCoeff() < 1e-15);
  CHECK(fixed.gradient() == Matrix::Zero(3, 4));
}
