// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/augment.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <train/random_parameter.hpp>

namespace core = bitloom::core;
namespace op = bitloom::op;
namespace train = bitloom::train;
using Matrix = train::Matrix<float>;

namespace {

const std::vector<op::TensorShape> image_shapes{{1, 1, 1}, {2, 5, 4}, {3, 4, 7}, {1, 1, 6}};

/// No pixel is 0 or 1, and all differ.
Matrix images_of(const op::TensorShape& shape, std::int64_t count) {
  return random_matrix<float>(shape.size(), count, 3);
}

/// What the augmentation makes of the images.
template <train::Augmentation A>
Matrix augmented(const A& augment, Matrix images, const op::TensorShape& shape, std::uint64_t seed) {
  core::Random random(seed);
  augment(images, shape, random);
  return images;
}

/// Pixel by pixel, `pixel(item, channel, row, column)`.
template <class Pixel>
Matrix by_pixel(const op::TensorShape& shape, std::int64_t count, Pixel&& pixel) {
  Matrix images(shape.size(), count);
  for (std::int64_t item = 0; item < count; ++item)
    for (std::int64_t c = 0; c < shape.channels; ++c)
      for (std::int64_t y = 0; y < shape.height; ++y)
        for (std::int64_t x = 0; x < shape.width; ++x)
          images((c * shape.height + y) * shape.width + x, item) = pixel(item, c, y, x);
  return images;
}

}  // namespace

TEST_CASE("a shift moves every pixel by its image's distance, and fills the rest") {
  for (const auto& shape : image_shapes)
    for (const auto& [rows, columns] :
         std::vector<std::pair<std::int64_t, std::int64_t>>{{1, 2}, {9, 9}, {0, 1}}) {
      const auto images = images_of(shape, 20);
      const train::RandomShift shift{.rows = rows, .columns = columns, .fill = 0.5F};
      core::Random draws(4);
      std::vector<std::int64_t> down, right;
      for (int item = 0; item < 20; ++item) {
        down.push_back(draws.integer(-rows, rows));
        right.push_back(draws.integer(-columns, columns));
      }
      CHECK(augmented(shift, images, shape, 4) ==
            by_pixel(shape, 20, [&](std::int64_t item, std::int64_t c, std::int64_t y, std::int64_t x) {
              const auto from_y = y - down[static_cast<std::size_t>(item)],
                         from_x = x - right[static_cast<std::size_t>(item)];
              const bool inside = from_y >= 0 && from_y < shape.height && from_x >= 0 && from_x < shape.width;
              return inside ? images((c * shape.height + from_y) * shape.width + from_x, item) : 0.5F;
            }));
    }
}

TEST_CASE("every distance of a shift occurs, and a shift by nothing is the identity") {
  const op::TensorShape shape{1, 5, 5};
  Matrix point = Matrix::Zero(25, 1);
  point(12, 0) = 1;
  std::set<Eigen::Index> places;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Eigen::Index place = 0, item = 0;
    CHECK(
        augmented(train::RandomShift{.rows = 2, .columns = 1}, point, shape, seed).maxCoeff(&place, &item) ==
        1);
    places.insert(place);
  }
  CHECK(places.size() == 15);
  const auto images = images_of(shape, 3);
  CHECK(augmented(train::RandomShift{.rows = 0, .columns = 0}, images, shape, 1) == images);
}

TEST_CASE("a flip mirrors the columns of the wanted share of the images") {
  for (const auto& shape : image_shapes) {
    const auto images = images_of(shape, 9);
    const auto mirrored =
        by_pixel(shape, 9, [&](std::int64_t item, std::int64_t c, std::int64_t y, std::int64_t x) {
          return images((c * shape.height + y) * shape.width + shape.width - 1 - x, item);
        });
    CHECK(augmented(train::HorizontalFlip{1}, images, shape, 1) == mirrored);
    CHECK(augmented(train::HorizontalFlip{1}, mirrored, shape, 2) == images);
    CHECK(augmented(train::HorizontalFlip{0}, images, shape, 1) == images);
  }
  const op::TensorShape pair{1, 1, 2};
  const auto images = images_of(pair, 4000);
  const auto result = augmented(train::HorizontalFlip{0.25}, images, pair, 3);
  int flipped = 0;
  for (Eigen::Index item = 0; item < 4000; ++item) flipped += result(0, item) == images(1, item);
  CHECK(std::abs(flipped - 1000) < 110);  // four standard deviations
}

