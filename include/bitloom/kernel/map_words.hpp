// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <bitloom/kernel/words.hpp>

namespace bitloom::kernel::detail {

#if defined(__AVX512BW__)
/// The words of `count` numbers, the first 16 at most; the other words are 0.
template <class T>
Words load_words(const T* from, std::size_t count) noexcept {
  const auto mask = static_cast<__mmask16>(count < 16 ? (1U << count) - 1 : 0xFFFF);
  if constexpr (sizeof(T) == 1)
    return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, from));
  else if constexpr (sizeof(T) == 2)
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, from));
  else
    return _mm512_maskz_loadu_epi32(mask, from);
}

/// Vectors of words whose low bits fill a vector of numbers.
template <class T>
inline constexpr std::size_t group_size = 4 / sizeof(T);

/// Stores the first `count` numbers of a group. Narrow ones are packed first: the instruction that narrows and stores
/// with a mask is slow on some processors.
template <class T, class Group>
void store_words(const Group& group, std::size_t count, T* to) noexcept {
  if constexpr (sizeof(T) == 1) {
    // of each 128 bits, the four words of each vector come together
    const auto order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const auto bytes = _mm512_packus_epi16(_mm512_packus_epi32(group(0).v, group(1).v),
                                           _mm512_packus_epi32(group(2).v, group(3).v));
    _mm512_mask_storeu_epi8(to, count < 64 ? (std::uint64_t{1} << count) - 1 : ~std::uint64_t{0},
                            _mm512_permutexvar_epi32(order, bytes));
  } else if constexpr (sizeof(T) == 2) {
    const auto order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    const auto halves = _mm512_packus_epi32(group(0).v, group(1).v);
    _mm512_mask_storeu_epi16(to, count < 32 ? (1U << count) - 1 : ~0U,
                             _mm512_permutexvar_epi64(order, halves));
  } else {
    _mm512_mask_storeu_epi32(to, static_cast<__mmask16>(count < 16 ? (1U << count) - 1 : 0xFFFF), group(0).v);
  }
}

/// to[i] = f(from[i]...), with vectors of words.
template <class To, class F, class... From>
void map_vectors(std::size_t count, To* to, F f, const From*... from) {
  constexpr auto size = group_size<To> * Words::size;
  const auto whole = count / size * size;
  std::size_t i = 0;
  for (; i < whole; i += size)
    store_words([&](std::size_t k) { return f(load_words(from + i + k * Words::size, Words::size)...); },
                size, to + i);
  if (i == count) return;
  const auto rest = count - i;
  store_words(
      [&](std::size_t k) {
        const auto first = std::min(k * Words::size, rest);
        return f(load_words(from + i + first, rest - first)...);
      },
      rest, to + i);
}

/// As map_blocks, for as many blocks as fill vectors of bytes; returns their number.
template <std::size_t Length, class FactorsOf, class F>
std::size_t map_blocks_of_vectors(const float* from, std::size_t blocks, FactorsOf& factors_of,
                                  std::uint8_t* to, F f) {
  constexpr std::size_t vectors = Length / Words::size;
  constexpr std::size_t together = 32;  // in steps, none of which waits for one block's result
  float factors[together];
  std::uint32_t largest[together];
  const auto whole = blocks / together * together;
  for (std::size_t block = 0; block < whole; block += together) {
    const auto load = [&](std::size_t k) { return Words(_mm512_loadu_ps(from + k * Words::size)); };
    for (std::size_t b = 0; b < together; ++b) {
      Words most = load(b * vectors) & Words(0x7FFFFFFF);
      for (std::size_t k = 1; k < vectors; ++k)
        most = greater(most, load(b * vectors + k) & Words(0x7FFFFFFF));
      largest[b] = largest_word(most);
    }
    factors_of(block, together, largest, factors);
    for (std::size_t k = 0; k < together * vectors; k += 4, to += 64)
      store_words([&](std::size_t j) { return f(load(k + j), Words(to_word(factors[(k + j) / vectors]))); },
                  64, to);
    from += together * Length;
  }
  return whole;
}

inline void fill_vectors(float value, std::size_t count, float* to) noexcept {
  const auto group = [words = Words(to_word(value))](std::size_t) { return words; };
  for (; count >= Words::size; count -= Words::size, to += Words::size) store_words(group, Words::size, to);
  if (count > 0) store_words(group, count, to);
}
#endif

/// to[i] = f(from[i]...), with single words: in blocks of a fixed length that nothing else points to, so that compilers
/// make vectors of them.
template <class To, class F, class From, class... More>
constexpr void map_single_words(std::size_t count, To* to, F f, const From* from, const More*... more) {
  constexpr std::size_t length = 64;
  const auto whole = count / length * length;
  std::size_t i = 0;
  for (; i < whole; i += length) {
    if constexpr (sizeof(From) < sizeof(To)) {
      From block[length];
      for (std::size_t j = 0; j < length; ++j) block[j] = from[i + j];
      for (std::size_t j = 0; j < length; ++j)
        to[i + j] = from_word<To>(f(to_word(block[j]), to_word(more[i + j])...));
    } else {
      To block[length];
      for (std::size_t j = 0; j < length; ++j)
        block[j] = from_word<To>(f(to_word(from[i + j]), to_word(more[i + j])...));
      for (std::size_t j = 0; j < length; ++j) to[i + j] = block[j];
    }
  }
  for (; i < count; ++i) to[i] = from_word<To>(f(to_word(from[i]), to_word(more[i])...));
}

/// to[i] = f(from[i]...), for floats and codes of up to 32 bits. `f` takes and gives words of any kind.
template <class To, class F, class... From>
constexpr void map_words(std::size_t count, To* to, F f, const From*... from) {
#if defined(__AVX512BW__)
  if (!std::is_constant_evaluated() && count >= 4) return map_vectors(count, to, f, from...);
#endif
  map_single_words(count, to, f, from...);
}

/// Blocks of `Length` numbers, 16, 32 or 64: to[i] = f(from[i], factor of its block).
///
/// @param factors_of  (index of the first of some blocks, their number, bit patterns of their largest magnitudes, factors
///                    to be written), called for all blocks in order
template <std::size_t Length, class FactorsOf, class F>
void map_blocks(const float* from, std::size_t blocks, FactorsOf& factors_of, std::uint8_t* to, F f) {
  static_assert(Length == 16 || Length == 32 || Length == 64);
  std::size_t block = 0;
#if defined(__AVX512BW__)
  block = map_blocks_of_vectors<Length>(from, blocks, factors_of, to, f);
#endif
  for (; block < blocks; ++block) {
    const auto* const values = from + block * Length;
    std::int32_t largest = 0;
    for (std::size_t i = 0; i < Length; ++i)
      largest = std::max(largest, static_cast<std::int32_t>(to_word(values[i]) & 0x7FFFFFFF));
    const auto magnitude = static_cast<std::uint32_t>(largest);
    float factor = 0;
    factors_of(block, std::size_t{1}, &magnitude, &factor);
    std::uint8_t codes[Length];  // that nothing else points to
    for (std::size_t i = 0; i < Length; ++i)
      codes[i] = static_cast<std::uint8_t>(f(to_word(values[i]), to_word(factor)));
    std::copy_n(codes, Length, to + block * Length);
  }
}

/// to[i] = value
constexpr void fill_words(float value, std::size_t count, float* to) noexcept {
#if defined(__AVX512BW__)
  if (!std::is_constant_evaluated()) return fill_vectors(value, count, to);
#endif
  std::fill_n(to, count, value);
}

}  // namespace bitloom::kernel::detail
