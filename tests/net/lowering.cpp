// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/lowering.hpp>

#include <doctest/doctest.h>

#include <vector>

#include <bitloom/core/error.hpp>

using namespace bitloom::net;

TEST_CASE("a layer list holds the convolutions and dense layers with the axes in their places") {
  Network network;
  auto x = network.input("image", {4, 11, 7});
  x = network.add("conv", Conv2d{.out_channels = 6, .kernel = {5, 3}, .stride = {2, 1}, .padding = {0, 1}},
                  x);
  x = network.add("relu", Relu{}, x);
  x = network.add("depthwise", Conv2d{.out_channels = 6, .kernel = 3, .padding = 1, .groups = 6}, x);
  x = network.add("flatten", Flatten{}, x);
  network.add("fc", Dense{.out_features = 10}, x);

  const auto list = layer_list(network);
  const std::vector<LayerShape> expected{ConvShape{.r = 3, .s = 5, .c = 4, .p = 4, .q = 7, .k = 6},
                                         ConvShape{.r = 3, .s = 3, .c = 1, .p = 4, .q = 7, .k = 6},
                                         FcShape{.c = 6 * 4 * 7, .k = 10}};
  CHECK(list.layers == expected);
  CHECK(list.macs() == macs(network));
}

TEST_CASE("a layer list is in topological order, not in the order of building") {
  Network network;
  const auto last = network.add("last", Dense{.out_features = 2});
  const auto first = network.add("first", Dense{.out_features = 3});
  network.connect(network.input("vector", {.channels = 4}), first);
  network.connect(first, last);
  CHECK(layer_list(network).layers ==
        std::vector<LayerShape>{FcShape{.c = 4, .k = 3}, FcShape{.c = 3, .k = 2}});
}

TEST_CASE("an impossible network has no layer list") {
  Network network;
  network.add("fc", Dense{.out_features = 3});
  CHECK_THROWS_AS(static_cast<void>(layer_list(network)), bitloom::ShapeError);
}
