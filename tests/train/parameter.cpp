// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/parameter.hpp>

#include <span>
#include <vector>

#include <doctest/doctest.h>

namespace train = bitloom::train;

TEST_CASE_TEMPLATE("zero_gradients gives every gradient the shape of its value and zeros", S, float, double) {
  train::Parameter<S> first{"first", train::Matrix<S>::Ones(2, 3), {}};
  train::Parameter<S> second{"second", train::Matrix<S>::Ones(4, 1), train::Matrix<S>::Constant(4, 1, S(7))};
  const std::vector<train::Parameter<S>*> all{&first, &second};
  train::zero_gradients(std::span<train::Parameter<S>* const>(all));
  CHECK(first.gradient == train::Matrix<S>::Zero(2, 3));
  CHECK(second.gradient == train::Matrix<S>::Zero(4, 1));
  CHECK(first.value == train::Matrix<S>::Ones(2, 3));
}

TEST_CASE("unequal shapes are named, both of them") {
  const train::Matrix<float> a(2, 3), b(3, 2), taller(3, 3), wider(2, 4);
  CHECK_NOTHROW(train::detail::check_same_shape("a", a, "a", a));
  CHECK_THROWS_WITH_AS(train::detail::check_same_shape("left", a, "right", b),
                       "left is 2x3, but right is 3x2", bitloom::ShapeError);
  CHECK_THROWS_AS(train::detail::check_same_shape("left", a, "right", taller), bitloom::ShapeError);
  CHECK_THROWS_AS(train::detail::check_same_shape("left", a, "right", wider), bitloom::ShapeError);
  CHECK_NOTHROW(train::detail::check_shape("add", "operand", a, 2, 3));
  CHECK_THROWS_WITH_AS(train::detail::check_shape("add", "operand", a, 3, 2),
                       "add: operand is 2x3, but has to be 3x2", bitloom::ShapeError);
  CHECK_THROWS_AS(train::detail::check_shape("add", "operand", a, 2, 4), bitloom::ShapeError);
}
