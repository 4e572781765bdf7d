// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/im2col.hpp>

#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::op;

namespace {

/// Calls visit(geometry) with small convolutions of many strides and paddings, kernels wider than the image included.
template <class Visit>
void every_small_convolution(Visit visit) {
  for (std::int64_t channels = 1; channels <= 2; ++channels)
    for (std::int64_t height = 1; height <= 5; ++height)
      for (std::int64_t width = 1; width <= 5; width += 2)
        for (std::int64_t kernel = 1; kernel <= 4; ++kernel)
          for (std::int64_t stride = 1; stride <= 3; ++stride)
            for (std::int64_t padding = 0; padding <= 3; ++padding)
              if (kernel <= height + 2 * padding && kernel <= width + 2 * padding)
                visit(ConvGeometry{.input = {channels, height, width},
                                   .out_channels = 1,
                                   .window = {.kernel = kernel, .stride = stride, .padding = padding}});
}

std::vector<std::int64_t> random_values(core::Random& random, std::int64_t count) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  for (auto& x : values) x = random.integer(-1000, 1000);
  return values;
}

}  // namespace

TEST_CASE("column p of row (c, r, s) is the image at the window's position, or zero in the padding") {
  core::Random random(1);
  every_small_convolution([&](const ConvGeometry& geometry) {
    const auto [channels, height, width] = geometry.input;
    const auto [kernel, step, padding] = geometry.window;
    const auto out = geometry.output();
    const auto positions = out.height * out.width;
    const auto stride = positions + 3;  // the columns of other images lie between
    const auto image = random_values(random, geometry.input.size());
    std::vector<std::int64_t> columns(static_cast<std::size_t>(geometry.patch() * stride), 7777);
    im2col<std::int64_t>(geometry, image, columns, stride);
    std::int64_t wrong = 0;
    for (std::int64_t c = 0; c < channels; ++c)
      for (std::int64_t r = 0; r < kernel; ++r)
        for (std::int64_t s = 0; s < kernel; ++s)
          for (std::int64_t j = 0; j < stride; ++j) {
            const auto y = j / out.width * step + r - padding;
            const auto x = j % out.width * step + s - padding;
            std::int64_t expected = 7777;  // untouched
            if (j < positions)
              expected = y < 0 || y >= height || x < 0 || x >= width
                             ? 0
                             : image[static_cast<std::size_t>((c * height + y) * width + x)];
            wrong +=
                columns[static_cast<std::size_t>(((c * kernel + r) * kernel + s) * stride + j)] == expected
                    ? 0
                    : 1;
          }
    REQUIRE(wrong == 0);
  });
}

TEST_CASE("col2im is the transpose of im2col: <im2col(x), y> = <x, col2im(y)>") {
  core::Random random(2);
  every_small_convolution([&](const ConvGeometry& geometry) {
    const auto out = geometry.output();
    const auto stride = out.height * out.width;
    const auto x = random_values(random, geometry.input.size());
    const auto y = random_values(random, geometry.patch() * stride);
    std::vector<std::int64_t> columns(y.size());
    im2col<std::int64_t>(geometry, x, columns, stride);
    std::vector<std::int64_t> image(x.size());
    col2im_add<std::int64_t>(geometry, y, stride, image);
    std::int64_t left = 0;
    std::int64_t right = 0;
    for (std::size_t i = 0; i < y.size(); ++i) left += columns[i] * y[i];
    for (std::size_t i = 0; i < x.size(); ++i) right += x[i] * image[i];
    REQUIRE(left == right);
  });
}

TEST_CASE("col2im adds to what the image holds") {
  const ConvGeometry geometry{.input = {1, 1, 3}, .out_channels = 1, .window = {.kernel = 1}};
  std::vector<int> image{10, 20, 30};
  col2im_add<int>(geometry, std::vector<int>{1, 2, 3}, 3, image);
  CHECK(image == std::vector<int>{11, 22, 33});
}

TEST_CASE("spans and strides that do not fit the geometry are refused") {
  const ConvGeometry geometry{.input = {2, 3, 3}, .out_channels = 1, .window = {.kernel = 2}};
  std::vector<int> image(18);
  std::vector<int> columns(8 * 4);
  CHECK_NOTHROW(im2col<int>(geometry, image, columns, 4));
  CHECK_THROWS_WITH_AS(im2col<int>(geometry, std::vector<int>(17), columns, 4),
                       "image is 17, but the convolution's input is 18", ShapeError);
  CHECK_THROWS_WITH_AS(im2col<int>(geometry, image, columns, 3),
                       "row stride of the columns: 3 is less than the 4 output positions", ShapeError);
  CHECK_THROWS_WITH_AS(im2col<int>(geometry, image, std::span(columns).first(31), 4),
                       "columns: 31 elements are fewer than the 32 needed", ShapeError);
  CHECK_THROWS_AS(col2im_add<int>(geometry, columns, 5, image), ShapeError);
  CHECK_THROWS_AS(
      im2col<int>({.input = {2, 1, 3}, .out_channels = 1, .window = {.kernel = 2}}, image, columns, 4),
      ShapeError);
}
