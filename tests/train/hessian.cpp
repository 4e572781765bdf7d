// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/hessian.hpp>

#include <span>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/activation_layers.hpp>
#include <bitloom/train/attention.hpp>
#include <bitloom/train/layer_norm.hpp>
#include <bitloom/train/losses.hpp>
#include <bitloom/train/rearrange.hpp>
#include <bitloom/train/sequential.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Dual = train::Dual<double>;
using Matrix = train::Matrix<double>;

namespace {

template <class S>
using Model = train::Sequential<S, train::Gelu<>>;

template <class S>
Model<S> small_cnn() {
  Model<S> model({1, 6, 6});
  model.conv2d(3, {3, 1, 1}).batch_norm().relu().max_pool({2, 2, 0}).dense(5).add(train::Gelu<>{}).dense(4);
  model.initialize(5);
  return model;
}

template <class S>
train::Value<S> loss_of(Model<S>& model, train::Tape<S>& tape) {
  static const std::vector<int> labels{0, 3, 1};
  const train::Matrix<S> images = random_matrix<double>(36, 3, 1).cast<S>();
  return softmax_cross_entropy(model.forward(tape, tape.constant(images)), std::span<const int>(labels),
                               {.label_smoothing = 0.1});
}

/// A loss that goes through every smooth operation that `small_cnn` does not have; p is [6 × 4], its elements in -1..1.
template <class S>
train::Value<S> loss_of_operations(train::Value<S> p) {
  auto& tape = p.tape();
  const auto ones = tape.constant(train::Matrix<S>::Ones(6, 1));
  const auto positive = exp(scale(p, 0.5));
  const auto means = mean(p, train::Features{});
  const std::vector<train::Value<S>> parts{
      divide(sigmoid(p), positive),
      subtract(log(positive), means),
      multiply(sqrt(positive), tanh(p)),
      train::gelu<train::TanhForm>(p),
      softmax(p),
      multiply(log_softmax(p), p),
      layer_norm(p, ones, sum(p, train::Batch{}), 0.1),
      train::attention<train::Causal>(p, positive, p, {.queries = 2, .keys = 2, .heads = 3})};
  const auto all = concatenate(std::span<const train::Value<S>>(parts), train::Features{});
  const std::vector<double> order{3, 1, 2, 5};
  const auto targets = tape.constant(train::Matrix<S>::Constant(4, 6, S(0.25)));
  return add(add(weighted_mean(multiply(all, all)), mean_squared_error(p, positive)),
             add(binary_cross_entropy(transpose(multiply(p, p)), targets),
                 pairwise_hinge(multiply(means, means), std::span<const double>(order), 2.0)));
}

template <class S>
std::vector<const train::Parameter<S>*> constant(const std::vector<train::Parameter<S>*>& parameters) {
  return {parameters.begin(), parameters.end()};
}

}  // namespace

TEST_CASE("of the quadratic form xᵀAx / 2 + bᵀx, the product is (A + Aᵀ) / 2 times the direction") {
  const Matrix a = random_matrix<double>(6, 6, 1), direction = random_matrix<double>(6, 1, 2);
  train::Parameter<Dual> x{"x", random_matrix<double>(6, 1, 3).cast<Dual>(), {}};
  const std::vector<train::Parameter<Dual>*> all{&x};
  const auto form = [&](train::Tape<Dual>& tape) {
    const auto v = tape.parameter(x), m = tape.constant(a.cast<Dual>()),
               b = tape.constant(random_matrix<double>(6, 1, 4).cast<Dual>());
    return add(scale(train::matmul<train::Transposed>(v, matmul(m, v)), Dual(0.5)),
               train::matmul<train::Transposed>(b, v));
  };
  const std::vector<Matrix> directions{direction};
  const auto product = train::hessian_vector_product<double>(form, all, directions);
  REQUIRE(product.size() == 1);
  CHECK((product[0] - (a + a.transpose()) / 2 * direction).cwiseAbs().maxCoeff() < 1e-14);
  for (int k = 0; k < 6; ++k) CHECK(x.value(k, 0).derivative == 0);
}

