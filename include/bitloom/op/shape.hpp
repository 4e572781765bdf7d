// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <bitloom/core/error.hpp>

namespace bitloom::op {

/// Axes of one image or feature map, stored [channels × height × width]; a plain vector is {features, 1, 1}.
struct TensorShape {
  std::int64_t channels{};
  std::int64_t height = 1;
  std::int64_t width = 1;

  [[nodiscard]] constexpr std::int64_t size() const noexcept { return channels * height * width; }
  friend constexpr bool operator==(const TensorShape&, const TensorShape&) = default;
};

/// For messages, e.g. `3x224x224`.
[[nodiscard]] inline std::string to_string(const TensorShape& shape) {
  return std::to_string(shape.channels) + 'x' + std::to_string(shape.height) + 'x' +
         std::to_string(shape.width);
}

/// A square window that slides over a feature map.
struct Window {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;  ///< on each side

  friend constexpr bool operator==(const Window&, const Window&) = default;
};

/// Number of positions of a window along one axis.
/// @throws ShapeError  an extent is not positive, or the window is larger than the padded input
[[nodiscard]] constexpr std::int64_t output_extent(std::int64_t input, const Window& window) {
  core::check_positive("input extent", input);
  core::check_positive("kernel", window.kernel);
  core::check_positive("stride", window.stride);
  if (window.padding < 0)
    throw ShapeError("padding: " + std::to_string(window.padding) + " has to be at least 0");
  if (window.padding > (INT64_MAX - input) / 2)
    throw ShapeError("padding: " + std::to_string(window.padding) +
                     " is too large to count positions in 64 bits");
  const auto padded = input + 2 * window.padding;
  if (window.kernel > padded)
    throw ShapeError("kernel: " + std::to_string(window.kernel) + " is larger than the padded input of " +
                     std::to_string(padded));
  return (padded - window.kernel) / window.stride + 1;
}

/// A matrix product: weights [rows × columns] times activations [columns × vectors] gives [rows × vectors].
///
/// All three are stored row-major. `rows` counts outputs, `columns` the terms of each sum.
struct MatrixShape {
  std::int64_t rows{};
  std::int64_t columns{};
  std::int64_t vectors = 1;

  [[nodiscard]] constexpr std::int64_t macs() const noexcept { return rows * columns * vectors; }
  friend constexpr bool operator==(const MatrixShape&, const MatrixShape&) = default;
};

/// Throws ShapeError unless all extents are positive.
constexpr void check_extents(const MatrixShape& shape) {
  core::check_positive("rows", shape.rows);
  core::check_positive("columns", shape.columns);
  core::check_positive("vectors", shape.vectors);
}

/// Throws ShapeError unless all extents are positive and the three element counts fit the shape.
constexpr void check_product(const MatrixShape& shape, std::int64_t weights, std::int64_t activations,
                             std::int64_t result) {
  check_extents(shape);
  core::check_equal("weights", weights, "rows x columns", shape.rows * shape.columns);
  core::check_equal("activations", activations, "columns x vectors", shape.columns * shape.vectors);
  core::check_equal("result", result, "rows x vectors", shape.rows * shape.vectors);
}

/// A 2-D convolution of one image: weights are [out_channels × channels · kernel · kernel].
struct ConvGeometry {
  TensorShape input;
  std::int64_t out_channels{};
  Window window;

  /// @throws ShapeError  the window does not fit the input
  [[nodiscard]] constexpr TensorShape output() const {
    return {out_channels, output_extent(input.height, window), output_extent(input.width, window)};
  }

  /// Inputs of one output: channels · kernel · kernel.
  [[nodiscard]] constexpr std::int64_t patch() const noexcept {
    return input.channels * window.kernel * window.kernel;
  }
};

}  // namespace bitloom::op
