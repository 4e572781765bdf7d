// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <bitloom/fabric/block_value.hpp>
#include <bitloom/fabric/m4bram.hpp>

namespace bitloom::fabric {

namespace detail {

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
            throw RangeError("accumulator: lane " + std::to_string(place.lane) + " of element " +
                             std::to_string(place.array) + " wraps in MAC2 " + std::to_string(mac2) + ": " +
                             std::to_string(sums[i]) + " + " + std::to_string(added) + " does not fit " +
                             std::to_string(B::lane_bits(o)) + " bits");
          }
          sums[i] = sum;
        }
    }
}

}  // namespace detail

template <M4bramSize Size, M4bramClocking Clocking, int Duplication, M4bramPolicySet Policies>
  requires(Duplication == 1 || Duplication == 2 || Duplication == 4)
void M4bram<Size, Clocking, Duplication, Policies>::multiply(const MatrixShape& shape, const Operands& o,
                                                             std::span<const std::int16_t> weights,
                                                             std::span<const std::int16_t> activations,
                                                             std::span<std::int32_t> result) {
  check_sum_width(shape, o, factor(1, o));
  if constexpr (Policies::Flushing::flushes)  // no lane wraps between two readouts
    detail::block_sums<M4bram>(shape, o, weights, activations, result);
  else
    accumulate(shape, o, weights, activations, result);
}

template <M4bramSize Size, M4bramClocking Clocking, int Duplication, M4bramPolicySet Policies>
  requires(Duplication == 1 || Duplication == 2 || Duplication == 4)
void M4bram<Size, Clocking, Duplication, Policies>::accumulate(const MatrixShape& shape, const Operands& o,
                                                               std::span<const std::int16_t> weights,
                                                               std::span<const std::int16_t> activations,
                                                               std::span<std::int32_t> result) {
  detail::lane_sums<M4bram>(shape, o, weights, activations, result);
  if constexpr (Policies::Overflow::traps) detail::check_wraps<M4bram>(shape, o, weights, activations);
}

}  // namespace bitloom::fabric
