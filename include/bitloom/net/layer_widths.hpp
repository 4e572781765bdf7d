// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <variant>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/net/layer_list.hpp>
#include <bitloom/quant/layer_widths.hpp>

namespace bitloom::net {

/// Widths of the layers of a list, by the rule of quant::layer_widths.
/// @throws RangeError  an impossible width or ratio is requested
[[nodiscard]] inline std::vector<quant::LayerWidths> layer_widths(const LayerList& list,
                                                                  const quant::LayerWidths& requested) {
  std::vector<quant::WeightedLayer> kinds;
  for (const auto& layer : list.layers)
    kinds.push_back(std::holds_alternative<ConvShape>(layer) ? quant::WeightedLayer::Convolution
                                                             : quant::WeightedLayer::Dense);
  return quant::layer_widths(kinds, requested);
}

/// Bits of the weights of all layers by their nominal ratios, biases left out.
/// @throws ShapeError  not one of the widths a layer, or an impossible layer
/// @throws RangeError  an impossible width or ratio
[[nodiscard]] inline double nominal_weight_bits(const LayerList& list,
                                                std::span<const quant::LayerWidths> widths) {
  core::check_equal("widths", std::ssize(widths), "the layers", std::ssize(list.layers));
  double bits = 0;
  for (std::size_t i = 0; i < widths.size(); ++i)
    bits += widths[i].weights.nominal_bits(
        std::visit([](const auto& shape) { return shape.weights(); }, list.layers[i]));
  return bits;
}

}  // namespace bitloom::net