TEST_CASE("of a network, the product is the difference of gradients along the direction") {
  auto model = small_cnn<double>();
  auto dual = small_cnn<Dual>();
  const auto parameters = model.parameters();
  const auto dual_parameters = dual.parameters();
  train::copy_values<double, Dual>(constant(parameters), dual_parameters);
  std::vector<Matrix> direction;
  for (const auto* parameter : parameters)
    direction.push_back(
        random_matrix<double>(parameter->value.rows(), parameter->value.cols(), direction.size() + 7));
  const auto product = train::hessian_vector_product<double>(
      [&](train::Tape<Dual>& tape) { return loss_of(dual, tape); }, dual_parameters, direction);

  const double step = 1e-5;
  const auto gradients_at = [&](double along) {
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i]->value += along * direction[i];
    train::Tape<double> tape;
    train::zero_gradients(std::span<train::Parameter<double>* const>(parameters));
    tape.backward(loss_of(model, tape));
    std::vector<Matrix> gradients;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      gradients.push_back(parameters[i]->gradient);
      parameters[i]->value -= along * direction[i];
    }
    return gradients;
  };
  const auto above = gradients_at(step), below = gradients_at(-step), middle = gradients_at(0);
  double largest = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Matrix numeric = (above[i] - below[i]) / (2 * step);
    CHECK((product[i] - numeric).cwiseAbs().maxCoeff() < 1e-8);
    CHECK((dual_parameters[i]->gradient.unaryExpr([](const Dual& x) { return x.value; }) - middle[i]).norm() <
          1e-13);
    largest = std::max(largest, product[i].cwiseAbs().maxCoeff());
  }
  CHECK(largest > 0.1);
}

TEST_CASE("every smooth operation has second derivatives") {
  const Matrix start = random_matrix<double>(6, 4, 1), direction = random_matrix<double>(6, 4, 2);
  train::Parameter<Dual> dual{"p", start.cast<Dual>(), {}};
  const std::vector<train::Parameter<Dual>*> all{&dual};
  const auto product = train::hessian_vector_product<double>(
      [&](train::Tape<Dual>& tape) { return loss_of_operations(tape.parameter(dual)); }, all,
      std::vector<Matrix>{direction});

  const auto gradient_at = [&](double along) {
    train::Parameter<double> p{"p", start + along * direction, {}};
    train::Tape<double> tape;
    tape.backward(loss_of_operations(tape.parameter(p)));
    return p.gradient;
  };
  const double step = 1e-5;
  const Matrix numeric = (gradient_at(step) - gradient_at(-step)) / (2 * step);
  CHECK((product[0] - numeric).cwiseAbs().maxCoeff() < 1e-8);
  CHECK(numeric.cwiseAbs().minCoeff() > 1e-4);
}

TEST_CASE("directions that do not fit are refused") {
  train::Parameter<Dual> x{"x", train::Matrix<Dual>::Ones(2, 1), {}};
  const std::vector<train::Parameter<Dual>*> all{&x};
  const auto loss = [&](train::Tape<Dual>& tape) { return sum(tape.parameter(x)); };
  const std::vector<Matrix> none, wide{Matrix::Ones(1, 2)};
  CHECK_THROWS_AS(static_cast<void>(train::hessian_vector_product<double>(loss, all, none)),
                  bitloom::ShapeError);
  CHECK_THROWS_WITH_AS(static_cast<void>(train::hessian_vector_product<double>(loss, all, wide)),
                       "hessian_vector_product: direction is 1x2, but its parameter is 2x1",
                       bitloom::ShapeError);
  train::Parameter<double> y{"y", Matrix::Ones(3, 1), {}};
  const std::vector<const train::Parameter<double>*> from{&y};
  CHECK_THROWS_AS((train::copy_values<double, Dual>(from, all)), bitloom::ShapeError);
}
