// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include <xsimd/xsimd.hpp>

#if defined(__AVX512BW__)
#include <immintrin.h>
#endif

namespace bitloom::kernel {

namespace detail {

/// Sixteen bytes: the width that every architecture has, and at which x86 interleaves without crossing halves.
using Bytes = xsimd::batch<std::uint8_t,
                           std::conditional_t<xsimd::sse2::supported(), xsimd::sse2, xsimd::default_arch>>;
static_assert(Bytes::size == 16);

// Vectors of codes to vectors of bytes: `codes` of them in a step, their signs extended from the bit `sign`, if any.

/// Any architecture.
template <int Bits>
struct GenericUnpack {
  static constexpr std::int64_t codes = Bytes::size * 8 / Bits;

  static void step(const std::uint8_t* from, std::uint8_t sign, std::uint8_t* to) {
    const auto put = [&](const Bytes& v) {
      ((v ^ Bytes(sign)) - Bytes(sign)).store_unaligned(to);
      to += Bytes::size;
    };
    const auto packed = Bytes::load_unaligned(from);
    const Bytes low = packed & Bytes(0x0F), high = packed >> 4;
    const Bytes nibbles[] = {xsimd::zip_lo(low, high), xsimd::zip_hi(low, high)};
    for (const auto& half : nibbles) {
      if constexpr (Bits == 4) {
        put(half);
      } else {
        const Bytes even = half & Bytes(0x03), odd = half >> 2;
        put(xsimd::zip_lo(even, odd));
        put(xsimd::zip_hi(even, odd));
      }
    }
  }
};

#if defined(__AVX512BW__)
/// A lane for each byte, as wide as its codes will be; copies of the byte move them to their places.
template <int Bits>
struct Avx512Unpack {
  static constexpr std::int64_t codes = 64;

  static void step(const std::uint8_t* from, std::uint8_t sign, std::uint8_t* to) {
    __m512i lanes;
    if constexpr (Bits == 4) {
      lanes = _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
      lanes = _mm512_or_si512(lanes, _mm512_slli_epi16(lanes, 4));
    } else {
      lanes = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
      lanes = _mm512_or_si512(lanes, _mm512_slli_epi32(lanes, 12));
      lanes = _mm512_or_si512(lanes, _mm512_slli_epi32(lanes, 6));
    }
    const __m512i bit = _mm512_set1_epi8(static_cast<char>(sign));
    const __m512i values = _mm512_and_si512(lanes, _mm512_set1_epi8((1 << Bits) - 1));
    _mm512_storeu_si512(to, _mm512_sub_epi8(_mm512_xor_si512(values, bit), bit));
  }
};
template <int Bits>
using BestUnpack = Avx512Unpack<Bits>;
#else
template <int Bits>
using BestUnpack = GenericUnpack<Bits>;
#endif

}  // namespace detail

/// Unpacks integers from a bit string to a byte each, signs extended. Code i is bits [i·b, (i+1)·b) of the string, whose
/// bit j is bit j mod 8 of byte j div 8.
///
/// @param codes      the bit string; only bytes that hold wanted codes are read
/// @param first      the first wanted code, which need not begin a byte
/// @param is_signed  codes and bytes are two's complement
template <int Bits, class Unpack = detail::BestUnpack<Bits>>
  requires(Bits == 2 || Bits == 4)
void unpack_integers(const std::uint8_t* codes, std::int64_t first, std::int64_t count, bool is_signed,
                     std::uint8_t* bytes) {
  constexpr std::int64_t per_byte = 8 / Bits;
  const auto sign = static_cast<std::uint8_t>(is_signed ? 1 << (Bits - 1) : 0);
  const auto last = first + count;
  const auto one_by_one = [&](std::int64_t end) {
    for (; first < end; ++first) {
      const auto code = (codes[first / per_byte] >> (first % per_byte * Bits)) & ((1 << Bits) - 1);
      *bytes++ = static_cast<std::uint8_t>((code ^ sign) - sign);
    }
  };
  one_by_one(std::min(last, (first + per_byte - 1) / per_byte * per_byte));
  for (; last - first >= Unpack::codes; first += Unpack::codes, bytes += Unpack::codes)
    Unpack::step(codes + first / per_byte, sign, bytes);
  one_by_one(last);
}

}  // namespace bitloom::kernel
