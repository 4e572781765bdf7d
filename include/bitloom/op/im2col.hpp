// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::op {

namespace detail {

/// Calls `visit(row, column, source)` for every element of the im2col matrix, row by row; `source` is the offset
/// in the image, or -1 in the padding.
template <class Visit>
constexpr void for_each_patch_element(const ConvGeometry& geometry, Visit&& visit) {
  const auto& in = geometry.input;
  const auto& w = geometry.window;
  const auto out = geometry.output();
  std::int64_t row = 0;
  for (std::int64_t c = 0; c < in.channels; ++c)
    for (std::int64_t r = 0; r < w.kernel; ++r)
      for (std::int64_t s = 0; s < w.kernel; ++s, ++row) {
        std::int64_t column = 0;
        for (std::int64_t p = 0; p < out.height; ++p) {
          const auto y = p * w.stride + r - w.padding;
          for (std::int64_t q = 0; q < out.width; ++q, ++column) {
            const auto x = q * w.stride + s - w.padding;
            const bool inside = y >= 0 && y < in.height && x >= 0 && x < in.width;
            visit(row, column, inside ? (c * in.height + y) * in.width + x : std::int64_t{-1});
          }
        }
      }
}

inline void check_im2col(const ConvGeometry& geometry, std::int64_t image, std::int64_t columns,
                         std::int64_t stride) {
  const auto out = geometry.output();
  core::check_equal("image", image, "the convolution's input", geometry.input.size());
  if (stride < out.height * out.width)
    throw ShapeError("row stride of the columns: " + std::to_string(stride) + " is less than the " +
                     std::to_string(out.height * out.width) + " output positions");
  const auto needed = (geometry.patch() - 1) * stride + out.height * out.width;
  if (columns < needed)
    throw ShapeError("columns: " + std::to_string(columns) + " elements are fewer than the " +
                     std::to_string(needed) + " needed");
}

}  // namespace detail

/// Lays the inputs of every output position side by side, so that a convolution is a matrix product.
///
/// @param image    [channels × height × width]
/// @param columns  [patch × positions], row-major, rows `stride` apart; padding becomes zero
/// @throws ShapeError  a span does not fit the geometry
template <class T>
void im2col(const ConvGeometry& geometry, std::span<const T> image, std::span<T> columns,
            std::int64_t stride) {
  detail::check_im2col(geometry, std::ssize(image), std::ssize(columns), stride);
  detail::for_each_patch_element(geometry, [&](std::int64_t row, std::int64_t column, std::int64_t source) {
    columns[static_cast<std::size_t>(row * stride + column)] =
        source < 0 ? T{} : image[static_cast<std::size_t>(source)];
  });
}

/// The transpose of `im2col`: adds every element of the columns onto the image element that it came from.
template <class T>
void col2im_add(const ConvGeometry& geometry, std::span<const T> columns, std::int64_t stride,
                std::span<T> image) {
  detail::check_im2col(geometry, std::ssize(image), std::ssize(columns), stride);
  detail::for_each_patch_element(geometry, [&](std::int64_t row, std::int64_t column, std::int64_t source) {
    if (source >= 0)
      image[static_cast<std::size_t>(source)] += columns[static_cast<std::size_t>(row * stride + column)];
  });
}

}  // namespace bitloom::op
