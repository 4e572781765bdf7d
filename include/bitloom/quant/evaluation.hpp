// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>

namespace bitloom::quant {

// How x / scale is evaluated. The orders differ where the quotient is a tie of the rounding, or nearly one.

/// x / scale as a real number, rounded to double: no tie is missed or made up for quotients below 2^27, nor for
/// formats of up to 27 significant bits.
struct ExactQuotient {
  static constexpr double quotient(float x, float scale) noexcept { return static_cast<double>(x) / scale; }
};
/// x / scale in float.
struct FloatQuotient {
  static constexpr double quotient(float x, float scale) noexcept { return static_cast<double>(x / scale); }
};
/// x · (1 / scale) in float, as most frameworks compute it; the reciprocal is rounded first.
struct FloatReciprocal {
  static constexpr double quotient(float x, float scale) noexcept {
    return static_cast<double>(x * (1.0F / scale));
  }
};

template <class E>
concept EvaluationOrder = requires(float x, float scale) {
  // scale: positive and finite; NaN for x = 0 if the order cannot divide by it
  { E::quotient(x, scale) } -> std::same_as<double>;
};

/// The order can divide by that scale: a scale of 2^-128 or below has no reciprocal in float.
template <EvaluationOrder E>
[[nodiscard]] constexpr bool can_divide_by(float scale) noexcept {
  return E::quotient(0.0F, scale) == 0.0;
}

}  // namespace bitloom::quant
