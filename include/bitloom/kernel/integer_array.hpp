// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <bitloom/kernel/map_words.hpp>

namespace bitloom::kernel {

/// How x / scale is computed, before it is rounded to an integer.
enum class Quotient : std::uint8_t {
  Exact,       ///< as real numbers
  Float,       ///< divided in float
  Reciprocal,  ///< x · (1 / scale) in float
};

/// Integers as codes of up to 16 bits: the low bits of their two's complement.
struct IntegerBits {
  std::int32_t lowest{};
  std::int32_t max{};
  std::uint32_t mask{};  ///< of the bits of a code
};

namespace detail {

/// A magnitude that will be clipped.
template <IntegerBits B>
inline constexpr auto beyond = static_cast<float>((B.max > -B.lowest ? B.max : -B.lowest) + 2);

/// A scale, and what follows from it.
struct QuotientBits {
  std::uint32_t limit{};  ///< magnitudes beyond it will be clipped
  std::uint32_t scale{};
  std::uint32_t reciprocal{};
  double wide_reciprocal{};
};

template <IntegerBits B>
constexpr QuotientBits quotient_bits(float scale) noexcept {
  return {.limit = to_word(beyond<B> * scale),
          .scale = to_word(scale),
          .reciprocal = to_word(1.0F / scale),
          .wide_reciprocal = 1.0 / static_cast<double>(scale)};
}

template <IntegerBits B, Quotient Q, class Word>
constexpr Word quantize(Word bits, const QuotientBits& by) noexcept {
  Word integer = bits;
  if constexpr (Q == Quotient::Exact) {
    // a quotient that is no tie is at least 2^-25 away from one, so that rounding to 2^-27 makes up for the errors
    // of the reciprocal and of the product
    integer = multiply_and_round(lesser(bits & Word(0x7FFFFFFF), Word(by.limit)), by.wide_reciprocal);
  } else {
    const Word q = Q == Quotient::Float ? divide(bits, Word(by.scale)) : multiply(bits, Word(by.reciprocal));
    // floats from 2^23 on are one apart: the addition rounds, and the low bits of the sum are the integer's
    constexpr auto magic = to_word(0x1p23F);
    integer = add(lesser(q & Word(0x7FFFFFFF), Word(to_word(beyond<B>))), Word(magic)) - Word(magic);
  }
  const Word sign = Word(0) - (bits >> 31);
  integer = (integer ^ sign) - sign;
  constexpr auto lowest = static_cast<std::uint32_t>(B.lowest), max = static_cast<std::uint32_t>(B.max);
  return lesser(greater(integer, Word(lowest)), Word(max)) & Word(B.mask);
}

template <IntegerBits B, class Word>
constexpr Word quantize_product(Word value, Word factor, const QuotientBits& by) noexcept {
  const Word code = quantize<B, Quotient::Reciprocal>(multiply(value, factor), by);
  return select(equal(factor, Word(0)), Word(0), code);
}

template <IntegerBits B, class Word>
constexpr Word dequantize(Word code, std::uint32_t scale) noexcept {
  constexpr std::uint32_t sign = B.lowest < 0 ? (B.mask >> 1) + 1 : 0;
  return multiply(to_float((code ^ Word(sign)) - Word(sign)), Word(scale));
}

}  // namespace detail

/// Divides floats by a scale, rounds to nearest even and clips to the range. NaN gives some code.
///
/// @param count  number of values
/// @param scale  positive and finite
template <IntegerBits B, Quotient Q, class Code>
constexpr void quantize_floats(const float* values, std::size_t count, float scale, Code* codes) {
  const auto by = detail::quotient_bits<B>(scale);
  detail::map_words(
      count, codes, [by](auto bits) { return detail::quantize<B, Q>(bits, by); }, values);
}

/// Integers times a scale, rounded to float once.
template <IntegerBits B, class Code>
constexpr void dequantize_floats(const Code* codes, std::size_t count, float scale, float* values) {
  const auto word = detail::to_word(scale);
  detail::map_words(
      count, values, [word](auto code) { return detail::dequantize<B>(code, word); }, codes);
}

/// Quantizes products of floats, one by one, each rounded to float first, in units of 2^-FractionBits. Codes are 0 where
/// the factor is.
template <IntegerBits B, int FractionBits, class Code>
constexpr void quantize_products(const float* values, const float* factors, std::size_t count, Code* codes) {
  const auto by = detail::quotient_bits<B>(1.0F / (1 << FractionBits));
  detail::map_words(
      count, codes, [by](auto value, auto factor) { return detail::quantize_product<B>(value, factor, by); },
      values, factors);
}

/// Quantizes blocks of `Length` floats, 16, 32 or 64, times a factor that follows from a block's largest magnitude, in
/// units of 2^-FractionBits. Codes are 0 where the factor is.
///
/// @param factors_of  (index of the first of some blocks, their number, bit patterns of their largest magnitudes, factors
///                    to be written), called for all blocks in order
template <IntegerBits B, int FractionBits, std::size_t Length, class FactorsOf>
void quantize_blocks(const float* values, std::size_t blocks, FactorsOf&& factors_of, std::uint8_t* codes) {
  const auto by = detail::quotient_bits<B>(1.0F / (1 << FractionBits));
  detail::map_blocks<Length>(values, blocks, factors_of, codes, [by](auto value, auto factor) {
    return detail::quantize_product<B>(value, factor, by);
  });
}

/// Integers in units of 2^-FractionBits times factors, one by one; the products are rounded to float.
template <IntegerBits B, int FractionBits, class Code>
constexpr void dequantize_products(const Code* codes, const float* factors, std::size_t count,
                                   float* values) {
  detail::map_words(
      count, values,
      [](auto code, auto factor) {
        constexpr auto unit = detail::to_word(1.0F / (1 << FractionBits));
        return detail::multiply(detail::dequantize<B>(code, unit), factor);
      },
      codes, factors);
}

}  // namespace bitloom::kernel
