// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <variant>

#include <bitloom/net/layer.hpp>
#include <bitloom/net/layer_list.hpp>
#include <bitloom/net/network.hpp>

namespace bitloom::net {

/// The convolutions and dense layers of a network in topological order, not folded.
///
/// A grouped convolution keeps its operations: its `c` is the number of channels of one group.
/// @throws ShapeError  as `statistics`
[[nodiscard]] inline LayerList layer_list(const Network& network) {
  const auto shapes = infer_shapes(network);
  LayerList list;
  for (const auto vertex : topological_order(network)) {
    const auto& layer = network.node(vertex).layer;
    const auto& output = shapes[vertex];
    if (const auto* conv = std::get_if<Conv2d>(&layer)) {
      const auto& input = shapes[network.inputs(vertex)[0]];
      list.layers.emplace_back(ConvShape{.r = conv->kernel.width,
                                         .s = conv->kernel.height,
                                         .c = input.channels / conv->groups,
                                         .p = output.height,
                                         .q = output.width,
                                         .k = output.channels});
    } else if (std::holds_alternative<Dense>(layer)) {
      list.layers.emplace_back(
          FcShape{.c = shapes[network.inputs(vertex)[0]].channels, .k = output.channels});
    }
  }
  return list;
}

}  // namespace bitloom::net
