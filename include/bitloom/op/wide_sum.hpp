// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <bitloom/format/arithmetic.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/kulisch.hpp>

namespace bitloom::op::detail {

/// Calls visit(part) with finite numbers of up to 64 bits and the same sign that make up an exact sum, the largest first;
/// with one NaN or infinity if it is that.
template <int Lsb, int Bits, class Visit>
constexpr void for_each_part(format::Kulisch<Lsb, Bits> sum, Visit&& visit) {
  for (bool more = true; more;) {
    auto part = sum.value();
    more = part.sticky;
    part.sticky = false;
    visit(part);
    if (more) sum.add(format::negated(part));
  }
}

/// An exact sum plus a number of up to 53 bits: the 64 highest bits, and a sticky one for the rest.
template <int Lsb, int Bits>
[[nodiscard]] constexpr format::Dyadic wide_sum(const format::Kulisch<Lsb, Bits>& exact, format::Dyadic x) {
  const auto whole = exact.value();
  if (!whole.is_finite() || !x.is_finite()) return format::sum(whole, x);
  if (x.significand == 0) return whole.is_zero() ? format::sum(whole, x) : whole;
  if (whole.is_zero()) return x;
  constexpr int room =
      128;  // on both sides; beyond it the smaller number is no more than a sticky bit with a sign
  if (x.top_exponent() >= Lsb + Bits + room)
    return format::sum(x, {.significand = 1, .exponent = x.exponent - room, .negative = whole.negative});
  constexpr int lowest = Lsb - room;
  if (x.exponent < lowest) {
    const int cut = lowest - x.exponent;
    const auto kept = cut < 64 ? x.significand >> cut : 0;
    const bool lost = cut >= 64 || kept << cut != x.significand;
    x = {.significand = kept | (lost ? 1 : 0), .exponent = lowest, .negative = x.negative};
  }
  format::Kulisch<lowest, Bits + 2 * room + 2> sum;
  for_each_part(exact, [&](const format::Dyadic& part) { sum.add(part); });
  sum.add(x);
  return sum.value();
}

}  // namespace bitloom::op::detail
