// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/concepts.hpp>

namespace bitloom::train {

/// Changes the images of a batch at random, so that a model sees new ones in every epoch. The same random numbers give
/// the same images.
template <class A>
concept Augmentation = std::copy_constructible<A> &&
    requires(const A& augment, Matrix<float>& images, const op::TensorShape& shape, core::Random& random) {
  { augment(images, shape, random) } -> std::same_as<void>;  // images [features × count], item by item
};

namespace detail {

inline void check_images(const char* name, const Matrix<float>& images, const op::TensorShape& shape) {
  for (const auto extent : {shape.channels, shape.height, shape.width}) core::check_positive(name, extent);
  core::check_equal(name, images.rows(), "the size of the shape", shape.size());
}

inline void check_distance(const char* name, std::int64_t value) {
  core::check_range(name, value, 0, std::numeric_limits<std::int32_t>::max());
}

/// Calls `body(row)` with the first pixel of every row, channel by channel.
template <class Body>
void for_each_row(const op::TensorShape& shape, float* image, Body&& body) {
  for (std::int64_t row = 0; row < shape.channels * shape.height; ++row) body(image + row * shape.width);
}

}  // namespace detail

/// Shifts every image by a whole number of pixels, all channels alike; what comes in from outside is filled.
///
/// Source: with zeros, the padding and random crop of He, Zhang, Ren, Sun, "Deep residual learning", CVPR 2016,
/// section 4.2.
struct RandomShift {
  std::int64_t rows = 1;     ///< up to so many, up or down
  std::int64_t columns = 1;  ///< up to so many, left or right
  float fill = 0;

  /// @throws ShapeError  the images are not of the shape
  /// @throws RangeError  a distance is outside 0..2^31 - 1
  void operator()(Matrix<float>& images, const op::TensorShape& shape, core::Random& random) const {
    detail::check_images("random shift: images", images, shape);
    detail::check_distance("random shift: rows", rows);
    detail::check_distance("random shift: columns", columns);
    const auto height = shape.height, width = shape.width;
    Matrix<float> source(shape.size(), 1);
    for (Eigen::Index item = 0; item < images.cols(); ++item) {
      const auto down = random.integer(-rows, rows), right = random.integer(-columns, columns);
      source = images.col(item);
      images.col(item).setConstant(fill);
      const auto first = std::max<std::int64_t>(0, -down), last = std::min(height, height - down);
      const auto left = std::max<std::int64_t>(0, -right), count = std::min(width, width - right) - left;
      if (count <= 0) continue;
      for (std::int64_t channel = 0; channel < shape.channels; ++channel)
        for (auto row = first; row < last; ++row) {
          const auto from = (channel * height + row) * width + left;
          std::copy_n(source.data() + from, count, images.col(item).data() + from + down * width + right);
        }
    }
  }
};

/// Mirrors left and right, with the given probability for every image.
struct HorizontalFlip {
  double probability = 0.5;

  /// @throws ShapeError  the images are not of the shape
  /// @throws RangeError  the probability is outside 0..1
  void operator()(Matrix<float>& images, const op::TensorShape& shape, core::Random& random) const {
    detail::check_images("horizontal flip: images", images, shape);
    if (!(probability >= 0 && probability <= 1))
      throw RangeError("horizontal flip: probability " + std::to_string(probability) + " is outside 0..1");
    for (Eigen::Index item = 0; item < images.cols(); ++item)
      if (random.bernoulli(probability))
        detail::for_each_row(shape, images.col(item).data(),
                             [&](float* row) { std::reverse(row, row + shape.width); });
  }
};

/// Fills a square of every image, all channels alike. Its middle is any pixel, so that it may reach over the border: of
/// an even side it is the pixel below and to the right of the middle.
///
/// Source: DeVries, Taylor, "Improved regularization of convolutional neural networks with cutout", arXiv 1708.04552.
struct Cutout {
  std::int64_t side = 8;
  float fill = 0;

  /// @throws ShapeError  the images are not of the shape
  /// @throws RangeError  the side is outside 0..2^31 - 1
  void operator()(Matrix<float>& images, const op::TensorShape& shape, core::Random& random) const {
    detail::check_images("cutout: images", images, shape);
    detail::check_distance("cutout: side", side);
    for (Eigen::Index item = 0; item < images.cols(); ++item) {
      const auto top = random.integer(0, shape.height - 1) - side / 2;
      const auto left = random.integer(0, shape.width - 1) - side / 2;
      const auto end_row = std::min(shape.height, top + side),
                 end_column = std::min(shape.width, left + side);
      const auto begin_row = std::max<std::int64_t>(0, top), begin_column = std::max<std::int64_t>(0, left);
      for (std::int64_t channel = 0; channel < shape.channels; ++channel)
        for (auto row = begin_row; row < end_row; ++row) {
          float* pixels = images.col(item).data() + (channel * shape.height + row) * shape.width;
          std::fill(pixels + begin_column, pixels + end_column, fill);
        }
    }
  }
};

/// Adds a normal deviate to every pixel.
struct AdditiveNoise {
  double deviation = 0.1;  ///< standard deviation, in units of a pixel's value

  /// @throws ShapeError  the images are not of the shape
  /// @throws RangeError  the deviation is negative or not finite
  void operator()(Matrix<float>& images, const op::TensorShape& shape, core::Random& random) const {
    detail::check_images("additive noise: images", images, shape);
    if (!(deviation >= 0 && std::isfinite(deviation)))
      throw RangeError("additive noise: deviation " + std::to_string(deviation) +
                       " has to be finite and at least 0");
    for (Eigen::Index i = 0; i < images.size(); ++i)
      images.data()[i] += static_cast<float>(random.normal() * deviation);
  }
};

/// Several augmentations one after the other, `Augmentations(RandomShift{2, 2}, HorizontalFlip{})`; none leaves the
/// images as they are.
template <Augmentation... A>
class Augmentations {
 public:
  explicit Augmentations(A... steps) : steps_(std::move(steps)...) {}

  /// @throws Error  what a step throws
  void operator()(Matrix<float>& images, const op::TensorShape& shape, core::Random& random) const {
    std::apply([&](const A&... step) { (step(images, shape, random), ...); }, steps_);
  }

 private:
  std::tuple<A...> steps_;
};

}  // namespace bitloom::train
