// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/convention.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/op/accumulator.hpp>
#include <bitloom/op/product_width.hpp>

namespace bitloom::op {

namespace detail {

/// An integer of two words in two's complement.
struct TwoWords {
  std::uint64_t high{};
  std::uint64_t low{};

  [[nodiscard]] constexpr bool is_negative() const noexcept { return high >> 63 != 0; }
  [[nodiscard]] constexpr TwoWords operator-() const noexcept {
    return {~high + (low == 0 ? 1 : 0), 0 - low};
  }
  friend constexpr TwoWords operator+(const TwoWords& a, const TwoWords& b) noexcept {
    const auto sum = a.low + b.low;
    return {a.high + b.high + (sum < a.low ? 1 : 0), sum};
  }
};

/// The magnitude of a number in quarters of 2^unit: rounding needs to know of the rest only whether there is one, and it
/// is kept in the lowest bit. Numbers of 2^64 units and more become others of the same low 64 bits.
constexpr TwoWords quarters(const format::Dyadic& x, int unit) noexcept {
  const int up = x.exponent - unit + 2;
  if (up < 0) {
    const auto kept = up > -64 ? x.significand >> -up : 0;
    const bool rest = x.sticky || (up > -64 ? kept << -up != x.significand : x.significand != 0);
    return {.high = 0, .low = kept | (rest ? 1 : 0)};
  }
  TwoWords result;
  bool huge = up >= 66 && x.significand != 0;
  if (up < 64) {
    result = {.high = up == 0 ? 0 : x.significand >> (64 - up), .low = x.significand << up};
    huge = result.high > 3;
  } else if (up < 66) {
    result.high = x.significand << (up - 64);
    huge = x.significand >> (66 - up) != 0;
  }
  if (huge) result.high = (result.high & 3) + 16;
  return result;
}

}  // namespace detail

/// In the fixed-point format F, by the rounding and the overflow rule of the convention C after every product, in order,
/// from zero: Saturating, or ApFixed for what hardware written in ap_fixed does.
///
/// `add` throws RangeError for NaN and infinities.
template <class F, format::Convention C = format::Saturating, ProductRounding P = Fused>
  requires(F::layout.width >= 1)
class FixedSum {
 public:
  template <class X, class Y>
  static constexpr bool accepts = true;

  constexpr void add(const format::Dyadic& product) {
    if (!product.is_finite()) throw RangeError("fixed-point accumulator: a product is NaN or infinite");
    constexpr int unit = -F::layout.fraction_bits();
    if (product.sticky && product.exponent > unit - 2)
      throw RangeError("fixed-point accumulator: the term has more than 64 bits");
    auto term = product;
    if (P::rounds_product) term = F::exact(format::encode_by<F, C>(product));
    const auto magnitude = detail::quarters(term, unit);
    const auto raw = F::layout.raw(sum_);
    const bool below_zero = F::is_signed && raw >> 63 != 0;
    const detail::TwoWords before{.high = raw >> 62 | (below_zero ? ~std::uint64_t{3} : 0), .low = raw << 2};
    auto after = before + (term.negative ? -magnitude : magnitude);
    const bool negative = after.is_negative();
    if (negative) after = -after;
    const format::Tail tail{.remainder = after.low & 3, .bits = 2};
    const auto kept = after.high << 62 | after.low >> 2;
    const bool up = typename C::rounding{}.away_from_zero(negative, (kept & 1) != 0, tail);
    const auto units = kept + (up ? 1 : 0);
    const bool huge = after.high > 3 || units < kept;
    store(units, huge, negative);
  }

  [[nodiscard]] constexpr format::Dyadic value() const noexcept { return F::exact(sum_); }

 private:
  constexpr void store(std::uint64_t units, bool huge, bool negative) {
    constexpr auto ends = F::layout.ends();
    auto side = format::Side::Inside;
    if (negative && (huge || units > 0 - ends.lowest)) side = format::Side::Below;
    if (!negative && (huge || units > ends.max)) side = format::Side::Above;
    const auto fitted = C::overflow::fit(negative ? 0 - units : units, side, ends);
    sum_ = static_cast<typename F::code_type>(fitted & core::low_mask(F::bits));
  }

  typename F::code_type sum_{};
};

namespace detail {

template <format::Overflow O>
struct OverflowBy : format::Saturating {
  using overflow = O;
};

}  // namespace detail

/// In integers of `Bits` bits in two's complement, 1..64, by the overflow rule O after every product. See sum_bits for
/// the width that never overflows.
template <int Bits, format::Overflow O>
class IntegerSum : public FixedSum<format::Fixed<Bits, Bits>, detail::OverflowBy<O>> {
 public:
  /// Products of integers: no fractions, no NaN.
  template <class X, class Y>
  static constexpr bool accepts = product_unit<X, Y> >= 0 && !has_specials<X> && !has_specials<Y>;
};

using Int32Wrap = IntegerSum<32, format::Wrap>;
using Int32Saturate = IntegerSum<32, format::Saturate>;

}  // namespace bitloom::op
