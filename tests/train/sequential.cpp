// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/sequential.hpp>

#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/gradient_check.hpp>
#include <bitloom/train/losses.hpp>
#include <train/backwards.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;

namespace {

template <class S>
train::Sequential<S> small_cnn() {
  train::Sequential<S> model({.channels = 1, .height = 6, .width = 6});
  model.conv2d(3, {.kernel = 3, .padding = 1})
      .relu()
      .max_pool({.kernel = 2, .stride = 2})
      .dense(5)
      .relu()
      .dense(4);
  model.initialize(5);
  return model;
}

/// Every layer of the default list.
template <class S>
train::Sequential<S> normalized_cnn() {
  train::Sequential<S> model({1, 6, 6});
  model.conv2d(4, {.kernel = 3, .padding = 1}).batch_norm().relu().max_pool({.kernel = 2, .stride = 2});
  model.conv2d(4, {.kernel = 3, .padding = 1}, 2).relu().average_pool({.kernel = 2}).global_average_pool();
  model.dense(5).relu().dense(4);
  model.initialize(5);
  return model;
}

/// A layer of a user's own: multiplies every feature with a trained factor.
template <class S>
struct Gain {
  train::Parameter<S> factor{"factor", train::Matrix<S>::Ones(3, 1), {}};

  op::TensorShape output(const op::TensorShape& input) const { return input; }
  train::Value<S> forward(train::Tape<S>& tape, train::Value<S> input) {
    return scale(tape.parameter(factor), input);
  }
  train::Value<S> forward(train::Tape<S>& tape, train::Value<S> input) const {
    return scale(tape.parameter(factor), input);
  }
  static train::Value<S> scale(train::Value<S> factor, train::Value<S> input) {
    return multiply(matmul(factor, input.tape().constant(train::Matrix<S>::Ones(1, input.columns()))), input);
  }
  std::vector<train::Parameter<S>*> parameters() { return {&factor}; }
  std::vector<const train::Parameter<S>*> parameters() const { return {&factor}; }
  double fan_in() const { return 1; }
};

}  // namespace

TEST_CASE("a network's gradients agree with finite differences") {
  auto model = small_cnn<double>();
  const auto input = random_matrix<double>(36, 3, 1);
  const std::vector<int> labels{0, 3, 1};
  const auto check = train::check_gradients(model.parameters(), [&](train::Tape<double>& tape) {
    return softmax_cross_entropy(model.forward(tape, tape.constant(input)), std::span<const int>(labels));
  });
  CAPTURE(check.parameter);
  CHECK(check.error < 1e-8);
  for (const auto* parameter : model.parameters()) CHECK(parameter->gradient.norm() > 1e-6);
}

TEST_CASE("the builder infers every shape, and parameters are named by layer") {
  const auto model = small_cnn<float>();
  const std::vector<op::TensorShape> shapes{{3, 6, 6}, {3, 6, 6}, {3, 3, 3}, {5}, {5}, {4}};
  REQUIRE(model.layers().size() == shapes.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) CHECK(model.output_shape(i) == shapes[i]);
  CHECK(model.input_shape() == op::TensorShape{1, 6, 6});
  CHECK(model.output_shape() == op::TensorShape{4});
  std::vector<std::string> names;
  for (const auto* parameter : model.parameters()) names.push_back(parameter->name);
  CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "3.weight", "3.bias", "5.weight", "5.bias"});
  CHECK(std::get<train::Conv2d<float>>(model.layers()[0]).geometry.window == op::Window{3, 1, 1});
}

TEST_CASE("predict, forward and forward_each agree, also over several chunks") {
  auto model = small_cnn<double>();
  const auto input = random_matrix<double>(36, 600, 2);
  train::Tape<double> tape;
  const train::Matrix<double> recorded = model.forward(tape, tape.constant(input)).value();
  CHECK((recorded - model.predict(input)).cwiseAbs().maxCoeff() < 1e-13);

  std::vector<std::size_t> visited;
  train::Matrix<double> activation = input;
  model.forward_each(input, [&](std::size_t index, const train::Matrix<double>& output) {
    visited.push_back(index);
    tape.clear();
    const auto previous = tape.constant(activation);
    const auto expected =
        std::visit([&](const auto& layer) { return layer.forward(tape, previous); }, model.layers()[index]);
    CHECK(output == expected.value());
    CHECK(output.rows() == model.output_shape(index).size());
    activation = output;
  });
  CHECK(visited == std::vector<std::size_t>{0, 1, 2, 3, 4, 5});
  CHECK(activation == recorded);
}

TEST_CASE("a relu is computed together with the layer before it without a change of bits") {
  auto model = normalized_cnn<float>();
  const auto apart = model;
  const train::Matrix<float> input = random_matrix<float>(36, 9, 2);
  train::Tape<float> tape;
  const train::Matrix<float> fused = model.forward(tape, tape.constant(input)).value();
  auto value = tape.constant(input);
  for (const auto& layer : apart.layers())
    value =
        std::visit([&](auto l) { return l.forward(tape, value); }, layer);  // of a copy, which is not const
  CHECK(value.value() == fused);
  train::Matrix<float> each;
  std::as_const(model).forward_each(input,
                                    [&](std::size_t, const train::Matrix<float>& output) { each = output; });
  CHECK(each == model.predict(input));
  CHECK(std::as_const(model).forward(tape, tape.constant(input)).value() == each);
}

