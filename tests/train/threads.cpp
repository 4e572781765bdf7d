// SPDX-License-Identifier: Apache-2.0
#include <bitloom/core/threads.hpp>

#include <cstring>
#include <span>
#include <vector>

#include <doctest/doctest.h>
#include <tbb/global_control.h>

#include <bitloom/train/activation_layers.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/sequence_layers.hpp>
#include <bitloom/train/sequential.hpp>
#include <train/backwards.hpp>
#include <train/random_parameter.hpp>

namespace core = bitloom::core;
namespace train = bitloom::train;

namespace {

using Model = train::Sequential<float, train::Dropout, train::Gelu<>, train::LayerNorm<float>,
                                train::Attention<float>, train::TokenDense<float>>;

Model model_with_everything() {
  Model model({2, 16, 16});
  model.conv2d(16, {3, 1, 1}).batch_norm().relu().max_pool({2, 2, 0});
  model.conv2d(16, {3, 1, 1}, 4).relu().average_pool({2, 2, 0});  // {16, 4, 4}
  model.dense(96).relu().add(train::Dropout(0.3)).dense(96);
  model.initialize(7);
  return model;
}

/// Parameters, buffers and outputs after a few steps of training.
std::vector<train::Matrix<float>> trained(const train::AnyExecutor& executor) {
  auto model = model_with_everything();
  Model tokens({8, 1, 12});
  tokens.add(train::Attention<float>(8, 12, 3)).add(train::LayerNorm<float>(12)).add(train::Gelu<>{});
  tokens.add(train::TokenDense<float>(12, 5));
  tokens.initialize(3);
  const train::Matrix<float> images = random_matrix<float>(512, 70, 1);
  train::Tape<float> tape(executor);
  train::Sgd<float> sgd, token_sgd;
  const auto parameters = model.parameters(), token_parameters = tokens.parameters();
  const std::span<train::Parameter<float>*const> all(parameters), token_all(token_parameters);
  for (int step = 0; step < 3; ++step) {
    tape.clear();
    train::zero_gradients(all);
    train::zero_gradients(token_all);
    const auto features = model.forward(tape, tape.constant(images));
    tape.backward(weighted_mean(tokens.forward(tape, features)));
    sgd.step(all, 0.1);
    token_sgd.step(token_all, 0.1);
  }
  std::vector<train::Matrix<float>> result;
  for (const auto* parameter : parameters) result.push_back(parameter->value);
  for (const auto* parameter : token_parameters) result.push_back(parameter->value);
  for (const auto* buffer : model.buffers()) result.push_back(buffer->value);
  result.push_back(model.predict(images, executor));
  return result;
}

bool same_bits(const std::vector<train::Matrix<float>>& left,
               const std::vector<train::Matrix<float>>& right) {
  bool same = left.size() == right.size();
  for (std::size_t i = 0; same && i < left.size(); ++i)
    same = left[i].size() == right[i].size() &&
           std::memcmp(left[i].data(), right[i].data(),
                       static_cast<std::size_t>(left[i].size()) * sizeof(float)) == 0;
  return same;
}

}  // namespace

TEST_CASE("training gives the same bits serially, backwards, and on 1, 2, 3 and 4 threads") {
  const tbb::global_control more_than_cores(tbb::global_control::max_allowed_parallelism, 4);
  const auto expected = trained({});
  for (const auto& matrix : expected) REQUIRE(matrix.allFinite());
  CHECK(same_bits(trained(core::Serial{}), expected));
  CHECK(same_bits(trained(Backwards{}), expected));
  for (int count = 1; count <= 4; ++count) CHECK(same_bits(trained(core::Threads(count)), expected));
  CHECK(same_bits(trained(core::Threads{}), expected));
}
