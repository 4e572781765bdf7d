// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::fabric {

// How a block of dummy arrays takes a matrix product: what its lanes hold, and how the product is cut.

/// The least and the largest sum of two products, W1·I1 + W2·I2.
///
/// @param factor  by which the block multiplies the activations
[[nodiscard]] constexpr format::IntegerRange mac2_range(const Operands& o, int factor = 1) noexcept {
  const auto weight = std::int64_t{1} << (o.weight_bits - 1);  // magnitude of the most negative weight
  const auto full = std::int64_t{1} << o.activation_bits;
  if (o.signed_activations)
    return {.lowest = -2 * std::max(weight * (full / 2 - 1), (weight - 1) * (full / 2)) * factor,
            .max = 2 * weight * (full / 2) * factor};
  return {.lowest = -2 * weight * (full - 1) * factor, .max = 2 * (weight - 1) * (full - 1) * factor};
}

/// How many numbers of a range can be added without any possible wrap of a lane.
[[nodiscard]] constexpr std::int64_t safe_count(const format::IntegerRange& range, int lane_bits) noexcept {
  const auto lane = std::int64_t{1} << (lane_bits - 1);
  return std::min((lane - 1) / range.max, lane / -range.lowest);
}

/// What a block that does not shift after the sign step takes for an activation: its sign bit weighs half, -2^(n-2).
[[nodiscard]] constexpr int half_sign(int activation, int bits) noexcept {
  return activation < 0 ? activation + (1 << (bits - 2)) : activation;
}

/// One MAC2 of one lane of a block: W1·I1 + W2·I2 modulo the lane, with `B::factor` of the activations.
/// @throws RangeError  operands that the block lacks, or a value outside its width
template <class B>
[[nodiscard]] constexpr std::int32_t lane_mac2(const Operands& o, const std::array<int, 2>& weights,
                                               const std::array<int, 2>& activations) {
  check_supported<B>(o);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    check_value("weight", weights[i], o.weight_bits, true);
    check_value("activation", activations[i], o.activation_bits, o.signed_activations);
    sum += std::int64_t{weights[i]} * B::factor(activations[i], o);
  }
  return static_cast<std::int32_t>(core::sign_extend(static_cast<std::uint64_t>(sum), B::lane_bits(o)));
}

/// A lane of one of a block's dummy arrays.
struct LanePlace {
  int array{};
  int lane{};
};

/// How a matrix product is cut for one block.
struct BlockCut {
  std::int64_t groups{};    ///< of outputs that are computed side by side
  std::int64_t passes{};    ///< of vectors that are computed side by side
  std::int64_t mac2{};      ///< for one group and pass
  std::int64_t readouts{};  ///< for one group and pass
  std::int64_t part{};      ///< MAC2 between two readouts, but for the last part

  [[nodiscard]] constexpr std::int64_t total_mac2() const noexcept { return passes * groups * mac2; }
};

/// @param lanes, vectors  outputs and vectors that are computed side by side
/// @param safe_mac2       MAC2 that may follow each other without a readout
/// @throws ShapeError     an extent is not positive, or the cycles do not fit 63 bits
[[nodiscard]] constexpr BlockCut cut_product(const MatrixShape& shape, int lanes, int vectors,
                                             std::int64_t safe_mac2) {
  op::check_extents(shape);
  const auto mac2 = core::ceil_div(shape.columns, std::int64_t{2});
  const BlockCut result{.groups = core::ceil_div(shape.rows, std::int64_t{lanes}),
                        .passes = core::ceil_div(shape.vectors, std::int64_t{vectors}),
                        .mac2 = mac2,
                        .readouts = core::ceil_div(mac2, safe_mac2),
                        .part = safe_mac2};
  // a MAC2 and its share of a readout take less than 32 cycles
  static_cast<void>(core::checked_product("matrix product", {result.groups, result.passes, mac2, 32}));
  return result;
}

}  // namespace bitloom::fabric
