// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace bitloom::search {

/// Where a search is.
struct SearchProgress {
  std::int64_t step{};   ///< the first is 0
  std::int64_t delay{};  ///< steps of the warm-up
  std::int64_t total{};  ///< steps of the whole search, warm-up included
};

/// The entropy coefficient in the course of a search. It has a plus sign in the loss: it drives the entropy down, so
/// that the search explores first and commits itself later.
template <class E>
concept EntropySchedule = requires(const SearchProgress& progress) {
  { E::name } -> std::convertible_to<std::string_view>;
  { E::coefficient(1.0, progress) } -> std::same_as<double>;  // 0 up to the first argument
};

namespace detail {

/// 0 up to the end of the warm-up, the largest at the end of the search, between them as `f` says of the share done.
template <class F>
double rising(double largest, const SearchProgress& p, F&& f) {
  if (p.step <= p.delay) return 0;
  if (p.step >= p.total) return largest;
  return f(static_cast<double>(p.step - p.delay), static_cast<double>(p.total - p.delay));
}

}  // namespace detail

/// Rises along half a cosine.
struct CosineEntropy {
  static constexpr std::string_view name = "cosine";
  static double coefficient(double largest, const SearchProgress& progress) {
    return detail::rising(largest, progress, [&](double done, double all) {
      return largest * (1 - std::cos(std::numbers::pi * done / all)) / 2;
    });
  }
};

/// Rises evenly.
struct LinearEntropy {
  static constexpr std::string_view name = "linear";
  static double coefficient(double largest, const SearchProgress& progress) {
    return detail::rising(largest, progress, [&](double done, double all) { return largest * done / all; });
  }
};

/// The largest throughout, in the warm-up too.
struct ConstantEntropy {
  static constexpr std::string_view name = "constant";
  static constexpr double coefficient(double largest, const SearchProgress&) noexcept { return largest; }
};

/// 0 in the first half of the search, whatever the warm-up, then the largest.
struct HeavisideEntropy {
  static constexpr std::string_view name = "heaviside";
  static constexpr double coefficient(double largest, const SearchProgress& progress) noexcept {
    return 2 * progress.step <= progress.total ? 0 : largest;
  }
};

}  // namespace bitloom::search
