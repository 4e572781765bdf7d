// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/op/pool.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::train {

/// A convolution with a rectangular window, in groups of channels: output channel k sees the input channels of its
/// group alone. As many groups as channels make it depthwise.
struct Conv2dShape {
  op::TensorShape input;
  std::int64_t out_channels{};
  op::Window vertical, horizontal;  ///< one for each axis: height and width
  std::int64_t groups = 1;

  /// @throws ShapeError  a window does not fit the input
  [[nodiscard]] constexpr op::TensorShape output() const {
    return {out_channels, op::output_extent(input.height, vertical),
            op::output_extent(input.width, horizontal)};
  }

  /// Inputs of one output: channels of a group · height · width of the window.
  [[nodiscard]] constexpr std::int64_t patch() const noexcept {
    return input.channels / groups * vertical.kernel * horizontal.kernel;
  }

  friend constexpr bool operator==(const Conv2dShape&, const Conv2dShape&) = default;
};

/// The shape of a convolution with a square window.
[[nodiscard]] constexpr Conv2dShape conv2d_shape(const op::ConvGeometry& geometry, std::int64_t groups = 1) {
  return {geometry.input, geometry.out_channels, geometry.window, geometry.window, groups};
}

/// Throws ShapeError unless the groups divide the channels and the windows fit the input.
constexpr void check_conv2d(const Conv2dShape& shape) {
  core::check_positive("conv2d: channels", shape.input.channels);
  core::check_positive("conv2d: out_channels", shape.out_channels);
  core::check_positive("conv2d: groups", shape.groups);
  if (shape.input.channels % shape.groups != 0 || shape.out_channels % shape.groups != 0)
    throw ShapeError("conv2d: groups " + std::to_string(shape.groups) + " have to divide the channels " +
                     std::to_string(shape.input.channels) + " and the out_channels " +
                     std::to_string(shape.out_channels));
  static_cast<void>(shape.output());
}

/// A pooling with a rectangular window.
struct Pool2dShape {
  op::TensorShape input;
  op::Window vertical, horizontal;  ///< one for each axis: height and width

  /// @throws ShapeError  a window does not fit the input
  [[nodiscard]] constexpr op::TensorShape output() const {
    return {input.channels, op::output_extent(input.height, vertical),
            op::output_extent(input.width, horizontal)};
  }

  friend constexpr bool operator==(const Pool2dShape&, const Pool2dShape&) = default;
};

/// The shape of a pooling with a square window.
[[nodiscard]] constexpr Pool2dShape pool2d_shape(const op::PoolGeometry& geometry) {
  return {geometry.input, geometry.window, geometry.window};
}

/// Throws ShapeError unless the windows fit the input and each holds at least one element of it.
constexpr void check_pool2d(const Pool2dShape& shape) {
  static_cast<void>(shape.output());
  for (const auto& window : {shape.vertical, shape.horizontal})
    if (2 * window.padding > window.kernel)
      throw ShapeError("pooling padding: " + std::to_string(window.padding) +
                       " is more than half the kernel of " + std::to_string(window.kernel));
}

}  // namespace bitloom::train
