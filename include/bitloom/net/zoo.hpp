// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <bitloom/net/layer.hpp>
#include <bitloom/net/network.hpp>

namespace bitloom::net {

namespace detail {

/// The 18- and 34-layer residual networks, `blocks` per stage.
class ResNetBuilder {
 public:
  static Network build(const std::array<int, 4>& blocks) {
    ResNetBuilder builder;
    auto& network = builder.network_;
    auto x = network.input("image", {3, 224, 224});
    x = builder.conv_norm("conv1", "bn1",
                          {.out_channels = 64, .kernel = 7, .stride = 2, .padding = 3, .bias = false}, x);
    x = network.add("relu", Relu{}, x);
    x = network.add("maxpool", MaxPool2d{.kernel = 3, .stride = 2, .padding = 1}, x);
    std::int64_t channels = 64;
    for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
      const std::int64_t previous = channels;
      channels = std::int64_t{64} << stage;
      for (int block = 0; block < blocks[stage]; ++block) {
        const auto name = "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
        const bool widens = block == 0 && channels != previous;
        x = builder.basic_block(name, channels, widens, x);
      }
    }
    x = network.add("avgpool", GlobalAveragePool{}, x);
    x = network.add("flatten", Flatten{}, x);
    network.add("fc", Dense{.out_features = 1000}, x);
    return std::move(builder.network_);
  }

 private:
  using Vertex = Network::Vertex;

  /// Two 3×3 convolutions beside a shortcut, which is a 1×1 convolution where the block halves the image.
  Vertex basic_block(const std::string& name, std::int64_t channels, bool widens, Vertex x) {
    const Extent2d stride = widens ? 2 : 1;
    auto y =
        conv_norm(name + ".conv1", name + ".bn1",
                  {.out_channels = channels, .kernel = 3, .stride = stride, .padding = 1, .bias = false}, x);
    y = network_.add(name + ".relu1", Relu{}, y);
    y = conv_norm(name + ".conv2", name + ".bn2",
                  {.out_channels = channels, .kernel = 3, .padding = 1, .bias = false}, y);
    if (widens)
      x = conv_norm(name + ".downsample.0", name + ".downsample.1",
                    {.out_channels = channels, .kernel = 1, .stride = stride, .bias = false}, x);
    y = network_.add(name + ".add", Add{}, y, x);
    return network_.add(name + ".relu2", Relu{}, y);
  }

  Vertex conv_norm(const std::string& conv_name, const std::string& norm_name, const Conv2d& conv, Vertex x) {
    return network_.add(norm_name, BatchNorm{}, network_.add(conv_name, conv, x));
  }

  Network network_;
};

}  // namespace detail

/// AlexNet on one 3×227×227 image, without the two-way split of its convolutions: 62,378,344 parameters.
///
/// Local response normalization and dropout, which change no shape and learn nothing, are left out.
///
/// Source: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks",
/// NIPS 2012, section 3.5; the size 227 makes its 55×55 output of the first layer exact.
[[nodiscard]] inline Network alexnet() {
  Network network;
  auto x = network.input("image", {3, 227, 227});
  const auto conv = [&](const std::string& name, const Conv2d& layer) {
    x = network.add("conv" + name, layer, x);
    x = network.add("relu" + name, Relu{}, x);
  };
  const auto pool = [&](const std::string& name) {
    x = network.add("pool" + name, MaxPool2d{.kernel = 3, .stride = 2}, x);
  };
  conv("1", {.out_channels = 96, .kernel = 11, .stride = 4});
  pool("1");
  conv("2", {.out_channels = 256, .kernel = 5, .padding = 2});
  pool("2");
  conv("3", {.out_channels = 384, .kernel = 3, .padding = 1});
  conv("4", {.out_channels = 384, .kernel = 3, .padding = 1});
  conv("5", {.out_channels = 256, .kernel = 3, .padding = 1});
  pool("5");
  x = network.add("flatten", Flatten{}, x);
  x = network.add("fc6", Dense{.out_features = 4096}, x);
  x = network.add("relu6", Relu{}, x);
  x = network.add("fc7", Dense{.out_features = 4096}, x);
  x = network.add("relu7", Relu{}, x);
  network.add("fc8", Dense{.out_features = 1000}, x);
  return network;
}

/// ResNet-18 on one 3×224×224 image: 11,689,512 parameters, 1.814e9 multiply-accumulate operations.
///
/// Layers have torchvision's names where it has one.
///
/// Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016, table 1.
[[nodiscard]] inline Network resnet18() { return detail::ResNetBuilder::build({2, 2, 2, 2}); }

/// ResNet-34 on one 3×224×224 image: 21,797,672 parameters, 3.664e9 multiply-accumulate operations.
///
/// Layers have torchvision's names where it has one.
///
/// Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR 2016, table 1.
[[nodiscard]] inline Network resnet34() { return detail::ResNetBuilder::build({3, 4, 6, 3}); }

}  // namespace bitloom::net
