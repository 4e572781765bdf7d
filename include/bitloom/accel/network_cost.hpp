// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/net/layer_list.hpp>
#include <bitloom/op/conv2d.hpp>

namespace bitloom::accel {

/// The matrix product that a layer is, for one image.
struct LayerProduct {
  std::string name;
  MatrixShape shape{};
};

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
  core::Standing latency_standing{};      ///< that of the clock
  double area{};                          ///< of the blocks in use, relative units
  std::vector<core::Constant> constants;  ///< what came from outside, with its standing
};

/// Products of a chain of stages, as of net::QuantizedNetwork.
template <class Stages>
  requires requires(const Stages& stages) {
    std::begin(stages)->name;
    std::begin(stages)->geometry;
  }
[[nodiscard]] std::vector<LayerProduct> layer_products(const Stages& stages) {
  std::vector<LayerProduct> products;
  for (const auto& stage : stages) products.push_back({stage.name, op::product_shape(stage.geometry, 1)});
  return products;
}

/// Products of a list of layers by shape.
/// @throws ShapeError  an extent is not positive, or a layer has more than 2^63 multiply-accumulates
[[nodiscard]] inline std::vector<LayerProduct> layer_products(const net::LayerList& list) {
  std::vector<LayerProduct> products;
  for (const auto& layer : list.layers) {
    static_cast<void>(net::macs(layer));  // checks the extents
    const auto number = std::to_string(products.size() + 1);
    if (const auto* conv = std::get_if<net::ConvShape>(&layer))
      products.push_back(
          {"conv" + number,
           {.rows = conv->k, .columns = conv->r * conv->s * conv->c, .vectors = conv->p * conv->q}});
    else
      products.push_back(
          {"fc" + number,
           {.rows = std::get<net::FcShape>(layer).k, .columns = std::get<net::FcShape>(layer).c}});
  }
  return products;
}

/// Cost of a network for one image.
///
/// Where the weights of all layers exceed the memory of the blocks, those of every layer are loaded anew for each
/// image, through both ports, without overlap.
/// @throws ShapeError  there is no layer, or an impossible one
template <fabric::Block B>
[[nodiscard]] NetworkCost network_cost(std::span<const LayerProduct> layers, const BlockArray<B>& array) {
  core::check_positive("layers", std::ssize(layers));
  NetworkCost cost;
  std::int64_t busy = 0;
  for (const auto& [name, shape] : layers) {
    LayerCost layer{.name = name, .shape = shape, .product = array.cost(shape)};
    cost.cycles += layer.product.cycles;
    cost.weight_words += layer.product.weight_words;
    cost.blocks = std::max(cost.blocks, layer.product.mapping.blocks());
    busy += layer.product.busy_cycles;
    cost.layers.push_back(std::move(layer));
  }
  if constexpr (requires { B::weight_words; })
    if (cost.weight_words > B::weight_words)
      cost.load_cycles = core::ceil_div(cost.weight_words, std::int64_t{2});
  cost.port_occupancy = static_cast<double>(busy) / static_cast<double>(cost.cycles);
  cost.latency_us = static_cast<double>(cost.cycles + cost.load_cycles) / B::clock().value;
  cost.latency_standing = B::clock().standing;
  cost.area = B::area().value * static_cast<double>(cost.blocks);
  cost.constants = {B::clock(), B::area()};
  return cost;
}

}  // namespace bitloom::accel
