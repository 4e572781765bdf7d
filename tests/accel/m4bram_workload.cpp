// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/m4bram_workload.hpp>

#include <filesystem>
#include <string>
#include <variant>

#include <doctest/doctest.h>

#include <bitloom/net/layer_list_json.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;

TEST_CASE("the built-in networks have the layers and maps of the released study") {
  const auto path = std::string(BITLOOM_REFERENCE_DIR) + "/m4bram/networks.json";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: the reference data m4bram/networks.json is not there");
    return;
  }
  const auto networks = net::read_workloads(path);
  REQUIRE(networks.size() == m4bram_networks.size());
  for (std::size_t i = 0; i < networks.size(); ++i) {
    CAPTURE(networks[i].name);
    CHECK(networks[i].name == m4bram_networks[i]);
    const auto ours = m4bram_workload(m4bram_networks[i]);
    REQUIRE(ours.has_value());
    CHECK(ours->net.name == networks[i].name);
    CHECK(ours->net.baseline == networks[i].baseline);
    CHECK(ours->net.enhanced == networks[i].enhanced);
    CHECK(ours->net.feature_maps == networks[i].feature_maps);
    CHECK(ours->net.rvec == networks[i].rvec);
    const auto read = m4bram_workload(networks[i]);  // a file does not say what waits on chip
    CHECK(read.storage == ours->storage);
    CHECK(read.alone_storage == ours->alone_storage);
    CHECK(read.matrices == ours->matrices);
  }
}

TEST_CASE("what waits on chip follows from the name of a network") {
  const auto residual = StreamStorage{StreamForm::Residual};
  CHECK(m4bram_alexnet().storage == StreamStorage{});
  CHECK(m4bram_vgg16().storage == StreamStorage{StreamForm::Plain, 4});
  CHECK(m4bram_vgg16().alone_storage == StreamStorage{StreamForm::Plain, 16});
  for (const auto& network : {m4bram_resnet18(), m4bram_resnet34(), m4bram_vit_block()}) {
    CHECK(network.storage == residual);
    CHECK(network.alone_storage == residual);
    CHECK(network.matrices == (network.net.name == "vitbase" ? 3 : 1));
  }
  CHECK_FALSE(m4bram_workload("mobilenet").has_value());
  auto other = m4bram_resnet18().net;
  other.name = "other";
  other.residual.reset();
  CHECK(m4bram_workload(other).storage == StreamStorage{});
  other.residual = true;
  CHECK(m4bram_workload(other).storage == residual);
}

TEST_CASE("networks do the work of their layers") {
  // VGG-16 has 15.347e9 multiply-accumulates in convolutions and 123.6e6 in the others; the first is wider here
  constexpr std::int64_t first = 224 * 224 * 64;
  CHECK(m4bram_vgg16().net.baseline.macs() == 15'470'264'320 + first * (3 * 49 - 27));
  CHECK(m4bram_vit_block().net.baseline.macs() == 256 * (3 * 768 * 768 + 2 * 768 * 256));
  const auto resnet = m4bram_resnet34().net;
  CHECK(resnet.baseline.macs() == net::workload(net::resnet34(), "").baseline.macs());
  CHECK(std::get<net::FcShape>(resnet.baseline.layers.back()) == net::FcShape{1000, 512});
}

TEST_CASE("large networks with 8-bit weights are compared on the large device") {
  static_assert(m4bram_device("resnet18", 8) == m4bram_large_device);
  static_assert(m4bram_device("vgg16", 4) == m4bram_small_device);
  static_assert(m4bram_device("alexnet", 8) == m4bram_small_device);
  static_assert(m4bram_large_device == Budgets{.dsp = 1152, .bram = 2489});
  static_assert(m4bram_small_device == Budgets{.dsp = 645, .bram = 1537});
  static_assert(m4bram_few_slices == Budgets{.dsp = 640, .bram = 2489});
}

}  // namespace
