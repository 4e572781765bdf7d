// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <bitloom/kernel/map_words.hpp>

namespace bitloom::kernel {

/// What the loops below need to know of a minifloat with the range of float32 or less.
///
/// The smallest unit in the last place, 2^(1 - bias - fraction_bits), is a normal float, or the bias is that of float32.
struct MinifloatBits {
  int exponent_bits{};
  int fraction_bits{};  ///< 0..22
  int bias{};
  std::uint32_t max_code{};  ///< of the largest finite value, without a sign
  std::uint32_t nan_code{};  ///< what NaN becomes, without a sign
  std::uint32_t inf_code{};  ///< decoded as infinity; above it is NaN. Beyond all codes: every code is finite
  std::uint32_t only_nan{};  ///< decoded as NaN, without a sign; beyond all codes if there is none
  bool negative_zero = true;  ///< else the code of minus zero is NaN, the only one, and `nan_code` is 0
};

/// What a product of zero becomes.
enum class ZeroProduct : std::uint8_t { KeepsSign, IsPositive };

namespace detail {

/// The float that a finite code without a sign stands for.
template <MinifloatBits B, class Word>
constexpr Word decode_finite(Word magnitude) noexcept {
  constexpr auto rebias = static_cast<std::uint32_t>(127 - B.bias);
  const Word normal = (magnitude << (23 - B.fraction_bits)) + Word(rebias << 23);
  if constexpr (B.bias == 127) return normal;
  // with the hidden bit, which is then taken off
  const Word subnormal = subtract(normal + Word(1 << 23), Word((rebias + 1) << 23));
  return select(less(magnitude, Word(std::uint32_t{1} << B.fraction_bits)), subnormal, normal);
}

template <MinifloatBits B, class Word>
constexpr Word decode(Word code) noexcept {
  constexpr std::uint32_t sign_bit = std::uint32_t{1} << (B.exponent_bits + B.fraction_bits);
  const Word magnitude = code & Word(sign_bit - 1);
  Word bits = decode_finite<B>(magnitude);
  if constexpr (B.inf_code < sign_bit) {
    bits = select(equal(magnitude, Word(B.inf_code)), Word(0x7F800000), bits);
    bits = select(less(Word(B.inf_code), magnitude), Word(0x7FC00000), bits);
  }
  if constexpr (B.only_nan < sign_bit)
    bits = select(equal(magnitude, Word(B.only_nan)), Word(0x7FC00000), bits);
  if constexpr (!B.negative_zero) bits = select(equal(code, Word(sign_bit)), Word(0x7FC00000), bits);
  return bits | (code & Word(sign_bit)) << (31 - B.exponent_bits - B.fraction_bits);
}

template <class Word>
constexpr Word without_negative_zero(Word bits) noexcept {
  return select(equal(bits, Word(0x80000000)), Word(0), bits);
}

template <MinifloatBits B, class Word>
constexpr Word encode(Word bits) noexcept {
  constexpr int cut = 23 - B.fraction_bits;
  constexpr auto rebias = static_cast<std::uint32_t>(127 - B.bias);
  constexpr std::uint32_t max = decode_finite<B>(B.max_code);
  const Word magnitude = bits & Word(0x7FFFFFFF);
  const Word clipped = lesser(magnitude, Word(max));
  Word code = clipped;
  if constexpr (B.bias == 127) {  // the format's exponents are those of float32: cut the fraction
    const Word odd = (clipped >> cut) & Word(1);
    code = (clipped + Word((std::uint32_t{1} << (cut - 1)) - 1) + odd) >> cut;
  } else {
    // in each binade there is a number whose neighbours are one unit of the format apart: the addition rounds to it,
    // and counts the units. The hidden bit among them goes up into the exponent
    const Word binade = greater(clipped, Word((rebias + 1) << 23)) & Word(0x7F800000);
    const Word magic = binade + Word(std::uint32_t{cut} << 23);
    code = add(clipped, magic) - magic + (binade >> cut) - Word((rebias + 1) << B.fraction_bits);
  }
  if constexpr (B.nan_code != B.max_code)
    code = select(less(Word(0x7F800000), magnitude), Word(B.nan_code), code);
  Word sign = bits >> 31;
  if constexpr (!B.negative_zero) {
    sign = select(equal(code, Word(0)), Word(0), sign);
    sign = select(less(Word(0x7F800000), magnitude), Word(1), sign);
  }
  return code | sign << (B.exponent_bits + B.fraction_bits);
}

template <MinifloatBits B, ZeroProduct Z, class Word>
constexpr Word encode_product(Word value, Word factor) noexcept {
  const Word product = multiply(value, factor);
  const Word code = encode<B>(Z == ZeroProduct::IsPositive ? without_negative_zero(product) : product);
  return select(equal(factor, Word(0)), Word(0), code);
}

}  // namespace detail

/// Encodes floats: to nearest even, saturating, subnormals kept.
///
/// @param count  number of values
template <MinifloatBits B, class Code>
constexpr void encode_floats(const float* values, std::size_t count, Code* codes) {
  detail::map_words(
      count, codes, [](auto bits) { return detail::encode<B>(bits); }, values);
}

/// Encodes products of floats, one by one, each rounded to float first. Codes are 0 where the factor is.
template <MinifloatBits B, ZeroProduct Z = ZeroProduct::KeepsSign, class Code>
constexpr void encode_products(const float* values, const float* factors, std::size_t count, Code* codes) {
  detail::map_words(
      count, codes, [](auto value, auto factor) { return detail::encode_product<B, Z>(value, factor); },
      values, factors);
}

/// Encodes blocks of `Length` floats, 16, 32 or 64, times a factor that follows from a block's largest magnitude. Codes
/// are 0 where the factor is.
///
/// @param factors_of  (index of the first of some blocks, their number, bit patterns of their largest magnitudes, factors
///                    to be written), called for all blocks in order
template <MinifloatBits B, std::size_t Length, ZeroProduct Z = ZeroProduct::KeepsSign, class FactorsOf>
void encode_blocks(const float* values, std::size_t blocks, FactorsOf&& factors_of, std::uint8_t* codes) {
  detail::map_blocks<Length>(values, blocks, factors_of, codes, [](auto value, auto factor) {
    return detail::encode_product<B, Z>(value, factor);
  });
}

/// Decodes codes to floats, exactly.
template <MinifloatBits B, class Code>
constexpr void decode_floats(const Code* codes, std::size_t count, float* values) {
  detail::map_words(
      count, values, [](auto code) { return detail::decode<B>(code); }, codes);
}

/// Decodes codes and multiplies by factors, one by one; the products are rounded to float.
template <MinifloatBits B, class Code>
constexpr void decode_products(const Code* codes, const float* factors, std::size_t count, float* values) {
  detail::map_words(
      count, values, [](auto code, auto factor) { return detail::multiply(detail::decode<B>(code), factor); },
      codes, factors);
}

}  // namespace bitloom::kernel
