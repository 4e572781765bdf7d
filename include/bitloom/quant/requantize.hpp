// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>

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
    const auto kept = magnitude >> drop;
    const format::Tail tail{.remainder = magnitude & ((std::uint64_t{1} << drop) - 1), .bits = drop};
    const auto rounded =
        static_cast<std::int64_t>(kept + (R::away_from_zero(negative, (kept & 1) != 0, tail) ? 1 : 0));
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

/// From accumulators of one layer to codes of the next: scale, round once, saturate.
///
/// Rounding is half toward +infinity by default, which hardware does by adding half before an arithmetic shift.
template <format::IntegerFormat F, format::Rounding R = format::NearestUp>
struct Requantize {
  [[nodiscard]] static constexpr typename F::code_type apply(std::int32_t accumulator,
                                                             const DyadicScale& scale) {
    const auto value = scale.template apply<R>(accumulator);
    return F::code(std::clamp(value, F::range.lowest, F::range.max));
  }
};

}  // namespace bitloom::quant
