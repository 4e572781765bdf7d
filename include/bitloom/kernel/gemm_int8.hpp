// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <bitloom/core/bits.hpp>
#include <bitloom/kernel/gemm_int8_paths.hpp>
#include <bitloom/kernel/gemm_operand.hpp>
#include <bitloom/kernel/gemm_pack.hpp>

namespace bitloom::kernel {

namespace detail {

struct FreeWords {
  void operator()(std::uint32_t* words) const { ::operator delete (words, std::align_val_t{64}); }
};

/// Words without a value, on the border of a cache line.
inline std::unique_ptr<std::uint32_t[], FreeWords> new_words(std::int64_t count) {
  const auto bytes = static_cast<std::size_t>(count) * sizeof(std::uint32_t);
  return std::unique_ptr<std::uint32_t[], FreeWords>(
      static_cast<std::uint32_t*>(::operator new (bytes, std::align_val_t{64})));
}

/// One tile of sums over `groups` groups, `Path::columns` wide; I counts its vectors, row by row. One function with the
/// indices as constants, so that the sums live in registers.
///
/// @param starts  what the sums of a row begin with
/// @param add     add what is in `out` already
template <class Path, std::size_t... I>
void multiply_tile(std::index_sequence<I...>, const typename Path::Term* weights,
                   const std::uint32_t* activations, std::int64_t groups, const std::uint32_t* starts,
                   bool add, std::uint32_t* out, std::int64_t stride) {
  using Vector = typename Path::Vector;
  constexpr std::size_t lanes = Path::lanes;
  constexpr std::size_t width = Path::columns / lanes;
  const auto place = [&](std::size_t i) {
    return out + static_cast<std::int64_t>(i / width) * stride + i % width * lanes;
  };
  const auto weight = [&](std::size_t i) {
    std::uint32_t terms;
    std::memcpy(&terms, weights + i / width * depth_block, sizeof terms);
    return Path::broadcast(terms);
  };
  (__builtin_prefetch(place(I), 1), ...);
  Vector sums[] = {Path::broadcast(starts[I / width])...};  // std::array drops the alignment of vector types
  for (std::int64_t g = 0; g < groups; ++g, weights += Path::group, activations += Path::columns)
    ((sums[I] = Path::multiply_add(sums[I], Path::load(activations + I % width * lanes), weight(I))), ...);
  const auto store = [&](std::uint32_t* to, const Vector& sum) {
    Path::store(to, add ? Path::add(sum, Path::load(to)) : sum);
  };
  (store(place(I), sums[I]), ...);
}

/// The products of at most `Path::rows` packed rows of weights with all packed activations.
template <class Path>
void multiply_panel(std::int64_t rows, std::int64_t vectors, std::int64_t depth,
                    const typename Path::Term* weights, const std::uint32_t* starts,
                    const std::uint32_t* activations, bool add, std::int32_t* result, std::int64_t stride) {
  constexpr std::int64_t third = Path::rows / 3;
  static_assert(Path::rows % 3 == 0);
  const auto groups = core::ceil_div(depth, std::int64_t{Path::group});
  for (std::int64_t j = 0; j < vectors; j += Path::columns, activations += groups * Path::columns) {
    const auto columns = std::min<std::int64_t>(Path::columns, vectors - j);
    const auto tile = [&]<std::int64_t Rows>(std::integral_constant<std::int64_t, Rows>, std::int64_t i) {
      const auto multiply = [&](bool add_to, std::uint32_t* out, std::int64_t out_stride) {
        multiply_tile<Path>(std::make_index_sequence<Rows * Path::columns / Path::lanes>(),
                            weights + i * depth_block, activations, groups, starts + i, add_to, out,
                            out_stride);
      };
      auto* to = reinterpret_cast<std::uint32_t*>(result + i * stride + j);
      if (i + Rows <= rows && columns == Path::columns) return multiply(add, to, stride);
      alignas(64) std::array<std::uint32_t, static_cast<std::size_t>(Rows * Path::columns)> sums;
      multiply(false, sums.data(), Path::columns);
      const auto* from = sums.data();
      for (std::int64_t r = i; r < std::min(rows, i + Rows); ++r, from += Path::columns, to += stride)
        for (std::int64_t c = 0; c < columns; ++c) to[c] = (add ? to[c] : 0) + from[c];
    };
    if (rows == Path::rows) {
      tile(std::integral_constant<std::int64_t, Path::rows>(), 0);
    } else {
      for (std::int64_t i = 0; i < rows; i += third) tile(std::integral_constant<std::int64_t, third>(), i);
    }
  }
}

}  // namespace detail

/// result = weights · activations, sums modulo 2^32; all extents at least 1.
///
/// @param weights        [rows × depth], each -128..127
/// @param activations    [depth × vectors], each -128..127 if signed, else 0..255
/// @param result         [rows × vectors], row-major
/// @param result_stride  from row to row of it, in elements
template <class Path = detail::BestPath, GemmWeights Weights, GemmOperand Activations>
void gemm_int8(std::int64_t rows, std::int64_t vectors, std::int64_t depth, const Weights& weights,
               const Activations& activations, std::int32_t* result, std::int64_t result_stride) {
  using namespace detail;
  constexpr auto columns_block = vector_block<Path>;
  const std::uint8_t bias = activations.is_signed ? 128 : 0;
  alignas(64) std::array<typename Path::Term, static_cast<std::size_t>(Path::rows * depth_block)>
      packed_weights;
  std::array<std::uint32_t, Path::rows> starts{};
  const auto packed_activations =
      new_words(packed_words<Path>(std::min(depth, depth_block), std::min(vectors, columns_block)));
  for (std::int64_t j = 0; j < vectors; j += columns_block) {
    const auto width = std::min(columns_block, vectors - j);
    for (std::int64_t k = 0; k < depth; k += depth_block) {
      const auto terms = std::min(depth_block, depth - k);
      pack_activations<Path>(activations, k, terms, j, width, bias, packed_activations.get());
      for (std::int64_t i = 0; i < rows; i += Path::rows) {
        const auto height = std::min<std::int64_t>(Path::rows, rows - i);
        pack_weights<Path>(weights, i, height, k, terms, bias, packed_weights.data(), starts.data());
        multiply_panel<Path>(height, width, terms, packed_weights.data(), starts.data(),
                             packed_activations.get(), k > 0, result + i * result_stride + j, result_stride);
      }
    }
  }
}

}  // namespace bitloom::kernel
