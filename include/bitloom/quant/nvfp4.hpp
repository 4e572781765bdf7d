// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/kernel/magnitudes.hpp>
#include <bitloom/kernel/minifloat_array.hpp>
#include <bitloom/quant/block_format.hpp>
#include <bitloom/quant/block_tensor.hpp>
#include <bitloom/quant/convert.hpp>

namespace bitloom::quant {

/// What the blocks of an NVFP4 tensor have in common.
struct Nvfp4Common {
  float largest{};    ///< finite magnitude of the tensor
  float factor = 1;   ///< maps it to the largest scale and element
  float inverse = 1;  ///< 1 / factor
  float unit = 1;     ///< what scales and elements count in: largest / 2688

  static Nvfp4Common of(float largest) noexcept {
    if (!(largest > 0.0F)) return {};
    const float factor = std::min(448.0F * 6.0F / largest, std::numeric_limits<float>::max());
    return {.largest = largest, .factor = factor, .inverse = 1.0F / factor, .unit = largest / 2688.0F};
  }
  friend bool operator==(const Nvfp4Common&, const Nvfp4Common&) = default;
};

/// NVFP4: blocks of 4-bit floats with an 8-bit float scale, under a float scale of the whole tensor.
///
/// All arithmetic is in float, in the order of the reference implementation, so that its ties come out alike. A tensor of
/// zeros has the tensor scale 1; a block with NaN or an infinity gets the scale NaN, and plays no part in the tensor's.
/// @tparam S  of the blocks of a tensor
/// Source: NVIDIA TransformerEngine, the Python reference of NVFP4.
template <BlockShape S = Along<16>>
struct Nvfp4Block {
  static constexpr std::int64_t standard_size = 16;
  using Element = format::E2m1fn;
  using Scale = format::E4m3fn;
  using Format = Element;
  using code_type = Element::code_type;

  /// The factor that maps the largest magnitude of a tensor to the largest scale and element.
  static float tensor_factor(float largest) noexcept { return Nvfp4Common::of(largest).factor; }

  /// Encodes a block and returns its scale's code.
  ///
  /// @param tensor_largest  the largest magnitude of the whole tensor
  /// @throws ShapeError  `codes` has another length than `values`
  /// @throws RangeError  `tensor_largest` is negative, NaN or infinite
  static std::uint8_t encode(std::span<const float> values, float tensor_largest,
                             std::span<std::uint8_t> codes) {
    if (!(tensor_largest >= 0.0F) || !std::isfinite(tensor_largest))
      throw RangeError("largest magnitude of the tensor: " + std::to_string(tensor_largest) +
                       " has to be a finite number, 0 or more");
    return detail::encode_block<Nvfp4Block>(values, Common::of(tensor_largest), codes);
  }

  /// The number that an element stands for: the first product is exact, the second is rounded.
  static float decode(std::uint8_t scale, float tensor_largest, std::uint8_t code) noexcept {
    const float factor = restoring_factor(scale);
    float value = 0;
    decode_scaled({&code, 1}, {&factor, 1}, Common::of(tensor_largest), &value);
    return value;
  }

  // What BlockFormat asks for.

  using Shape = S;
  using Common = Nvfp4Common;
  static constexpr int scale_bits = Scale::bits;
  static constexpr std::uint32_t largest_counted = kernel::any_magnitude;

  static void scales_of(std::span<const std::uint32_t> largest, const Common& common, std::uint8_t* scales,
                        float* factors) {
    for (std::size_t b = 0; b < largest.size(); ++b)
      factors[b] = std::min(std::bit_cast<float>(largest[b]) / 6.0F * common.factor, 448.0F);
    kernel::encode_floats<detail::minifloat_bits<Scale>>(factors, largest.size(), scales);
    kernel::decode_floats<detail::minifloat_bits<Scale>>(scales, largest.size(), factors);
    for (std::size_t b = 0; b < largest.size(); ++b)
      factors[b] = std::min(1.0F / (factors[b] * common.inverse), std::numeric_limits<float>::max());
    for (std::size_t b = 0; b < largest.size(); ++b)
      if (largest[b] > kernel::largest_finite) {
        scales[b] = static_cast<std::uint8_t>(Scale::layout.nan_code());
        factors[b] = 0;
      }
  }

  static void encode_scaled(std::span<const float> values, std::span<const float> factors,
                            std::span<code_type> codes) {
    kernel::encode_products<detail::minifloat_bits<Element>, kernel::ZeroProduct::IsPositive>(
        values.data(), factors.data(), values.size(), codes.data());
  }

  template <std::size_t Length, class FactorsOf>
  static void encode_blocks(const float* values, std::size_t blocks, FactorsOf&& factors_of,
                            code_type* codes) {
    kernel::encode_blocks<detail::minifloat_bits<Element>, Length, kernel::ZeroProduct::IsPositive>(
        values, blocks, factors_of, codes);
  }

  static float restoring_factor(std::uint8_t scale) noexcept {
    float value = 0;
    kernel::decode_floats<detail::minifloat_bits<Scale>>(&scale, 1, &value);
    return value;
  }

  static void decode_scaled(std::span<const code_type> codes, std::span<const float> factors,
                            const Common& common, float* values) {
    kernel::decode_products<detail::minifloat_bits<Element>>(codes.data(), factors.data(), codes.size(),
                                                             values);
    for (std::size_t i = 0; i < codes.size(); ++i) values[i] *= common.unit;
  }
};

using Nvfp4 = Nvfp4Block<>;

/// A tensor of NVFP4 blocks: 16 neighbours along the innermost axis, or what else is asked for.
template <BlockShape S = Along<16>>
using Nvfp4Tensor = BlockTensor<Nvfp4Block<S>>;

}  // namespace bitloom::quant
