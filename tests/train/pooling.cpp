// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/pooling.hpp>

#include <algorithm>
#include <limits>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/op/pool.hpp>
#include <bitloom/train/gradient_check.hpp>
#include <bitloom/train/operations.hpp>
#include <train/gradient_error.hpp>
#include <train/place_in_batch.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;

namespace {

const std::vector<train::Pool2dShape> pools{
    {{1, 4, 4}, {2, 2, 0}, {2, 2, 0}}, {{3, 5, 7}, {2, 2, 0}, {2, 2, 0}}, {{3, 5, 4}, {3, 1, 1}, {3, 1, 1}},
    {{2, 5, 6}, {3, 2, 1}, {3, 2, 1}}, {{2, 7, 5}, {2, 3, 0}, {2, 3, 0}}, {{2, 6, 5}, {1, 1, 0}, {3, 2, 1}},
    {{2, 5, 4}, {4, 2, 2}, {1, 1, 0}},
};

/// `combine(so_far, element)` over the elements under each window that are no padding.
template <class Combine>
Matrix slow_pool(const train::Pool2dShape& shape, const Matrix& images, double start, Combine&& combine) {
  const auto out = shape.output();
  const auto &v = shape.vertical, &h = shape.horizontal;
  Matrix result(out.size(), images.cols());
  for (std::int64_t item = 0; item < images.cols(); ++item)
    for (std::int64_t c = 0; c < out.channels; ++c)
      for (std::int64_t p = 0; p < out.height; ++p)
        for (std::int64_t q = 0; q < out.width; ++q) {
          double value = start;
          for (std::int64_t y = p * v.stride - v.padding; y < p * v.stride - v.padding + v.kernel; ++y)
            for (std::int64_t x = q * h.stride - h.padding; x < q * h.stride - h.padding + h.kernel; ++x)
              if (y >= 0 && y < shape.input.height && x >= 0 && x < shape.input.width)
                value = combine(value, images((c * shape.input.height + y) * shape.input.width + x, item));
          result((c * out.height + p) * out.width + q, item) = value;
        }
  return result;
}

}  // namespace

TEST_CASE(
    "the pools are the maximum and the mean by definition, and their gradients agree with differences") {
  for (const auto& shape : pools) {
    const Matrix images = random_matrix<double>(shape.input.size(), 3, 4);
    const auto area = static_cast<double>(shape.vertical.kernel * shape.horizontal.kernel);
    Tape tape;
    const auto input = tape.constant(images);
    CHECK(max_pool(input, shape).value() == slow_pool(shape, images, -std::numeric_limits<double>::infinity(),
                                                      [](double a, double b) { return std::max(a, b); }));
    const Matrix sums = slow_pool(shape, images, 0, [](double a, double b) { return a + b; });
    CHECK((average_pool(input, shape).value() - sums / area).cwiseAbs().maxCoeff() < 1e-15);

    const std::vector<Shape> shapes{{shape.input.size(), 2}};
    CHECK(gradient_error(
              shapes, [&](auto v) { return max_pool(v[0], shape); }, 0, 1, 1) < 1e-9);
    CHECK(gradient_error(
              shapes, [&](auto v) { return average_pool(v[0], shape); }, 0, 1, 1) < 1e-9);
    // the gradient is added to what is there
    CHECK(gradient_error(
              shapes, [&](auto v) { return add(max_pool(v[0], shape), average_pool(v[0], shape)); }, 0, 1,
              1) < 1e-9);
  }
}

TEST_CASE("a square window pools as it does on codes") {
  const op::PoolGeometry geometry{.input = {3, 7, 6}, .window = {2, 2, 0}};
  const train::Matrix<float> image = random_matrix<float>(geometry.input.size(), 1, 1);
  train::Matrix<float> expected(geometry.output().size(), 1);
  op::max_pool<float>(geometry, {image.data(), static_cast<std::size_t>(image.size())},
                      {expected.data(), static_cast<std::size_t>(expected.size())});
  train::Tape<float> tape;
  CHECK(max_pool(tape.constant(image), geometry).value() == expected);
}

TEST_CASE("global average pooling is the mean of every channel") {
  const op::TensorShape shape{3, 4, 5};
  const Matrix images = random_matrix<double>(shape.size(), 2, 1);
  Tape tape;
  const auto means = global_average_pool(tape.constant(images), shape);
  REQUIRE((means.rows() == 3 && means.columns() == 2));
  for (int item = 0; item < 2; ++item)
    for (int c = 0; c < 3; ++c)
      CHECK(means.value()(c, item) ==
            doctest::Approx(images.col(item).segment(20 * c, 20).sum() / 20).epsilon(1e-14));
  CHECK(gradient_error({{shape.size(), 2}}, [&](auto v) { return global_average_pool(v[0], shape); }) < 1e-9);
  CHECK(gradient_error({{shape.size(), 2}}, [&](auto v) {
          return add(global_average_pool(v[0], shape), global_average_pool(v[0], shape));
        }) < 1e-9);
}

