// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/layer_kind.hpp>

#include <doctest/doctest.h>
#include <bitloom/train/sequential.hpp>

namespace train = bitloom::train;

struct Plain {};

TEST_CASE("a layer is called by its type's own name, without folders and arguments") {
  CHECK(train::layer_kind<train::BatchNorm<float>>() == "batch_norm");
  CHECK(train::layer_kind<train::Conv2d<double>>() == "conv2d");
  CHECK(train::layer_kind<train::MaxPool>() == "max_pool");
  CHECK(train::layer_kind<train::Sequential<float, train::BatchNorm<float>>>() == "sequential");
  CHECK(train::layer_kind<Plain>() == "plain");
}
