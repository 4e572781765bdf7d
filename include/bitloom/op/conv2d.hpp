// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <bitloom/op/gemm.hpp>
#include <bitloom/op/im2col.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::op {

/// A dense layer is the convolution of a 1 × 1 image of `inputs` channels with a 1 × 1 window.
[[nodiscard]] constexpr ConvGeometry dense_geometry(std::int64_t inputs, std::int64_t outputs) noexcept {
  return {.input = {inputs, 1, 1}, .out_channels = outputs, .window = {}};
}

/// The matrix product that a convolution of `batch` images is.
[[nodiscard]] constexpr MatrixShape product_shape(const ConvGeometry& geometry, std::int64_t batch) {
  const auto out = geometry.output();
  return {
      .rows = geometry.out_channels, .columns = geometry.patch(), .vectors = batch * out.height * out.width};
}

/// 2-D convolution of a batch, without bias; with dense_geometry a dense layer. One matrix product for the batch.
///
/// @param gemm     computes the product: FloatGemm, PlainGemm, CodeGemm, or a block of fabric/ through accel/
/// @param weights  [out_channels × channels · kernel · kernel]
/// @param images   [batch × channels · height · width]
/// @param result   [batch × out_channels · out_height · out_width]
/// @throws ShapeError  a span does not fit the geometry
template <class Element, class Sum, class Activation = Element, Gemm<Element, Sum, Activation> G>
void conv2d(G&& gemm, const ConvGeometry& geometry, std::int64_t batch, std::span<const Element> weights,
            std::type_identity_t<std::span<const Activation>> images, std::span<Sum> result) {
  core::check_positive("batch", batch);
  const auto shape = product_shape(geometry, batch);
  const auto image = geometry.input.size();
  const auto positions = shape.vectors / batch;
  core::check_equal("images", std::ssize(images), "batch x input", batch * image);
  core::check_equal("result", std::ssize(result), "batch x output", shape.rows * shape.vectors);
  std::vector<Activation> columns(static_cast<std::size_t>(shape.columns * shape.vectors));
  for (std::int64_t n = 0; n < batch; ++n)
    im2col<Activation>(geometry,
                       images.subspan(static_cast<std::size_t>(n * image), static_cast<std::size_t>(image)),
                       std::span(columns).subspan(static_cast<std::size_t>(n * positions)), shape.vectors);
  std::vector<Sum> sums(result.size());
  gemm(shape, weights, std::span<const Activation>(columns), std::span(sums));
  // from [channel × batch · position] to [batch × channel · position]
  for (std::int64_t k = 0; k < shape.rows; ++k)
    for (std::int64_t n = 0; n < batch; ++n)
      std::copy_n(sums.begin() + k * shape.vectors + n * positions, positions,
                  result.begin() + (n * shape.rows + k) * positions);
}

}  // namespace bitloom::op
