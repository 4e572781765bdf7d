// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/op/accumulator.hpp>
#include <bitloom/op/block_dot.hpp>
#include <bitloom/op/code_gemm.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/quant/block_tensor.hpp>
#include <bitloom/quant/nvfp4.hpp>
#include <bitloom/quant/symmetric.hpp>

namespace bitloom::op {

/// Multiplies matrices of floats the way hardware for codes would: both are quantized, the codes are multiplied and
/// summed by the accumulator A, and the sums are scaled back in float. An op::Gemm of floats.
///
/// @tparam Weights      quantizer with one scale, or one for each row: quant::Symmetric
/// @tparam Activations  quantizer with one scale
template <class Weights, class Activations,
          class A = ExactSum<typename Weights::format_type, typename Activations::format_type>>
  requires AccumulatorOf<A, typename Weights::format_type, typename Activations::format_type>
class QuantizedGemm {
 public:
  /// @param activation_scale  frozen, as in hardware; positive
  explicit QuantizedGemm(float activation_scale) : activation_scale_(activation_scale) {}

  /// The scale that numbers such as these need.
  /// @throws RangeError  one of them is NaN or infinite
  [[nodiscard]] static float scale_for(std::span<const float> activations) {
    return Activations::scales(activations, {std::ssize(activations)}).front();
  }

  /// @throws ShapeError  a span does not fit the shape
  /// @throws RangeError  a number is NaN or infinite, or the accumulator refuses a product
  void operator()(const MatrixShape& shape, std::span<const float> weights,
                  std::span<const float> activations, std::span<float> result) const {
    check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    const auto w = Weights::quantize(weights, {shape.rows, shape.columns});
    const auto a =
        Activations::quantize(activations, {shape.columns, shape.vectors}, std::vector{activation_scale_});
    const auto scale_count = std::ssize(w.scales);
    if (scale_count != 1 && scale_count != shape.rows)
      throw ShapeError("weight scales: " + std::to_string(scale_count) + ", not one, nor one for each of " +
                       std::to_string(shape.rows) + " rows");
    const auto weight_codes = w.codes.codes();
    const auto activation_codes = a.codes.codes();
    using WeightCode = typename Weights::Code;
    using ActivationCode = typename Activations::Code;
    CodeGemm<typename Weights::format_type, typename Activations::format_type, A>{}(
        shape, std::span<const WeightCode>(weight_codes), std::span<const ActivationCode>(activation_codes),
        result);
    for (std::int64_t r = 0; r < shape.rows; ++r) {
      const float unit = w.scales[static_cast<std::size_t>(scale_count == 1 ? 0 : r)] * activation_scale_;
      for (auto& sum : result.subspan(static_cast<std::size_t>(r * shape.vectors),
                                      static_cast<std::size_t>(shape.vectors)))
        sum *= unit;
    }
  }

 private:
  float activation_scale_;
};

namespace detail {

/// Length of blocks that lie along the innermost axis; 0 for others.
template <class Shape>
inline constexpr std::int64_t block_length = 0;
template <int Size>
inline constexpr std::int64_t block_length<quant::Along<Size, -1>> = Size;

}  // namespace detail

/// The same for a block format, on both sides, its blocks along the terms of a sum: an op::Gemm of floats.
///
/// @tparam B  quant::MxBlock or quant::Nvfp4Block with blocks along the innermost axis
template <quant::BlockFormat B, Accumulator A = FloatSum>
  requires(detail::block_length<typename B::Shape> > 0)
struct BlockGemm {
  /// @throws ShapeError  a span does not fit the shape
  /// @throws RangeError  a number is NaN or infinite, where the format's policy says so
  void operator()(const MatrixShape& shape, std::span<const float> weights,
                  std::span<const float> activations, std::span<float> result) const {
    check_product(shape, std::ssize(weights), std::ssize(activations), std::ssize(result));
    using Tensor = quant::BlockTensor<B>;
    std::vector<float> vectors(activations.size());  // [vectors × columns]
    for (std::int64_t c = 0; c < shape.columns; ++c)
      for (std::int64_t v = 0; v < shape.vectors; ++v)
        vectors[static_cast<std::size_t>(v * shape.columns + c)] =
            activations[static_cast<std::size_t>(c * shape.vectors + v)];
    const auto w = Tensor::quantize(weights, {shape.rows, shape.columns});
    const auto a = Tensor::quantize(vectors, {shape.vectors, shape.columns});
    const auto weight_codes = w.codes().codes();
    const auto activation_codes = a.codes().codes();
    const auto row = [&](const Tensor& tensor, const auto& codes, std::int64_t index) {
      const auto blocks = static_cast<std::size_t>(tensor.scale_shape().back());
      const auto count = static_cast<std::size_t>(shape.columns);
      return BlockVector<typename B::Format, typename B::Scale, detail::block_length<typename B::Shape>>{
          tensor.scales().subspan(static_cast<std::size_t>(index) * blocks, blocks),
          std::span(codes).subspan(static_cast<std::size_t>(index) * count, count)};
    };
    float unit = 1;
    if constexpr (requires { w.common().unit; }) unit = w.common().unit * a.common().unit;
    for (std::int64_t r = 0; r < shape.rows; ++r)
      for (std::int64_t v = 0; v < shape.vectors; ++v)
        result[static_cast<std::size_t>(r * shape.vectors + v)] =
            deliver<float>(block_dot<ScaleSums>(row(w, weight_codes, r), row(a, activation_codes, v), A{})) *
            unit;
  }
};

}  // namespace bitloom::op
