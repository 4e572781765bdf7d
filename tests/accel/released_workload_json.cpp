// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/released_workload.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/net/layer_list_json.hpp>
#include <bitloom/net/workload.hpp>
#include <bitloom/net/zoo.hpp>

namespace {

using namespace bitloom;

/// The networks of a study; none, with a message, where the data is not at hand. Released lists have the inputs and
/// outputs of a ResNet's last layer swapped, which is undone.
std::vector<net::Workload> published_workloads(const std::string& study) {
  const auto path = std::string(BITLOOM_REFERENCE_DIR) + "/" + study + "/networks.json";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: the reference data " << path << " is not there");
    return {};
  }
  auto workloads = net::read_workloads(path);
  for (auto& workload : workloads)
    for (auto* list : {&workload.baseline, &workload.enhanced})
      if (list->layers.back() == net::LayerShape(net::FcShape{.c = 1000, .k = 512}))
        list->layers.back() = net::FcShape{.c = 512, .k = 1000};
  return workloads;
}

TEST_CASE("AlexNet and ResNet-34 are those of the published study") {
  const auto published = published_workloads("bramac");
  if (published.empty()) return;
  REQUIRE(published.size() == 2);
  CHECK(published[0] == accel::released_alexnet());
  CHECK(published[1] == net::workload(net::resnet34(), "resnet34"));
}

TEST_CASE("a later study of the same overlay has the same AlexNet, ResNet-34 and ResNet-18") {
  int found = 0;
  for (auto workload : published_workloads("m4bram")) {
    CAPTURE(workload.name);
    CHECK_FALSE(workload.residual.has_value());
    const auto check = [&](const net::Workload& ours) {
      ++found;
      workload.residual = ours.residual;
      CHECK(workload == ours);
    };
    if (workload.name == "alexnet") check(accel::released_alexnet());
    if (workload.name == "resnet34") check(net::workload(net::resnet34(), "resnet34"));
    if (workload.name == "resnet18") check(net::workload(net::resnet18(), "resnet18"));
  }
  CHECK((found == 0 || found == 3));
}

}  // namespace
