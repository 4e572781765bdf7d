// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <bitloom/accel/released_workload.hpp>
#include <bitloom/net/layer_list_json.hpp>
#include <bitloom/net/workload.hpp>
#include <bitloom/net/zoo.hpp>

namespace bitloom::examples {

/// A built-in network as overlays run it; none if there is no such name. AlexNet is that of the published study.
inline std::optional<net::Workload> built_in_workload(const std::string& name) {
  if (name == "alexnet") return accel::released_alexnet();
  if (name == "resnet18") return net::workload(net::resnet18(), name);
  if (name == "resnet34") return net::workload(net::resnet34(), name);
  return std::nullopt;
}

/// A built-in network by its name, or all networks of a file with layer lists.
inline std::vector<net::Workload> load_workloads(const std::string& name) {
  if (auto workload = built_in_workload(name)) return {*workload};
  return net::read_workloads(name);
}

}  // namespace bitloom::examples
