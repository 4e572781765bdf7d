// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/layers.hpp>

#include <cmath>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/gradient_check.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;

namespace {

constexpr op::ConvGeometry geometry{.input = {2, 4, 3}, .out_channels = 3, .window = {3, 2, 1}};

/// Fills a layer's parameters and checks all gradients, the input's included.
template <class L>
double layer_error(L layer, std::int64_t features) {
  auto input = random_parameter<double>("input", features, 3, 1);
  std::vector<train::Parameter<double>*> all{&input};
  if constexpr (train::LearningLayer<L, double>)
    for (auto* parameter : layer.parameters()) {
      parameter->value =
          random_matrix<double>(parameter->value.rows(), parameter->value.cols(), all.size() + 1);
      all.push_back(parameter);
    }
  const auto check = train::check_gradients(
      all, [&](Tape& tape) { return weighted_mean(layer.forward(tape, tape.parameter(input))); });
  for (const auto* parameter : all) CHECK(parameter->gradient.norm() > 1e-6);
  return check.error;
}

}  // namespace

TEST_CASE("every layer's gradients agree with finite differences") {
  CHECK(layer_error(train::Dense<double>(6, 4), 6) < 1e-9);
  CHECK(layer_error(train::Conv2d<double>(geometry), geometry.input.size()) < 1e-9);
  CHECK(layer_error(train::Conv2d<double>({.input = {4, 3, 3}, .out_channels = 6, .window = {3, 1, 1}}, 2),
                    36) < 1e-9);
  CHECK(layer_error(train::BatchNorm<double>({2, 3, 2}), 12) < 1e-8);
  CHECK(layer_error(train::Relu{}, 7) < 1e-9);
  CHECK(layer_error(train::AveragePool{{.input = {2, 4, 4}, .window = {3, 1, 1}}}, 32) < 1e-9);
  CHECK(layer_error(train::GlobalAveragePool{{2, 4, 4}}, 32) < 1e-9);
  CHECK(layer_error(train::MaxPool{{.input = {2, 4, 4}, .window = {2, 2, 0}}}, 32) < 1e-9);
}

TEST_CASE("a layer computes its operation, and the same when it is frozen") {
  train::Conv2d<double> conv(geometry);
  conv.weight.value = random_matrix<double>(3, 18, 1);
  conv.bias.value = random_matrix<double>(3, 1, 2);
  train::Dense<double> affine(24, 5);
  affine.weight.value = random_matrix<double>(5, 24, 3);
  affine.bias.value = random_matrix<double>(5, 1, 4);

  Tape tape;
  const auto input = tape.constant(random_matrix<double>(24, 2, 5));
  const auto convolved = conv.forward(tape, input), frozen = std::as_const(conv).forward(tape, input);
  CHECK(convolved.value() ==
        conv2d(input, tape.parameter(conv.weight), tape.parameter(conv.bias), geometry).value());
  CHECK(frozen.value() == convolved.value());
  CHECK((convolved.needs_gradient() && !frozen.needs_gradient()));

  const auto mapped = affine.forward(tape, input), fixed = std::as_const(affine).forward(tape, input);
  CHECK(mapped.value() == dense(input, tape.parameter(affine.weight), tape.parameter(affine.bias)).value());
  CHECK(fixed.value() == mapped.value());
  CHECK((mapped.needs_gradient() && !fixed.needs_gradient()));
}

