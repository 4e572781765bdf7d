// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include <bitloom/train/window_shape.hpp>

namespace bitloom::train::detail {

/// Window positions [begin, end) along an axis at which tap `tap` of the window lies inside the input.
struct TapRange {
  std::int64_t begin, end;

  constexpr TapRange(std::int64_t input, std::int64_t positions, const op::Window& window, std::int64_t tap) {
    const auto offset = window.padding - tap;  // position p reads element p · stride - offset
    begin = offset <= 0 ? 0 : std::min(positions, (offset + window.stride - 1) / window.stride);
    const auto last = input - 1 + offset;
    end = last < 0 ? 0 : std::min(positions, last / window.stride + 1);
    end = std::max(begin, end);
  }
};

/// True if the unrolled image is the image.
constexpr bool is_pointwise(const Conv2dShape& shape) {
  constexpr op::Window single{};
  return shape.vertical == single && shape.horizontal == single;
}

/// True if output position i reads, at every tap, the input element i plus a constant: a plane of the unrolled image
/// is then the image's plane, shifted, but for the padding.
constexpr bool keeps_extents(const Conv2dShape& shape, const op::TensorShape& out) {
  return shape.vertical.stride == 1 && shape.horizontal.stride == 1 && out.height == shape.input.height &&
         out.width == shape.input.width;
}

/// Sets what lies in the padding of a plane of the unrolled image to zero: whole rows, and the ends of the others.
template <class S>
void clear_padding(const op::TensorShape& out, const TapRange& rows, const TapRange& places, S* column) {
  std::fill(column, column + rows.begin * out.width, S(0));
  std::fill(column + rows.end * out.width, column + out.height * out.width, S(0));
  for (auto p = rows.begin; p < rows.end; ++p) {
    for (std::int64_t q = 0; q < places.begin; ++q) column[p * out.width + q] = S(0);
    for (auto q = places.end; q < out.width; ++q) column[p * out.width + q] = S(0);
  }
}

/// Calls `tap(plane, columns, r, s)` for every channel of a group and tap of the window.
template <class S, class Column, class Tap>
void for_each_tap(const Conv2dShape& shape, std::int64_t positions, S* image, Column* columns, Tap&& tap) {
  for (std::int64_t c = 0; c < shape.input.channels / shape.groups; ++c)
    for (std::int64_t r = 0; r < shape.vertical.kernel; ++r)
      for (std::int64_t s = 0; s < shape.horizontal.kernel; ++s, columns += positions)
        tap(image + c * shape.input.height * shape.input.width, columns, r, s);
}

/// Lays the inputs of every output position of one group side by side.
///
/// @param image    [channels of the group × height × width]
/// @param columns  [patch × positions], row-major; padding becomes zero
template <class S>
void unroll(const Conv2dShape& shape, const S* image, S* columns) {
  const auto out = shape.output();
  const auto &vertical = shape.vertical, &horizontal = shape.horizontal;
  const bool shifted = keeps_extents(shape, out);
  const auto width = shape.input.width;
  for_each_tap(shape, out.height * out.width, image, columns,
               [&](const S* plane, S* column, std::int64_t r, std::int64_t s) {
                 const TapRange rows(shape.input.height, out.height, vertical, r);
                 const TapRange places(width, out.width, horizontal, s);
                 if (shifted) {
                   const auto shift = (r - vertical.padding) * width + s - horizontal.padding;
                   const auto begin = std::max(rows.begin * width, -shift);
                   const auto end = std::min(rows.end * width, out.height * width - shift);
                   if (begin < end) std::copy_n(plane + begin + shift, end - begin, column + begin);
                 } else {
                   for (auto p = rows.begin; p < rows.end; ++p) {
                     const auto from =
                         (p * vertical.stride + r - vertical.padding) * width + s - horizontal.padding;
                     S* to = column + p * out.width;
                     for (auto q = places.begin; q < places.end; ++q)
                       to[q] = plane[from + q * horizontal.stride];
                   }
                 }
                 clear_padding(out, rows, places, column);
               });
}

/// The transpose of `unroll`: adds every element of the columns onto the image element that it came from.
///
/// @param columns  what lies in the padding is set to zero
template <class S>
void fold_add(const Conv2dShape& shape, S* columns, S* image) {
  const auto out = shape.output();
  const auto &vertical = shape.vertical, &horizontal = shape.horizontal;
  const bool shifted = keeps_extents(shape, out);
  const auto width = shape.input.width;
  for_each_tap(shape, out.height * out.width, image, columns,
               [&](S* plane, S* column, std::int64_t r, std::int64_t s) {
                 const TapRange rows(shape.input.height, out.height, vertical, r);
                 const TapRange places(width, out.width, horizontal, s);
                 if (shifted) {
                   clear_padding(out, rows, places, column);
                   const auto shift = (r - vertical.padding) * width + s - horizontal.padding;
                   const auto begin = std::max(rows.begin * width, -shift);
                   const auto end = std::min(rows.end * width, out.height * width - shift);
                   for (auto i = begin; i < end; ++i) plane[i + shift] += column[i];
                 } else {
                   for (auto p = rows.begin; p < rows.end; ++p) {
                     const auto to =
                         (p * vertical.stride + r - vertical.padding) * width + s - horizontal.padding;
                     const S* from = column + p * out.width;
                     for (auto q = places.begin; q < places.end; ++q)
                       plane[to + q * horizontal.stride] += from[q];
                   }
                 }
               });
}

}  // namespace bitloom::train::detail
