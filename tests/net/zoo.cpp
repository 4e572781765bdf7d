// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/zoo.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include <bitloom/net/lowering.hpp>

using namespace bitloom::net;

namespace {

std::int64_t count(const Network& network, const Layer& kind) {
  std::int64_t result = 0;
  for (Network::Vertex vertex = 0; vertex < network.size(); ++vertex)
    result += network.node(vertex).layer.index() == kind.index() ? 1 : 0;
  return result;
}

/// The convolutions and the classifier of a residual network, from the table of its paper.
std::vector<LayerShape> residual_layers(const std::vector<int>& blocks) {
  std::vector<LayerShape> layers{ConvShape{7, 7, 3, 112, 112, 64}};
  const std::vector<std::int64_t> sizes{56, 28, 14, 7}, channels{64, 128, 256, 512};
  for (std::size_t stage = 0; stage < 4; ++stage)
    for (int block = 0; block < blocks[stage]; ++block) {
      const auto size = sizes[stage], k = channels[stage];
      const auto c = block == 0 && stage > 0 ? channels[stage - 1] : k;
      layers.emplace_back(ConvShape{3, 3, c, size, size, k});
      layers.emplace_back(ConvShape{3, 3, k, size, size, k});
      if (c != k) layers.emplace_back(ConvShape{1, 1, c, size, size, k});
    }
  layers.emplace_back(FcShape{512, 1000});
  return layers;
}

}  // namespace

TEST_CASE("the residual networks have their published size") {
  CHECK(parameters(resnet18()) == 11'689'512);
  CHECK(parameters(resnet34()) == 21'797'672);
  CHECK(macs(resnet18()) == 1'814'073'344);
  CHECK(macs(resnet34()) == 3'663'761'408);
}

TEST_CASE("the residual networks have the layers of their paper") {
  CHECK(layer_list(resnet18()).layers == residual_layers({2, 2, 2, 2}));
  CHECK(layer_list(resnet34()).layers == residual_layers({3, 4, 6, 3}));
  CHECK(count(resnet34(), Add{}) == 3 + 4 + 6 + 3);
  CHECK(count(resnet34(), BatchNorm{}) == 36);
  CHECK(count(resnet18(), Relu{}) == 17);
}

TEST_CASE("a shortcut joins what enters a block to what its convolutions make of it") {
  const auto network = resnet18();
  const auto inputs = network.inputs(network.vertex("layer1.0.add"));
  REQUIRE(inputs.size() == 2);
  CHECK(network.node(inputs[0]).name == "layer1.0.bn2");
  CHECK(network.node(inputs[1]).name == "maxpool");
  const auto widened = network.inputs(network.vertex("layer2.0.add"));
  CHECK(network.node(widened[1]).name == "layer2.0.downsample.1");
  const auto shortcut = network.inputs(network.vertex("layer2.0.downsample.0"));
  CHECK(network.node(shortcut[0]).name == "layer1.1.relu2");
  CHECK(infer_shapes(network)[network.vertex("avgpool")] == TensorShape{512, 1, 1});
}

TEST_CASE("AlexNet has the layers of its paper, without the split in two") {
  const auto network = alexnet();
  CHECK(layer_list(network).layers ==
        std::vector<LayerShape>{ConvShape{11, 11, 3, 55, 55, 96}, ConvShape{5, 5, 96, 27, 27, 256},
                                ConvShape{3, 3, 256, 13, 13, 384}, ConvShape{3, 3, 384, 13, 13, 384},
                                ConvShape{3, 3, 384, 13, 13, 256}, FcShape{9216, 4096}, FcShape{4096, 4096},
                                FcShape{4096, 1000}});
  CHECK(
      network.node(network.vertex("conv1")).layer ==
      Layer(Conv2d{.out_channels = 96, .kernel = 11, .stride = 4}));  // a padding of 1 gives 55 rows as well
  CHECK(parameters(network) == 62'378'344);
  CHECK(macs(network) == 1'135'256'096);
  CHECK(infer_shapes(network)[network.vertex("pool5")] == TensorShape{256, 6, 6});
}
