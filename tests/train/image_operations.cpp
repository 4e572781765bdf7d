// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/image_operations.hpp>

#include <algorithm>
#include <limits>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/gradient_check.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;

namespace {

const std::vector<op::ConvGeometry> convolutions{
    {.input = {1, 4, 4}, .out_channels = 1, .window = {1, 1, 0}},
    {.input = {2, 5, 4}, .out_channels = 3, .window = {3, 1, 1}},
    {.input = {3, 4, 6}, .out_channels = 2, .window = {3, 2, 1}},
    {.input = {1, 7, 5}, .out_channels = 2, .window = {2, 3, 0}},
    {.input = {2, 3, 3}, .out_channels = 4, .window = {3, 1, 2}},
};

const std::vector<op::PoolGeometry> pools{
    {.input = {1, 4, 4}, .window = {2, 2, 0}},
    {.input = {3, 5, 4}, .window = {3, 1, 1}},
    {.input = {2, 5, 6}, .window = {3, 2, 1}},
    {.input = {2, 7, 5}, .window = {2, 3, 0}},
};

/// The element of an image at a channel, row and column; zero in the padding.
double pixel(const Matrix& images, const op::TensorShape& shape, std::int64_t item, std::int64_t c,
             std::int64_t y, std::int64_t x) {
  if (y < 0 || y >= shape.height || x < 0 || x >= shape.width) return 0;
  return images((c * shape.height + y) * shape.width + x, item);
}

Matrix slow_conv2d(const op::ConvGeometry& geometry, const Matrix& images, const Matrix& weight,
                   const Matrix& bias) {
  const auto out = geometry.output();
  const auto& w = geometry.window;
  Matrix result(out.size(), images.cols());
  for (std::int64_t item = 0; item < images.cols(); ++item)
    for (std::int64_t k = 0; k < out.channels; ++k)
      for (std::int64_t p = 0; p < out.height; ++p)
        for (std::int64_t q = 0; q < out.width; ++q) {
          double sum = bias(k, 0);
          for (std::int64_t c = 0; c < geometry.input.channels; ++c)
            for (std::int64_t r = 0; r < w.kernel; ++r)
              for (std::int64_t s = 0; s < w.kernel; ++s)
                sum += weight(k, (c * w.kernel + r) * w.kernel + s) * pixel(images, geometry.input, item, c,
                                                                            p * w.stride + r - w.padding,
                                                                            q * w.stride + s - w.padding);
          result((k * out.height + p) * out.width + q, item) = sum;
        }
  return result;
}

/// `combine(so_far, element)` over the elements under each window that are no padding.
template <class Combine>
Matrix slow_pool(const op::PoolGeometry& geometry, const Matrix& images, double start, Combine&& combine) {
  const auto out = geometry.output();
  const auto& w = geometry.window;
  Matrix result(out.size(), images.cols());
  for (std::int64_t item = 0; item < images.cols(); ++item)
    for (std::int64_t c = 0; c < out.channels; ++c)
      for (std::int64_t p = 0; p < out.height; ++p)
        for (std::int64_t q = 0; q < out.width; ++q) {
          double value = start;
          for (std::int64_t y = std::max<std::int64_t>(0, p * w.stride - w.padding);
               y < std::min(geometry.input.height, p * w.stride - w.padding + w.kernel); ++y)
            for (std::int64_t x = std::max<std::int64_t>(0, q * w.stride - w.padding);
                 x < std::min(geometry.input.width, q * w.stride - w.padding + w.kernel); ++x)
              value = combine(value, pixel(images, geometry.input, item, c, y, x));
          result((c * out.height + p) * out.width + q, item) = value;
        }
  return result;
}

}  // namespace

TEST_CASE("conv2d is the convolution by its definition") {
  for (const auto& geometry : convolutions) {
    const auto images = random_matrix<double>(geometry.input.size(), 3, 1);
    const auto weight = random_matrix<double>(geometry.out_channels, geometry.patch(), 2);
    const auto bias = random_matrix<double>(geometry.out_channels, 1, 3);
    Tape tape;
    const auto result = conv2d(tape.constant(images), tape.constant(weight), tape.constant(bias), geometry);
    CHECK((result.value() - slow_conv2d(geometry, images, weight, bias)).cwiseAbs().maxCoeff() < 1e-13);
  }
}

