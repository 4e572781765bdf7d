// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/layer_names.hpp>

#include <variant>

#include <doctest/doctest.h>

#include <bitloom/train/sequential.hpp>

namespace train = bitloom::train;

TEST_CASE("a layer of one model can be added to another, whose index its names then have") {
  train::Sequential<float> first({4});
  first.relu().dense(3).batch_norm();
  train::Sequential<float> second({4});
  second.add(train::detail::without_index<float>(std::get<train::Dense<float>>(first.layers()[1])));
  second.add(train::detail::without_index<float>(std::get<train::BatchNorm<float>>(first.layers()[2])));
  second.add(train::detail::without_index<float>(std::get<train::Relu>(first.layers()[0])));
  CHECK(second.parameters()[0]->name == "0.weight");
  CHECK(second.parameters()[2]->name == "1.scale");
  CHECK(second.buffers()[1]->name == "1.running_variance");
  CHECK(train::detail::without_index<float>(train::Dense<float>(2, 2)).weight.name == "weight");
}
