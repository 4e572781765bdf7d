// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <tuple>

#include <xsimd/xsimd.hpp>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace bitloom::kernel::detail {

// A path multiplies and adds `group` neighbouring terms at a time, packed into 32 bits, in each lane of a vector.
// `Term` holds a term of the weights; those of the activations are as wide. `rows` × `columns` is the tile of sums
// that it keeps in registers. Where the instruction wants `unsigned_activations`, signed ones get 128 added.
// xsimd 8.1 has neither of the instructions that multiply and add neighbours, hence the intrinsics; GenericPath is
// xsimd alone.

/// Any architecture: one term at a time in 32-bit lanes.
struct GenericPath {
  using Vector = xsimd::batch<std::uint32_t>;
  using Term = std::int32_t;
  static constexpr int group = 1;
  static constexpr int lanes = static_cast<int>(Vector::size);
  static constexpr int rows = 6;
  static constexpr int columns = 2 * lanes;
  static constexpr bool unsigned_activations = false;

  static Vector load(const std::uint32_t* from) { return Vector::load_unaligned(from); }
  static Vector broadcast(std::uint32_t weight) { return Vector(weight); }
  static Vector add(const Vector& a, const Vector& b) { return a + b; }
  static Vector multiply_add(const Vector& sum, const Vector& a, const Vector& b) { return sum + a * b; }
  static void store(std::uint32_t* to, const Vector& v) { v.store_unaligned(to); }
};

#if defined(__SSE2__)
struct Sse2Path {
  using Vector = __m128i;
  using Term = std::int16_t;
  static constexpr int group = 2, lanes = 4, rows = 6, columns = 8;
  static constexpr bool unsigned_activations = false;

  static Vector load(const std::uint32_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
  static Vector broadcast(std::uint32_t weight) { return _mm_set1_epi32(static_cast<int>(weight)); }
  static Vector add(Vector a, Vector b) { return _mm_add_epi32(a, b); }
  static Vector multiply_add(Vector sum, Vector a, Vector b) {
    return _mm_add_epi32(sum, _mm_madd_epi16(a, b));
  }
  static void store(std::uint32_t* to, Vector v) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), v); }
};
#endif

#if defined(__AVX2__)
struct Avx2Path {
  using Vector = __m256i;
  using Term = std::int16_t;
  static constexpr int group = 2, lanes = 8, rows = 6, columns = 16;
  static constexpr bool unsigned_activations = false;

  static Vector load(const std::uint32_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static Vector broadcast(std::uint32_t weight) { return _mm256_set1_epi32(static_cast<int>(weight)); }
  static Vector add(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector multiply_add(Vector sum, Vector a, Vector b) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
  }
  static void store(std::uint32_t* to, Vector v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v); }
};
#endif

#if defined(__AVX512VNNI__)
struct VnniPath {
  using Vector = __m512i;
  using Term = std::int8_t;
  static constexpr int group = 4, lanes = 16, rows = 12, columns = 32;
  static constexpr bool unsigned_activations = true;

  static Vector load(const std::uint32_t* from) { return _mm512_loadu_si512(from); }
  static Vector broadcast(std::uint32_t weight) { return _mm512_set1_epi32(static_cast<int>(weight)); }
  static Vector add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector multiply_add(Vector sum, Vector a, Vector b) { return _mm512_dpbusd_epi32(sum, a, b); }
  static void store(std::uint32_t* to, Vector v) { _mm512_storeu_si512(to, v); }
};
#endif

/// The paths that the build's instruction set allows, the fastest last.
using Paths = std::tuple<GenericPath
#if defined(__SSE2__)
                         ,
                         Sse2Path
#endif
#if defined(__AVX2__)
                         ,
                         Avx2Path
#endif
#if defined(__AVX512VNNI__)
                         ,
                         VnniPath
#endif
                         >;
using BestPath = std::tuple_element_t<std::tuple_size_v<Paths> - 1, Paths>;

}  // namespace bitloom::kernel::detail
