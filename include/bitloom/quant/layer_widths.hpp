// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/quant/weight_mix.hpp>

namespace bitloom::quant {

/// A kind of layer with weights, as far as widths depend on it.
enum class WeightedLayer { Convolution, Dense };

/// What the activations of a layer are.
enum class ActivationSign {
  Signed,
  Unsigned,  ///< negative ones become zero ("positive-only"), right after a ReLU
};

/// Widths of one layer; 8 bits, signed, unless said otherwise.
struct LayerWidths {
  WeightMix weights{};
  int activation_bits = 8;
  ActivationSign activation_sign = ActivationSign::Signed;

  friend constexpr bool operator==(const LayerWidths&, const LayerWidths&) = default;
};

/// The layers whose widths are not for choosing, by index; empty where there is no such layer.
struct EdgeLayers {
  std::optional<std::size_t> first_convolution;
  std::optional<std::size_t> last_dense;
};

/// @param layers  in the order in which they run
[[nodiscard]] inline EdgeLayers edge_layers(std::span<const WeightedLayer> layers) {
  EdgeLayers edges;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i] == WeightedLayer::Convolution && !edges.first_convolution) edges.first_convolution = i;
    if (layers[i] == WeightedLayer::Dense) edges.last_dense = i;
  }
  return edges;
}

/// Widths of all layers of a network: the requested ones, but 8 bits for weights and activations of the first convolution,
/// whose activations are signed, and of the last dense layer.
///
/// @param layers     in the order in which they run
/// @param requested  of all other layers
/// @throws RangeError  an impossible width or ratio is requested; activations have 1 to 32 bits
/// Source: open-source code of M4BRAM (arXiv 2311.02758).
[[nodiscard]] inline std::vector<LayerWidths> layer_widths(std::span<const WeightedLayer> layers,
                                                           const LayerWidths& requested) {
  requested.weights.check();
  core::check_range("activation bits", requested.activation_bits, 1, 32);
  std::vector<LayerWidths> widths(layers.size(), requested);
  const auto edges = edge_layers(layers);
  if (edges.first_convolution) widths[*edges.first_convolution] = {};
  if (edges.last_dense) widths[*edges.last_dense] = {.activation_sign = requested.activation_sign};
  return widths;
}

}  // namespace bitloom::quant
