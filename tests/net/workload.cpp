// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/workload.hpp>

#include <algorithm>

#include <doctest/doctest.h>

#include <bitloom/net/zoo.hpp>

namespace {

using namespace bitloom::net;

TEST_CASE("folding keeps the products of a first layer and fills the filter columns of a 1×1 one") {
  Network network;
  auto x = network.input("image", {3, 20, 20});
  x = network.add("first", Conv2d{.out_channels = 8, .kernel = 7, .stride = 2, .padding = 3}, x);
  const auto y = network.add("pointwise", Conv2d{.out_channels = 10, .kernel = 1}, x);
  const auto z = network.add("square", Conv2d{.out_channels = 10, .kernel = 3, .padding = 1}, x);
  x = network.add("sum", Add{}, y, z);
  network.add("fc", Dense{.out_features = 5}, network.add("flatten", Flatten{}, x));
  const auto folded = workload(network, "small");
  const std::vector<LayerShape> expected{ConvShape{.r = 3, .s = 1, .c = 49, .p = 10, .q = 10, .k = 8},
                                         ConvShape{.r = 3, .s = 1, .c = 8, .p = 10, .q = 10, .k = 4},
                                         ConvShape{.r = 3, .s = 3, .c = 8, .p = 10, .q = 10, .k = 10},
                                         FcShape{.c = 1000, .k = 5}};
  CHECK(folded.name == "small");
  CHECK(folded.baseline.layers == expected);
  CHECK(folded.enhanced == folded.baseline);
  CHECK(folded.residual == true);
  CHECK(folded.feature_maps == std::vector<FeatureMap>{{10, 10, 8, 10, 10, 10}});
}

TEST_CASE("a machine that unrolls one filter column folds nothing but the first layer") {
  const auto plain = layer_list(resnet18());
  const auto folded = workload(resnet18(), "resnet18", 1);
  CHECK(folded.rvec == 1);
  REQUIRE(folded.baseline.layers.size() == plain.layers.size());
  CHECK(folded.baseline.layers.front() == LayerShape(ConvShape{1, 1, 147, 112, 112, 64}));
  CHECK(std::equal(plain.layers.begin() + 1, plain.layers.end(), folded.baseline.layers.begin() + 1));
}

TEST_CASE("the maps of a single convolution are those of the image") {
  Network network;
  network.add("only", Conv2d{.out_channels = 4, .kernel = 3}, network.input("image", {1, 8, 8}));
  const auto folded = workload(network, "one");
  CHECK(folded.feature_maps == std::vector<FeatureMap>{{8, 8, 1, 6, 6, 4}});
  CHECK(folded.residual == false);
  CHECK_THROWS_AS(static_cast<void>(workload(network, "one", 0)), bitloom::RangeError);
}

TEST_CASE("ResNet-34 has 36 convolutions of which three shortcuts are folded, and seven different maps") {
  const auto folded = workload(resnet34(), "resnet34");
  CHECK(folded.baseline.layers.size() == 37);
  CHECK(std::ranges::count(folded.baseline.layers, LayerShape(ConvShape{3, 1, 128, 14, 14, 86})) == 1);
  CHECK(std::ranges::count(folded.baseline.layers, LayerShape(ConvShape{3, 3, 256, 14, 14, 256})) == 11);
  CHECK(folded.feature_maps.size() == 7);
  CHECK(folded.residual == true);
}

}  // namespace
