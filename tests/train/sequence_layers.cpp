// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/sequence_layers.hpp>

#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/activation_layers.hpp>
#include <bitloom/train/gradient_check.hpp>
#include <bitloom/train/losses.hpp>
#include <bitloom/train/residual.hpp>
#include <bitloom/train/sequential.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace op = bitloom::op;
using Matrix = train::Matrix<double>;
using Tape = train::Tape<double>;

static_assert(train::LearningLayer<train::Embedding<double>, double> &&
              train::LearningLayer<train::LayerNorm<double>, double>);
static_assert(train::LearningLayer<train::TokenDense<double>, double> &&
              train::LearningLayer<train::Attention<double>, double>);

namespace {

/// Fills a layer's parameters and checks all gradients, the input's included if it has any.
template <class L>
double layer_error(L layer, Matrix start, bool learned_input = true) {
  train::Parameter<double> input{"input", std::move(start), {}};
  std::vector<train::Parameter<double>*> all;
  if (learned_input) all.push_back(&input);
  for (auto* parameter : layer.parameters()) {
    parameter->value =
        random_matrix<double>(parameter->value.rows(), parameter->value.cols(), all.size() + 2);
    all.push_back(parameter);
  }
  const auto check = train::check_gradients(
      all, [&](Tape& tape) { return weighted_mean(layer.forward(tape, tape.parameter(input))); });
  const auto frozen = [&] {
    Tape tape;
    const auto value = std::as_const(layer).forward(tape, tape.constant(input.value));
    CHECK_FALSE(value.needs_gradient());
    return Matrix(value.value());
  }();
  Tape tape;
  CHECK(layer.forward(tape, tape.constant(input.value)).value() == frozen);
  return check.error;
}

}  // namespace

TEST_CASE(
    "every layer of sequences has gradients that agree with finite differences, frozen or not the same "
    "values") {
  constexpr double tolerance = 1e-8;
  const Matrix tokens = random_matrix<double>(3 * 4, 2, 1);
  CHECK(layer_error(train::LayerNorm<double>(4), tokens) < tolerance);
  CHECK(layer_error(train::TokenDense<double>(4, 5), tokens) < tolerance);
  CHECK(layer_error(train::Attention<double>(3, 4, 2), tokens) < tolerance);
  CHECK(layer_error(train::Attention<double, train::Causal>(3, 4, 1), tokens) < tolerance);
  CHECK(layer_error(train::Embedding<double>(3, 5, 2), Matrix{{0.0, 4.0}, {2.0, 4.0}, {1.0, 3.0}}, false) <
        tolerance);
}

TEST_CASE("self-attention is the attention of three projections, projected") {
  train::Attention<double> layer(3, 4, 2);
  std::uint64_t seed = 0;
  for (auto* parameter : layer.parameters())
    parameter->value = random_matrix<double>(parameter->value.rows(), parameter->value.cols(), ++seed);
  const Matrix x = random_matrix<double>(12, 2, 9);
  Tape tape;
  const Matrix found = layer.forward(tape, tape.constant(x)).value();
  for (int item = 0; item < 2; ++item) {
    const Eigen::Map<const Matrix> token(x.col(item).data(), 4, 3);
    Matrix projected = layer.projection.value * token;
    projected.colwise() += layer.projection_bias.value.col(0);
    Matrix mixed = Matrix::Zero(4, 3);
    for (int head = 0; head < 2; ++head)
      for (int q = 0; q < 3; ++q) {
        double sum = 0;
        Eigen::VectorXd mean = Eigen::VectorXd::Zero(2);
        for (int k = 0; k < 3; ++k) {
          const double weight =
              std::exp(projected.col(q).segment(2 * head, 2).dot(projected.col(k).segment(4 + 2 * head, 2)) /
                       std::sqrt(2.0));
          sum += weight;
          mean += weight * projected.col(k).segment(8 + 2 * head, 2);
        }
        mixed.col(q).segment(2 * head, 2) = mean / sum;
      }
    Matrix expected = layer.output_weight.value * mixed;
    expected.colwise() += layer.output_bias.value.col(0);
    CHECK((Eigen::Map<const Matrix>(found.col(item).data(), 4, 3) - expected).cwiseAbs().maxCoeff() < 1e-14);
  }
}

