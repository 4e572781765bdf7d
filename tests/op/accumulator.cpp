// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/accumulator.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/format/number.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;
using op::NarrowSum;

static_assert(op::Accumulator<op::FloatSum> && op::Accumulator<op::FloatTree>);
static_assert(op::Accumulator<op::ExactSum<E4m3fn, E5m2>> && !op::Accumulator<float>);
static_assert(op::Accumulator<Kulisch<0, 64>> && !op::AccumulatorOf<Kulisch<0, 64>, E5m2, E5m2>);
static_assert(op::AccumulatorOf<op::ExactSum<E5m2>, E5m2, E5m2> &&
              op::AccumulatorOf<op::ExactSum<E5m2>, E4m3fn, E4m3fn>);
static_assert(!op::AccumulatorOf<op::ExactSum<E4m3fn>, E5m2, E5m2>);  // its lowest bit is too high
static_assert(
    !op::AccumulatorOf<op::ExactSum<E4m3fnuz, E4m3fnuz, 0>, E4m3fn, E4m3fn>);  // its highest too low
static_assert(op::AccumulatorOf<op::BlockwiseSum<E4m3fn, E4m3fn, 16>, E4m3fn, E4m3fn> &&
              !op::AccumulatorOf<op::BlockwiseSum<E4m3fn, E4m3fn, 16>, E5m2, E5m2>);

constexpr double three_by_constexpr = [] {
  NarrowSum<Half> sum;
  sum.add({.significand = 1});
  sum.add({.significand = 4, .exponent = -1});
  return to_double(sum.value());
}();
static_assert(three_by_constexpr == 3);

std::uint32_t bits_of(const Dyadic& x) { return Float32::encode<NearestEven, OverflowToInfinity>(x); }
std::uint32_t bits_of(float x) { return x == x ? std::bit_cast<std::uint32_t>(x) : 0x7FC00000; }

template <class F>
typename F::code_type random_code(core::Random& random) {
  return static_cast<typename F::code_type>(random() & core::low_mask(F::bits));
}

/// The nearest number with `digits` digits and no smaller unit than 2^lowest, ties to even; `x` is exact.
double nearest(double x, int digits, int lowest, double max) {
  if (x == 0 || !std::isfinite(x)) return x;
  const double unit = std::ldexp(1.0, std::max(std::ilogb(x) - digits + 1, lowest));
  const double rounded = std::nearbyint(x / unit) * unit;
  return std::abs(rounded) > max ? std::copysign(max, rounded) : rounded;
}

TEST_CASE_TEMPLATE("float32 sums are those of the processor's fused, or separate, operations", F, E4m3fn,
                   E5m2, Half, Bfloat16, Tf32) {
  core::Random random(51);
  int beyond = 0;
  for (int n = 0; n < 3000; ++n) {
    op::FloatSum fused;
    op::FloatMultiplyAdd separate;
    op::FloatTree tree;
    float fused_twin = 0;
    float separate_twin = 0;
    std::vector<float> terms;
    const auto count = random.integer(1, 40);
    // exponents of one run are near each other, and in some runs near the ends of what float32 has
    const auto high = random();
    for (std::int64_t i = 0; i < count; ++i) {
      const auto pick = [&] {
        auto code = random_code<F>(random);
        if (F::bits > 8 && n % 2 == 0) {
          constexpr auto exponent = core::low_mask(F::layout.exponent_bits - 3)
                                    << (F::layout.fraction_bits + 3);
          code = static_cast<typename F::code_type>((code & ~exponent) | (high & exponent));
        }
        return code;
      };
      const auto a = pick();
      const auto b = pick();
      const auto p = product(F::exact(a), F::exact(b));
      fused.add(p);
      separate.add(p);
      tree.add(p);
      const auto x = static_cast<float>(F::decode(a));
      const auto y = static_cast<float>(F::decode(b));
      fused_twin = std::fma(x, y, fused_twin);
      const float rounded = x * y;
      separate_twin += rounded;
      terms.push_back(rounded);
      beyond += std::isfinite(x) && std::isfinite(y) && to_double(p) != static_cast<double>(rounded) ? 1 : 0;
    }
    REQUIRE(bits_of(fused.value()) == bits_of(fused_twin));
    REQUIRE(bits_of(separate.value()) == bits_of(separate_twin));
    const auto pairs = [&](auto self, std::size_t first,
                           std::size_t width) -> float {  // width: a power of two
      if (first >= terms.size()) return 0.0F;
      if (width == 1) return terms[first];
      return self(self, first, width / 2) + self(self, first + width / 2, width / 2);
    };
    REQUIRE(bits_of(tree.value()) == bits_of(pairs(pairs, 0, std::bit_ceil(terms.size()))));
  }
  CHECK((F::layout.exponent_bits == 8) == (beyond > 100));  // products that are no floats did occur
}

