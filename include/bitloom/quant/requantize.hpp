// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/rounding.hpp>

namespace bitloom::quant {

/// A positive real factor as hardware multiplies by it: multiplier · 2^-(31 + shift), the multiplier in
/// [2^30, 2^31).
struct DyadicScale {
  std::int32_t multiplier = std::int32_t{1} << 30;
  int shift = 0;  ///< -30..31; negative for factors of 1 and more

  /// The nearest such scale; half a unit of the multiplier rounds away from zero.
  /// @throws RangeError  the factor is outside [2^-32, 2^29)
  static constexpr DyadicScale from_real(double factor) {
    if (!(factor >= 0x1p-32 && factor < 0x1p29))
      throw RangeError("requantization factor: " + std::to_string(factor) + " is outside [2^-32, 2^29)");
    int shift = 0;
    for (; factor < 0.5; ++shift) factor *= 2;
    for (; factor >= 1.0; --shift) factor /= 2;
    auto multiplier = static_cast<std::int64_t>(factor * 0x1p31 + 0.5);
    if (multiplier == std::int64_t{1} << 31) {
      multiplier /= 2;
      --shift;
    }
    return {static_cast<std::int32_t>(multiplier), shift};
  }

  /// accumulator · scale, rounded once.
  template <format::Rounding R>
  [[nodiscard]] constexpr std::int64_t apply(std::int32_t accumulator) const noexcept {
    const auto product = std::int64_t{accumulator} * multiplier;
    const bool negative = product < 0;
    const auto magnitude = static_cast<std::uint64_t>(negative ? -product : product);
    const int drop = 31 + shift;
    const auto whole = magnitude >> drop;
    const format::Tail tail{.remainder = magnitude & ((std::uint64_t{1} << drop) - 1), .bits = drop};
    const auto rounded =
        static_cast<std::int64_t>(whole + (R::away_from_zero(negative, (whole & 1) != 0, tail) ? 1 : 0));
    return negative ? -rounded : rounded;
  }
};

/// accumulator · scale as gemmlowp and its descendants compute it, rounded twice: a doubling high multiply, half away
/// from zero, then a right shift, half away from zero.
///
/// A shift below zero multiplies the accumulator first, saturating.
[[nodiscard]] constexpr std::int32_t multiply_doubling_high(std::int32_t accumulator,
                                                            const DyadicScale& scale) noexcept {
  constexpr std::int64_t lowest = INT32_MIN;
  constexpr std::int64_t highest = INT32_MAX;
  const auto scaled = scale.shift < 0 ? std::int64_t{accumulator} << -scale.shift : std::int64_t{accumulator};
  const auto a = std::clamp(scaled, lowest, highest);
  const auto product = a * scale.multiplier;
  const auto nudge = product >= 0 ? std::int64_t{1} << 30 : 1 - (std::int64_t{1} << 30);
  const auto high =
      a == lowest && scale.multiplier == lowest ? highest : (product + nudge) / (std::int64_t{1} << 31);
  if (scale.shift <= 0) return static_cast<std::int32_t>(high);
  const auto mask = (std::int64_t{1} << scale.shift) - 1;
  const auto threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return static_cast<std::int32_t>((high >> scale.shift) + ((high & mask) > threshold ? 1 : 0));
}

// Ways to multiply an accumulator by the factor between two layers.

/// By a dyadic scale, rounded once; half toward +infinity by default, which hardware does by adding half before an
/// arithmetic shift.
template <format::Rounding R = format::NearestUp>
struct RoundedOnce {
  using scale_type = DyadicScale;
  [[nodiscard]] static constexpr std::int64_t scaled(std::int32_t accumulator,
                                                     const DyadicScale& scale) noexcept {
    return scale.template apply<R>(accumulator);
  }
};

/// By a dyadic scale, rounded twice, see multiply_doubling_high.
struct RoundedTwice {
  using scale_type = DyadicScale;
  [[nodiscard]] static constexpr std::int64_t scaled(std::int32_t accumulator,
                                                     const DyadicScale& scale) noexcept {
    return multiply_doubling_high(accumulator, scale);
  }
};

/// By a float: the accumulator is rounded to float, then the product, then to an integer, ties to even.
struct InFloat {
  using scale_type = float;
  /// @throws RangeError  the scale is NaN, or infinite and the accumulator zero
  [[nodiscard]] static constexpr std::int64_t scaled(std::int32_t accumulator, float scale) {
    const double product = static_cast<double>(static_cast<float>(accumulator) * scale);
    if (product != product) throw RangeError("requantization: the accumulator times the scale is NaN");
    const auto clipped =
        std::clamp(product, -0x1p40, 0x1p40);  // far beyond what any format and zero point reach
    const auto magnitude = static_cast<std::int64_t>(
        format::round_to_units<format::NearestEven>(format::to_dyadic(clipped), 0).low_bits);
    return clipped < 0 ? -magnitude : magnitude;
  }
};

template <class W>
concept RequantizeWay = requires(std::int32_t accumulator, const typename W::scale_type& scale) {
  // accumulator · scale as a whole number
  { W::scaled(accumulator, scale) } -> std::same_as<std::int64_t>;
};

/// From accumulators of one layer to codes of the next: scale in one of the ways, add the zero point, saturate.
template <format::IntegerFormat F, RequantizeWay W = RoundedOnce<>>
struct Requantize {
  [[nodiscard]] static constexpr typename F::code_type apply(std::int32_t accumulator,
                                                             const typename W::scale_type& scale,
                                                             std::int32_t zero_point = 0) {
    return F::code(std::clamp(W::scaled(accumulator, scale) + zero_point, F::range.lowest, F::range.max));
  }
};

}  // namespace bitloom::quant
