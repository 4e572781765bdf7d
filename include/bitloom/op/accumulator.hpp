// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/format/convention.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/kulisch.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/product_width.hpp>
#include <bitloom/op/wide_sum.hpp>

namespace bitloom::op {

/// How products are summed: begins empty, takes exact products in order, gives the sum.
template <class A>
concept Accumulator = std::default_initializable<A> &&
    requires(A sum, const A& whole, const format::Dyadic& product) {
  { sum.add(product) } -> std::same_as<void>;
  { whole.value() } -> std::same_as<format::Dyadic>;
};

/// An accumulator that is made for the products of two formats: `A::accepts<F, G>` says so.
template <class A, class F, class G>
concept AccumulatorOf = Accumulator<A> && Multipliable<F, G> && A::template accepts<F, G>;

/// Exactly, whatever the order: a register for sums of up to 2^LogTerms products of values of F and G.
///
/// NaN and infinities stick: the sum is NaN if a product was, or if infinities of both signs came. `add` throws
/// RangeError where a sum leaves the register.
template <class F, class G = F, int LogTerms = 30>
  requires Multipliable<F, G>
class ExactSum : public format::Kulisch<product_unit<F, G>, product_bits<F, G> + 1 + LogTerms> {
 public:
  using Register = format::Kulisch<product_unit<F, G>, product_bits<F, G> + 1 + LogTerms>;

  /// The products lie on the register's grid and inside its range.
  template <class X, class Y>
  static constexpr bool accepts =
      product_unit<X, Y> >= Register::lsb&& product_unit<X, Y> + product_bits<X, Y> <
      Register::lsb + Register::bits;
};

/// A product is not rounded by itself: sum and product are rounded together. What a fused multiply-add does.
struct Fused {
  static constexpr bool rounds_product = false;
};
/// A product is rounded first, then the sum.
struct Separate {
  static constexpr bool rounds_product = true;
};

template <class P>
concept ProductRounding = requires {
  { P::rounds_product } -> std::convertible_to<bool>;
};

/// In the minifloat F, rounded by the convention C after every product, in order, from +0: a fused multiply-add, or a
/// multiplication and an addition, of format::Number.
///
/// `add` throws RangeError where NaN meets a format that has none and the convention no place for it.
template <class F, format::Convention C = format::Saturating, ProductRounding P = Fused>
  requires(F::layout.fraction_bits <= 23)
class NarrowSum {
 public:
  template <class X, class Y>
  static constexpr bool accepts = true;

  constexpr void add(const format::Dyadic& product) {
    if constexpr (is_float)
      if (add_float(product)) return;
    if constexpr (P::rounds_product) {
      add_short(flushed(F::exact(rounded(product))));
    } else if (product.significand >> 62 == 0) {
      add_short(product);
    } else {
      format::Kulisch<0, 65> wide;
      wide.add({.significand = product.significand, .negative = product.negative});
      add_wide(wide, product.exponent);
    }
  }

  /// Adds an exact sum times 2^exponent as if it were one product.
  template <int Lsb, int Bits>
  constexpr void add_sum(const format::Kulisch<Lsb, Bits>& exact, int exponent) {
    auto whole = exact.value();
    whole.exponent += exponent;
    if (!P::rounds_product && whole.sticky) return add_wide(exact, exponent);
    if (!whole.sticky && whole.significand != 0) {
      const int zeros = std::countr_zero(whole.significand);
      whole.significand >>= zeros;
      whole.exponent += zeros;
    }
    add(whole);
  }

  [[nodiscard]] constexpr format::Dyadic value() const noexcept { return F::exact(sum_); }

 private:
  using Code = typename F::code_type;
  static constexpr bool is_float = std::same_as<F, format::Float32> && std::same_as<C, format::Ieee754>;

  static constexpr Code rounded(const format::Dyadic& x) { return format::encode_by<F, C>(x); }

  /// An operand as the convention sees it.
  static constexpr format::Dyadic flushed(const format::Dyadic& x) noexcept {
    if (C::subnormals::flush_input && x.subnormal) return {.negative = x.negative};
    return x;
  }

  /// Adds a term whose significand has up to 62 bits.
  constexpr void add_short(const format::Dyadic& term) {
    using R = typename C::rounding;
    constexpr bool rounds_down = R::stops_at_max(false) && !R::stops_at_max(true);
    const auto before = flushed(value());
    auto after = format::sum(before, term);
    // as in IEEE 754
    if (rounds_down && after.is_zero() && before.negative != term.negative) after.negative = true;
    sum_ = rounded(after);
  }

