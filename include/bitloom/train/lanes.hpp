// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include <Eigen/Core>

namespace bitloom::train::detail {

/// Sums of term(0) … term(count - 1), each term an array of `N` numbers.
///
/// Element i goes to lane i mod 16, lanes are added pairwise at the end: an order that no processor's vector width
/// changes, and that compilers turn into vector instructions.
template <class S, std::size_t N, class Term>
std::array<S, N> sum_in_lanes(Eigen::Index count, Term&& term) {
  constexpr Eigen::Index width = 16;
  std::array<std::array<S, width>, N> lanes{};
  Eigen::Index i = 0;
  for (; i + width <= count; i += width)
    for (Eigen::Index lane = 0; lane < width; ++lane) {
      const std::array<S, N> terms = term(i + lane);
      for (std::size_t n = 0; n < N; ++n) lanes[n][static_cast<std::size_t>(lane)] += terms[n];
    }
  for (Eigen::Index lane = 0; i + lane < count; ++lane) {
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

}  // namespace bitloom::train::detail
