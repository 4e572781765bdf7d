// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/core/checked.hpp>
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
  std::int64_t load_cycles{};   ///< waiting for weights, for each image; 0 if all stay in the blocks
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

/// What `network_cost` takes for granted.
inline constexpr std::array<std::string_view, 4> network_assumptions{
    "Layers run one after the other on the same blocks, one image at a time.",
    "An adder tree outside the blocks joins partial sums, one cycle a level, in the blocks' clock.",
    "Weights that do not all fit the blocks are double-buffered: while a layer computes from one half of the "
    "memory, "
    "those of the next fill the other half through free port cycles, two words a cycle in every block.",
    "DSP slices take weights and activations from memory that is not counted."};

/// Cycles in which blocks wait for weights, for each image.
///
/// Where the weights of all layers do not fit the blocks together, each layer has half the memory: it streams what
/// does not fit that half, and the next layer's first weights fill the other half in the free cycles that are left.
template <StoresWeights B>
[[nodiscard]] std::int64_t weight_stalls(std::span<const LayerCost> layers, const Operands& operands) {
  std::int64_t words = 0;
  for (const auto& layer : layers)
    words = core::checked_sum("weight words", words, layer.product.weight_words);
  if (words <= B::weight_words) return 0;
  constexpr std::int64_t half = B::weight_words / 4;  // pairs in half the memory
  std::int64_t stalls = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& part = layers[i].product.mapping.largest;
    const auto spare = B::free(part, operands) - B::streamed_pairs(part, operands, half);
    const auto next =
        std::min(core::ceil_div(layers[(i + 1) % layers.size()].product.weight_words, std::int64_t{2}), half);
    stalls += std::max<std::int64_t>(next - spare, 0);
  }
  return stalls;
}

/// Cost of a network for one image; see network_assumptions.
/// @throws ShapeError  there is no layer, an impossible one, or a total that does not fit 63 bits
/// @throws RangeError  a sum of products might not fit 32 bits
template <fabric::Block B>
[[nodiscard]] NetworkCost network_cost(std::span<const LayerProduct> layers, const BlockArray<B>& array) {
  core::check_positive("layers", std::ssize(layers));
  NetworkCost cost;
  std::int64_t busy = 0;
  for (const auto& [name, shape] : layers) {
    LayerCost layer{.name = name, .shape = shape, .product = array.cost(shape)};
    cost.cycles = core::checked_sum("cycles", cost.cycles, layer.product.cycles);
    cost.weight_words = core::checked_sum("weight words", cost.weight_words, layer.product.weight_words);
    cost.blocks = std::max(cost.blocks, layer.product.mapping.blocks());
    busy += layer.product.busy_cycles;
    cost.layers.push_back(std::move(layer));
  }
  if constexpr (StoresWeights<B>) cost.load_cycles = weight_stalls<B>(cost.layers, array.operands());
  cost.port_occupancy = static_cast<double>(busy) / static_cast<double>(cost.cycles);
  cost.latency_us = static_cast<double>(cost.cycles + cost.load_cycles) / B::clock().value;
  cost.latency_standing = B::clock().standing;
  cost.area = B::area().value * static_cast<double>(cost.blocks);
  if constexpr (requires { B::constants(); })
    for (const auto& constant : B::constants()) cost.constants.push_back(constant);
  else
    cost.constants = {B::clock(), B::area()};
  return cost;
}

}  // namespace bitloom::accel
