// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/network_layers.hpp>

#include <doctest/doctest.h>

#include <bitloom/net/zoo.hpp>

namespace {

using namespace bitloom;

TEST_CASE("the layers of a network have its names and shapes") {
  const auto network = net::resnet18();
  const auto layers = search::layers_of(network);
  const auto list = net::layer_list(network);
  REQUIRE(layers.size() == list.layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) CHECK(layers[i].shape == list.layers[i]);
  CHECK(layers.front().name == "conv1");
  CHECK(layers.back().name == "fc");
  CHECK(layers.back().shape == net::LayerShape(net::FcShape{512, 1000}));
  CHECK(layers[7].name == "layer2.0.downsample.0");
}

}  // namespace