TEST_CASE("conv2d's gradients agree with finite differences, with stride and padding") {
  for (const auto& geometry : convolutions) {
    auto images = random_parameter<double>("images", geometry.input.size(), 2, 1);
    auto weight = random_parameter<double>("weight", geometry.out_channels, geometry.patch(), 2);
    auto bias = random_parameter<double>("bias", geometry.out_channels, 1, 3);
    const std::vector<train::Parameter<double>*> all{&images, &weight, &bias};
    const auto check = train::check_gradients(all, [&](Tape& tape) {
      return weighted_mean(
          conv2d(tape.parameter(images), tape.parameter(weight), tape.parameter(bias), geometry));
    });
    CAPTURE(check.parameter);
    CHECK(check.error < 1e-9);
    for (const auto* parameter : all) CHECK(parameter->gradient.norm() > 1e-6);
  }
}

TEST_CASE(
    "the pools are the maximum and the mean by definition, and their gradients agree with differences") {
  for (const auto& geometry : pools) {
    auto images = random_parameter<double>("images", geometry.input.size(), 2, 4);
    const auto area = static_cast<double>(geometry.window.kernel * geometry.window.kernel);
    Tape tape;
    const auto input = tape.constant(images.value);
    CHECK(max_pool(input, geometry).value() == slow_pool(geometry, images.value,
                                                         -std::numeric_limits<double>::infinity(),
                                                         [](double a, double b) { return std::max(a, b); }));
    const Matrix sums = slow_pool(geometry, images.value, 0, [](double a, double b) { return a + b; });
    CHECK((average_pool(input, geometry).value() - sums / area).cwiseAbs().maxCoeff() < 1e-15);

    const std::vector<train::Parameter<double>*> all{&images};
    CHECK(train::check_gradients(all, [&](Tape& t) {
            return weighted_mean(max_pool(t.parameter(images), geometry));
          }).error < 1e-9);
    CHECK(images.gradient.norm() > 1e-6);
    CHECK(train::check_gradients(all, [&](Tape& t) {
            return weighted_mean(average_pool(t.parameter(images), geometry));
          }).error < 1e-9);
    CHECK(images.gradient.norm() > 1e-6);
  }
}

TEST_CASE("max_pool sends the gradient of a tie to the first") {
  train::Parameter<double> image{"image", Matrix::Ones(4, 1), {}};
  Tape tape;
  tape.backward(max_pool(tape.parameter(image), {.input = {1, 2, 2}, .window = {2, 2, 0}}));
  CHECK(image.gradient == Matrix{{1.0}, {0.0}, {0.0}, {0.0}});
}

TEST_CASE("shapes that do not fit the geometry are refused, and both named") {
  Tape tape;
  const op::ConvGeometry conv{.input = {2, 3, 3}, .out_channels = 4, .window = {3, 1, 1}};
  const auto images = tape.constant(Matrix::Zero(18, 5)), weight = tape.constant(Matrix::Zero(4, 18)),
             bias = tape.constant(Matrix::Zero(4, 1)), wrong = tape.constant(Matrix::Zero(17, 5));
  CHECK_NOTHROW(conv2d(images, weight, bias, conv));
  CHECK_THROWS_WITH_AS(conv2d(wrong, weight, bias, conv),
                       "conv2d: input is 17x5, but the geometry needs 18x5", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(conv2d(images, bias, bias, conv), "conv2d: weight is 4x1, but the geometry needs 4x18",
                       bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(conv2d(images, weight, weight, conv),
                       "conv2d: bias is 4x18, but the geometry needs 4x1", bitloom::ShapeError);
  CHECK_THROWS_AS(conv2d(images, weight, bias, {.input = {2, 3, 3}, .out_channels = 4, .window = {6, 1, 1}}),
                  bitloom::ShapeError);
  const op::PoolGeometry pool{.input = {2, 3, 3}, .window = {2, 2, 0}};
  CHECK_THROWS_WITH_AS(max_pool(wrong, pool), "max_pool: input is 17x5, but the geometry needs 18x5",
                       bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(average_pool(wrong, pool), "average_pool: input is 17x5, but the geometry needs 18x5",
                       bitloom::ShapeError);
}
