// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <bitloom/op/conv2d.hpp>
#include <bitloom/op/gemm.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::op {

/// One group of a convolution, which is a convolution of its own: a share of the input and of the output channels.
/// @throws ShapeError  the groups do not divide the channels
[[nodiscard]] inline ConvGeometry group_geometry(const ConvGeometry& geometry, std::int64_t groups) {
  core::check_positive("groups", groups);
  if (geometry.input.channels % groups != 0 || geometry.out_channels % groups != 0)
    throw ShapeError("groups: " + std::to_string(groups) + " do not divide " +
                     std::to_string(geometry.input.channels) + " input and " +
                     std::to_string(geometry.out_channels) + " output channels");
  auto group = geometry;
  group.input.channels /= groups;
  group.out_channels /= groups;
  return group;
}

/// conv2d in groups of channels: one matrix product for each group of the batch, in order. As many groups as channels
/// make it depthwise.
///
/// @param weights  [out_channels × channels / groups · kernel · kernel]
/// @param images   [batch × channels · height · width]
/// @param result   [batch × out_channels · out_height · out_width]
/// @throws ShapeError  a span does not fit the geometry, or the groups do not divide the channels
template <class Element, class Sum, Gemm<Element, Sum> G>
void grouped_conv2d(G&& gemm, const ConvGeometry& geometry, std::int64_t groups, std::int64_t batch,
                    std::span<const Element> weights, std::type_identity_t<std::span<const Element>> images,
                    std::span<Sum> result) {
  const auto group = group_geometry(geometry, groups);
  if (groups == 1) return conv2d<Element, Sum>(gemm, geometry, batch, weights, images, result);
  core::check_positive("batch", batch);
  core::check_equal("weights", std::ssize(weights), "the groups",
                    groups * group.out_channels * group.patch());
  core::check_equal("images", std::ssize(images), "batch x input", batch * geometry.input.size());
  core::check_equal("result", std::ssize(result), "batch x output", batch * geometry.output().size());
  const auto in = group.input.size(), out = group.output().size();
  const auto filters = static_cast<std::size_t>(group.out_channels * group.patch());
  std::vector<Element> part(static_cast<std::size_t>(batch * in));
  std::vector<Sum> sums(static_cast<std::size_t>(batch * out));
  for (std::int64_t g = 0; g < groups; ++g) {
    for (std::int64_t n = 0; n < batch; ++n)
      std::copy_n(images.begin() + (n * groups + g) * in, in, part.begin() + n * in);
    conv2d<Element, Sum>(gemm, group, batch, weights.subspan(static_cast<std::size_t>(g) * filters, filters),
                         part, std::span(sums));
    for (std::int64_t n = 0; n < batch; ++n)
      std::copy_n(sums.begin() + n * out, out, result.begin() + (n * groups + g) * out);
  }
}

}  // namespace bitloom::op
