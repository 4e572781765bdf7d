// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/residual.hpp>

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/gradient_check.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;
using Block = train::Residual<double>;

static_assert(train::LearningLayer<Block, double> && train::StatefulLayer<Block, double>);

namespace {

train::Sequential<double> body() {
  train::Sequential<double> layers({2, 4, 4});
  layers.conv2d(3, {.kernel = 3, .stride = 2, .padding = 1})
      .batch_norm()
      .relu()
      .conv2d(3, {3, 1, 1})
      .batch_norm();
  return layers;
}

train::Sequential<double> projection() {
  train::Sequential<double> layers({2, 4, 4});
  layers.conv2d(3, {.kernel = 1, .stride = 2}).batch_norm();
  return layers;
}

}  // namespace

TEST_CASE("a residual block is the sum of its two ways") {
  Block block(body(), projection());
  bitloom::core::Random random(1);
  block.initialize(random);
  train::Tape<double> tape;
  const auto input = tape.constant(random_matrix<double>(32, 3, 1));
  const auto& frozen = std::as_const(block);
  CHECK(frozen.forward(tape, input).value() ==
        frozen.body().forward(tape, input).value() + frozen.shortcut().forward(tape, input).value());
  CHECK(block.output({2, 4, 4}) == op::TensorShape{3, 2, 2});

  train::Sequential<double> same({2, 4, 4});
  same.conv2d(2, {3, 1, 1});
  const train::Residual identity(same);
  CHECK(identity.forward(tape, input).value() == input.value());  // weights are zero
}

TEST_CASE(
    "a residual network's gradients agree with finite differences, and its parameters have names of their "
    "own") {
  train::Sequential<double, Block> model({2, 4, 4});
  model.add(Block(body(), projection())).relu().global_average_pool().dense(2);
  model.initialize(3);
  const auto input = random_matrix<double>(32, 3, 1);
  const auto check = train::check_gradients(model.parameters(), [&](train::Tape<double>& tape) {
    return weighted_mean(model.forward(tape, tape.constant(input)));
  });
  CAPTURE(check.parameter);
  CHECK(check.error < 1e-7);
  std::vector<std::string> names;
  for (const auto* parameter : std::as_const(model).parameters()) names.push_back(parameter->name);
  CHECK(names == std::vector<std::string>{"0.body.0.weight", "0.body.0.bias", "0.body.1.scale",
                                          "0.body.1.shift", "0.body.3.weight", "0.body.3.bias",
                                          "0.body.4.scale", "0.body.4.shift", "0.shortcut.0.weight",
                                          "0.shortcut.0.bias", "0.shortcut.1.scale", "0.shortcut.1.shift",
                                          "3.weight", "3.bias"});
  REQUIRE(model.buffers().size() == 6);
  CHECK(model.buffers()[4]->name == "0.shortcut.1.running_mean");
}

TEST_CASE("ways that do not fit together are refused") {
  train::Sequential<double> other({2, 4, 4});
  other.conv2d(4, {.kernel = 1, .stride = 2});
  CHECK_THROWS_WITH_AS(Block(body(), other),
                       "residual: the body's output is 3x2x2, but the shortcut's is 4x2x2",
                       bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(Block{body()}, "residual: the body's output is 3x2x2, but the shortcut's is 2x4x4",
                       bitloom::ShapeError);
  CHECK_THROWS_AS(Block(body(), train::Sequential<double>({2, 4, 5})), bitloom::ShapeError);
}
