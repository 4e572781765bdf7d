// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/rounding.hpp>

namespace bitloom::quant {

/// Bits as MiB.
[[nodiscard]] constexpr double mebibytes(double bits) noexcept { return bits / 8 / (1024 * 1024); }

namespace detail {

/// A count times a share in double, as a whole number. 0 <= share <= 1
template <format::Rounding R>
constexpr std::int64_t rounded_share(std::int64_t count, double share) {
  core::check_range("filters", count, 0, std::int64_t{1} << 40);
  const auto product = format::to_dyadic(static_cast<double>(count) * share);
  return static_cast<std::int64_t>(format::round_to_units<R>(product, 0).low_bits);
}

}  // namespace detail

/// Widths of a layer's weights: a nominal share of its filters at one width, the others at a width that is not larger.
struct WeightMix {
  int high_bits = 8;
  int low_bits = 8;
  double high_ratio = 1;  ///< nominal share of the filters at the high width, 0..1

  /// All filters at one width.
  static constexpr WeightMix uniform(int bits) noexcept { return {bits, bits, 1}; }

  /// @throws RangeError  a width is outside 1..32, the low one is the larger, or the ratio is outside 0..1
  constexpr void check() const {
    core::check_range("high bits", high_bits, 1, 32);
    core::check_range("low bits", low_bits, 1, high_bits);
    if (!(high_ratio >= 0 && high_ratio <= 1))
      throw RangeError("high ratio: " + std::to_string(high_ratio) + " is outside 0..1");
  }

  /// Filters at the high width: filters · high_ratio in double, to nearest, a tie to even.
  /// @throws RangeError  see check, or the number of filters is outside 0..2^40
  [[nodiscard]] constexpr std::int64_t high_filters(std::int64_t filters) const {
    check();
    return detail::rounded_share<format::NearestEven>(filters, high_ratio);
  }

  /// Filters that an order by error ranks: filters · high_ratio in double, rounded down. Where rounding to nearest goes
  /// up, high_filters is one more, the first of those that are not ranked.
  /// @throws RangeError  see high_filters
  [[nodiscard]] constexpr std::int64_t ranked_filters(std::int64_t filters) const {
    check();
    return detail::rounded_share<format::TowardZero>(filters, high_ratio);
  }

  /// Bits of that many weights by the nominal ratio, not by whole filters: weights · (h · high + (1 - h) · low).
  ///
  /// Source: the memory cost of the M4BRAM authors' open-source code (arXiv 2311.02758).
  /// @throws RangeError  see check, or the number of weights is outside 0..2^53
  [[nodiscard]] constexpr double nominal_bits(std::int64_t weights) const {
    check();
    core::check_range("weights", weights, 0, std::int64_t{1} << 53);
    return static_cast<double>(weights) * (high_ratio * high_bits + (1 - high_ratio) * low_bits);
  }

  friend constexpr bool operator==(const WeightMix&, const WeightMix&) = default;
};

}  // namespace bitloom::quant
