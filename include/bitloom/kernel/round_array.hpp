// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <bitloom/kernel/integer_array.hpp>
#include <bitloom/kernel/map_words.hpp>
#include <bitloom/kernel/minifloat_array.hpp>

namespace bitloom::kernel {

/// What a loop knows of a format whose values floats are rounded to.
template <class B>
concept ValueBits = std::same_as<B, IntegerBits> || std::same_as<B, MinifloatBits>;

namespace detail {

/// A magnitude to a multiple of the unit that is 2^-23 of `magic`, to nearest even.
template <class Word>
constexpr Word round_with(Word magnitude, Word magic) noexcept {
  return subtract(add(magnitude, magic), magic);
}

/// The nearest magnitude of the format, for one that does not exceed its largest.
template <MinifloatBits B, class Word>
constexpr Word round_magnitude(Word magnitude) noexcept {
  constexpr int cut = 23 - B.fraction_bits;
  if constexpr (B.bias == 127) {  // the format's exponents are those of float32: cut the fraction
    const Word odd = (magnitude >> cut) & Word(1);
    return (magnitude + Word((std::uint32_t{1} << (cut - 1)) - 1) + odd) >> cut << cut;
  } else {
    constexpr auto least_normal = static_cast<std::uint32_t>(128 - B.bias) << 23;
    const Word binade = greater(magnitude, Word(least_normal)) & Word(0x7F800000);
    return round_with(magnitude, binade + Word(std::uint32_t{cut} << 23));
  }
}

/// The nearest value of a format. Zeros have the sign of what they came from, if the format has a minus.
template <auto B, class Word>
constexpr Word round_to_value(Word x) noexcept {
  const Word magnitude = x & Word(0x7FFFFFFF), sign = x & Word(0x80000000);
  if constexpr (std::same_as<std::remove_const_t<decltype(B)>, IntegerBits>) {
    constexpr auto max = to_word(static_cast<float>(B.max)), least = to_word(static_cast<float>(-B.lowest));
    const Word limit = max == least ? Word(max) : select(less(x, Word(0)), Word(least), Word(max));
    // floats from 2^23 on are one apart
    const Word rounded = round_with(lesser(magnitude, limit), Word(to_word(0x1p23F)));
    if constexpr (B.lowest == 0) return rounded;
    return rounded | sign;
  } else {
    constexpr std::uint32_t max = decode_finite<B>(B.max_code);
    const Word rounded = round_magnitude<B>(lesser(magnitude, Word(max))) | sign;
    if constexpr (!B.negative_zero) return without_negative_zero(rounded);
    return rounded;
  }
}

}  // namespace detail

/// What a format leaves of floats: the value nearest to x · (1 / scale), ties to even, saturating, times the scale; each
/// step in float. Numbers that become zero keep their sign, if the format has a minus and a minus zero, or is an integer.
///
/// @tparam B      the format: IntegerBits, or MinifloatBits
/// @param count   number of values
/// @param scale   positive, with a reciprocal in float
/// @param rounded `count` numbers; may be `values` itself
template <auto B>
  requires ValueBits<std::remove_const_t<decltype(B)>>
constexpr void round_floats(const float* values, std::size_t count, float scale, float* rounded) {
  const auto reciprocal = detail::to_word(1.0F / scale), factor = detail::to_word(scale);
  detail::map_words(
      count, rounded,
      [reciprocal, factor](auto x) {
        using Word = decltype(x);
        return detail::multiply(detail::round_to_value<B>(detail::multiply(x, Word(reciprocal))),
                                Word(factor));
      },
      values);
}

/// The same with a scale for each number.
template <auto B>
  requires ValueBits<std::remove_const_t<decltype(B)>>
constexpr void round_floats(const float* values, const float* scales, std::size_t count, float* rounded) {
  detail::map_words(
      count, rounded,
      [](auto x, auto scale) {
        using Word = decltype(x);
        const Word reciprocal = detail::divide(Word(detail::to_word(1.0F)), scale);
        return detail::multiply(detail::round_to_value<B>(detail::multiply(x, reciprocal)), scale);
      },
      values, scales);
}

/// The same without the product at the end: values of the format.
template <auto B>
  requires ValueBits<std::remove_const_t<decltype(B)>>
constexpr void round_quotients(const float* values, std::size_t count, float scale, float* rounded) {
  const auto reciprocal = detail::to_word(1.0F / scale);
  detail::map_words(
      count, rounded,
      [reciprocal](auto x) {
        using Word = decltype(x);
        return detail::round_to_value<B>(detail::multiply(x, Word(reciprocal)));
      },
      values);
}

}  // namespace bitloom::kernel