TEST_CASE("fused and separate sums differ where a product is no float") {
  constexpr Dyadic tiny{.significand = 3, .exponent = -151};  // 3/4 of the smallest float
  op::FloatSum fused;
  op::FloatMultiplyAdd separate;
  for (int i = 0; i < 2; ++i) {
    fused.add({.significand = 1, .exponent = -150});
    separate.add({.significand = 1, .exponent = -150});
  }
  CHECK(fused.value().is_zero());  // half of the smallest float, a tie, is rounded to zero in every step
  fused.add(tiny);
  CHECK(to_double(fused.value()) == 0x1p-149);
  fused.add({.significand = 1, .exponent = -150});  // 3/2, a tie
  CHECK(to_double(fused.value()) == 0x1p-148);
  separate.add(tiny);
  separate.add({.significand = 1, .exponent = -150});  // a tie as well, before it is added
  CHECK(to_double(separate.value()) == 0x1p-149);
}

/// A sum in format F by a slow rounding of exact double sums.
template <class F, class G, class Rounded>
void check_narrow_sum(Rounded rounded) {
  core::Random random(52);
  for (int n = 0; n < 1000; ++n) {
    NarrowSum<F> fused;
    NarrowSum<F, Saturating, op::Separate> separate;
    double fused_twin = 0;
    double separate_twin = 0;
    for (std::int64_t count = random.integer(1, 40); count > 0; --count) {
      const auto a = random_code<G>(random);
      const auto b = random_code<G>(random);
      if (G::is_nan(a) || G::is_nan(b)) continue;
      const double p = G::decode(a) * G::decode(b);
      fused.add(product(G::exact(a), G::exact(b)));
      separate.add(product(G::exact(a), G::exact(b)));
      fused_twin = rounded(fused_twin + p);
      separate_twin = rounded(separate_twin + rounded(p));
    }
    REQUIRE(to_double(fused.value()) == fused_twin);
    REQUIRE(to_double(separate.value()) == separate_twin);
  }
}

TEST_CASE("sums in a narrow format are rounded to it, and saturate, after every product") {
  check_narrow_sum<Half, E4m3fn>([](double x) { return nearest(x, 11, -24, 65504); });
  check_narrow_sum<Bfloat16, E4m3fn>([](double x) { return nearest(x, 8, -133, 0x1.FEp127); });
  check_narrow_sum<E5m2, E2m3fn>([](double x) { return nearest(x, 3, -16, 57344); });
  check_narrow_sum<E4m3fn, E4m3fn>([](double x) { return nearest(x, 4, -9, 448); });
  check_narrow_sum<E2m1fn, E2m1fn>([](double x) { return nearest(x, 2, -1, 6); });
}

TEST_CASE("the convention rules a narrow sum's overflow, ties and NaN") {
  const Dyadic large{.significand = 65504};
  NarrowSum<Half> saturating;
  NarrowSum<Half, Ieee754> ieee;
  NarrowSum<E4m3fn, Ieee754> without_infinity;
  for (int i = 0; i < 2; ++i) {
    saturating.add(large);
    ieee.add(large);
    without_infinity.add(large);
  }
  CHECK(to_double(saturating.value()) == 65504);
  CHECK(std::isinf(to_double(ieee.value())));
  CHECK(std::isnan(to_double(without_infinity.value())));
  ieee.add(negated(large));
  CHECK(std::isinf(to_double(ieee.value())));  // unlike an exact sum, it does not come back

  NarrowSum<E4m3fn> even;
  NarrowSum<E4m3fn, Microxcaling> away;
  for (const int p : {16, 1}) {
    even.add({.significand = static_cast<std::uint64_t>(p)});
    away.add({.significand = static_cast<std::uint64_t>(p)});
  }
  CHECK(to_double(even.value()) == 16);
  CHECK(to_double(away.value()) == 18);

  NarrowSum<E2m1fn> no_nan;
  CHECK_THROWS_AS(no_nan.add({.kind = Dyadic::Kind::Nan}), RangeError);
}

