// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include <bitloom/core/bits.hpp>
#include <bitloom/net/layer.hpp>
#include <bitloom/net/layer_list.hpp>
#include <bitloom/net/lowering.hpp>
#include <bitloom/net/network.hpp>

namespace bitloom::net {

/// A network as an accelerator that unrolls `rvec` filter columns runs it; both lists of layers are the same.
///
/// Convolutions of the input image, which has few channels, are folded: r·s·c products become rvec × 1 filters with
/// ceil(r·s·c / rvec) channels. The filter columns that a 1×1 filter leaves idle compute other output channels:
/// it becomes an rvec × 1 filter with ceil(k / rvec) of them.
///
/// Feature maps are those of the other convolutions, each once, since the image streams in from outside; those of all
/// convolutions if there is no other. A sum of two layers needs a residual buffer.
/// @throws RangeError  rvec is outside 1..64
/// @throws ShapeError  as `statistics`
/// Source: released overlay simulator of BRAMAC (arXiv 2304.03974), whose ResNet-34 this gives.
[[nodiscard]] inline Workload workload(const Network& network, std::string name, std::int64_t rvec = 3) {
  core::check_range("rvec", rvec, 1, 64);
  const auto shapes = infer_shapes(network);
  Workload result{.name = std::move(name),
                  .baseline = layer_list(network),
                  .enhanced = {},
                  .feature_maps = {},
                  .residual = false,
                  .rvec = rvec};
  std::vector<FeatureMap> image_maps;
  auto layer = result.baseline.layers.begin();  // in the same order as the vertices
  for (const auto vertex : topological_order(network)) {
    const auto& kind = network.node(vertex).layer;
    if (std::holds_alternative<Add>(kind)) result.residual = true;
    if (std::holds_alternative<Dense>(kind)) ++layer;
    if (!std::holds_alternative<Conv2d>(kind)) continue;
    const auto source = network.inputs(vertex)[0];
    const bool reads_image = std::holds_alternative<Input>(network.node(source).layer);
    auto& conv = std::get<ConvShape>(*layer++);
    if (reads_image)
      conv = {.r = rvec,
              .s = 1,
              .c = core::ceil_div(conv.r * conv.s * conv.c, rvec),
              .p = conv.p,
              .q = conv.q,
              .k = conv.k};
    else if (conv.r == 1 && conv.s == 1)
      conv = {.r = rvec, .s = 1, .c = conv.c, .p = conv.p, .q = conv.q, .k = core::ceil_div(conv.k, rvec)};
    const auto& in = shapes[source];
    const auto& out = shapes[vertex];
    const FeatureMap map{.pin = in.height,
                         .qin = in.width,
                         .cin = in.channels,
                         .pout = out.height,
                         .qout = out.width,
                         .cout = out.channels};
    auto& maps = reads_image ? image_maps : result.feature_maps;
    if (std::ranges::find(maps, map) == maps.end()) maps.push_back(map);
  }
  if (result.feature_maps.empty()) result.feature_maps = std::move(image_maps);
  result.enhanced = result.baseline;
  return result;
}

}  // namespace bitloom::net
