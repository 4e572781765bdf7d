// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace bitloom::core {

/// True if `a` is nowhere worse than `b` and somewhere better; smaller is better.
template <std::size_t N>
[[nodiscard]] constexpr bool dominates(const std::array<double, N>& a,
                                       const std::array<double, N>& b) noexcept {
  bool better = false;
  for (std::size_t i = 0; i < N; ++i) {
    if (!(a[i] <= b[i])) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

/// Indices, ascending, of the points that no other point dominates; smaller is better in every objective.
///
/// Equal points are all kept. A point with a NaN neither dominates nor is dominated, so it is kept as well.
template <std::size_t N>
[[nodiscard]] std::vector<std::size_t> pareto_front(std::span<const std::array<double, N>> points) {
  std::vector<std::size_t> order;
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool has_nan = std::ranges::any_of(points[i], [](double x) { return x != x; });
    (has_nan ? front : order).push_back(i);
  }
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return points[a] < points[b]; });
  std::vector<std::size_t> kept;  // a dominating point sorts before those it dominates
  for (const auto i : order) {
    const auto dominated = [&](std::size_t k) { return dominates(points[k], points[i]); };
    if constexpr (N <= 2) {  // in two dimensions the last kept point has the lowest second objective so far
      if (kept.empty() || !dominated(kept.back())) kept.push_back(i);
    } else {
      if (std::ranges::none_of(kept, dominated)) kept.push_back(i);
    }
  }
  front.insert(front.end(), kept.begin(), kept.end());
  std::ranges::sort(front);
  return front;
}

}  // namespace bitloom::core
