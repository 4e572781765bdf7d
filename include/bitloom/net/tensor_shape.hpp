// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <bitloom/core/checked.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::net {

using op::TensorShape;
using op::to_string;

/// Number of elements of a shape that may come from a file or a search.
/// @throws ShapeError  an extent is below 1, or the product needs more than 63 bits
[[nodiscard]] constexpr std::int64_t elements(const TensorShape& shape) {
  return core::checked_product("tensor shape", {shape.channels, shape.height, shape.width});
}

/// A vertical and a horizontal extent in pixels: `3` for both, or `{height, width}`.
struct Extent2d {
  std::int64_t height;
  std::int64_t width;

  constexpr Extent2d(std::int64_t both) : height(both), width(both) {}  // implicit: `.kernel = 3` reads best
  constexpr Extent2d(std::int64_t vertical, std::int64_t horizontal) : height(vertical), width(horizontal) {}

  friend constexpr bool operator==(const Extent2d&, const Extent2d&) = default;
};

}  // namespace bitloom::net
