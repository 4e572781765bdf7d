// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/fold.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/residual.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
using Matrix = train::Matrix<double>;

namespace {

/// Whole numbers from -2 to 2.
Matrix small_integers(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  return (random_matrix<double>(rows, columns, seed) * 2.4).array().round().matrix();
}

/// A normalization whose factors are powers of two, so that folding it in rounds nothing.
void set_dyadic(train::BatchNorm<double>& norm) {
  norm.epsilon = 0.25;
  for (Eigen::Index c = 0; c < norm.scale.value.rows(); ++c) {
    norm.running_variance.value(c, 0) = std::ldexp(1.0, 2 * (static_cast<int>(c) % 3)) - 0.25;
    norm.scale.value(c, 0) = c % 2 == 0 ? 0.5 : -2.0;
    norm.shift.value(c, 0) = static_cast<double>(c) - 1;
    norm.running_mean.value(c, 0) = 2 - static_cast<double>(c);
  }
}

void fill(const std::vector<train::Parameter<double>*>& parameters) {
  std::uint64_t seed = 0;
  for (auto* parameter : parameters)
    parameter->value = small_integers(parameter->value.rows(), parameter->value.cols(), ++seed);
}

}  // namespace

TEST_CASE("folding a normalization in gives the same bits where nothing rounds") {
  train::Sequential<double> model({2, 4, 5});
  train::Conv2d<double> conv({.input = {2, 4, 5}, .out_channels = 4, .window = {3, 1, 1}}, 2);
  train::BatchNorm<double> after_conv({4, 4, 5}), after_dense({3});
  train::Dense<double> dense(80, 3);
  fill({&conv.weight, &conv.bias, &dense.weight, &dense.bias});
  set_dyadic(after_conv);
  set_dyadic(after_dense);
  model.add(conv).add(after_conv).relu().add(dense).add(after_dense);

  const auto folded = fold_batch_norms(model);
  CHECK(folded.layers().size() == 3);
  CHECK(folded.output_shape() == model.output_shape());
  const Matrix input = small_integers(40, 6, 9);
  CHECK(folded.predict(input) == model.predict(input));
  CHECK(model.predict(input).cwiseAbs().maxCoeff() > 10);
  std::vector<std::string> names;
  for (const auto* parameter : folded.parameters()) names.push_back(parameter->name);
  CHECK(names == std::vector<std::string>{"0.weight", "0.bias", "2.weight", "2.bias"});
  CHECK(folded.buffers().empty());
}

TEST_CASE("folding a trained network changes its outputs by rounding only") {
  train::Sequential<double> model({1, 6, 6});
  model.conv2d(4, {3, 1, 1})
      .batch_norm()
      .relu()
      .max_pool({2, 2, 0})
      .conv2d(4, {3, 1, 0}, 4)
      .batch_norm()
      .dense(3);
  model.initialize(3);
  train::Tape<double> tape;
  for (int step = 0; step < 20; ++step) {
    tape.clear();
    model.forward(tape, tape.constant(random_matrix<double>(36, 8, 1)));  // moves the running statistics
  }
  const Matrix input = random_matrix<double>(36, 10, 2);
  const auto folded = fold_batch_norms(model);
  CHECK(folded.layers().size() == model.layers().size() - 2);
  CHECK((folded.predict(input) - model.predict(input)).cwiseAbs().maxCoeff() < 1e-13);
}

TEST_CASE("a normalization that follows neither a dense layer nor a convolution stays") {
  train::Sequential<double> model({2, 3, 3});
  model.batch_norm().relu().conv2d(2, {1, 1, 0}).relu().batch_norm();
  const auto folded = fold_batch_norms(model);
  CHECK(folded.layers().size() == 5);
  CHECK(folded.buffers().size() == 4);
  CHECK(folded.buffers()[3]->name == "4.running_variance");
  CHECK(folded.parameters()[0]->name == "0.scale");
}

TEST_CASE("a normalization of another number of channels is refused") {
  train::Dense<double> layer(4, 3);
  CHECK_THROWS_WITH_AS(fold_batch_norm(layer, train::BatchNorm<double>({2})),
                       "fold_batch_norm: channels of the normalization is 2, but those of the layer is 3",
                       bitloom::ShapeError);
}