TEST_CASE("max_pool sends the gradient of a tie to the first") {
  for (const std::int64_t stride : {1, 2}) {  // 2: without branches
    train::Parameter<double> image{"image", Matrix::Ones(4, 1), {}};
    Tape tape;
    tape.backward(
        max_pool(tape.parameter(image), op::PoolGeometry{.input = {1, 2, 2}, .window = {2, stride, 0}}));
    CHECK(image.gradient == Matrix{{1.0}, {0.0}, {0.0}, {0.0}});
  }
}

TEST_CASE("both ways of finding the largest of 2 by 2 agree on every order and tie") {
  for (int code = 0; code < 256; ++code) {
    double image[4];
    for (int i = 0; i < 4; ++i) image[i] = (code >> (2 * i)) & 3;
    std::int32_t place = -1;
    double largest = -1;
    CAPTURE(code);
    CHECK(train::detail::largest_of_pairs(image, 0, 1, 2, &place, &largest));
    CHECK(place == train::detail::largest_of(image, 0, 2, 2, 2));
    CHECK(largest == image[place]);
  }
}

TEST_CASE("a maximum pooling lets a NaN through, wherever it is under the window") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& shape : pools)
    for (std::int64_t place = 0; place < shape.input.size(); ++place) {
      Matrix images = random_matrix<double>(shape.input.size(), 2, 4);
      Matrix expected = slow_pool(shape, images, -std::numeric_limits<double>::infinity(),
                                  [](double a, double b) { return std::max(a, b); });
      images(place, 1) = nan;
      const Matrix reached = slow_pool(shape, images, 0, [](double a, double b) { return a + b; });
      expected = reached.array().isNaN().select(nan, expected);
      train::Parameter<double> input{"input", images, {}};
      Tape tape;
      const auto result = max_pool(tape.parameter(input), shape);
      CAPTURE(place);
      CHECK((result.value().array().isNaN() == expected.array().isNaN()).all());
      CHECK(result.value().array().isNaN().select(0, result.value()) ==
            expected.array().isNaN().select(0, expected));
      tape.backward(sum(result));
      CHECK(input.gradient(place, 1) == static_cast<double>(reached.array().isNaN().count()));
    }
  for (int places = 1; places < 16; ++places) {
    double image[4]{1, 3, 2, 0};
    int first = 4;
    for (int i = 3; i >= 0; --i)
      if ((places >> i) & 1) {
        image[i] = nan;
        first = i;
      }
    std::int32_t place = -1;
    double largest = 0;
    CHECK_FALSE(train::detail::largest_of_pairs(image, 0, 1, 2, &place, &largest));
    CHECK(train::detail::largest_of(image, 0, 2, 2, 2) == first);
  }
}

TEST_CASE("shapes that do not fit the geometry are refused, and both named") {
  Tape tape;
  const auto wrong = tape.constant(Matrix::Zero(17, 5));
  const op::PoolGeometry pool{.input = {2, 3, 3}, .window = {2, 2, 0}};
  CHECK_THROWS_WITH_AS(max_pool(wrong, pool), "max_pool: input is 17x5, but has to be 18x5",
                       bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(average_pool(wrong, pool), "average_pool: input is 17x5, but has to be 18x5",
                       bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(global_average_pool(wrong, {2, 3, 3}),
                       "global_average_pool: input is 17x5, but has to be 18x5", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(global_average_pool(tape.constant(Matrix(0, 2)), {3, 0, 2}),
                       "global_average_pool: positions: 0 has to be at least 1", bitloom::ShapeError);
  CHECK_THROWS_AS(max_pool(wrong, op::PoolGeometry{.input = {17, 1, 1}, .window = {2, 2, 0}}),
                  bitloom::ShapeError);
  CHECK_THROWS_AS(max_pool(wrong, op::PoolGeometry{.input = {17, 1, 1}, .window = {1, 1, 1}}),
                  bitloom::ShapeError);
}

TEST_CASE_TEMPLATE("the mean of a channel has the same bits wherever its item is in a batch", S, float,
                   double) {
  CHECK(items_that_differ_alone<S>(
            [](auto v) {
              return global_average_pool(v, {3, 1, v.rows() / 3});
            },
            3) == 0);
}
