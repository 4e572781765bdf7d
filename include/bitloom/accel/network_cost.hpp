// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/op/conv2d.hpp>

namespace bitloom::accel {

/// One layer of a network on an array.
struct LayerCost {
  std::string name;
  MatrixShape shape{};
  ProductCost product{};
};

/// A network on an array of blocks, layer after layer, one image at a time.
struct NetworkCost {
  std::vector<LayerCost> layers;
  std::int64_t cycles{};        ///< sum over the layers, main clock
  std::int64_t load_cycles{};   ///< weights moved into the blocks for each image; 0 if all stay resident
  std::int64_t blocks{};        ///< blocks in use, in the layer that uses most
  std::int64_t weight_words{};  ///< memory words in one block, over all layers
  double port_occupancy{};      ///< share of `cycles` in which the blocks' memory is taken; 0 without memory
  double latency_us{};          ///< (cycles + load_cycles) at the block's clock
  double area{};                ///< of the blocks in use, relative units
  std::vector<core::Constant> constants;  ///< what came from outside, with its standing
};

/// Cost of a chain of stages (net::QuantizedNetwork::stages()) for one image.
///
/// Where the weights of all layers exceed the memory of the blocks, those of every layer are loaded anew for each
/// image, through both ports, without overlap.
template <fabric::Block B, class Stages>
[[nodiscard]] NetworkCost network_cost(const Stages& stages, const BlockArray<B>& array) {
  NetworkCost cost;
  std::int64_t busy = 0;
  for (const auto& stage : stages) {
    LayerCost layer{.name = stage.name, .shape = op::product_shape(stage.geometry, 1)};
    layer.product = array.cost(layer.shape);
    cost.cycles += layer.product.cycles;
    cost.weight_words += layer.product.weight_words;
    cost.blocks = std::max(cost.blocks, layer.product.mapping.blocks());
    busy += layer.product.busy_cycles;
    cost.layers.push_back(std::move(layer));
  }
  if constexpr (requires { B::weight_words; })
    if (cost.weight_words > B::weight_words) cost.load_cycles = core::ceil_div(cost.weight_words, std::int64_t{2});
  cost.port_occupancy = static_cast<double>(busy) / static_cast<double>(cost.cycles);
  cost.latency_us = static_cast<double>(cost.cycles + cost.load_cycles) / B::clock().value;
  cost.area = B::area().value * static_cast<double>(cost.blocks);
  cost.constants = {B::clock(), B::area()};
  return cost;
}

}  // namespace bitloom::accel
