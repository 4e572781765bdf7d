// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace bitloom::op {

/// Sums of term(0) … term(count - 1), each term an array of `N` numbers.
///
/// Element i goes to lane i mod 16, lanes are added pairwise at the end: an order that neither a processor's vector width
/// nor an address changes, and that compilers turn into vector instructions.
template <class S, std::size_t N, class Term>
[[nodiscard]] std::array<S, N> sum_in_lanes(std::int64_t count, Term&& term) {
  constexpr std::int64_t width = 16;
  std::array<std::array<S, width>, N> lanes{};
  std::int64_t i = 0;
  for (; i + width <= count; i += width)
    for (std::int64_t lane = 0; lane < width; ++lane) {
      const std::array<S, N> terms = term(i + lane);
      for (std::size_t n = 0; n < N; ++n) lanes[n][static_cast<std::size_t>(lane)] += terms[n];
    }
  for (std::int64_t lane = 0; i + lane < count; ++lane) {
    const std::array<S, N> terms = term(i + lane);
    for (std::size_t n = 0; n < N; ++n) lanes[n][static_cast<std::size_t>(lane)] += terms[n];
  }
  std::array<S, N> sums;
  for (std::size_t n = 0; n < N; ++n) {
    for (std::size_t half = width / 2; half > 0; half /= 2)
      for (std::size_t lane = 0; lane < half; ++lane) lanes[n][lane] += lanes[n][lane + half];
    sums[n] = lanes[n][0];
  }
  return sums;
}

/// Sum of `count` numbers in the same order.
template <class S>
[[nodiscard]] S sum_in_lanes(const S* numbers, std::int64_t count) {
  return sum_in_lanes<S, 1>(count, [=](std::int64_t i) { return std::array<S, 1>{numbers[i]}; })[0];
}

}  // namespace bitloom::op
