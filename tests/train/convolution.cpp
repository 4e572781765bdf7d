// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/convolution.hpp>

#include <tuple>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/operations.hpp>
#include <train/gradient_error.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;

namespace {

constexpr op::Window window(std::int64_t kernel, std::int64_t stride = 1, std::int64_t padding = 0) {
  return {kernel, stride, padding};
}

const std::vector<train::Conv2dShape> convolutions{
    {{1, 4, 4}, 1, window(1), window(1)},
    {{3, 4, 2}, 2, window(1), window(1)},
    {{4, 3, 2}, 6, window(1), window(1), 2},
    {{2, 5, 4}, 3, window(3, 1, 1), window(3, 1, 1)},
    {{3, 4, 6}, 2, window(3, 2, 1), window(3, 2, 1)},
    {{1, 7, 5}, 2, window(2, 3), window(2, 3)},
    {{2, 3, 3}, 4, window(3, 1, 2), window(3, 1, 2)},
    {{2, 4, 6}, 2, window(1), window(5, 1, 2)},
    {{2, 7, 3}, 2, window(4, 2, 3), window(2, 1, 1)},
    {{1, 2, 2}, 1, window(5, 3, 2), window(4, 4, 4)},
    {{4, 4, 3}, 6, window(3, 1, 1), window(2), 2},
    {{3, 5, 5}, 3, window(3, 1, 1), window(3, 1, 1), 3},
    {{3, 5, 4}, 6, window(3, 2, 1), window(3, 2, 1), 3},
};

/// The element of an image at a channel, row and column; zero in the padding.
double pixel(const Matrix& images, const op::TensorShape& shape, std::int64_t item, std::int64_t c,
             std::int64_t y, std::int64_t x) {
  if (y < 0 || y >= shape.height || x < 0 || x >= shape.width) return 0;
  return images((c * shape.height + y) * shape.width + x, item);
}

Matrix slow_conv2d(const train::Conv2dShape& shape, const Matrix& images, const Matrix& weight,
                   const Matrix& bias) {
  const auto out = shape.output();
  const auto &v = shape.vertical, &h = shape.horizontal;
  const auto channels = shape.input.channels / shape.groups;
  Matrix result(out.size(), images.cols());
  for (std::int64_t item = 0; item < images.cols(); ++item)
    for (std::int64_t k = 0; k < out.channels; ++k)
      for (std::int64_t p = 0; p < out.height; ++p)
        for (std::int64_t q = 0; q < out.width; ++q) {
          double sum = bias(k, 0);
          const auto group = k / (out.channels / shape.groups);
          for (std::int64_t c = 0; c < channels; ++c)
            for (std::int64_t r = 0; r < v.kernel; ++r)
              for (std::int64_t s = 0; s < h.kernel; ++s)
                sum += weight(k, (c * v.kernel + r) * h.kernel + s) *
                       pixel(images, shape.input, item, group * channels + c, p * v.stride + r - v.padding,
                             q * h.stride + s - h.padding);
          result((k * out.height + p) * out.width + q, item) = sum;
        }
  return result;
}

}  // namespace

TEST_CASE("conv2d is the convolution by its definition, with stride, padding, groups and rectangles") {
  for (const auto& shape : convolutions) {
    const auto images = random_matrix<double>(shape.input.size(), 3, 1);
    const auto weight = random_matrix<double>(shape.out_channels, shape.patch(), 2);
    const auto bias = random_matrix<double>(shape.out_channels, 1, 3);
    Tape tape;
    const auto result = conv2d(tape.constant(images), tape.constant(weight), tape.constant(bias), shape);
    CHECK((result.value() - slow_conv2d(shape, images, weight, bias)).cwiseAbs().maxCoeff() < 1e-13);
  }
}

TEST_CASE("conv2d's gradients agree with finite differences") {
  for (const auto& shape : convolutions) {
    const std::vector<Shape> shapes{
        {shape.input.size(), 2}, {shape.out_channels, shape.patch()}, {shape.out_channels, 1}};
    CHECK(gradient_error(
              shapes, [&](auto v) { return conv2d(v[0], v[1], v[2], shape); }, 0, 1, 1) < 1e-9);
  }
  // the input's gradient is added to what is there
  const train::Conv2dShape same{{2, 3, 3}, 2, window(3, 1, 1), window(3, 1, 1)};
  CHECK(gradient_error({{18, 2}, {2, 18}, {2, 1}}, [&](auto v) {
          return add(conv2d(v[0], v[1], v[2], same), conv2d(v[0], v[1], v[2], same));
        }) < 1e-9);
}

TEST_CASE("an activation within conv2d is the operation after it, to the bit") {
  const op::ConvGeometry geometry{.input = {4, 6, 5}, .out_channels = 6, .window = {3, 1, 1}};
  auto images = random_parameter<double>("images", geometry.input.size(), 7, 1);
  auto weight = random_parameter<double>("weight", 6, 18, 2);
  auto bias = random_parameter<double>("bias", 6, 1, 3);
  Tape tape;
  const auto run = [&](auto&& operation) {
    tape.clear();
    const std::vector<train::Parameter<double>*> all{&images, &weight, &bias};
    train::zero_gradients(std::span<train::Parameter<double>* const>(all));
    const auto result = operation(tape.parameter(images), tape.parameter(weight), tape.parameter(bias));
    tape.backward(weighted_mean(result));
    return std::tuple(result.value(), images.gradient, weight.gradient, bias.gradient);
  };
  const auto fused =
      run([&](auto x, auto w, auto b) { return train::conv2d<train::Rectified>(x, w, b, geometry, 2); });
  const auto apart = run([&](auto x, auto w, auto b) { return relu(conv2d(x, w, b, geometry, 2)); });
  CHECK(fused == apart);
}

TEST_CASE("shapes that do not fit the geometry are refused, and both named") {
  Tape tape;
  const op::ConvGeometry conv{.input = {2, 3, 3}, .out_channels = 4, .window = {3, 1, 1}};
  const auto images = tape.constant(Matrix::Zero(18, 5)), weight = tape.constant(Matrix::Zero(4, 18)),
             bias = tape.constant(Matrix::Zero(4, 1)), wrong = tape.constant(Matrix::Zero(17, 5));
  CHECK_NOTHROW(conv2d(images, weight, bias, conv));
  CHECK_THROWS_WITH_AS(conv2d(wrong, weight, bias, conv),
                       "conv2d: input is 17x5, but has to be 18x5", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(conv2d(images, bias, bias, conv), "conv2d: weight is 4x1, but has to be 4x18",
                       bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(conv2d(images, weight, bias, conv, 2),
                       "conv2d: weight is 4x18, but has to be 4x9", bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(conv2d(images, weight, bias, conv, 3),
                       "conv2d: groups 3 have to divide the channels 2 and the out_channels 4",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(conv2d(images, weight, bias, conv, 0), bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(conv2d(images, weight, weight, conv),
                       "conv2d: bias is 4x18, but has to be 4x1", bitloom::ShapeError);
  CHECK_THROWS_AS(conv2d(images, weight, bias, {.input = {2, 3, 3}, .out_channels = 4, .window = {6, 1, 1}}),
                  bitloom::ShapeError);
}
