// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/block_cut.hpp>
#include <bitloom/fabric/integer_value.hpp>

namespace bitloom::fabric::detail {

// What the value views of blocks with dummy arrays stand on.

/// Product modulo 2^32 of the weights with what the block takes for the activations.
/// @throws RangeError  operands that the block lacks, or a value outside its width
/// @throws ShapeError  a span does not fit the shape
template <class B>
void block_sums(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
  check_operands<B>(shape, o, weights, activations, result);
  if constexpr (B::exact) {
    integer_product(shape, o, weights, activations, result);
  } else {
    // a factor of 2 for all of them would leave their width, so it goes to the sums
    const int scale = B::factor(1, o);
    std::vector<std::int16_t> taken(activations.begin(), activations.end());
    for (auto& a : taken) a = static_cast<std::int16_t>(B::factor(a, o) / scale);
    integer_product(shape, o, weights, taken, result);
    for (auto& sum : result)
      sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) * static_cast<std::uint32_t>(scale));
  }
}

/// The same modulo a lane, as after one readout without cutting.
template <class B>
void lane_sums(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
               std::span<const std::int16_t> activations, std::span<std::int32_t> result) {
  block_sums<B>(shape, o, weights, activations, result);
  for (auto& sum : result)
    sum = static_cast<std::int32_t>(core::sign_extend(static_cast<std::uint32_t>(sum), B::lane_bits(o)));
}

/// Refuses a product in one readout that leaves a lane, at the MAC2 where the machine does.
/// @throws RangeError  a sum leaves its lane after some MAC2
template <class B>
void check_wraps(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                 std::span<const std::int16_t> activations) {
  if (core::ceil_div(shape.columns, std::int64_t{B::terms}) <= B::safe_mac2(o)) return;
  const std::int64_t lanes = B::lanes(o);
  const auto product = [&](std::int64_t r, std::int64_t c, std::int64_t v) -> std::int64_t {
    if (c >= shape.columns) return 0;
    const auto activation = activations[static_cast<std::size_t>(c * shape.vectors + v)];
    return weights[static_cast<std::size_t>(r * shape.columns + c)] * B::factor(activation, o);
  };
  std::int64_t mac2 = 0;
  for (std::int64_t vector = 0; vector < shape.vectors; vector += B::vectors)
    for (std::int64_t row = 0; row < shape.rows; row += lanes) {
      std::vector<std::int64_t> sums(static_cast<std::size_t>(lanes * B::vectors));
      for (std::int64_t column = 0; column < shape.columns; column += B::terms, ++mac2)
        for (std::size_t i = 0; i < sums.size(); ++i) {
          const auto r = row + static_cast<std::int64_t>(i) % lanes;
          const auto v = vector + static_cast<std::int64_t>(i) / lanes;
          if (r >= shape.rows || v >= shape.vectors) continue;
          const auto added = product(r, column, v) + product(r, column + 1, v);
          const auto sum = sums[i] + added;
          if (sum != core::sign_extend(static_cast<std::uint64_t>(sum), B::lane_bits(o))) {
            const auto place = B::place(static_cast<int>(r - row), static_cast<int>(v - vector), o);
            throw_wrap(place.lane, place.array, "MAC2 " + std::to_string(mac2), sums[i], added,
                       B::lane_bits(o));
          }
          sums[i] = sum;
        }
    }
}

}  // namespace bitloom::fabric::detail
