// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <utility>

#include <bitloom/format/dyadic.hpp>

namespace bitloom::format {

// Results of operations before any rounding. Where a result has more bits than a significand holds, the sticky bit
// stands for the rest; at least 60 bits are in front of it, so that one rounding to a format of fewer is right.

/// The product of two numbers, exactly. Their significands may have 64 bits together. Infinity times zero is NaN.
[[nodiscard]] constexpr Dyadic product(const Dyadic& a, const Dyadic& b) noexcept {
  Dyadic result{.negative = a.negative != b.negative};
  const bool invalid = (!a.is_finite() && b.is_zero()) || (!b.is_finite() && a.is_zero());
  if (a.kind == Dyadic::Kind::Nan || b.kind == Dyadic::Kind::Nan || invalid) {
    result.kind = Dyadic::Kind::Nan;
  } else if (!a.is_finite() || !b.is_finite()) {
    result.kind = Dyadic::Kind::Infinite;
  } else {
    result.significand = a.significand * b.significand;
    result.exponent = a.exponent + b.exponent;
  }
  return result;
}

/// The number with the other sign.
[[nodiscard]] constexpr Dyadic negated(Dyadic x) noexcept {
  x.negative = !x.negative;
  return x;
}

/// The sum of two numbers with significands of up to 53 bits, or of up to 62 bits if the exponents are equal. Opposite
/// numbers make +0, opposite infinities NaN.
[[nodiscard]] constexpr Dyadic sum(const Dyadic& a, const Dyadic& b) noexcept {
  if (!a.is_finite() || !b.is_finite()) {
    const bool invalid = a.kind == Dyadic::Kind::Nan || b.kind == Dyadic::Kind::Nan ||
                         (a.kind == b.kind && a.negative != b.negative);
    if (invalid) return {.kind = Dyadic::Kind::Nan};
    return {.negative = a.is_finite() ? b.negative : a.negative, .kind = Dyadic::Kind::Infinite};
  }
  auto high = a;
  auto low = b;
  high.subnormal = low.subnormal = false;
  if (high.is_zero() && low.is_zero()) return {.negative = a.negative && b.negative};
  if (low.is_zero()) return high;
  if (high.is_zero()) return low;
  if (high.top_exponent() < low.top_exponent()) std::swap(high, low);
  // the higher one is moved up to bit 62, which leaves a bit for the carry
  const int up = std::countl_zero(high.significand) - 1;
  high.significand <<= up;
  high.exponent -= up;
  const int down = high.exponent - low.exponent;
  bool sticky = false;
  if (down <= 0) {
    low.significand <<= -down;
  } else if (down < 64) {
    sticky = (low.significand & ((std::uint64_t{1} << down) - 1)) != 0;
    low.significand >>= down;
  } else {
    sticky = true;
    low.significand = 0;
  }
  Dyadic result{.exponent = high.exponent, .negative = high.negative, .sticky = sticky};
  if (high.negative == low.negative) {
    result.significand = high.significand + low.significand;
  } else if (high.significand >= low.significand) {
    // what is below the sticky bit's place is taken away as well: a unit too much, and a positive rest
    result.significand = high.significand - low.significand - (sticky ? 1 : 0);
    result.negative = high.negative && !result.is_zero();
  } else {
    result.significand = low.significand - high.significand;
    result.negative = low.negative;
  }
  return result;
}

/// The quotient of two numbers with significands below 2^63. A number by zero is an infinity; 0/0 and infinity by
/// infinity are NaN.
[[nodiscard]] constexpr Dyadic quotient(const Dyadic& a, const Dyadic& b) noexcept {
  Dyadic result{.negative = a.negative != b.negative};
  const bool invalid = (a.is_zero() && b.is_zero()) || (!a.is_finite() && !b.is_finite());
  if (a.kind == Dyadic::Kind::Nan || b.kind == Dyadic::Kind::Nan || invalid) {
    result.kind = Dyadic::Kind::Nan;
  } else if (!a.is_finite() || b.is_zero()) {
    result.kind = Dyadic::Kind::Infinite;
  } else if (!a.is_zero() && b.is_finite()) {
    result.significand = a.significand / b.significand;
    result.exponent = a.exponent - b.exponent;
    auto rest = a.significand % b.significand;
    while (rest != 0 && (result.significand >> 62) == 0) {
      rest *= 2;
      const bool one = rest >= b.significand;
      result.significand = 2 * result.significand + (one ? 1 : 0);
      if (one) rest -= b.significand;
      --result.exponent;
    }
    result.sticky = rest != 0;
  }
  return result;
}

/// The square root. That of a negative number is NaN, that of -0 is -0.
[[nodiscard]] constexpr Dyadic square_root(const Dyadic& x) noexcept {
  if (x.is_zero()) return {.negative = x.negative};
  if (x.kind == Dyadic::Kind::Nan || x.negative) return {.kind = Dyadic::Kind::Nan};
  if (!x.is_finite()) return x;
  // two digits of the radicand make one of the root, from an even exponent on
  int up = std::countl_zero(x.significand);
  if ((x.exponent - up) % 2 != 0) --up;
  const auto radicand = up < 0 ? x.significand >> 1 : x.significand << up;
  const bool odd = up < 0 && (x.significand & 1) != 0;
  constexpr int digits = 60;
  std::uint64_t root = 0;
  std::uint64_t rest = 0;
  for (int i = 0; i < digits; ++i) {
    const auto next = i < 32 ? (radicand >> (62 - 2 * i)) & 3 : i == 32 && odd ? std::uint64_t{2} : 0;
    rest = 4 * rest + next;
    const auto trial = 4 * root + 1;
    root *= 2;
    if (rest < trial) continue;
    rest -= trial;
    ++root;
  }
  return {.significand = root, .exponent = (x.exponent - up) / 2 - (digits - 32), .sticky = rest != 0};
}

}  // namespace bitloom::format