template <class C>
void check_against_scalars(core::Random& random) {
  using Scalar = Number<Half, C>;
  for (int n = 0; n < 500; ++n) {
    NarrowSum<Half, C> fused;
    NarrowSum<Half, C, op::Separate> separate;
    Scalar fused_twin, separate_twin;
    for (int i = 0; i < 20; ++i) {
      // small exponents, so that subnormals and zeros are frequent
      const auto pick = [&] { return Scalar::from_code(random_code<Half>(random) & 0xA7FF); };
      const auto a = i % 4 == 3 ? fused_twin : pick();
      const auto b = i % 4 == 3 ? Scalar(-1.0) : pick();
      if (C::subnormals::flush_input && (a.exact().subnormal || b.exact().subnormal)) continue;
      const auto p = product(a.exact(), b.exact());
      fused.add(p);
      separate.add(p);
      fused_twin = fma(a, b, fused_twin);
      separate_twin = separate_twin + a * b;
    }
    REQUIRE(fused.value() == fused_twin.exact());
    REQUIRE(separate.value() == separate_twin.exact());
  }
}

struct RoundsDown : Saturating {
  using rounding = Down;
};
struct FlushesInput : Saturating {
  using subnormals = FlushInput;
};
struct FlushesOutput : Ieee754 {
  using subnormals = FlushOutput;
};

TEST_CASE("a narrow sum takes the steps of scalars of its format and convention") {
  core::Random random(54);
  check_against_scalars<Saturating>(random);
  check_against_scalars<Ieee754>(random);
  check_against_scalars<RoundsDown>(random);
  check_against_scalars<FlushesInput>(random);
  check_against_scalars<FlushesOutput>(random);
}

TEST_CASE("a product of up to 64 bits goes into a narrow sum with one rounding") {
  // 2^62 - 1 less 2^62 is -1, which a product cut to fewer bits would miss
  op::FloatSum sum;
  sum.add({.significand = 1, .exponent = 62, .negative = true});
  sum.add({.significand = (std::uint64_t{1} << 62) - 1});
  CHECK(to_double(sum.value()) == -1);
  sum = {};
  sum.add({.significand = 1, .exponent = 63, .negative = true});
  sum.add({.significand = (std::uint64_t{1} << 63) - 1});
  CHECK(to_double(sum.value()) == -1);
  sum.add({.significand = ~std::uint64_t{0}});
  CHECK(to_double(sum.value()) == 0x1p64);
  sum.add({.significand = ~std::uint64_t{0}, .negative = true});
  CHECK(to_double(sum.value()) == 1);
  // the double next to this product is a tie between floats
  op::FloatSum tie;
  tie.add({.significand = (std::uint64_t{1} << 59) + (std::uint64_t{1} << 35) + 1});
  CHECK(to_double(tie.value()) == 0x1.000002p59);
}

TEST_CASE_TEMPLATE("exact sums of the largest products fill the register and come back, whatever the order",
                   F, E4m3fn, E5m2, E3m4, E2m1fn, E3m2fn, Int<8>, Int<4>, Half) {
  constexpr int log_terms = 6;
  using Sum = op::ExactSum<F, F, log_terms>;
  const auto largest = product(op::largest_magnitude<F>, op::largest_magnitude<F>);
  for (const bool negative : {false, true}) {
    Sum sum;
    const auto term = negative ? negated(largest) : largest;
    const auto smallest = Dyadic{.significand = 1, .exponent = op::product_unit<F, F>, .negative = negative};
    for (int i = 0; i < (1 << log_terms); ++i) sum.add(term);
    CHECK(to_double(sum.value()) == (negative ? -64 : 64) * to_double(largest));
    const auto full = sum;
    // the register is no wider than it has to be
    CHECK_THROWS_AS(
        [&] {
          for (int i = 0; i <= (1 << log_terms); ++i) sum.add(term);
        }(),
        RangeError);
    sum = full;
    sum.add(negated(smallest));
    for (int i = 0; i < (1 << log_terms); ++i) sum.add(negated(term));
    CHECK(to_double(sum.value()) == -to_double(smallest));
  }
}

