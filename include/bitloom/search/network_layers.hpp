// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <variant>
#include <vector>

#include <bitloom/net/lowering.hpp>
#include <bitloom/net/network.hpp>
#include <bitloom/search/layer.hpp>

namespace bitloom::search {

/// The convolutions and dense layers of a network in topological order, with their names.
/// @throws ShapeError  as `net::statistics`
[[nodiscard]] inline std::vector<WeightLayer> layers_of(const net::Network& network) {
  const auto list = net::layer_list(network);
  std::vector<WeightLayer> layers;
  for (const auto vertex : net::topological_order(network)) {
    const auto& [name, layer] = network.node(vertex);
    if (std::holds_alternative<net::Conv2d>(layer) || std::holds_alternative<net::Dense>(layer))
      layers.push_back({name, list.layers.at(layers.size())});
  }
  return layers;
}

}  // namespace bitloom::search
