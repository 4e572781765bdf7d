// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/conv2d.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::op;

namespace {

/// The definition, in seven loops over a zero-padded image. `Sum` is wide enough to be exact.
template <class Sum, class Element>
std::vector<Sum> slow_conv2d(const ConvGeometry& g, std::int64_t batch, const std::vector<Element>& weights,
                             const std::vector<Element>& images) {
  const auto out = g.output();
  const auto at = [&](std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
    if (y < 0 || y >= g.input.height || x < 0 || x >= g.input.width) return Sum{};
    return static_cast<Sum>(images[static_cast<std::size_t>(
        ((n * g.input.channels + c) * g.input.height + y) * g.input.width + x)]);
  };
  const auto k = g.window.kernel;
  std::vector<Sum> result;
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t m = 0; m < g.out_channels; ++m)
      for (std::int64_t p = 0; p < out.height; ++p)
        for (std::int64_t q = 0; q < out.width; ++q) {
          Sum sum{};
          for (std::int64_t c = 0; c < g.input.channels; ++c)
            for (std::int64_t r = 0; r < k; ++r)
              for (std::int64_t s = 0; s < k; ++s)
                sum += static_cast<Sum>(
                           weights[static_cast<std::size_t>(((m * g.input.channels + c) * k + r) * k + s)]) *
                       at(n, c, p * g.window.stride + r - g.window.padding,
                          q * g.window.stride + s - g.window.padding);
          result.push_back(sum);
        }
  return result;
}

/// Calls visit(geometry, batch) with convolutions of every small stride and padding, and with a few larger ones.
template <class Visit>
void every_convolution(Visit visit) {
  for (std::int64_t batch = 1; batch <= 3; ++batch)
    for (std::int64_t kernel = 1; kernel <= 3; ++kernel)
      for (std::int64_t stride = 1; stride <= 3; ++stride)
        for (std::int64_t padding = 0; padding <= 2; ++padding)
          visit(ConvGeometry{.input = {2, 4, 5},
                             .out_channels = 3,
                             .window = {.kernel = kernel, .stride = stride, .padding = padding}},
                batch);
  visit(
      ConvGeometry{
          .input = {3, 16, 16}, .out_channels = 8, .window = {.kernel = 5, .stride = 2, .padding = 2}},
      2);
  visit(ConvGeometry{.input = {16, 7, 3}, .out_channels = 1, .window = {.kernel = 3, .padding = 1}}, 4);
}

template <class Element>
std::vector<Element> random_integers(core::Random& random, std::int64_t count) {
  std::vector<Element> values(static_cast<std::size_t>(count));
  for (auto& x : values) x = static_cast<Element>(random.integer(-128, 127));
  return values;
}

std::int64_t weight_count(const ConvGeometry& g) { return g.out_channels * g.patch(); }

}  // namespace

TEST_CASE("an integer convolution equals its definition") {
  core::Random random(1);
  every_convolution([&](const ConvGeometry& g, std::int64_t batch) {
    const auto weights = random_integers<std::int16_t>(random, weight_count(g));
    const auto images = random_integers<std::int16_t>(random, batch * g.input.size());
    std::vector<std::int32_t> result(static_cast<std::size_t>(batch * g.output().size()));
    conv2d<std::int16_t, std::int32_t>(PlainGemm{}, g, batch, weights, images, result);
    REQUIRE(result == slow_conv2d<std::int32_t>(g, batch, weights, images));
  });
}

TEST_CASE("a float convolution of small integers is exact") {
  core::Random random(2);
  every_convolution([&](const ConvGeometry& g, std::int64_t batch) {
    const auto weights = random_integers<float>(random, weight_count(g));
    const auto images = random_integers<float>(random, batch * g.input.size());
    std::vector<float> result(static_cast<std::size_t>(batch * g.output().size()));
    conv2d<float, float>(FloatGemm{}, g, batch, weights, images, result);
    REQUIRE(result == slow_conv2d<float>(g, batch, weights, images));
  });
}