TEST_CASE("a blockwise sum is exact inside blocks, and rounded once a block") {
  core::Random random(53);
  for (int n = 0; n < 2000; ++n) {
    op::BlockwiseSum<E4m3fn, E4m3fn, 8> fused;
    op::BlockwiseSum<E4m3fn, E4m3fn, 8, op::FloatMultiplyAdd> separate;
    op::BlockwiseSum<E4m3fn, E4m3fn, 1> single;
    op::BlockwiseSum<E4m3fn, E4m3fn, 1000> whole;
    op::FloatSum sequential;
    op::ExactSum<E4m3fn> exact;
    float fused_twin = 0;
    float separate_twin = 0;
    double block = 0;  // exact: sums are multiples of 2^-18 below 2^30
    const auto count = random.integer(1, 60);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto a = random_code<E4m3fn>(random);
      const auto b = random_code<E4m3fn>(random);
      if (E4m3fn::is_nan(a) || E4m3fn::is_nan(b)) {
        --i;
        continue;
      }
      const auto p = product(E4m3fn::exact(a), E4m3fn::exact(b));
      fused.add(p);
      separate.add(p);
      single.add(p);
      whole.add(p);
      sequential.add(p);
      exact.add(p);
      block += to_double(p);
      if (i % 8 == 7 || i + 1 == count) {
        fused_twin = static_cast<float>(static_cast<double>(fused_twin) + block);
        separate_twin += static_cast<float>(block);
        block = 0;
      }
    }
    REQUIRE(bits_of(fused.value()) == bits_of(fused_twin));
    REQUIRE(bits_of(separate.value()) == bits_of(separate_twin));
    REQUIRE(bits_of(single.value()) == bits_of(sequential.value()));
    REQUIRE(bits_of(whole.value()) == bits_of(exact.value()));
  }
}

TEST_CASE("a block with more bits than a number holds is still added with one rounding") {
  // in units of 2^-32: the largest product of E5M2, and the smallest
  const auto largest = product(E5m2::exact(E5m2::max_code), E5m2::exact(E5m2::max_code));
  const Dyadic smallest{.significand = 1, .exponent = -32};
  op::BlockwiseSum<E5m2, E5m2, 3> sum;
  sum.add(negated(largest));
  sum.add({});
  sum.add({});
  sum.add(largest);
  sum.add(largest);
  sum.add(smallest);
  CHECK(to_double(sum.value()) == to_double(largest));  // rounded to 24 bits
  sum.add(negated(largest));
  sum.add(smallest);
  sum.add({});
  CHECK(to_double(sum.value()) == 0x1p-32);
  // 70 bits in a block: the sum so far takes away the highest, the lowest remains
  op::BlockwiseSum<E5m2, E5m2, 16> wide;
  for (int i = 0; i < 16; ++i) wide.add(negated(largest));
  for (int i = 0; i < 15; ++i) wide.add(largest);
  wide.add(smallest);
  wide.add(largest);
  CHECK(to_double(wide.value()) == 0);
  op::BlockwiseSum<E5m2, E5m2, 16> other;
  for (int i = 0; i < 15; ++i) other.add(negated(largest));
  other.add({});
  for (int i = 0; i < 15; ++i) other.add(largest);
  other.add(smallest);
  CHECK(to_double(other.value()) == 0x1p-32);
}

TEST_CASE("NaN is sticky and of one kind in every accumulator, and no products make +0") {
  const Dyadic infinity{.kind = Dyadic::Kind::Infinite};
  const auto check = [&](auto sum) {
    CHECK(sum.value().is_zero());
    CHECK(!sum.value().negative);
    sum.add({.negative = true});
    CHECK(!sum.value().negative);
    sum.add(infinity);
    CHECK(sum.value().kind == Dyadic::Kind::Infinite);
    sum.add(negated(infinity));
    sum.add({.significand = 1});
    CHECK(sum.value() == Dyadic{.kind = Dyadic::Kind::Nan});
  };
  check(op::FloatSum{});
  check(op::FloatMultiplyAdd{});
  check(NarrowSum<Half, Ieee754>{});
  check(op::ExactSum<E5m2>{});
  check(op::BlockwiseSum<E5m2, E5m2, 1>{});
  op::FloatTree tree;
  tree.add(infinity);
  tree.add(negated(infinity));
  CHECK(tree.value() == Dyadic{.kind = Dyadic::Kind::Nan});
}

}  // namespace
