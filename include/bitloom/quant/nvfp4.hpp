// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/format/named.hpp>

namespace bitloom::quant {

/// NVFP4: blocks of 4-bit floats with an 8-bit float scale, under a float scale of the whole tensor.
///
/// All arithmetic is in float, in the order of the reference implementation, so that its ties come out alike. A tensor of
/// zeros has the tensor scale 1; a block with NaN or an infinity gets the scale NaN.
/// Source: NVIDIA TransformerEngine, the Python reference of NVFP4.
struct Nvfp4 {
  static constexpr std::int64_t standard_size = 16;
  using Element = format::E2m1fn;
  using Scale = format::E4m3fn;

  /// The factor that maps the largest magnitude of a tensor to the largest scale and element.
  static float tensor_factor(float largest) noexcept {
    if (!(largest > 0.0F)) return 1.0F;
    return std::min(448.0F * 6.0F / largest, std::numeric_limits<float>::max());
  }

  /// Encodes a block and returns its scale's code.
  ///
  /// @param tensor_largest  the largest magnitude of the whole tensor
  /// @throws ShapeError  `codes` has another length than `values`
  static std::uint8_t encode(std::span<const float> values, float tensor_largest,
                             std::span<std::uint8_t> codes) {
    core::check_equal("codes", std::ssize(codes), "the values of a block", std::ssize(values));
    std::ranges::fill(codes, std::uint8_t{0});
    float largest = 0;
    for (const float x : values) {
      if (!std::isfinite(x)) return static_cast<std::uint8_t>(Scale::layout.nan_code());
      largest = std::max(largest, std::abs(x));
    }
    const float factor = tensor_factor(tensor_largest);
    const float inverse = 1.0F / factor;
    const float wanted = std::min(largest / 6.0F * factor, 448.0F);
    const auto scale = Scale::encode<format::NearestEven>(wanted);
    const auto scaled = static_cast<float>(Scale::decode(scale)) * inverse;
    const float encode_factor = std::min(1.0F / scaled, std::numeric_limits<float>::max());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float y = std::clamp(values[i] * encode_factor, -6.0F, 6.0F);
      codes[i] = Element::encode<format::NearestEven>(y == 0.0F ? 0.0F : y);  // a zero product has no sign
    }
    return scale;
  }

  /// The number that an element stands for: the first product is exact, the second is rounded.
  static float decode(std::uint8_t scale, float tensor_largest, std::uint8_t code) noexcept {
    const auto product = static_cast<float>(Element::decode(code) * Scale::decode(scale));
    return product * (tensor_largest > 0.0F ? tensor_largest / 2688.0F : 1.0F);
  }
};

}  // namespace bitloom::quant
