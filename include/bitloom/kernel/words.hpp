// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

#if defined(__AVX512BW__)
#include <immintrin.h>
#endif

namespace bitloom::kernel::detail {

// A word is 32 bits, often the bit pattern of a float: one std::uint32_t, or a vector of them. What is written for words
// of any kind has no branches, so that compilers make vectors of loops over single words; where they are no match for
// the instruction set, vectors are written out.

// Integers.

constexpr std::uint32_t select(bool condition, std::uint32_t a, std::uint32_t b) noexcept {
  const auto mask = 0 - static_cast<std::uint32_t>(condition);
  return (a & mask) | (b & ~mask);
}
/// a < b as signed numbers: small instruction sets compare no others.
constexpr bool less(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a) < static_cast<std::int32_t>(b);
}
constexpr bool equal(std::uint32_t a, std::uint32_t b) noexcept { return a == b; }
constexpr std::uint32_t lesser(std::uint32_t a, std::uint32_t b) noexcept { return select(less(a, b), a, b); }
constexpr std::uint32_t greater(std::uint32_t a, std::uint32_t b) noexcept {
  return select(less(a, b), b, a);
}

// Floats, by their bit patterns.

constexpr std::uint32_t add(std::uint32_t a, std::uint32_t b) noexcept {
  return std::bit_cast<std::uint32_t>(std::bit_cast<float>(a) + std::bit_cast<float>(b));
}
constexpr std::uint32_t subtract(std::uint32_t a, std::uint32_t b) noexcept {
  return std::bit_cast<std::uint32_t>(std::bit_cast<float>(a) - std::bit_cast<float>(b));
}
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) noexcept {
  return std::bit_cast<std::uint32_t>(std::bit_cast<float>(a) * std::bit_cast<float>(b));
}
constexpr std::uint32_t divide(std::uint32_t a, std::uint32_t b) noexcept {
  return std::bit_cast<std::uint32_t>(std::bit_cast<float>(a) / std::bit_cast<float>(b));
}
/// The float of a signed integer.
constexpr std::uint32_t to_float(std::uint32_t a) noexcept {
  return std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(a)));
}
/// A float times a double, rounded to a multiple of 2^-27 and then to an integer, below 2^25.
constexpr std::uint32_t multiply_and_round(std::uint32_t a, double b) noexcept {
  const double product = static_cast<double>(std::bit_cast<float>(a)) * b;
  const double rounded = (product + 0x1p25) - 0x1p25;
  return static_cast<std::uint32_t>(std::bit_cast<std::uint64_t>(rounded + 0x1p52));
}

/// A float's bits, or a code.
template <class T>
constexpr std::uint32_t to_word(T x) noexcept {
  if constexpr (std::same_as<T, float>)
    return std::bit_cast<std::uint32_t>(x);
  else
    return x;
}
template <class T>
constexpr T from_word(std::uint32_t word) noexcept {
  if constexpr (std::same_as<T, float>)
    return std::bit_cast<float>(word);
  else
    return static_cast<T>(word);
}

#if defined(__AVX512BW__)
// g++ 12 takes the undefined vectors inside some of its intrinsics for a mistake; those with a mask have none.
inline constexpr __mmask16 all_words = 0xFFFF;

/// Sixteen words.
struct Words {
  __m512i v;

  static constexpr std::size_t size = 16;

  Words(__m512i vector) noexcept : v(vector) {}
  Words(std::uint32_t word) noexcept : v(_mm512_set1_epi32(static_cast<int>(word))) {}
  explicit Words(__m512 floats) noexcept : v(_mm512_castps_si512(floats)) {}

  friend Words operator&(Words a, Words b) noexcept { return _mm512_and_si512(a.v, b.v); }
  friend Words operator|(Words a, Words b) noexcept { return _mm512_or_si512(a.v, b.v); }
  friend Words operator^(Words a, Words b) noexcept { return _mm512_xor_si512(a.v, b.v); }
  friend Words operator+(Words a, Words b) noexcept { return _mm512_add_epi32(a.v, b.v); }
  friend Words operator-(Words a, Words b) noexcept { return _mm512_sub_epi32(a.v, b.v); }
  friend Words operator<<(Words a, int count) noexcept {
    return _mm512_maskz_slli_epi32(all_words, a.v, static_cast<unsigned>(count));
  }
  friend Words operator>>(Words a, int count) noexcept {
    return _mm512_maskz_srli_epi32(all_words, a.v, static_cast<unsigned>(count));
  }
};

inline __m512 floats(Words a) noexcept { return _mm512_castsi512_ps(a.v); }

inline Words select(__mmask16 condition, Words a, Words b) noexcept {
  return _mm512_mask_blend_epi32(condition, b.v, a.v);
}
inline __mmask16 less(Words a, Words b) noexcept { return _mm512_cmplt_epi32_mask(a.v, b.v); }
inline __mmask16 equal(Words a, Words b) noexcept { return _mm512_cmpeq_epi32_mask(a.v, b.v); }
inline Words lesser(Words a, Words b) noexcept { return _mm512_maskz_min_epi32(all_words, a.v, b.v); }
inline Words greater(Words a, Words b) noexcept { return _mm512_maskz_max_epi32(all_words, a.v, b.v); }
inline Words add(Words a, Words b) noexcept { return Words(_mm512_add_ps(floats(a), floats(b))); }
inline Words subtract(Words a, Words b) noexcept { return Words(_mm512_sub_ps(floats(a), floats(b))); }
inline Words multiply(Words a, Words b) noexcept { return Words(_mm512_mul_ps(floats(a), floats(b))); }
inline Words divide(Words a, Words b) noexcept { return Words(_mm512_div_ps(floats(a), floats(b))); }
inline Words to_float(Words a) noexcept { return Words(_mm512_cvtepi32_ps(a.v)); }
inline Words multiply_and_round(Words a, double b) noexcept {
  const auto half = [b](__m256 part) {
    const auto grid = _mm512_set1_pd(0x1p25);
    const auto product = _mm512_mul_pd(_mm512_cvtps_pd(part), _mm512_set1_pd(b));
    return _mm512_cvtpd_epi32(_mm512_sub_pd(_mm512_add_pd(product, grid), grid));
  };
  const auto low = half(_mm512_castps512_ps256(floats(a)));
  const auto high = half(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castsi512_pd(a.v), 1)));
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/// The greatest word as a signed number.
inline std::uint32_t largest_word(Words a) noexcept {
  const auto half = _mm256_max_epi32(_mm512_maskz_extracti64x4_epi64(0xF, a.v, 0),
                                     _mm512_maskz_extracti64x4_epi64(0xF, a.v, 1));
  auto quarter = _mm_max_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  quarter = _mm_max_epi32(quarter, _mm_shuffle_epi32(quarter, 0x4E));
  quarter = _mm_max_epi32(quarter, _mm_shuffle_epi32(quarter, 0xB1));
  return static_cast<std::uint32_t>(_mm_cvtsi128_si32(quarter));
}
#endif

}  // namespace bitloom::kernel::detail
