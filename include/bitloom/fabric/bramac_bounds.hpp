// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::fabric {

namespace detail {

/// The least and the largest that activations of a format can make of a weight; 0 lies between.
constexpr format::IntegerRange product_range(std::int64_t weight, const Operands& o) noexcept {
  const auto x = operand_range(o.activation_bits, o.signed_activations);
  return {.lowest = std::min(weight * x.lowest, weight * x.max),
          .max = std::max(weight * x.lowest, weight * x.max)};
}

/// Sums of some outputs that grow side by side until one of them might leave its lane.
class LaneSums {
 public:
  LaneSums(std::size_t outputs, int lane_bits)
      : sums_(outputs),
        limit_{.lowest = -(std::int64_t{1} << (lane_bits - 1)),
               .max = (std::int64_t{1} << (lane_bits - 1)) - 1} {}

  void add(std::size_t output, const format::IntegerRange& term) noexcept {
    sums_[output].lowest += term.lowest;
    sums_[output].max += term.max;
  }
  [[nodiscard]] bool fit() const noexcept {
    return std::ranges::all_of(
        sums_, [&](const auto& sum) { return sum.lowest >= limit_.lowest && sum.max <= limit_.max; });
  }
  void clear() noexcept { std::ranges::fill(sums_, format::IntegerRange{}); }

 private:
  std::vector<format::IntegerRange> sums_;
  format::IntegerRange limit_;
};

}  // namespace detail

/// Where sums have to be read out so that no lane can wrap, whatever the activations are: the number of MAC2 of each
/// part, as large as the weights allow. The worst case of all weights is B::safe_mac2; where that is 0, lanes may be too
/// narrow for a single MAC2, which then is a part of its own.
///
/// @param weights  of outputs computed side by side, [outputs × columns]; MAC2 k takes columns 2k and 2k + 1
/// @throws ShapeError  the weights are not whole rows
/// @throws RangeError  the block lacks these operands, or a weight does not fit its width
template <class B>
[[nodiscard]] std::vector<std::int64_t> safe_parts(std::span<const std::int16_t> weights,
                                                   std::int64_t columns, const Operands& o) {
  check_supported<B>(o);
  core::check_positive("columns", columns);
  const auto outputs = std::ssize(weights) / columns;
  core::check_equal("weights", std::ssize(weights), "whole rows", outputs * columns);
  check_values("weight", weights, o.weight_bits, o.signed_weights);
  std::vector<std::int64_t> parts(1);
  detail::LaneSums sums(static_cast<std::size_t>(outputs), B::lane_bits(o));
  const auto add_mac2 = [&](std::int64_t first) {
    for (std::int64_t r = 0; r < outputs; ++r)
      for (auto c = first; c < std::min(first + B::terms, columns); ++c)
        sums.add(static_cast<std::size_t>(r),
                 detail::product_range(weights[static_cast<std::size_t>(r * columns + c)], o));
  };
  for (std::int64_t c = 0; c < columns; c += B::terms) {
    add_mac2(c);
    if (!sums.fit()) {
      sums.clear();
      add_mac2(c);
      if (parts.back() > 0) parts.push_back(0);
    }
    ++parts.back();
  }
  return parts;
}

/// Readouts of a matrix product, cut for one block.
struct Readouts {
  std::int64_t worst_case{};    ///< with B::safe_mac2
  std::int64_t from_weights{};  ///< with safe_parts of every group of outputs
  std::int64_t one_output{};    ///< the most that any single output needs for one vector

  /// Main-clock cycles that the tighter bound saves.
  [[nodiscard]] constexpr std::int64_t saved_cycles(int readout_cycles) const noexcept {
    return (worst_case - from_weights) * readout_cycles;
  }
};

/// @param weights  [rows × columns]
/// @throws ShapeError, RangeError  see safe_parts
template <class B>
[[nodiscard]] Readouts readouts(const MatrixShape& shape, const Operands& o,
                                std::span<const std::int16_t> weights) {
  const auto cut = B::cut(shape, o);
  core::check_equal("weights", std::ssize(weights), "rows x columns", shape.rows * shape.columns);
  Readouts result{.worst_case = cut.passes * cut.groups * cut.readouts};
  const auto rows = [&](std::int64_t first, std::int64_t count) {
    return weights.subspan(static_cast<std::size_t>(first * shape.columns),
                           static_cast<std::size_t>(count * shape.columns));
  };
  const std::int64_t lanes = B::lanes(o);
  for (std::int64_t first = 0; first < shape.rows; first += lanes)
    result.from_weights +=
        cut.passes *
        std::ssize(safe_parts<B>(rows(first, std::min(lanes, shape.rows - first)), shape.columns, o));
  for (std::int64_t r = 0; r < shape.rows; ++r)
    result.one_output =
        std::max<std::int64_t>(result.one_output, std::ssize(safe_parts<B>(rows(r, 1), shape.columns, o)));
  return result;
}

}  // namespace bitloom::fabric
