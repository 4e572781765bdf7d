// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <bitloom/core/bits.hpp>

namespace bitloom::quant {

/// The values that an asymmetric quantizer has to hold: from `lowest` to `max`, zero among them.
struct Range {
  float lowest{};  ///< 0 or less
  float max{};     ///< 0 or more

  friend constexpr bool operator==(const Range&, const Range&) = default;
  friend constexpr Range operator*(const Range& range, float factor) noexcept {
    return {range.lowest * factor, range.max * factor};
  }
};

/// Chooses what a group of values keeps of its range; values beyond are clipped.
///
/// For symmetric quantizers the range is a bound, the largest magnitude; for asymmetric ones it is a Range.
template <class C>
concept Calibration = requires(std::span<const float> values, float widest, Range widest_range,
                               double (*error)(float), double (*range_error)(Range)) {
  // values: of one group, finite, without negative ones if the format has none; widest: what clips none of them
  // error(bound): the sum of squared errors of the values when they are quantized with that bound
  { C::bound(values, widest, error) } -> std::same_as<float>;
  { C::bound(values, widest_range, range_error) } -> std::same_as<Range>;
};

namespace detail {

/// The factor of `widest` with the least error, of `first / steps`, …, `last / steps`; the first on a tie.
template <class B, class Error>
float best_factor(B widest, int first, int last, int steps, Error&& error) {
  float best = 1.0F;
  double least = std::numeric_limits<double>::infinity();
  const int direction = first < last ? 1 : -1;
  for (int step = first; step != last + direction; step += direction) {
    const auto factor = static_cast<float>(static_cast<double>(step) / steps);
    const double found = error(widest * factor);
    if (found < least) {
      least = found;
      best = factor;
    }
  }
  return best;
}

}  // namespace detail

/// A calibration that keeps a share of the range, and says which: the bound is `widest * share`, multiplied in float.
template <class C>
concept ShareCalibration = Calibration<C> && requires(float widest, double (*error)(float)) {
  { C::share(widest, error) } -> std::same_as<float>;  // above 0, at most 1
};

namespace detail {

/// The bound of a calibration that says its share.
template <class C>
struct BoundOfShare {
  template <class B, class Error>
  static constexpr B bound(std::span<const float>, B widest, Error&& error) {
    return widest * C::share(widest, error);
  }
};

}  // namespace detail

/// The largest magnitude, or the whole range: nothing is clipped, except by a rounding that matters: in formats of more
/// than 24 bits, and where the scale is subnormal.
struct AbsMax : detail::BoundOfShare<AbsMax> {
  template <class B, class Error>
  static constexpr float share(B, Error&&) noexcept {
    return 1.0F;
  }
};

/// A share of the largest magnitude, Numerator / Denominator.
///
/// Source: the FLIQS authors' open-source code, which calls the share a percentile.
template <int Numerator, int Denominator>
  requires(0 < Numerator && Numerator <= Denominator)
struct AbsMaxShare : detail::BoundOfShare<AbsMaxShare<Numerator, Denominator>> {
  static constexpr auto factor = static_cast<float>(static_cast<double>(Numerator) / Denominator);
  template <class B, class Error>
  static constexpr float share(B, Error&&) noexcept {
    return factor;
  }
};

/// The share of the largest magnitude, of 1 / Steps, …, (Steps - 1) / Steps, with the least sum of squared errors; the
/// smallest on a tie. The whole is not tried.
///
/// Source: open-source code of the authors of FLIQS, with 10 steps, where all groups of a tensor have one share, see
/// Symmetric::scales_of_common_share, and of M4BRAM (arXiv 2311.02758), with 25 steps; both call the share a percentile.
template <int Steps>
  requires(Steps >= 2)
struct BestShareOf : detail::BoundOfShare<BestShareOf<Steps>> {
  template <class B, class Error>
  static float share(B widest, Error&& error) {
    return detail::best_factor(widest, 1, Steps - 1, Steps, error);
  }
};
/// BestShareOf with shares of 0.1, 0.2, …, 0.9.
using BestShare = BestShareOf<10>;

/// The bound, of 100 equal steps down from the largest magnitude, with the least sum of squared errors; the largest on
/// a tie.
struct LeastSquares : detail::BoundOfShare<LeastSquares> {
  template <class B, class Error>
  static float share(B widest, Error&& error) {
    return detail::best_factor(widest, 100, 1, 100, error);
  }
};

/// The smallest magnitude of the group that at least Numerator / Denominator of its magnitudes do not exceed (the
/// nearest rank); of a Range either end, by its own tail. Where that is zero, the largest magnitude after all.
template <int Numerator, int Denominator = 100>
  requires(0 < Numerator && Numerator <= Denominator)
struct Percentile {
  template <class Error>
  static float bound(std::span<const float> values, float widest, Error&&) {
    std::vector<float> magnitudes(values.begin(), values.end());
    for (auto& x : magnitudes) x = std::abs(x);
    return ranked(magnitudes, widest);
  }
  template <class Error>
  static Range bound(std::span<const float> values, Range widest, Error&&) {
    std::vector<float> tail(values.begin(), values.end());
    const float max = ranked(tail, widest.max);
    for (auto& x : tail) x = -x;
    return {-ranked(tail, -widest.lowest), max};
  }

 private:
  static float ranked(std::vector<float>& values, float widest) {
    if (values.empty()) return widest;
    const auto rank = core::ceil_div(std::int64_t{Numerator} * std::ssize(values), std::int64_t{Denominator});
    const auto place = values.begin() + (rank - 1);
    std::ranges::nth_element(values, place);
    return *place > 0.0F ? *place : widest;
  }
};

}  // namespace bitloom::quant