  template <int Lsb, int Bits>
  constexpr void add_wide(const format::Kulisch<Lsb, Bits>& exact, int exponent) {
    auto before = flushed(value());
    before.exponent -= exponent;
    auto after = detail::wide_sum(exact, before);
    after.exponent += exponent;
    sum_ = rounded(after);
  }

  /// The short way, for products that are floats: the processor's addition does the same.
  constexpr bool add_float(const format::Dyadic& product) requires(is_float) {
    constexpr int any = 900;  // exponents that a double can do with
    if (product.sticky || product.significand >> 53 != 0 || product.exponent < -any || product.exponent > any)
      return false;
    const double exact = format::to_double(product);
    const auto term = static_cast<float>(exact);
    if (static_cast<double>(term) != exact) return false;
    const float sum = std::bit_cast<float>(sum_) + term;
    sum_ = sum == sum ? std::bit_cast<Code>(sum) : static_cast<Code>(F::layout.nan_code());
    return true;
  }

  Code sum_{};
};

/// In float32, one addition after the other, from +0.
using FloatSum = NarrowSum<format::Float32, format::Ieee754>;

/// In float32, products rounded before they are added. Differs from FloatSum where a product is no float.
using FloatMultiplyAdd = NarrowSum<format::Float32, format::Ieee754, Separate>;

/// In float32, neighbours in pairs, then the sums in pairs, an odd one with +0. Products are rounded first.
class FloatTree {
 public:
  template <class X, class Y>
  static constexpr bool accepts = true;

  void add(const format::Dyadic& product) {
    const auto bits = format::encode_by<format::Float32, format::Ieee754>(product);
    terms_.push_back(std::bit_cast<float>(bits));
  }
  [[nodiscard]] format::Dyadic value() const {
    auto terms = terms_;
    while (terms.size() > 1) {
      if (terms.size() % 2 != 0) terms.push_back(0.0F);
      for (std::size_t i = 0; i < terms.size() / 2; ++i) terms[i] = terms[2 * i] + terms[2 * i + 1];
      terms.resize(terms.size() / 2);
    }
    const float sum = terms.empty() ? 0.0F : terms[0];
    if (sum != sum) return {.kind = format::Dyadic::Kind::Nan};
    return format::Float32::exact(std::bit_cast<std::uint32_t>(sum));
  }

 private:
  std::vector<float> terms_;
};

/// Adds an exact sum times 2^exponent to an accumulator as if it were one product.
/// @throws RangeError  the accumulator refuses it: FixedSum takes no more than 64 bits
template <Accumulator A, int Lsb, int Bits>
constexpr void add_sum(A& accumulator, const format::Kulisch<Lsb, Bits>& exact, int exponent = 0) {
  if constexpr (requires { accumulator.add_sum(exact, exponent); }) {
    accumulator.add_sum(exact, exponent);
  } else if constexpr (requires { detail::for_each_part(accumulator, [](const format::Dyadic&) {}); }) {
    detail::for_each_part(exact, [&](format::Dyadic part) {
      part.exponent += exponent;
      accumulator.add(part);
    });
  } else {
    auto whole = exact.value();
    whole.exponent += exponent;
    accumulator.add(whole);
  }
}

/// Exactly within blocks of `Terms` products of values of F and G; the blocks' sums go to `Outer` as its products do.
template <class F, class G, std::int64_t Terms, AccumulatorOf<F, G> Outer = FloatSum>
  requires(Terms >= 1)
class BlockwiseSum {
  using Inner = ExactSum<F, G, carry_bits(Terms)>;

 public:
  template <class X, class Y>
  static constexpr bool accepts = Inner::template accepts<X, Y>&& Outer::template accepts<X, Y>;

  constexpr void add(const format::Dyadic& product) {
    block_.add(product);
    if (++count_ < Terms) return;
    add_sum(sum_, block_);
    block_ = {};
    count_ = 0;
  }
  [[nodiscard]] constexpr format::Dyadic value() const {
    auto sum = sum_;
    if (count_ > 0) add_sum(sum, block_);
    return sum.value();
  }

 private:
  Outer sum_;
  Inner block_;
  std::int64_t count_ = 0;
};

}  // namespace bitloom::op
