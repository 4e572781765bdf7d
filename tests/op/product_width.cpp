// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/product_width.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/accumulator.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;
using op::sum_bits;

/// A line of the published table: weight of the lowest bit, bits of a product, width for K products.
template <class F, class G>
constexpr bool register_is(int lowest, int bits) {
  for (int log_terms = 0; log_terms <= 40; ++log_terms)
    if (sum_bits<F, G>(std::int64_t{1} << log_terms) != bits + 1 + log_terms ||
        sum_bits<F, G>((std::int64_t{1} << log_terms) + 1) != bits + 2 + log_terms)
      return false;
  using Sum = op::ExactSum<F, G, 10>;
  return op::product_unit<F, G> == lowest && op::product_bits<F, G> == bits && Sum::lsb == lowest &&
         Sum::bits == bits + 1 + 10;
}
static_assert(register_is<E4m3fn, E4m3fn>(-18, 36));
static_assert(register_is<E5m2, E5m2>(-32, 64));
static_assert(register_is<E4m3fn, E5m2>(-25, 50) && register_is<E5m2, E4m3fn>(-25, 50));
static_assert(register_is<E2m1fn, E2m1fn>(-2, 8));
static_assert(register_is<E2m3fn, E2m3fn>(-6, 12));
static_assert(register_is<E3m2fn, E3m2fn>(-8, 18));
static_assert(register_is<Half, Half>(-48, 80));
static_assert(register_is<Bfloat16, Bfloat16>(-266, 522));

template <int A, int B>
constexpr bool integers_follow_the_formula() {
  for (int log_terms = 0; log_terms <= 30; ++log_terms) {
    const auto terms = std::int64_t{1} << log_terms;
    const IntegerRange narrow_a{.lowest = -Int<A>::range.max, .max = Int<A>::range.max};
    const IntegerRange narrow_b{.lowest = -Int<B>::range.max, .max = Int<B>::range.max};
    // one bit less unless both can be the most negative code
    if (sum_bits<Int<A>, Int<B>>(terms) != A + B + log_terms ||
        sum_bits(Int<A>::range, Int<B>::range, terms) != A + B + log_terms ||
        sum_bits(narrow_a, Int<B>::range, terms) != A + B + log_terms - 1 ||
        sum_bits(Int<A>::range, narrow_b, terms) != A + B + log_terms - 1 ||
        sum_bits(narrow_a, narrow_b, terms) > A + B + log_terms - 1)
      return false;
  }
  return true;
}
static_assert(integers_follow_the_formula<8, 8>() && integers_follow_the_formula<4, 8>() &&
              integers_follow_the_formula<2, 2>() && integers_follow_the_formula<3, 16>());
static_assert(sum_bits<Int<8, Unsigned>, Int<8>>(1) == 16 && sum_bits<Int<1>, Int<1>>(1) == 2);

static_assert(op::Multipliable<Int<32>, Int<32>> && op::Multipliable<Fixed<32, 7>, Fixed<32, -4>>);
static_assert(!op::Multipliable<Fixed<64, 7>, Fixed<8, 4>> && !op::Multipliable<Fixed<40, 7>, Fixed<40, 7>> &&
              !op::Multipliable<int, E5m2>);
static_assert(op::has_specials<E4m3fn> && op::has_specials<E5m2> && op::has_specials<E8m0fnu>);
static_assert(!op::has_specials<E2m1fn> && !op::has_specials<Int<8>> && !op::has_specials<Fixed<8, 4>>);

TEST_CASE_TEMPLATE("unit, largest magnitude and significand of a format are those found among all codes", F,
                   E4m3fn, E5m2, E4m3, E3m4, E4m3fnuz, E5m2fnuz, E4m3b11fnuz, E3m2fn, E2m3fn, E2m1fn, Half,
                   Bfloat16, E8m0fnu, Minifloat<3, 0>, Minifloat<4, 3, Special::Fn, 7, false>, Int<1>, Int<2>,
                   Int<8>, Int<16>, Int<1, Unsigned>, Int<8, Unsigned>, Fixed<8, 4>, Fixed<8, 11>,
                   Fixed<7, -3>, Fixed<8, 3, Unsigned>) {
  double unit = INFINITY;
  double largest = 0;
  int longest = 0;
  for (std::uint32_t code = 0; code < std::uint32_t{1} << F::bits; ++code) {
    const double x = std::abs(to_double(F::exact(static_cast<typename F::code_type>(code))));
    if (x == 0 || !std::isfinite(x)) continue;
    int exponent = 0;
    double odd = std::frexp(x, &exponent);
    int digits = 0;
    for (; odd != std::floor(odd); ++digits) odd *= 2;
    const double lowest = std::ldexp(1.0, exponent - digits);
    unit = std::min(unit, lowest);
    largest = std::max(largest, x);
    longest = std::max(longest, digits);
  }
  CHECK(std::ldexp(1.0, op::unit_exponent<F>) == unit);
  CHECK(to_double(op::largest_magnitude<F>) == largest);
  // the most negative integer counts with the zeros behind its one bit
  CHECK(op::significand_bits<F> >= longest);
  CHECK(op::significand_bits<F> <= longest + 1);
}