TEST_CASE("a float convolution of reals is close to its definition in double") {
  core::Random random(3);
  every_convolution([&](const ConvGeometry& g, std::int64_t batch) {
    std::vector<float> weights(static_cast<std::size_t>(weight_count(g)));
    std::vector<float> images(static_cast<std::size_t>(batch * g.input.size()));
    for (auto& x : weights) x = static_cast<float>(random.normal());
    for (auto& x : images) x = static_cast<float>(random.normal());
    std::vector<float> result(static_cast<std::size_t>(batch * g.output().size()));
    conv2d<float, float>(FloatGemm{}, g, batch, weights, images, result);
    const auto expected = slow_conv2d<double>(g, batch, weights, images);
    bool close = true;
    for (std::size_t i = 0; i < result.size(); ++i)
      close = close && std::abs(result[i] - expected[i]) < 1e-5 * static_cast<double>(g.patch());
    REQUIRE(close);
  });
}

TEST_CASE("a dense layer is the matrix product of its weights with one vector an image") {
  core::Random random(4);
  const auto geometry = dense_geometry(7, 5);
  static_assert(dense_geometry(7, 5).patch() == 7 && dense_geometry(7, 5).output() == TensorShape{5, 1, 1});
  CHECK(product_shape(geometry, 3) == MatrixShape{.rows = 5, .columns = 7, .vectors = 3});
  const auto weights = random_integers<std::int16_t>(random, 35);
  const auto inputs = random_integers<std::int16_t>(random, 21);
  std::vector<std::int32_t> result(15);
  conv2d<std::int16_t, std::int32_t>(PlainGemm{}, geometry, 3, weights, inputs, result);
  for (std::size_t n = 0; n < 3; ++n)
    for (std::size_t k = 0; k < 5; ++k) {
      std::int32_t sum = 0;
      for (std::size_t c = 0; c < 7; ++c) sum += weights[k * 7 + c] * inputs[n * 7 + c];
      CHECK(result[n * 5 + k] == sum);
    }
}

TEST_CASE("a convolution asks for one product: filters by patch by all positions of the batch") {
  constexpr ConvGeometry geometry{
      .input = {3, 8, 8}, .out_channels = 4, .window = {.kernel = 3, .stride = 2}};
  static_assert(product_shape(geometry, 5) == MatrixShape{.rows = 4, .columns = 27, .vectors = 5 * 9});
  int calls = 0;
  const auto count = [&](const MatrixShape& shape, std::span<const float> weights,
                         std::span<const float> activations, std::span<float> result) {
    ++calls;
    CHECK(shape == product_shape(geometry, 5));
    check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
  };
  std::vector<float> result(5 * 4 * 9);
  conv2d<float, float>(count, geometry, 5, std::vector<float>(4 * 27), std::vector<float>(5 * 192), result);
  CHECK(calls == 1);
}

TEST_CASE("spans that do not fit the geometry are refused") {
  const ConvGeometry g{.input = {2, 3, 3}, .out_channels = 4, .window = {.kernel = 2}};
  const std::vector<float> weights(4 * 8);
  const std::vector<float> images(2 * 18);
  std::vector<float> result(2 * 16);
  const auto run = [&](std::int64_t batch, std::size_t w, std::size_t i, std::size_t r) {
    conv2d<float, float>(FloatGemm{}, g, batch, std::span(weights).first(w), std::span(images).first(i),
                         std::span(result).first(r));
  };
  CHECK_NOTHROW(run(2, 32, 36, 32));
  CHECK_THROWS_WITH_AS(run(0, 32, 0, 0), "batch: 0 has to be at least 1", ShapeError);
  CHECK_THROWS_WITH_AS(run(2, 31, 36, 32), "weights is 31, but rows x columns is 32", ShapeError);
  CHECK_THROWS_WITH_AS(run(2, 32, 35, 32), "images is 35, but batch x input is 36", ShapeError);
  CHECK_THROWS_WITH_AS(run(2, 32, 36, 31), "result is 31, but batch x output is 32", ShapeError);
}
