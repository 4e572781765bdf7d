// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include <xsimd/xsimd.hpp>

#include <bitloom/core/bits.hpp>
#include <bitloom/kernel/gemm_int8_paths.hpp>

namespace bitloom::kernel {

namespace detail {

using Packed = std::vector<std::uint32_t, xsimd::aligned_allocator<std::uint32_t, 64>>;

/// Terms of the sums that are packed and multiplied at a time: a panel of activations then stays in the L1 cache.
inline constexpr std::int64_t depth_block = 512;

/// A view of a row-major matrix.
template <class T>
struct Strided {
  T* data;
  std::int64_t stride;

  [[nodiscard]] T* row(std::int64_t i) const { return data + i * stride; }
};

/// Weights [rows × depth] as panels of `Path::rows` rows: [panel][group][row]. `sums` gets the sum of every row.
template <class Path>
void pack_weights(const Strided<const std::int16_t>& weights, std::int64_t rows, std::int64_t depth,
                  Packed& out, std::vector<std::int32_t>& sums) {
  const auto groups = core::ceil_div(depth, std::int64_t{Path::group});
  const auto panels = core::ceil_div(rows, std::int64_t{Path::rows});
  out.assign(static_cast<std::size_t>(panels * groups * Path::rows), 0);
  sums.assign(static_cast<std::size_t>(panels * Path::rows), 0);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto* row = weights.row(i);
    auto* to = out.data() + i / Path::rows * groups * Path::rows + i % Path::rows;
    std::int32_t sum = 0;
    const auto whole = depth / Path::group;
    for (std::int64_t g = 0; g < whole; ++g, row += Path::group) {
      std::array<std::int16_t, Path::group> terms{};
      for (std::size_t t = 0; t < Path::group; ++t) sum += terms[t] = row[t];
      to[g * Path::rows] = Path::join(terms);
    }
    if (whole < groups) {
      std::array<std::int16_t, Path::group> terms{};
      for (std::size_t t = 0; t < static_cast<std::size_t>(depth % Path::group); ++t)
        sum += terms[t] = row[t];
      to[whole * Path::rows] = Path::join(terms);
    }
    sums[static_cast<std::size_t>(i)] = sum;
  }
}

/// Activations [depth × vectors], `offset` added, as panels of `Path::columns` columns: [panel][group][column].
template <class Path>
void pack_activations(const Strided<const std::int16_t>& activations, std::int64_t depth,
                      std::int64_t vectors, std::int16_t offset, Packed& out) {
  const auto groups = core::ceil_div(depth, std::int64_t{Path::group});
  const auto panels = core::ceil_div(vectors, std::int64_t{Path::columns});
  out.assign(static_cast<std::size_t>(panels * groups * Path::columns), 0);
  for (std::int64_t g = 0; g < groups; ++g) {
    // rows beyond the depth meet weights of zero, so any row serves there
    std::array<const std::int16_t*, Path::group> rows{};
    for (std::size_t t = 0; t < Path::group; ++t)
      rows[t] = activations.row(std::min(g * Path::group + static_cast<std::int64_t>(t), depth - 1));
    for (std::int64_t panel = 0; panel < panels; ++panel) {
      const auto first = panel * Path::columns;
      const auto count = std::min<std::int64_t>(Path::columns, vectors - first);
      auto* to = out.data() + (panel * groups + g) * Path::columns;
      for (std::int64_t j = 0; j < count; ++j) {
        std::array<std::int16_t, Path::group> terms{};
        for (std::size_t t = 0; t < Path::group; ++t)
          terms[t] = static_cast<std::int16_t>(rows[t][first + j] + offset);
        to[j] = Path::join(terms);
      }
    }
  }
}

/// Calls f(0) … f(N - 1) with the index as a constant, so that arrays indexed by it live in registers.
template <std::size_t N, class F>
constexpr void unroll(F&& f) {
  [&]<std::size_t... I>(std::index_sequence<I...>) { (f(std::integral_constant<std::size_t, I>{}), ...); }
  (std::make_index_sequence<N>{});
}

/// One tile of `Path::rows` × `Path::columns` sums over `groups` groups, without the rows' corrections.
template <class Path>
void multiply_tile(const std::uint32_t* weights, const std::uint32_t* activations, std::int64_t groups,
                   std::uint32_t* tile) {
  using Vector = typename Path::Vector;
  constexpr std::size_t lanes = Path::lanes;
  constexpr std::size_t width = Path::columns / lanes;
  Vector sums[Path::rows][width];  // plain arrays: std::array drops the alignment attribute of vector types
  unroll<Path::rows>([&](auto i) { unroll<width>([&](auto v) { sums[i][v] = Path::zero(); }); });
  for (std::int64_t g = 0; g < groups; ++g, weights += Path::rows, activations += Path::columns) {
    Vector inputs[width];
    unroll<width>([&](auto v) { inputs[v] = Path::load(activations + v * lanes); });
    unroll<Path::rows>([&](auto i) {
      const auto weight = Path::broadcast(weights[i]);
      unroll<width>([&](auto v) { sums[i][v] = Path::multiply_add(sums[i][v], inputs[v], weight); });
    });
  }
  unroll<Path::rows>([&](auto i) {
    unroll<width>([&](auto v) { Path::store(tile + i * Path::columns + v * lanes, sums[i][v]); });
  });
}

/// The product by one path; see gemm_int8.
template <class Path>
void gemm_int8_by(std::int64_t rows, std::int64_t vectors, std::int64_t depth,
                  const Strided<const std::int16_t>& weights, const Strided<const std::int16_t>& activations,
                  bool signed_activations, const Strided<std::int32_t>& result) {
  const std::int16_t offset = signed_activations ? Path::offset : std::int16_t{0};
  Packed packed_weights, packed_activations;
  std::vector<std::int32_t> row_sums;
  alignas(64) std::array<std::uint32_t, static_cast<std::size_t>(Path::rows * Path::columns)> tile{};
  for (std::int64_t k = 0; k < depth; k += depth_block) {
    const auto block = std::min(depth_block, depth - k);
    const auto groups = core::ceil_div(block, std::int64_t{Path::group});
    pack_weights<Path>({weights.data + k, weights.stride}, rows, block, packed_weights, row_sums);
    pack_activations<Path>({activations.row(k), activations.stride}, block, vectors, offset,
                           packed_activations);
    for (std::int64_t j = 0; j < vectors; j += Path::columns) {
      const auto* panel = packed_activations.data() + j * groups;
      const auto count = std::min<std::int64_t>(Path::columns, vectors - j);
      for (std::int64_t i = 0; i < rows; i += Path::rows) {
        multiply_tile<Path>(packed_weights.data() + i * groups, panel, groups, tile.data());
        for (std::int64_t r = 0; r < std::min<std::int64_t>(Path::rows, rows - i); ++r) {
          const auto correction = static_cast<std::uint32_t>(row_sums[static_cast<std::size_t>(i + r)]) *
                                  static_cast<std::uint32_t>(offset);
          const auto* from = tile.data() + r * Path::columns;
          auto* to = result.row(i + r) + j;
          for (std::int64_t c = 0; c < count; ++c) {
            const auto before = k == 0 ? std::uint32_t{0} : static_cast<std::uint32_t>(to[c]);
            to[c] = static_cast<std::int32_t>(before + from[c] - correction);
          }
        }
      }
    }
  }
}

}  // namespace detail

/// result = weights · activations, sums modulo 2^32; all matrices row-major with the given strides (in elements),
/// all extents at least 1.
///
/// @param weights      [rows × depth], each -128..127
/// @param activations  [depth × vectors], each -128..127 if `signed_activations`, else 0..255
/// @param result       [rows × vectors]
template <class Path = detail::BestPath>
void gemm_int8(std::int64_t rows, std::int64_t vectors, std::int64_t depth, const std::int16_t* weights,
               std::int64_t weight_stride, const std::int16_t* activations, std::int64_t activation_stride,
               bool signed_activations, std::int32_t* result, std::int64_t result_stride) {
  detail::gemm_int8_by<Path>(rows, vectors, depth, {weights, weight_stride}, {activations, activation_stride},
                             signed_activations, {result, result_stride});
}

}  // namespace bitloom::kernel
