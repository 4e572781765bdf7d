// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/shape.hpp>

#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

using namespace bitloom;
using namespace bitloom::op;

namespace {

static_assert(std::is_trivially_copyable_v<TensorShape> && sizeof(TensorShape) == 24);
static_assert(std::is_trivially_copyable_v<Window> && sizeof(Window) == 24);
static_assert(std::is_trivially_copyable_v<MatrixShape> && sizeof(MatrixShape) == 24);
static_assert(std::is_trivially_copyable_v<ConvGeometry>);
static_assert(
    noexcept(TensorShape{}.size()) && noexcept(MatrixShape{}.macs()) && noexcept(ConvGeometry{}.patch()));

/// Slides the window from the left edge of the padding for as long as it does not stick out on the right.
std::int64_t slide(std::int64_t input, const Window& window) {
  std::int64_t positions = 0;
  for (auto start = -window.padding; start + window.kernel <= input + window.padding; start += window.stride)
    ++positions;
  return positions;
}

}  // namespace

TEST_CASE("the output extent counts the positions of a sliding window") {
  for (std::int64_t input = 1; input <= 12; ++input)
    for (std::int64_t kernel = 1; kernel <= 7; ++kernel)
      for (std::int64_t stride = 1; stride <= 5; ++stride)
        for (std::int64_t padding = 0; padding <= 4; ++padding) {
          const Window window{.kernel = kernel, .stride = stride, .padding = padding};
          CAPTURE(input);
          CAPTURE(kernel);
          CAPTURE(stride);
          CAPTURE(padding);
          if (const auto expected = slide(input, window); expected > 0)
            REQUIRE(output_extent(input, window) == expected);
          else
            REQUIRE_THROWS_AS(static_cast<void>(output_extent(input, window)), ShapeError);
        }
}

TEST_CASE("a window that cannot slide is refused by name") {
  CHECK_THROWS_WITH_AS(static_cast<void>(output_extent(4, {.kernel = 7, .padding = 1})),
                       "kernel: 7 is larger than the padded input of 6", ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(output_extent(4, {.padding = -1})),
                       "padding: -1 has to be at least 0", ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(output_extent(0, {})), "input extent: 0 has to be at least 1",
                       ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(output_extent(4, {.kernel = 0})), "kernel: 0 has to be at least 1",
                       ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(output_extent(4, {.stride = 0})), "stride: 0 has to be at least 1",
                       ShapeError);
  CHECK_THROWS_AS(static_cast<void>(output_extent(4, {.padding = INT64_MAX / 2})), ShapeError);
}

TEST_CASE("shapes know their sizes and their text") {
  static_assert(TensorShape{.channels = 3, .height = 4, .width = 5}.size() == 60);
  static_assert(TensorShape{.channels = 7}.size() == 7);
  static_assert(MatrixShape{.rows = 2, .columns = 3, .vectors = 5}.macs() == 30);
  static_assert(MatrixShape{.rows = 2, .columns = 3} == MatrixShape{.rows = 2, .columns = 3, .vectors = 1});
  CHECK(to_string(TensorShape{3, 224, 224}) == "3x224x224");
}

TEST_CASE("a convolution's geometry gives its output and the inputs of one output") {
  constexpr ConvGeometry geometry{
      .input = {3, 8, 6}, .out_channels = 5, .window = {.kernel = 3, .stride = 2, .padding = 1}};
  static_assert(geometry.output() == TensorShape{5, 4, 3});
  static_assert(geometry.patch() == 27);
  CHECK_THROWS_AS(static_cast<void>(
                      ConvGeometry{.input = {1, 2, 9}, .out_channels = 1, .window = {.kernel = 3}}.output()),
                  ShapeError);
}

TEST_CASE("a matrix product names the operand that does not fit") {
  const MatrixShape shape{.rows = 2, .columns = 3, .vectors = 4};
  CHECK_NOTHROW(check_product(shape, 6, 12, 8));
  CHECK_THROWS_WITH_AS(check_product(shape, 5, 12, 8), "weights is 5, but rows x columns is 6", ShapeError);
  CHECK_THROWS_WITH_AS(check_product(shape, 6, 11, 8), "activations is 11, but columns x vectors is 12",
                       ShapeError);
  CHECK_THROWS_WITH_AS(check_product(shape, 6, 12, 9), "result is 9, but rows x vectors is 8", ShapeError);
  CHECK_THROWS_WITH_AS(check_product({.rows = 0, .columns = 3}, 0, 3, 0), "rows: 0 has to be at least 1",
                       ShapeError);
  CHECK_THROWS_AS(check_product({.rows = 1, .columns = 0}, 0, 0, 1), ShapeError);
  CHECK_THROWS_AS(check_product({.rows = 1, .columns = 1, .vectors = -1}, 1, -1, -1), ShapeError);
}