TEST_CASE("a cutout fills the part of its square that lies inside, and nothing else") {
  for (const auto& shape : image_shapes)
    for (const std::int64_t side : {0, 1, 2, 3, 20}) {
      const auto images = images_of(shape, 20);
      core::Random draws(6);
      std::vector<std::int64_t> top, left;
      for (int item = 0; item < 20; ++item) {
        top.push_back(draws.integer(0, shape.height - 1) - side / 2);
        left.push_back(draws.integer(0, shape.width - 1) - side / 2);
      }
      CHECK(augmented(train::Cutout{.side = side, .fill = -2}, images, shape, 6) ==
            by_pixel(shape, 20, [&](std::int64_t item, std::int64_t c, std::int64_t y, std::int64_t x) {
              const auto down = y - top[static_cast<std::size_t>(item)],
                         right = x - left[static_cast<std::size_t>(item)];
              const bool cut = down >= 0 && down < side && right >= 0 && right < side;
              return cut ? -2 : images((c * shape.height + y) * shape.width + x, item);
            }));
    }
}

TEST_CASE("noise has the wanted deviation and no mean, and adds to the image") {
  const op::TensorShape shape{2, 10, 10};
  const Matrix images = Matrix::Constant(200, 100, 4.0F);
  const Matrix noise = augmented(train::AdditiveNoise{0.5}, images, shape, 1) - images;
  const auto count = static_cast<double>(noise.size());
  const double mean = noise.cast<double>().sum() / count;
  CHECK(std::abs(mean) < 4 * 0.5 / std::sqrt(count));
  CHECK(std::abs(noise.cast<double>().squaredNorm() / count - 0.25) < 4 * 0.25 * std::sqrt(2 / count));
  CHECK(augmented(train::AdditiveNoise{0}, images, shape, 1) == images);
}

TEST_CASE("the same random numbers give the same images, and several steps are one after the other") {
  const op::TensorShape shape{2, 6, 5};
  const auto images = images_of(shape, 8);
  const train::RandomShift shift{2, 1};
  const train::HorizontalFlip flip;
  const train::Cutout cutout{3};
  const train::AdditiveNoise noise{0.1};
  const train::Augmentations all(shift, flip, cutout, noise);
  static_assert(train::Augmentation<decltype(all)> && train::Augmentation<train::Augmentations<>>);
  const auto result = augmented(all, images, shape, 5);
  CHECK(result == augmented(all, images, shape, 5));
  CHECK(result != augmented(all, images, shape, 6));

  auto expected = images;
  core::Random random(5);
  shift(expected, shape, random);
  flip(expected, shape, random);
  cutout(expected, shape, random);
  noise(expected, shape, random);
  CHECK(result == expected);
  CHECK(augmented(train::Augmentations<>{}, images, shape, 5) == images);

  const std::function<void(Matrix&, const op::TensorShape&, core::Random&)> hook = all;
  core::Random again(5);
  auto hooked = images;
  hook(hooked, shape, again);
  CHECK(hooked == expected);
}

TEST_CASE("what an augmentation cannot do is refused") {
  const op::TensorShape shape{1, 2, 3};
  const Matrix images = Matrix::Zero(6, 1), wrong = Matrix::Zero(5, 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(augmented(train::RandomShift{}, wrong, shape, 1),
                       "random shift: images is 5, but the size of the shape is 6", bitloom::ShapeError);
  CHECK_THROWS_AS(augmented(train::HorizontalFlip{}, wrong, shape, 1), bitloom::ShapeError);
  CHECK_THROWS_AS(augmented(train::Cutout{}, wrong, shape, 1), bitloom::ShapeError);
  CHECK_THROWS_AS(augmented(train::AdditiveNoise{}, wrong, shape, 1), bitloom::ShapeError);
  CHECK_THROWS_AS(augmented(train::Cutout{}, Matrix(0, 1), {1, 0, 3}, 1), bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(augmented(train::RandomShift{.rows = -1}, images, shape, 1),
                       "random shift: rows: -1 is outside 0..2147483647", bitloom::RangeError);
  CHECK_THROWS_AS(augmented(train::RandomShift{.columns = -1}, images, shape, 1), bitloom::RangeError);
  CHECK_THROWS_AS(augmented(train::Cutout{-1}, images, shape, 1), bitloom::RangeError);
  for (const double probability : {-0.1, 1.1, nan})
    CHECK_THROWS_AS(augmented(train::HorizontalFlip{probability}, images, shape, 1), bitloom::RangeError);
  for (const double deviation : {-0.1, std::numeric_limits<double>::infinity(), nan})
    CHECK_THROWS_AS(augmented(train::AdditiveNoise{deviation}, images, shape, 1), bitloom::RangeError);
}
