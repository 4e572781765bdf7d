// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/arithmetic.hpp>

#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/kulisch.hpp>
#include <bitloom/format/order.hpp>

namespace {

using namespace bitloom::format;

/// A number of up to `bits` bits with a small exponent.
Dyadic number(bitloom::core::Random& random, int bits, int exponents) {
  return {.significand = random() >> (64 - bits) >> random.integer(0, bits - 1),
          .exponent = static_cast<int>(random.integer(-exponents, exponents)),
          .negative = random() % 2 == 0};
}

/// Rounds to 20 units of the top; what is compared afterwards does not depend on trailing zeros.
template <class R>
Dyadic shortened(const Dyadic& x) {
  if (x.is_zero()) return {.negative = x.negative};
  const int unit = x.top_exponent() - 20;
  return {.significand = round_to_units<R>(x, unit).low_bits, .exponent = unit, .negative = x.negative};
}

template <class R>
bool agree(const Dyadic& a, const Dyadic& b) {
  return std::is_eq(compare(shortened<R>(a), shortened<R>(b)));
}

bool agree_in_all_modes(const Dyadic& a, const Dyadic& b) {
  return agree<NearestEven>(a, b) && agree<NearestAway>(a, b) && agree<TowardZero>(a, b) &&
         agree<AwayFromZero>(a, b);
}

}  // namespace

TEST_CASE("a sum rounds as the exact sum does") {
  bitloom::core::Random random(1);
  int wrong = 0;
  for (int i = 0; i < 100000; ++i) {
    const auto a = number(random, 53, 60);
    const auto b = i % 4 == 0 ? negated(a) : number(random, 53, i % 2 == 0 ? 5 : 60);
    auto near = b;
    if (i % 8 == 0) ++near.significand;
    Kulisch<-64, 256> exact;
    exact.add(a);
    exact.add(near);
    const auto ours = sum(a, near);
    wrong += !agree_in_all_modes(ours, exact.value());
    if (ours.is_zero()) wrong += ours.negative && !(a.negative && near.negative);
  }
  CHECK(wrong == 0);
}

TEST_CASE("a quotient and a root lie between their digits and the next") {
  bitloom::core::Random random(2);
  using Exact = Kulisch<-600, 1300>;
  // sign of x - y, exactly; x and y are products of few bits
  const auto less = [](const Dyadic& x, const Dyadic& y) {
    Exact difference;
    difference.add(x);
    difference.add(negated(y));
    const auto value = difference.value();
    return value.negative && !value.is_zero();
  };
  const auto halves = [](const Dyadic& x, const Dyadic& y) {  // x·y by the upper and lower half of x
    const Dyadic high{.significand = x.significand >> 32, .exponent = x.exponent + 32};
    const Dyadic low{.significand = x.significand & 0xFFFFFFFF, .exponent = x.exponent};
    return std::pair{product(high, y), product(low, y)};
  };
  int wrong = 0;
  for (int i = 0; i < 20000; ++i) {
    auto a = number(random, 31, 40);
    auto b = number(random, 31, 40);
    if (a.significand == 0 || b.significand == 0) continue;
    a.negative = b.negative = false;
    const auto q = quotient(a, b);
    CHECK((q.significand >> 62 != 0 || !q.sticky));
    auto above = q;
    ++above.significand;
    const auto compare_with_a = [&](const Dyadic& x) {  // x·b against a
      const auto [high, low] = halves(x, b);
      Exact difference;
      difference.add(high);
      difference.add(low);
      difference.add(negated(a));
      const auto value = difference.value();
      return value.is_zero() ? 0 : value.negative ? -1 : 1;
    };
    wrong += q.sticky ? compare_with_a(q) >= 0 || compare_with_a(above) <= 0 : compare_with_a(q) != 0;
    const auto r = square_root(a);
    // the root's upper half squared is not above, one unit of it more is
    const Dyadic cut{.significand = r.significand >> 30, .exponent = r.exponent + 30};
    const Dyadic next{.significand = cut.significand + 1, .exponent = cut.exponent};
    wrong += less(a, product(cut, cut)) || !less(a, product(next, next));
    const auto square = product(a, a);
    wrong += std::is_neq(compare(square_root(square), a)) || square_root(square).sticky;
  }
  CHECK(wrong == 0);
}

TEST_CASE("special numbers follow IEEE 754") {
  const auto inf = to_dyadic(std::numeric_limits<double>::infinity());
  const auto nan = to_dyadic(std::nan(""));
  const auto one = to_dyadic(1.0F);
  const auto zero = to_dyadic(0.0);
  const Dyadic numbers[]{inf, negated(inf), nan, one, negated(one), zero, negated(zero)};
  for (const auto& a : numbers)
    for (const auto& b : numbers) {
      const double x = to_double(a);
      const double y = to_double(b);
      const auto check = [](const Dyadic& ours, double theirs) {
        CHECK(std::isnan(theirs) == (ours.kind == Dyadic::Kind::Nan));
        if (std::isnan(theirs)) return;
        CHECK(to_double(ours) == theirs);
        CHECK(ours.negative == std::signbit(theirs));
      };
      check(sum(a, b), x + y);
      check(product(a, b), x * y);
      check(quotient(a, b), x / y);
      check(square_root(a), std::sqrt(x));
    }
}