TEST_CASE("batch normalization learns running statistics, and uses them when const") {
  train::BatchNorm<double> norm({2, 3, 2});
  norm.scale.value = random_matrix<double>(2, 1, 1);
  norm.shift.value = random_matrix<double>(2, 1, 2);
  Tape tape;
  const auto input = tape.constant(random_matrix<double>(12, 5, 3));
  const auto seen = channel_statistics(input, norm.shape);
  const auto before = norm;
  const auto trained = norm.forward(tape, input);
  CHECK(trained.value() ==
        batch_norm(input, tape.parameter(norm.scale), tape.parameter(norm.shift), norm.shape, 1e-5).value());
  CHECK(norm.running_mean.value.isApprox(0.1 * seen.mean, 1e-14));
  CHECK(norm.running_variance.value.isApprox(Matrix::Constant(2, 1, 0.9) + 0.1 * 30.0 / 29.0 * seen.variance,
                                             1e-14));

  const auto frozen = std::as_const(before).forward(tape, input);
  const Matrix expected = before.scale.value * (1 / std::sqrt(1 + 1e-5));
  for (int item = 0; item < 5; ++item)
    for (int i = 0; i < 12; ++i)
      CHECK(frozen.value()(i, item) ==
            doctest::Approx(input.value()(i, item) * expected(i / 6, 0) + before.shift.value(i / 6, 0))
                .epsilon(1e-14));
  CHECK(before.running_mean.value == Matrix::Zero(2, 1));
  CHECK((trained.needs_gradient() && !frozen.needs_gradient()));

  for (int step = 0; step < 400; ++step) static_cast<void>(norm.forward(tape, input));
  CHECK(norm.running_mean.value.isApprox(seen.mean, 1e-12));
  norm.reset();
  CHECK((norm.running_mean.value == Matrix::Zero(2, 1) && norm.scale.value == Matrix::Ones(2, 1)));
}

TEST_CASE("layers know the shapes of what goes in and comes out") {
  const train::Conv2d<float> conv(geometry);
  CHECK(conv.output(geometry.input) == op::TensorShape{3, 2, 2});
  CHECK((conv.weight.value.rows() == 3 && conv.weight.value.cols() == 18 && conv.fan_in() == 18));
  CHECK_THROWS_WITH_AS(static_cast<void>(conv.output({2, 3, 4})),
                       "conv2d: the input is 2x3x4, but the layer takes 2x4x3", bitloom::ShapeError);

  const train::Dense<float> dense(24, 5);
  CHECK(dense.output({2, 4, 3}) == op::TensorShape{5});
  CHECK((dense.weight.value.rows() == 5 && dense.weight.value.cols() == 24 && dense.fan_in() == 24));
  CHECK_THROWS_WITH_AS(static_cast<void>(dense.output({23})),
                       "dense: the input is 23x1x1, but the layer takes 24 features", bitloom::ShapeError);

  const train::MaxPool pool{{.input = {2, 5, 4}, .window = {2, 2, 0}}};
  CHECK(pool.output({2, 5, 4}) == op::TensorShape{2, 2, 2});
  CHECK_THROWS_AS(static_cast<void>(pool.output({2, 4, 5})), bitloom::ShapeError);
  CHECK(train::Relu{}.output({2, 5, 4}) == op::TensorShape{2, 5, 4});

  CHECK(train::AveragePool{{.input = {2, 5, 4}, .window = {2, 2, 0}}}.output({2, 5, 4}) ==
        op::TensorShape{2, 2, 2});
  CHECK(train::GlobalAveragePool{{2, 5, 4}}.output({2, 5, 4}) == op::TensorShape{2});
  CHECK_THROWS_AS(static_cast<void>(train::GlobalAveragePool{{2, 5, 4}}.output({2, 4, 5})),
                  bitloom::ShapeError);
  const train::BatchNorm<float> norm({2, 5, 4});
  CHECK(norm.output({2, 5, 4}) == op::TensorShape{2, 5, 4});
  CHECK_THROWS_AS(static_cast<void>(norm.output({2, 4, 5})), bitloom::ShapeError);
  CHECK_THROWS_AS(train::BatchNorm<float>({2, 0, 4}), bitloom::ShapeError);
  const train::Conv2d<float> depthwise({.input = {3, 4, 4}, .out_channels = 6, .window = {3, 1, 1}}, 3);
  CHECK(
      (depthwise.weight.value.rows() == 6 && depthwise.weight.value.cols() == 9 && depthwise.fan_in() == 9));
  CHECK_THROWS_AS(train::Conv2d<float>({.input = {3, 4, 4}, .out_channels = 4, .window = {3, 1, 1}}, 3),
                  bitloom::ShapeError);

  CHECK_THROWS_AS(train::Dense<float>(0, 5), bitloom::ShapeError);
  CHECK_THROWS_AS(train::Dense<float>(5, 0), bitloom::ShapeError);
  CHECK_THROWS_AS(train::Conv2d<float>({.input = {1, 2, 2}, .out_channels = 1, .window = {3, 1, 0}}),
                  bitloom::ShapeError);
}
