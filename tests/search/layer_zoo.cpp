// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/layer_zoo.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/net/lowering.hpp>
#include <bitloom/net/zoo.hpp>
#include <bitloom/search/network_layers.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

double giga_macs(const std::vector<LayerRow>& rows) {
  return static_cast<double>(macs(layers_of(rows))) / 1e9;
}

/// Within the tolerance of a published figure in 10^9 bit operations, both operands with so many bits.
void check_published(const std::vector<LayerRow>& rows, int bits, double gbops, double tolerance) {
  const double ours = giga_macs(rows) * bits * bits;
  CAPTURE(gbops);
  CAPTURE(ours);
  CHECK(std::abs(ours - gbops) <= tolerance * gbops);
}

TEST_CASE("the tables are those of the reference data") {
  for (const std::string name : {"resnet18", "resnet50", "mobilenetv2_0.5", "mobilenetv2_1.0"}) {
    const auto path = std::string(BITLOOM_REFERENCE_DIR) + "/fliqs/layers/" + name + ".csv";
    if (!std::filesystem::exists(path)) {
      MESSAGE("skipped: the reference data " << path << " is not there");
      continue;
    }
    CAPTURE(name);
    CHECK(find_layers(name) == read_layer_table(path));
  }
}

TEST_CASE("residual networks of every width have the published bit operations") {
  const std::vector<double> widths{0.5, 0.75, 1, 1.25, 1.5, 2};
  const std::vector<double> small{7.78, 16.80, 29.23, 45.08, 64.35, 113.1};
  const std::vector<double> wide{124.5, 268.80, 467.7, 721.3, 1030, 1810};
  const std::vector<double> deep{16.84, 37.16, 65.43, 101.6, 145.8, 257.9};
  for (std::size_t i = 0; i < widths.size(); ++i) {
    check_published(resnet18_layers(widths[i]), 4, small[i], 0.0006);
    check_published(resnet18_layers(widths[i]), 16, wide[i], 0.0006);
    check_published(resnet50_layers(widths[i]), 4, deep[i], 0.0006);
  }
}

TEST_CASE("MobileNetV2, EfficientNet and DeiT have the published bit operations") {
  const std::vector<double> widths{0.25, 0.5, 1, 1.4, 2};
  const std::vector<double> wide{9.52, 24.87, 77, 149, 18.2 * 16};
  const std::vector<double> efficient{6.16, 10.97, 15.88, 29.21, 70.25};
  const std::vector<std::int64_t> features{288, 384, 576, 672, 768};
  const std::vector<double> transformers{38.42, 67.96, 152.1, 206.8, 269.8};
  for (std::size_t i = 0; i < 5; ++i) {
    check_published(mobilenetv2_layers(widths[i]), 16, wide[i], 0.003);
    check_published(efficientnet_layers(static_cast<int>(i)), 4, efficient[i], 0.0006);
    check_published(deit_layers(features[i]), 4, transformers[i], 0.0025);
  }
}

TEST_CASE("ResNet-18 is the network of net/ with one projection more") {
  auto rows = layers_of(resnet18_layers());
  std::erase_if(rows, [](const WeightLayer& layer) { return layer.name == "layer1.0.down"; });
  const auto network = layers_of(net::resnet18());
  REQUIRE(rows.size() == network.size());
  const auto sum = [](const std::vector<WeightLayer>& layers) {
    std::int64_t weights = 0;
    for (const auto& layer : layers) weights += search::weights(layer.shape);
    return weights;
  };
  CHECK(macs(rows) == macs(network));
  CHECK(sum(rows) == sum(network));
}

TEST_CASE("channels are rounded as the networks' authors do") {
  CHECK(detail::rounded_channels(32, 1.4) == 48);      // 44.8
  CHECK(detail::rounded_channels(24, 0.5) == 16);      // 12 is halfway
  CHECK(detail::rounded_channels(16, 0.25) == 8);      // never less than 8
  CHECK(detail::rounded_channels(24, 0.75) == 24);     // 18 would lose more than a tenth at 16
  CHECK(mobilenetv2_layers(0.25).back().cin == 1280);  // the head does not shrink
  CHECK(mobilenetv2_layers(1.4).back().cin == 1792);
  CHECK_THROWS_AS(static_cast<void>(resnet18_layers(0.3)), RangeError);  // 19.2 channels
  CHECK_THROWS_AS(static_cast<void>(resnet50_layers(0)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(mobilenetv2_layers(std::nan(""))), RangeError);
  CHECK_THROWS_AS(static_cast<void>(efficientnet_layers(5)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(deit_layers(0)), RangeError);
}

TEST_CASE("names lead to tables") {
  CHECK(find_layers("resnet50_0.5") == resnet50_layers(0.5));
  CHECK(find_layers("mobilenetv2") == mobilenetv2_layers());
  CHECK(find_layers("efficientnet_b3") == efficientnet_layers(3));
  CHECK(find_layers("deit_576") == deit_layers(576));
  for (const auto* none :
       {"", "resnet34", "deit", "deit_0.5", "efficientnet", "resnet18_", "resnet18_1x", "deit_1e99"})
    CHECK_FALSE(find_layers(none));
}

}  // namespace
