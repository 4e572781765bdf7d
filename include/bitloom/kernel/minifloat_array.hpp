// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace bitloom::kernel {

namespace detail {

/// a where the condition holds, else b, without a branch. Compilers may not move floating-point operations into one.
constexpr std::uint32_t select(bool condition, std::uint32_t a, std::uint32_t b) noexcept {
  const auto mask = 0 - static_cast<std::uint32_t>(condition);
  return (a & mask) | (b & ~mask);
}

/// a < b for numbers below 2^31; small instruction sets compare signed numbers only.
constexpr bool less(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a) < static_cast<std::int32_t>(b);
}

}  // namespace detail

/// What the loops below need to know of a minifloat with the range of float32 or less.
struct MinifloatBits {
  int exponent_bits{};
  int fraction_bits{};
  int bias{};  ///< the smallest unit in the last place, 2^(1 - bias - fraction_bits), is a normal float
  std::uint32_t max_code{};  ///< of the largest finite value, without a sign
  std::uint32_t nan_code{};  ///< what NaN becomes, without a sign
  std::uint32_t inf_code{};  ///< decoded as infinity; above it is NaN. Beyond all codes: every code is finite
  std::uint32_t only_nan{};  ///< decoded as NaN, without a sign; beyond all codes if there is none
};

/// Encodes floats: to nearest even, saturating, subnormals kept. The loop has no branches, so compilers make vectors of it.
///
/// @param count  number of values
template <MinifloatBits B, class Code>
void encode_floats(const float* values, std::size_t count, Code* codes) {
  constexpr int cut = 23 - B.fraction_bits;
  constexpr std::uint32_t rebias = static_cast<std::uint32_t>(127 - B.bias) << B.fraction_bits;
  constexpr int sign_place = B.exponent_bits + B.fraction_bits;
  // floats near this number are one unit of the format's subnormals apart, so that the addition rounds to it
  constexpr std::uint32_t magic = static_cast<std::uint32_t>(127 + 23 + 1 - B.bias - B.fraction_bits) << 23;
  constexpr std::uint32_t smallest_normal = static_cast<std::uint32_t>(127 + 1 - B.bias) << 23;
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(values[i]);
    const std::uint32_t magnitude = bits & 0x7FFFFFFF;
    const std::uint32_t odd = (magnitude >> cut) & 1;
    const std::uint32_t normal = ((magnitude + ((std::uint32_t{1} << (cut - 1)) - 1) + odd) >> cut) - rebias;
    const float sum = std::bit_cast<float>(magnitude) + std::bit_cast<float>(magic);
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(sum) - magic;
    std::uint32_t code = detail::select(detail::less(magnitude, smallest_normal), subnormal, normal);
    code = detail::select(detail::less(code, B.max_code), code, B.max_code);
    code = detail::select(detail::less(0x7F800000, magnitude), B.nan_code, code);
    codes[i] = static_cast<Code>(code | bits >> 31 << sign_place);
  }
}

/// Decodes codes to floats, exactly.
template <MinifloatBits B, class Code>
void decode_floats(const Code* codes, std::size_t count, float* values) {
  constexpr int cut = 23 - B.fraction_bits;
  constexpr std::uint32_t sign_bit = std::uint32_t{1} << (B.exponent_bits + B.fraction_bits);
  constexpr std::uint32_t rebias = static_cast<std::uint32_t>(127 - B.bias) << 23;
  constexpr float unit =
      std::bit_cast<float>(static_cast<std::uint32_t>(127 + 1 - B.bias - B.fraction_bits) << 23);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t code = codes[i];
    const std::uint32_t magnitude = code & (sign_bit - 1);
    const auto normal = (magnitude << cut) + rebias;
    const auto subnormal =
        std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(magnitude)) * unit);
    auto bits =
        detail::select(detail::less(magnitude, std::uint32_t{1} << B.fraction_bits), subnormal, normal);
    bits = detail::select(magnitude == B.inf_code, 0x7F800000, bits);
    bits = detail::select(detail::less(B.inf_code, magnitude), 0x7FC00000, bits);
    bits = detail::select(magnitude == B.only_nan, 0x7FC00000, bits);
    values[i] = std::bit_cast<float>(bits | (code & sign_bit) << (31 - B.exponent_bits - B.fraction_bits));
  }
}

}  // namespace bitloom::kernel
