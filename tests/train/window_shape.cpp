// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/window_shape.hpp>

#include <doctest/doctest.h>

namespace train = bitloom::train;
namespace op = bitloom::op;

TEST_CASE("rectangular windows have an extent for each axis, square ones are those of the operators") {
  constexpr train::Conv2dShape conv{{6, 9, 10}, 4, {3, 2, 1}, {1, 1, 0}, 2};
  static_assert(conv.output() == op::TensorShape{4, 5, 10});
  static_assert(conv.patch() == 3 * 3);
  constexpr op::ConvGeometry square{.input = {6, 9, 10}, .out_channels = 4, .window = {3, 2, 1}};
  static_assert(train::conv2d_shape(square).output() == square.output());
  static_assert(train::conv2d_shape(square).patch() == square.patch());
  static_assert(train::conv2d_shape(square, 2).patch() == 27);
  constexpr train::Pool2dShape pool{{6, 9, 10}, {3, 3, 0}, {2, 2, 0}};
  static_assert(pool.output() == op::TensorShape{6, 3, 5});
  static_assert(train::pool2d_shape({.input = {6, 9, 10}, .window = {3, 3, 0}}).output() ==
                op::TensorShape{6, 3, 3});
  CHECK_NOTHROW(train::check_conv2d(conv));
  CHECK_NOTHROW(train::check_pool2d(pool));
  CHECK_THROWS_AS(train::check_pool2d({{6, 9, 10}, {3, 3, 2}, {2, 2, 0}}), bitloom::ShapeError);
  CHECK_THROWS_AS(train::check_conv2d({{6, 9, 10}, 4, {12, 1, 1}, {1, 1, 0}}), bitloom::ShapeError);
  CHECK_THROWS_AS(train::check_conv2d({{6, 9, 10}, 3, {1, 1, 0}, {1, 1, 0}, 2}), bitloom::ShapeError);
}
