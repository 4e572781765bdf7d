// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/elastic.hpp>

#include <utility>

#include <doctest/doctest.h>
#include <bitloom/train/gradient_check.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;
using Body = train::Sequential<double, train::ElasticChannels>;
using Block = train::Skippable<double, Body>;

static_assert(train::Layer<train::ElasticChannels, double>);
static_assert(train::LearningLayer<Block, double> && train::StatefulLayer<Block, double>);

namespace {

Body body() {
  Body layers({2, 4, 4});
  layers.conv2d(4, {3, 1, 1}).batch_norm().relu();
  layers.add(train::ElasticChannels(layers.output_shape())).conv2d(2, {3, 1, 1});
  return layers;
}

}  // namespace

TEST_CASE("a body with fewer channels is that of the first channels alone") {
  auto wide = body();
  wide.initialize(1);
  for (auto* parameter : wide.parameters())
    parameter->value = random_matrix<double>(parameter->value.rows(), parameter->value.cols(), 7);
  Body narrow({2, 4, 4});
  narrow.conv2d(3, {3, 1, 1}).batch_norm().relu();
  narrow.add(train::ElasticChannels(narrow.output_shape())).conv2d(2, {3, 1, 1});
  const auto from = wide.parameters(), to = narrow.parameters();
  for (std::size_t i = 0; i < from.size(); ++i)
    to[i]->value = from[i]->value.topLeftCorner(to[i]->value.rows(), to[i]->value.cols());

  auto elastic = wide;
  train::for_each_layer<train::ElasticChannels>(elastic,
                                                [](train::ElasticChannels& layer) { layer.set_active(3); });
  const auto items = random_matrix<double>(32, 5, 3);
  CHECK(elastic.predict(items).isApprox(narrow.predict(items), 1e-14));
  CHECK_FALSE(wide.predict(items).isApprox(narrow.predict(items), 1e-3));

  train::ElasticChannels layer({3, 2, 2});
  CHECK_THROWS_AS(layer.set_active(0), bitloom::RangeError);
  CHECK_THROWS_AS(layer.set_active(4), bitloom::RangeError);
  CHECK_THROWS_AS(static_cast<void>(layer.output({12, 1, 1})), bitloom::ShapeError);
}

TEST_CASE("channels that are cut have no gradient, the others that of finite differences") {
  auto model = body();
  model.initialize(1);
  train::for_each_layer<train::ElasticChannels>(model,
                                                [](train::ElasticChannels& layer) { layer.set_active(3); });
  const auto items = random_matrix<double>(32, 3, 3);
  const auto loss = [&](train::Tape<double>& tape) {
    return weighted_mean(model.forward(tape, tape.constant(items)));
  };
  CHECK(train::check_gradients(model.parameters(), loss).error < 1e-6);
  CHECK(model.parameters()[0]->gradient.row(3).isZero(0));
  CHECK_FALSE(model.parameters()[0]->gradient.row(2).isZero(0));
}

TEST_CASE("a body that is left out is the identity") {
  Block block(body());
  bitloom::core::Random random(1);
  block.initialize(random);
  CHECK(block.parameters().front()->name == "body.0.weight");
  const auto items = random_matrix<double>(32, 3, 3);
  train::Tape<double> tape;
  const auto input = tape.constant(items);
  CHECK(block.forward(tape, input).value() != items);
  block.set_active(false);
  CHECK(block.forward(tape, input).value() == items);
  CHECK(std::as_const(block).forward(tape, input).value() == items);
  CHECK(block.output({2, 4, 4}) == op::TensorShape{2, 4, 4});

  train::Sequential<double> shrinking({2, 4, 4});
  shrinking.conv2d(3, {3, 1, 1});
  CHECK_THROWS_AS(train::Skippable{shrinking}, bitloom::ShapeError);
}

TEST_CASE("a masked kernel computes the convolution with the smaller window") {
  const op::ConvGeometry conv{
      .input = {2, 6, 6}, .out_channels = 4, .window = {.kernel = 5, .stride = 1, .padding = 2}};
  const op::ConvGeometry small{
      .input = {2, 6, 6}, .out_channels = 4, .window = {.kernel = 3, .stride = 1, .padding = 1}};
  const auto weight = random_matrix<double>(4, 50, 1);
  const auto mask = train::kernel_mask<double>(conv, 1, 3);
  train::Matrix<double> inner(4, 18);
  for (Eigen::Index k = 0, next = 0; k < 50; ++k)
    if (mask(0, k) == 1) inner.col(next++) = weight.col(k);
  train::Tape<double> tape;
  const auto input = tape.constant(random_matrix<double>(72, 3, 2));
  const auto bias = tape.constant(random_matrix<double>(4, 1, 3));
  const auto masked =
      train::conv2d(input, tape.constant(train::Matrix<double>(weight.cwiseProduct(mask))), bias, conv)
          .value();
  CHECK(masked.isApprox(train::conv2d(input, tape.constant(inner), bias, small).value(), 1e-14));
  CHECK(train::kernel_mask<double>(conv, 1, 5).isOnes(0));
  CHECK_THROWS_AS(static_cast<void>(train::kernel_mask<double>(conv, 1, 2)), bitloom::RangeError);
  CHECK_THROWS_AS(static_cast<void>(train::kernel_mask<double>(conv, 1, 7)), bitloom::RangeError);
}
