// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::op {

/// A pooling layer of one feature map, channel by channel.
struct PoolGeometry {
  TensorShape input;
  Window window;

  /// @throws ShapeError  the window does not fit the input
  [[nodiscard]] constexpr TensorShape output() const {
    return {input.channels, output_extent(input.height, window), output_extent(input.width, window)};
  }
};

namespace detail {

/// Calls `visit(output, source)` for every element of the image under every window; padding is skipped.
template <class Visit>
constexpr void for_each_pooled_element(const PoolGeometry& geometry, Visit&& visit) {
  const auto& in = geometry.input;
  const auto& w = geometry.window;
  const auto out = geometry.output();
  std::int64_t output = 0;
  for (std::int64_t c = 0; c < in.channels; ++c)
    for (std::int64_t p = 0; p < out.height; ++p)
      for (std::int64_t q = 0; q < out.width; ++q, ++output)
        for (std::int64_t r = 0; r < w.kernel; ++r)
          for (std::int64_t s = 0; s < w.kernel; ++s) {
            const auto y = p * w.stride + r - w.padding;
            const auto x = q * w.stride + s - w.padding;
            if (y >= 0 && y < in.height && x >= 0 && x < in.width)
              visit(output, (c * in.height + y) * in.width + x);
          }
}

inline void check_pool(const PoolGeometry& geometry, std::int64_t image, std::int64_t result) {
  core::check_equal("image", image, "the pooling input", geometry.input.size());
  core::check_equal("result", result, "the pooling output", geometry.output().size());
  if (2 * geometry.window.padding > geometry.window.kernel)
    throw ShapeError("pooling padding: " + std::to_string(geometry.window.padding) +
                     " is more than half the kernel of " + std::to_string(geometry.window.kernel));
}

}  // namespace detail

/// Offset in the image of the largest element under each window; the first in row-major order on a tie.
///
/// @param image   [channels × height × width]
/// @param source  one offset per output element
/// @throws ShapeError  a span does not fit the geometry
template <class T>
void max_pool_source(const PoolGeometry& geometry, std::span<const T> image, std::span<std::int64_t> source) {
  detail::check_pool(geometry, std::ssize(image), std::ssize(source));
  std::int64_t last = -1;
  detail::for_each_pooled_element(geometry, [&](std::int64_t output, std::int64_t from) {
    auto& best = source[static_cast<std::size_t>(output)];
    if (output != last || image[static_cast<std::size_t>(from)] > image[static_cast<std::size_t>(best)])
      best = from;
    last = output;
  });
}

/// The largest element under each window.
/// @throws ShapeError  a span does not fit the geometry
template <class T>
void max_pool(const PoolGeometry& geometry, std::span<const T> image, std::span<T> result) {
  detail::check_pool(geometry, std::ssize(image), std::ssize(result));
  std::int64_t last = -1;
  detail::for_each_pooled_element(geometry, [&](std::int64_t output, std::int64_t from) {
    const auto value = image[static_cast<std::size_t>(from)];
    auto& best = result[static_cast<std::size_t>(output)];
    if (output != last || value > best) best = value;
    last = output;
  });
}

/// The sum under each window, padding counted as zero; divide by kernel² for the mean.
///
/// The integer path keeps the sum, since its division belongs to the requantization that follows.
/// @throws ShapeError  a span does not fit the geometry
template <class T, class Sum>
void sum_pool(const PoolGeometry& geometry, std::span<const T> image, std::span<Sum> result) {
  detail::check_pool(geometry, std::ssize(image), std::ssize(result));
  for (auto& sum : result) sum = Sum{};
  detail::for_each_pooled_element(geometry, [&](std::int64_t output, std::int64_t from) {
    result[static_cast<std::size_t>(output)] += static_cast<Sum>(image[static_cast<std::size_t>(from)]);
  });
}

}  // namespace bitloom::op
