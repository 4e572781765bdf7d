// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/concepts.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/schedule.hpp>
#include <bitloom/train/sequential.hpp>

namespace train = bitloom::train;

namespace {

struct NotALayer {
  bitloom::op::TensorShape output(const bitloom::op::TensorShape& input) const { return input; }
};

}  // namespace

TEST_CASE("the concepts take what fits and refuse what does not") {
  CHECK((train::Scalar<float> && train::Scalar<double> && train::Scalar<long double>));
  CHECK_FALSE((train::Scalar<int> || train::Scalar<std::string> || train::Scalar<void*>));

  CHECK(train::LearningLayer<train::Dense<float>, float>);
  CHECK(train::LearningLayer<train::Conv2d<double>, double>);
  CHECK_FALSE(train::Layer<train::Dense<float>, double>);
  CHECK((train::Layer<train::Relu, float> && train::Layer<train::MaxPool, double>));
  CHECK_FALSE((train::LearningLayer<train::Relu, float> || train::LearningLayer<train::MaxPool, float>));
  CHECK_FALSE(train::Layer<NotALayer, float>);

  CHECK(train::Model<train::Sequential<float>>);
  CHECK_FALSE(train::Model<train::Dense<float>>);

  CHECK((train::Optimizer<train::Sgd<float>, float> && train::Optimizer<train::Adam<double>, double>));
  CHECK_FALSE((train::Optimizer<train::Sgd<float>, double> || train::Optimizer<train::Relu, float>));

  CHECK((train::Schedule<train::Constant> && train::Schedule<train::Cosine>));
  CHECK_FALSE(train::Schedule<train::Relu>);
}
