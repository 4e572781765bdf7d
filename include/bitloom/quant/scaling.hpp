// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/format/dyadic.hpp>

namespace bitloom::quant {

/// How the scale of a symmetric quantizer follows from the largest magnitude that it has to hold.
template <class S>
concept Scaling = requires(float bound, double max) {
  // bound: that magnitude, finite, 0 or more; max: the largest value of the format, positive. The scale is positive
  { S::scale(bound, max) } -> std::same_as<float>;
};

/// Scale = bound / max, rounded to float; 1 for zero or where the division underflows.
struct RealScaling {
  /// @throws RangeError  the scale is beyond float, in a format whose values are below 1
  static float scale(float bound, double max) {
    const auto scale = static_cast<float>(static_cast<double>(bound) / max);
    if (!std::isfinite(scale))
      throw RangeError("scale: " + std::to_string(bound) + " / " + std::to_string(max) + " is beyond float");
    return scale > 0.0F ? scale : 1.0F;
  }
};

/// Scale = max(bound, 1e-8) / max, rounded to float, for zero as well.
///
/// Source: the rule of the FLIQS authors' open-source code.
struct FlooredScaling {
  static constexpr float least = 1e-8F;
  /// @throws RangeError  the scale is beyond float, in a format whose values are below 1
  static float scale(float bound, double max) { return RealScaling::scale(std::max(bound, least), max); }
};

/// Scale = max(bound, 1e-8) / the first power of two above max: 2^(b-1) for signed integers of b bits, 2^b for unsigned
/// ones. The bound itself is one step beyond the largest code, which it is clipped to.
///
/// Source: the rule of the M4BRAM authors' open-source code (arXiv 2311.02758).
struct BinadeScaling {
  /// @throws RangeError  the scale is beyond float, in a format whose values are below 1
  static float scale(float bound, double max) {
    const int power = format::to_dyadic(max).top_exponent() + 1;
    return FlooredScaling::scale(bound, format::to_double({.significand = 1, .exponent = power}));
  }
};

/// Scale = the smallest power of two that is bound / max or more; 1 for zero.
struct PowerOfTwoScaling {
  /// log2 of the scale; 0 for zero.
  static constexpr int exponent(float bound, double max) noexcept {
    if (!(bound > 0.0F)) return 0;
    const auto b = format::to_dyadic(bound);
    const auto m = format::to_dyadic(max);
    // bound / max lies between the powers of two around this one; its significand decides
    const int low = b.top_exponent() - m.top_exponent();
    const auto aligned = [](const format::Dyadic& x) {
      return x.significand << std::countl_zero(x.significand);
    };
    return std::max(low + (aligned(b) > aligned(m) ? 1 : 0), -149);  // no float is a smaller power
  }
  /// @throws RangeError  the scale is beyond float, in a format whose values are below 1
  static float scale(float bound, double max) {
    const int power = exponent(bound, max);
    if (power > 127) throw RangeError("scale: 2^" + std::to_string(power) + " is beyond float");
    return static_cast<float>(format::to_double({.significand = 1, .exponent = power}));
  }
};

/// Scale = 1: values as the format has them.
struct UnitScaling {
  static constexpr float scale(float, double) noexcept { return 1.0F; }
};

}  // namespace bitloom::quant
