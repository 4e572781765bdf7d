// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <bitloom/net/layer_list.hpp>

namespace bitloom::search {

/// A layer with weights, which a format is chosen for.
struct WeightLayer {
  std::string name;
  net::LayerShape shape;

  friend bool operator==(const WeightLayer&, const WeightLayer&) = default;
};

/// Weights of a layer, without bias.
/// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
[[nodiscard]] constexpr std::int64_t weights(const net::LayerShape& layer) {
  return std::visit([](const auto& shape) { return shape.weights(); }, layer);
}

/// Output channels or features of a layer; as many biases as it may have.
[[nodiscard]] constexpr std::int64_t outputs(const net::LayerShape& layer) {
  return std::visit([](const auto& shape) { return shape.k; }, layer);
}

/// Products that one output adds up.
/// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
[[nodiscard]] constexpr std::int64_t terms(const net::LayerShape& layer) {
  if (const auto* conv = std::get_if<net::ConvShape>(&layer))
    return core::checked_product("terms of a convolution", {conv->r, conv->s, conv->c});
  return std::get<net::FcShape>(layer).c;
}

}  // namespace bitloom::search
