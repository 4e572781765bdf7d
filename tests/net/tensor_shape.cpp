// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/tensor_shape.hpp>

#include <doctest/doctest.h>

#include <cstdint>

#include <bitloom/core/error.hpp>

using namespace bitloom::net;

TEST_CASE("a shape with only channels is a vector") {
  static_assert(TensorShape{.channels = 10} == TensorShape{10, 1, 1});
  static_assert(TensorShape{3, 4, 5} != TensorShape{3, 5, 4});
  CHECK(to_string(TensorShape{.channels = 10}) == "10x1x1");
  CHECK(to_string(TensorShape{3, 224, 225}) == "3x224x225");
}

TEST_CASE("the number of elements is the checked product of the extents") {
  static_assert(elements(TensorShape{3, 4, 5}) == 60);
  for (const TensorShape shape : {TensorShape{}, TensorShape{3, 0, 5}, TensorShape{3, 4, -5}})
    CHECK_THROWS_AS(static_cast<void>(elements(shape)), bitloom::ShapeError);
  const std::int64_t huge = std::int64_t{1} << 31;
  CHECK_THROWS_AS(static_cast<void>(elements(TensorShape{huge, huge, 2})), bitloom::ShapeError);
  CHECK(elements(TensorShape{huge, huge, 1}) == std::int64_t{1} << 62);
}

TEST_CASE("one number is an extent in both directions") {
  constexpr Extent2d both = 3;
  static_assert(both == Extent2d{3, 3});
  static_assert(Extent2d{1, 7}.height == 1 && Extent2d{1, 7}.width == 7);
}