TEST_CASE("sums are exact as long as their largest magnitude, in the unit of the products, fits the digits") {
  constexpr auto int8 = op::value_range<Int<8>>, int16 = op::value_range<Int<16>>,
                 e4m3 = op::value_range<E4m3fn>, e2m1 = op::value_range<E2m1fn>,
                 bf16 = op::value_range<Bfloat16>;
  static_assert(to_double(int8.largest) == 128 && int8.unit == 0 && to_double(e4m3.largest) == 448 &&
                e4m3.unit == -9 && to_double(e2m1.largest) == 6 && e2m1.unit == -1);
  CHECK(op::sums_exactly<float>(int8, int8, 1024));
  CHECK_FALSE(op::sums_exactly<float>(int8, int8, 1025));
  CHECK(op::sums_exactly<float>(e2m1, e2m1, (1 << 24) / 144));
  CHECK_FALSE(op::sums_exactly<float>(e2m1, e2m1, (1 << 24) / 144 + 1));
  CHECK_FALSE(op::sums_exactly<float>(e4m3, e4m3, 1));
  CHECK(op::sums_exactly<double>(e4m3, e4m3, 1 << 16));
  CHECK_FALSE(op::sums_exactly<double>(bf16, e4m3, 1));
  static_assert(op::sums_exactly<double>(int16, int16, 1 << 23) &&
                !op::sums_exactly<double>(int16, int16, (1 << 23) + 1));
  constexpr std::int64_t most = (std::int64_t{1} << 53) / (std::int64_t{49} << 30);  // E4M3: 448 = 7 * 2^6
  static_assert(op::sums_exactly<double>(e4m3, e4m3, most) &&
                !op::sums_exactly<double>(e4m3, e4m3, most + 1));
  static_assert(!op::sums_exactly<double>(int8, int8, INT64_MAX));
  // units of 2^-126, the least normal number of float, and 2^-128
  static_assert(op::sums_exactly<float>(op::value_range<Fixed<8, -55>>, op::value_range<Fixed<8, -55>>, 9));
  static_assert(!op::sums_exactly<float>(op::value_range<Fixed<8, -56>>, op::value_range<Fixed<8, -56>>, 1));
  CHECK_THROWS_AS(static_cast<void>(op::sums_exactly<float>(int8, int8, 0)), RangeError);
}

TEST_CASE("whether sums are exact is what the largest of them says, for all pairs of small formats") {
  constexpr op::ValueRange ranges[]{op::value_range<Int<4>>,  op::value_range<Int<5, Unsigned>>,
                                    op::value_range<E2m1fn>,  op::value_range<E3m2fn>,
                                    op::value_range<E2m3fn>,  op::value_range<E3m4>,
                                    op::value_range<E4m3fn>,  op::value_range<Int<1>>,
                                    op::value_range<E8m0fnu>, op::value_range<Fixed<8, 120>>};
  for (const auto& a : ranges)
    for (const auto& b : ranges)
      for (std::int64_t terms = 1; terms < 3'000'000; terms += 1 + terms / 7) {
        const double product = to_double(a.largest) * to_double(b.largest), sum = product * double(terms);
        const int unit = a.unit + b.unit;  // sums are exact in double, or far too long
        CHECK(op::sums_exactly<float>(a, b, terms) ==
              (sum <= std::ldexp(1.0, 24 + unit) && unit >= -126 && sum < 0x1p128));
        const int bits = std::ilogb(product) + 1 - unit;
        CHECK(op::sum_bits(a, b, terms) == bits + 1 + op::carry_bits(terms));
      }
}

TEST_CASE("sums of no terms have no width") {
  CHECK_THROWS_WITH_AS(static_cast<void>(op::carry_bits(0)), doctest::Contains("terms: 0 is outside 1.."),
                       RangeError);
  CHECK_THROWS_AS(static_cast<void>(sum_bits<E5m2, E5m2>(-1)), RangeError);
  CHECK(op::carry_bits(1) == 0);
  CHECK(op::carry_bits(INT64_MAX) == 63);
}

}  // namespace