TEST_CASE("a transformer block of residuals learns which token came first") {
  using Block = train::Sequential<float, train::LayerNorm<float>, train::Attention<float>,
                                  train::TokenDense<float>, train::Gelu<>>;
  Block mixing({4, 1, 8}), feeding({4, 1, 8});
  mixing.add(train::LayerNorm<float>(8)).add(train::Attention<float>(4, 8, 2));
  feeding.add(train::LayerNorm<float>(8))
      .add(train::TokenDense<float>(8, 16))
      .add(train::Gelu<>{})
      .add(train::TokenDense<float>(16, 8));
  train::Sequential<float, train::Embedding<float>, train::Residual<float, Block>> model({4});
  model.add(train::Embedding<float>(4, 3, 8))
      .add(train::Residual(mixing))
      .add(train::Residual(feeding))
      .dense(3);
  model.initialize(1);
  CHECK(model.output_shape(1) == op::TensorShape{4, 1, 8});
  CHECK(model.parameters()[2]->name == "1.body.0.shift");

  train::Matrix<float> items(4, 81);
  std::vector<int> labels;
  for (int i = 0; i < 81; ++i) {
    for (int t = 0, rest = i; t < 4; ++t, rest /= 3) items(t, i) = static_cast<float>(rest % 3);
    labels.push_back(i % 3);
  }
  train::Tape<float> tape;
  const auto parameters = model.parameters();
  double first = 0, last = 0;
  for (int step = 0; step < 150; ++step) {
    tape.clear();
    const auto loss =
        softmax_cross_entropy(model.forward(tape, tape.constant(items)), std::span<const int>(labels));
    last = static_cast<double>(loss.value()(0, 0));
    if (step == 0) first = last;
    train::zero_gradients(std::span<train::Parameter<float>* const>(parameters));
    tape.backward(loss);
    for (auto* parameter : parameters) parameter->value -= 0.1F * parameter->gradient;
  }
  CHECK(last < 0.1 * first);
}

TEST_CASE("layers of sequences take a batch without items") {
  Tape tape;
  const auto none = tape.constant(Matrix::Zero(12, 0));
  train::TokenDense<double> dense(4, 7);
  CHECK((dense.forward(tape, none).rows() == 21 && dense.forward(tape, none).columns() == 0));
  train::Attention<double> attention(3, 4, 2);
  CHECK(attention.forward(tape, none).rows() == 12);
  train::LayerNorm<double> norm(4);
  CHECK(norm.forward(tape, none).rows() == 12);
  train::Embedding<double> table(12, 5, 2);
  CHECK(table.forward(tape, none).rows() == 24);
}

TEST_CASE("layers of sequences start where they should and refuse what does not fit") {
  bitloom::core::Random random(1);
  train::Attention<double> attention(16, 64, 4);
  attention.initialize(random);
  CHECK(attention.projection.value.squaredNorm() / 192 == doctest::Approx(1).epsilon(0.05));
  CHECK(attention.output_bias.value == Matrix::Zero(64, 1));
  train::LayerNorm<double> norm(4);
  norm.scale.value.setZero();
  norm.initialize(random);
  CHECK(norm.scale.value == Matrix::Ones(4, 1));
  train::Embedding<double> table(2, 50, 40);
  table.initialize(random);
  CHECK(table.table.value.squaredNorm() / 2000 == doctest::Approx(1).epsilon(0.1));

  CHECK(table.output({2}) == op::TensorShape{2, 1, 40});
  CHECK(train::TokenDense<double>(4, 7).output({3, 1, 4}) == op::TensorShape{3, 1, 7});
  CHECK_THROWS_AS(static_cast<void>(table.output({3})), bitloom::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(attention.output({64, 1, 16})), bitloom::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(norm.output({3, 1, 3})), bitloom::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(train::TokenDense<double>(4, 7).output({3, 1, 5})), bitloom::ShapeError);
  CHECK_THROWS_AS(train::Attention<double>(3, 4, 3), bitloom::ShapeError);
  CHECK_THROWS_AS(train::Attention<double>(0, 4, 2), bitloom::ShapeError);
  Tape tape;
  CHECK_THROWS_AS(table.forward(tape, tape.constant(Matrix::Constant(2, 1, 0.5))), bitloom::RangeError);
  CHECK_THROWS_AS(table.forward(tape, tape.constant(Matrix::Constant(2, 1, 50))), bitloom::RangeError);
  CHECK_THROWS_AS(table.forward(tape, tape.constant(Matrix::Constant(2, 1, -1))), bitloom::RangeError);
}
