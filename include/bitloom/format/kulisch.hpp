// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <bitloom/core/error.hpp>
#include <bitloom/format/arithmetic.hpp>
#include <bitloom/format/dyadic.hpp>

namespace bitloom::format {

/// A Kulisch accumulator: a fixed-point register wide enough that sums of products are exact, whatever their order.
///
/// Its lowest bit weighs 2^Lsb; it has `Bits` bits, the sign among them. NaN and infinities stick beside it.
/// Source: Kulisch, "Computer arithmetic and validity".
template <int Lsb, int Bits>
  requires(2 <= Bits && Bits <= 4096)
class Kulisch {
 public:
  static constexpr int lsb = Lsb;
  static constexpr int bits = Bits;

  /// Adds a number. Where it throws, the sum is what it was.
  /// @throws RangeError  it has bits below the lowest one, or the sum leaves the register
  constexpr void add(const Dyadic& x) {
    if (x.kind == Dyadic::Kind::Nan) nan_ = true;
    if (x.kind == Dyadic::Kind::Infinite) (x.negative ? negative_infinity_ : positive_infinity_) = true;
    if (!x.is_finite() || x.significand == 0) return;
    const int cut = Lsb - x.exponent;
    if (x.sticky || (cut > 0 && (cut > 63 || (x.significand & ((std::uint64_t{1} << cut) - 1)) != 0)))
      throw RangeError("Kulisch accumulator: a number has bits below the lowest one");
    auto magnitude = cut > 0 ? x.significand >> cut : x.significand;
    const int shift = cut > 0 ? 0 : -cut;
    // the lowest number has one bit more than the largest, the highest of all
    const int width = static_cast<int>(std::bit_width(magnitude)) + shift;
    const bool is_lowest = x.negative && width == Bits && std::has_single_bit(magnitude);
    if (width >= Bits && !is_lowest) throw overflow();
    Words term{};
    const auto slot = static_cast<std::size_t>(shift / 64);
    term[slot] = magnitude << (shift % 64);
    if (shift % 64 != 0 && slot + 1 < term.size()) term[slot + 1] = magnitude >> (64 - shift % 64);
    if (x.negative) negate(term);
    const bool term_is_negative = (term[count - 1] >> 63) != 0;
    bool carry = false;
    for (std::size_t i = 0; i < term.size(); ++i) {
      const auto sum = words_[i] + term[i];
      const auto with_carry = sum + (carry ? 1 : 0);
      carry = sum < words_[i] || with_carry < sum;
      term[i] = with_carry;
    }
    const bool sum_is_negative = (term[count - 1] >> 63) != 0;
    const bool wrapped = term_is_negative == is_negative() && sum_is_negative != term_is_negative;
    if (wrapped || !fits(term)) throw overflow();
    words_ = term;
  }

  /// The sum: its 64 highest bits, and whether any is set below. An exact zero is +0; both infinities make NaN.
  [[nodiscard]] constexpr Dyadic value() const noexcept {
    if (nan_ || (positive_infinity_ && negative_infinity_)) return {.kind = Dyadic::Kind::Nan};
    if (positive_infinity_ || negative_infinity_)
      return {.negative = negative_infinity_, .kind = Dyadic::Kind::Infinite};
    Dyadic result{.negative = is_negative()};
    auto magnitude = words_;
    if (result.negative) negate(magnitude);
    std::size_t top = magnitude.size() - 1;
    while (top > 0 && magnitude[top] == 0) --top;
    const int shift = std::countl_zero(magnitude[top]);
    result.significand = magnitude[top];
    result.exponent = Lsb + static_cast<int>(top) * 64;
    if (top > 0 && shift > 0) {
      result.significand = magnitude[top] << shift | magnitude[top - 1] >> (64 - shift);
      result.exponent -= shift;
      result.sticky = magnitude[top - 1] << shift != 0;
      --top;
    }
    for (std::size_t i = 0; i < top; ++i) result.sticky = result.sticky || magnitude[i] != 0;
    return result;
  }

 private:
  static constexpr std::size_t count = static_cast<std::size_t>(Bits + 63) / 64;
  using Words = std::array<std::uint64_t, count>;

  static RangeError overflow() {
    return RangeError("Kulisch accumulator: the sum does not fit the register");
  }

  [[nodiscard]] constexpr bool is_negative() const noexcept { return (words_[count - 1] >> 63) != 0; }

  /// The bits above the register are copies of its sign.
  [[nodiscard]] static constexpr bool fits(const Words& words) noexcept {
    constexpr int spare = static_cast<int>(count) * 64 - Bits;
    const auto top = static_cast<std::int64_t>(words[count - 1]);
    return spare == 0 || top >> (63 - spare) == 0 || top >> (63 - spare) == -1;
  }

  static constexpr void negate(Words& words) noexcept {
    bool carry = true;
    for (auto& word : words) {
      word = ~word + (carry ? 1 : 0);
      carry = carry && word == 0;
    }
  }

  Words words_{};
  bool nan_ = false;
  bool positive_infinity_ = false;
  bool negative_infinity_ = false;
};

/// Exponent of the lowest bit that any value of a minifloat has.
template <class F>
inline constexpr int lowest_bit = F::layout.min_exponent() - F::layout.fraction_bits;

/// Bits, without a sign, of the largest product of values of two minifloats in units of their lowest bits.
template <class F, class G>
inline constexpr int product_bits = [] {
  const auto largest = product(F::exact(F::max_code), G::exact(G::max_code));
  return largest.top_exponent() + 1 - lowest_bit<F> - lowest_bit<G>;
}();

/// The accumulator for sums of up to 2^LogTerms products of values of two minifloats.
template <class F, class G, int LogTerms>
using KulischFor = Kulisch<lowest_bit<F> + lowest_bit<G>, product_bits<F, G> + 1 + LogTerms>;

}  // namespace bitloom::format