TEST_CASE("a normalized network's gradients agree with finite differences, and its buffers are named") {
  auto model = normalized_cnn<double>();
  const auto input = random_matrix<double>(36, 4, 1);
  const std::vector<int> labels{0, 3, 1, 2};
  const auto check = train::check_gradients(model.parameters(), [&](train::Tape<double>& tape) {
    return softmax_cross_entropy(model.forward(tape, tape.constant(input)), std::span<const int>(labels));
  });
  CAPTURE(check.parameter);
  CHECK(check.error < 1e-7);
  REQUIRE(model.buffers().size() == 2);
  CHECK(std::as_const(model).buffers()[0]->name == "1.running_mean");
  CHECK(model.buffers()[1]->name == "1.running_variance");
  CHECK(model.parameters()[2]->name == "1.scale");
  CHECK(model.buffers()[1]->value != train::Matrix<double>::Ones(4, 1));
  model.initialize(1);
  CHECK(model.buffers()[1]->value == train::Matrix<double>::Ones(4, 1));
}

TEST_CASE("predictions are the same bits for every executor") {
  const auto model = normalized_cnn<float>();
  const train::Matrix<float> input = random_matrix<float>(36, 600, 2);
  CHECK(model.predict(input, Backwards{}) == model.predict(input));
}

TEST_CASE("a model is a layer of other models") {
  static_assert(train::LearningLayer<train::Sequential<double>, double> &&
                train::StatefulLayer<train::Sequential<double>, double>);
  train::Sequential<double, train::Sequential<double>> outer({1, 6, 6});
  outer.add(normalized_cnn<double>()).relu().dense(2);
  outer.initialize(4);
  CHECK(outer.output_shape(0) == op::TensorShape{4});
  CHECK(outer.parameters()[0]->name == "0.0.weight");
  CHECK(outer.buffers()[0]->name == "0.1.running_mean");
  CHECK(outer.parameters()[0]->value.norm() > 0);
  CHECK(outer.output({1, 6, 6}) == op::TensorShape{2});
  CHECK_THROWS_AS(static_cast<void>(outer.output({6, 6, 1})), bitloom::ShapeError);
  const auto input = random_matrix<double>(36, 3, 1);
  const auto check = train::check_gradients(outer.parameters(), [&](train::Tape<double>& tape) {
    return weighted_mean(outer.forward(tape, tape.constant(input)));
  });
  CHECK(check.error < 1e-7);
}

TEST_CASE("a model without layers is the identity") {
  const train::Sequential<float> model({3});
  const auto input = random_matrix<float>(3, 2, 1);
  CHECK(model.predict(input) == input);
}

TEST_CASE("initialization has He's variance, zero biases, and a stream per layer") {
  train::Sequential<double> model({400});
  model.dense(300).relu().dense(300);
  model.initialize(1);
  const auto parameters = model.parameters();
  const auto& weight = parameters[0]->value;
  const auto count = static_cast<double>(weight.size());
  CHECK(std::abs(weight.sum() / count) < 4 * std::sqrt(2.0 / 400 / count));
  CHECK(weight.squaredNorm() / count * 400 / 2 == doctest::Approx(1).epsilon(0.02));
  CHECK(parameters[1]->value == train::Matrix<double>::Zero(300, 1));
  CHECK(parameters[2]->value.squaredNorm() / 300 / 2 == doctest::Approx(1).epsilon(0.02));
  CHECK(weight.data()[0] / std::sqrt(2.0 / 400) != parameters[2]->value.data()[0] / std::sqrt(2.0 / 300));

  train::Sequential<double> again({400});
  again.dense(300);
  parameters[1]->value.setOnes();
  again.initialize(1);
  CHECK(again.parameters()[0]->value == weight);
  again.initialize(2);
  CHECK(again.parameters()[0]->value != weight);
  model.initialize(1);
  CHECK(parameters[1]->value == train::Matrix<double>::Zero(300, 1));
}

TEST_CASE("a user's own layer type joins the variant and learns") {
  train::Sequential<double, Gain<double>> model({3});
  model.add(Gain<double>{}).relu().dense(2);
  model.initialize(3);
  model.parameters()[0]->value = random_matrix<double>(3, 1, 1);
  CHECK(model.parameters()[0]->name == "0.factor");
  const auto input = random_matrix<double>(3, 4, 2);
  const auto check = train::check_gradients(model.parameters(), [&](train::Tape<double>& tape) {
    return weighted_mean(model.forward(tape, tape.constant(input)));
  });
  CHECK(check.error < 1e-9);
  CHECK(model.parameters()[0]->gradient.norm() > 1e-6);
}

TEST_CASE("layers and inputs that do not fit are refused") {
  CHECK_THROWS_AS(train::Sequential<float>({0, 2, 2}), bitloom::ShapeError);
  train::Sequential<float> model({1, 4, 4});
  CHECK_THROWS_AS(model.dense(0), bitloom::ShapeError);
  CHECK_THROWS_AS(model.conv2d(2, {.kernel = 5}), bitloom::ShapeError);
  CHECK_THROWS_AS(model.add(train::Dense<float>(15, 2)), bitloom::ShapeError);
  CHECK(model.layers().empty());  // a refused layer leaves no trace
  CHECK(model.output_shape() == op::TensorShape{1, 4, 4});
  model.dense(2);
  const train::Matrix<float> wrong = train::Matrix<float>::Zero(15, 3);
  train::Tape<float> tape;
  CHECK_THROWS_WITH_AS(static_cast<void>(model.predict(wrong)),
                       "input has 15 features, but the model takes 1x4x4", bitloom::ShapeError);
  CHECK_THROWS_AS(model.forward(tape, tape.constant(wrong)), bitloom::ShapeError);
  CHECK_THROWS_AS(model.forward_each(wrong, [](std::size_t, const train::Matrix<float>&) {}),
                  bitloom::ShapeError);
}
