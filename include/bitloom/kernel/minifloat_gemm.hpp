// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include <xsimd/xsimd.hpp>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include <bitloom/core/bits.hpp>

namespace bitloom::kernel {

/// A matrix in memory: element (i, j) is data[i · row_stride + j · column_stride].
template <class T>
struct MatrixView {
  T* data;
  std::int64_t row_stride;
  std::int64_t column_stride;

  [[nodiscard]] T& at(std::int64_t row, std::int64_t column) const {
    return data[row * row_stride + column * column_stride];
  }
  [[nodiscard]] MatrixView from(std::int64_t row, std::int64_t column) const {
    return {&at(row, column), row_stride, column_stride};
  }
  [[nodiscard]] MatrixView transposed() const { return {data, column_stride, row_stride}; }
};

namespace detail {

/// a · b + c in every lane. Of xsimd 8.1 AVX-512 gets two instructions for it, hence the intrinsics.
template <class T>
xsimd::batch<T> multiply_add(const xsimd::batch<T>& a, const xsimd::batch<T>& b, const xsimd::batch<T>& c) {
#if defined(__AVX512F__)
  if constexpr (std::same_as<T, float> && sizeof(xsimd::batch<T>) == 64) return _mm512_fmadd_ps(a, b, c);
  if constexpr (std::same_as<T, double> && sizeof(xsimd::batch<T>) == 64) return _mm512_fmadd_pd(a, b, c);
#endif
  return xsimd::fma(a, b, c);
}

/// Sums of one tile, which stay in registers: `rows` × `columns` of type T.
template <class T>
struct OrderedTile {
  using Vector = xsimd::batch<T>;
  static constexpr std::size_t lanes = Vector::size;
  static constexpr std::size_t width = 2;  // vectors
  static constexpr std::size_t columns = width * lanes;
  static constexpr std::size_t rows = sizeof(Vector) >= 64 ? 12 : 6;
  /// Terms that are packed and added at a time: a panel of columns then stays in the L1 cache.
  static constexpr std::int64_t depth = 1024 / static_cast<std::int64_t>(sizeof(T));
};

template <class T>
using Panels = std::vector<T, xsimd::aligned_allocator<T, 64>>;

/// Decodes a matrix [depth × count] into panels of `width` columns: [panel][k][column]. The last panel is filled with 0.
template <class T, class Code, class Decode>
void pack_decoded(const MatrixView<const Code>& codes, std::int64_t depth, std::int64_t count,
                  std::int64_t width, const Decode& decode, Panels<T>& out) {
  out.assign(static_cast<std::size_t>(core::ceil_div(count, width) * width * depth), T{});
  for (std::int64_t first = 0; first < count; first += width) {
    const auto from = codes.from(0, first);
    auto* to = out.data() + first * depth;
    const auto columns = std::min(width, count - first);
    if (codes.row_stride < codes.column_stride) {
      for (std::int64_t j = 0; j < columns; ++j)
        for (std::int64_t k = 0; k < depth; ++k) to[k * width + j] = decode(from.at(k, j));
    } else {
      for (std::int64_t k = 0; k < depth; ++k)
        for (std::int64_t j = 0; j < columns; ++j) to[k * width + j] = decode(from.at(k, j));
    }
  }
}

/// Packs terms [first, first + count) of one operand into panels of `width`.
template <class T>
using Pack = std::function<void(std::int64_t first, std::int64_t count, std::int64_t width, Panels<T>& out)>;

/// Adds `depth` products to every sum of a tile, one after the other.
template <class T, std::size_t Rows>
void add_products(const T* left, const T* right, std::int64_t depth, T* tile) {
  using Tile = OrderedTile<T>;
  using Vector = typename Tile::Vector;
  Vector sums[Rows][Tile::width];  // a plain array: std::array drops the alignment attribute of vector types
  const auto each = [&]<std::size_t... I>(std::index_sequence<I...>, auto f) {
    (f(std::integral_constant<std::size_t, I / Tile::width>{},
       std::integral_constant<std::size_t, I % Tile::width>{}),
     ...);
  };
  constexpr std::make_index_sequence<Rows * Tile::width> all{};
  each(all, [&](auto i, auto v) {
    sums[i][v] = Vector::load_aligned(tile + i * Tile::columns + v * Tile::lanes);
  });
  for (std::int64_t k = 0; k < depth; ++k, left += Rows, right += Tile::columns) {
    const Vector inputs[Tile::width] = {Vector::load_aligned(right),
                                        Vector::load_aligned(right + Tile::lanes)};
    each(all, [&](auto i, auto v) { sums[i][v] = multiply_add(Vector(left[i]), inputs[v], sums[i][v]); });
  }
  each(all, [&](auto i, auto v) { sums[i][v].store_aligned(tile + i * Tile::columns + v * Tile::lanes); });
}

/// The loops; apart from the decoding, so that there is one of them for all codes.
template <std::size_t Rows, class T>
void multiply_in_order(std::int64_t rows, std::int64_t columns, std::int64_t depth, const Pack<T>& pack_left,
                       const Pack<T>& pack_right, const MatrixView<T>& result) {
  using Tile = OrderedTile<T>;
  constexpr auto tile_rows = static_cast<std::int64_t>(Rows);
  constexpr auto tile_columns = static_cast<std::int64_t>(Tile::columns);
  Panels<T> left, right;
  alignas(64) std::array<T, Rows * Tile::columns> tile;
  for (std::int64_t k = 0; k < depth; k += Tile::depth) {
    const auto block = std::min(Tile::depth, depth - k);
    pack_left(k, block, tile_rows, left);
    pack_right(k, block, tile_columns, right);
    for (std::int64_t j = 0; j < columns; j += tile_columns)
      for (std::int64_t i = 0; i < rows; i += tile_rows) {
        const auto part = result.from(i, j);
        const auto height = std::min(tile_rows, rows - i);
        const auto width = std::min(tile_columns, columns - j);
        const auto each = [&](auto visit) {
          for (std::int64_t r = 0; r < height; ++r)
            for (std::int64_t c = 0; c < width; ++c)
              visit(tile[static_cast<std::size_t>(r * tile_columns + c)], part.at(r, c));
        };
        tile.fill(T{});
        if (k > 0) each([](T& sum, T before) { sum = before; });
        add_products<T, Rows>(left.data() + i * block, right.data() + j * block, block, tile.data());
        each([](T sum, T& after) { after = sum; });
      }
  }
}

}  // namespace detail

/// A product of two matrices of codes: result(i, j) is the sum of left(i, k) · right(k, j) over k, in order, from +0.
///
/// Every term is decoded to T and added by itself, and sums are rounded as T does; how the loops are cut does not show.
/// Products have to be exact in T: then fused and separate multiply-adds give the same bits.
///
/// @param decode_left, decode_right  a code's number; code by code, as a function object
/// @param left    [rows × depth]
/// @param right   [depth × columns]
/// @param result  [rows × columns]
template <class T, class Left, class Right, class DecodeLeft, class DecodeRight>
void gemm_in_order(std::int64_t rows, std::int64_t columns, std::int64_t depth,
                   const MatrixView<const Left>& left, const DecodeLeft& decode_left,
                   const MatrixView<const Right>& right, const DecodeRight& decode_right,
                   const MatrixView<T>& result) {
  const detail::Pack<T> pack_left = [&](std::int64_t first, std::int64_t count, std::int64_t width,
                                        auto& out) {
    detail::pack_decoded<T>(left.from(0, first).transposed(), count, rows, width, decode_left, out);
  };
  const detail::Pack<T> pack_right = [&](std::int64_t first, std::int64_t count, std::int64_t width,
                                         auto& out) {
    detail::pack_decoded<T>(right.from(first, 0), count, columns, width, decode_right, out);
  };
  const auto multiply = [&](std::int64_t height, std::int64_t width, const auto& upper, const auto& lower,
                            const MatrixView<T>& to) {
    if (height == 1)
      detail::multiply_in_order<1>(height, width, depth, upper, lower, to);
    else
      detail::multiply_in_order<detail::OrderedTile<T>::rows>(height, width, depth, upper, lower, to);
  };
  // vectors lie along the columns; where there are few of them, rows serve better
  if (columns < rows && columns < static_cast<std::int64_t>(detail::OrderedTile<T>::columns))
    multiply(columns, rows, pack_right, pack_left, result.transposed());
  else
    multiply(rows, columns, pack_left, pack_right, result);
}

}  // namespace bitloom::kernel
