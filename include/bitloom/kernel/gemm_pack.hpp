// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <xsimd/xsimd.hpp>

#include <bitloom/core/bits.hpp>
#include <bitloom/kernel/gemm_operand.hpp>
#include <bitloom/kernel/unpack_integers.hpp>

namespace bitloom::kernel::detail {

/// Terms of the sums that are packed and multiplied at a time: a panel of weights then stays in the L1 cache.
inline constexpr std::int64_t depth_block = 1024;

/// Columns of activations that are packed at a time: 2 MiB for all of the depth, read from end to end.
template <class Path>
inline constexpr std::int64_t vector_block = std::int64_t{512} * Path::group;

/// Columns of activations that are interleaved at a time.
inline constexpr std::int64_t quad = 4, chunk = 4 * quad;

/// Words of packed activations.
template <class Path>
constexpr std::int64_t packed_words(std::int64_t depth, std::int64_t vectors) {
  static_assert(Path::columns % chunk == 0 || chunk % Path::columns == 0);
  constexpr auto step = std::max(std::int64_t{Path::columns}, chunk);
  return core::ceil_div(depth, std::int64_t{Path::group}) * core::ceil_div(vectors, step) * step;
}

/// Packs at most `Path::rows` rows of weights, [row][depth_block], with zeros after the last term of a row.
///
/// @param bias    what the packed activations have too much
/// @param starts  what the sums of a row have to begin with because of that
template <class Path, GemmWeights Weights>
void pack_weights(const Weights& weights, std::int64_t first_row, std::int64_t rows, std::int64_t first,
                  std::int64_t depth, std::int32_t bias, typename Path::Term* out, std::uint32_t* starts) {
  using Term = typename Path::Term;
  constexpr std::int64_t step = Path::lanes * Path::group;
  static_assert(depth_block % step == 0);
  const auto padded = core::ceil_div(depth, step) * step;
  for (std::int64_t i = 0; i < rows; ++i, out += depth_block) {
    if constexpr (sizeof(Term) == 1) {
      auto* space = reinterpret_cast<std::uint8_t*>(out);
      const auto* from = weights.row(first_row + i, first, depth, space);
      if (from != space) std::memcpy(space, from, static_cast<std::size_t>(depth));
    } else {
      std::array<std::uint8_t, depth_block> bytes;
      const auto* from = weights.row(first_row + i, first, depth, bytes.data());
      for (std::int64_t k = 0; k < depth; ++k) out[k] = static_cast<std::int8_t>(from[k]);
    }
    std::fill(out + depth, out + padded, Term{0});
    starts[i] = 0;
    if constexpr (Path::unsigned_activations) {
      const auto ones = Path::broadcast(0x01010101);
      auto sums = Path::broadcast(0);
      for (std::int64_t k = 0; k < padded; k += step)
        sums = Path::multiply_add(sums, ones, Path::load(reinterpret_cast<const std::uint32_t*>(out + k)));
      std::array<std::uint32_t, Path::lanes> parts;
      Path::store(parts.data(), sums);
      std::uint32_t sum = 0;
      for (const auto part : parts) sum += part;
      starts[i] = 0 - sum * static_cast<std::uint32_t>(bias);
    }
  }
}

/// Joins the terms of one group, `rows`, of sixteen columns, into words of 32 bits.
///
/// @param flip  0x80 makes signed bytes unsigned with 128 too much; narrow terms keep that, wide ones lose it again
/// @param out   four words each
template <class Path>
void interleave(const std::array<const std::uint8_t*, Path::group>& rows, std::uint8_t flip,
                const std::array<std::uint32_t*, 4>& out) {
  using Arch = Bytes::arch_type;
  using Pairs = xsimd::batch<std::uint16_t, Arch>;
  using DoubleWords = xsimd::batch<std::uint32_t, Arch>;
  const auto load = [&](std::size_t t) { return Bytes::load_unaligned(rows[t]) ^ Bytes(flip); };
  const auto store = [&](std::size_t half, const Pairs& low, const Pairs& high) {
    xsimd::bitwise_cast<DoubleWords>(xsimd::zip_lo(low, high)).store_unaligned(out[2 * half]);
    xsimd::bitwise_cast<DoubleWords>(xsimd::zip_hi(low, high)).store_unaligned(out[2 * half + 1]);
  };
  const auto low = [](const Bytes& a, const Bytes& b) {
    return xsimd::bitwise_cast<Pairs>(xsimd::zip_lo(a, b));
  };
  const auto high = [](const Bytes& a, const Bytes& b) {
    return xsimd::bitwise_cast<Pairs>(xsimd::zip_hi(a, b));
  };
  if constexpr (Path::group == 4) {
    const Bytes a = load(0), b = load(1), c = load(2), d = load(3);
    store(0, low(a, b), low(c, d));
    store(1, high(a, b), high(c, d));
  } else {
    const Bytes zero(std::uint8_t{0});
    const Pairs bias(std::uint16_t{flip});
    const Bytes a = load(0);
    if constexpr (Path::group == 2) {
      const Bytes b = load(1);
      store(0, low(a, zero) - bias, low(b, zero) - bias);
      store(1, high(a, zero) - bias, high(b, zero) - bias);
    } else {
      static_assert(Path::group == 1);
      const auto sign = [](const Pairs& v) { return Pairs(std::uint16_t{0}) - (v >> 15); };
      const Pairs first = low(a, zero) - bias, second = high(a, zero) - bias;
      store(0, first, sign(first));
      store(1, second, sign(second));
    }
  }
}

/// Packs [depth × vectors] activations as panels of `Path::columns` columns, [panel][group][column]. Columns beyond
/// the last are zero or `flip`.
template <class Path, GemmOperand Activations>
void pack_activations(const Activations& activations, std::int64_t first, std::int64_t depth,
                      std::int64_t first_vector, std::int64_t vectors, std::uint8_t flip,
                      std::uint32_t* out) {
  constexpr auto group = static_cast<std::size_t>(Path::group);
  using Rows = std::array<const std::uint8_t*, group>;
  std::array<std::array<std::uint8_t, vector_block<Path>>, group> space;
  const auto groups = core::ceil_div(depth, std::int64_t{Path::group});
  for (std::int64_t g = 0; g < groups; ++g, out += Path::columns) {
    Rows rows;
    for (std::size_t t = 0; t < group; ++t) {
      // the terms beyond the depth meet weights of zero, so any row serves there
      const auto k = std::min(g * Path::group + static_cast<std::int64_t>(t), depth - 1);
      rows[t] = activations.row(first + k, first_vector, vectors, space[t].data());
    }
    const auto put = [&](std::int64_t j, const Rows& from) {
      std::array<std::uint32_t*, 4> quads;
      for (auto& to : quads) {
        to = out + j / Path::columns * groups * Path::columns + j % Path::columns;
        j += quad;
      }
      interleave<Path>(from, flip, quads);
    };
    std::int64_t j = 0;
    for (; vectors - j >= chunk; j += chunk) {
      put(j, rows);
      for (auto& row : rows) row += chunk;
    }
    if (j < vectors) {
      std::array<std::array<std::uint8_t, chunk>, group> edge{};
      for (std::size_t t = 0; t < group; ++t) {
        std::copy_n(rows[t], vectors - j, edge[t].data());
        rows[t] = edge[t].data();
      }
      put(j, rows);
    }
  }
}

}  // namespace bitloom::kernel::detail
