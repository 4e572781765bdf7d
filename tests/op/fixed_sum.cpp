// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/fixed_sum.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;
using op::FixedSum;
using op::IntegerSum;

static_assert(op::Accumulator<op::Int32Wrap> && op::Accumulator<FixedSum<Fixed<8, 4>>>);
static_assert(op::AccumulatorOf<op::Int32Wrap, Int<8>, Int<8, Unsigned>>);
static_assert(!op::AccumulatorOf<op::Int32Wrap, E4m3fn, E4m3fn> &&
              !op::AccumulatorOf<op::Int32Wrap, Fixed<8, 7>, Int<8>>);
static_assert(op::AccumulatorOf<FixedSum<Fixed<32, 16>>, E4m3fn, E4m3fn>);

__extension__ typedef __int128 Wide;

Wide power_of_two(int exponent) { return static_cast<Wide>(1) << exponent; }

Wide floor_div(Wide a, Wide b) { return a / b - (a % b < 0 ? 1 : 0); }

template <Rounding R, Overflow O>
struct By : Saturating {
  using rounding = R;
  using overflow = O;
};

/// x / 2^cut as a whole number, from the definitions of the rounding modes.
template <class R>
Wide rounded(Wide x, int cut) {
  const Wide one = power_of_two(cut);
  const Wide down = floor_div(x, one);
  const Wide rest = x - down * one;
  if (rest == 0) return down;
  if (std::same_as<R, Down>) return down;
  if (std::same_as<R, Up>) return down + 1;
  if (std::same_as<R, TowardZero>) return x < 0 ? down + 1 : down;
  if (std::same_as<R, AwayFromZero>) return x < 0 ? down : down + 1;
  if (2 * rest != one) return 2 * rest < one ? down : down + 1;
  if (std::same_as<R, NearestUp>) return down + 1;
  if (std::same_as<R, NearestDown>) return down;
  if (std::same_as<R, NearestAway>) return x < 0 ? down : down + 1;
  if (std::same_as<R, NearestZero>) return x < 0 ? down + 1 : down;
  const bool down_is_even = down % 2 == 0;
  return down_is_even == std::same_as<R, NearestEven> ? down : down + 1;
}

template <class O>
Wide fitted(Wide x, int width, bool is_signed) {
  const Wide low = is_signed ? -power_of_two(width - 1) : 0;
  const Wide high = power_of_two(is_signed ? width - 1 : width) - 1;
  if (std::same_as<O, Wrap>) return x - floor_div(x - low, power_of_two(width)) * power_of_two(width);
  const Wide lowest = std::same_as<O, SaturateSymmetric> && is_signed && width > 1 ? -high : low;
  if (std::same_as<O, SaturateZero>) return low <= x && x <= high ? x : 0;
  return std::clamp(x, lowest, high);
}

Wide value_in(const Dyadic& x, int unit) {
  const Wide magnitude = static_cast<Wide>(x.significand) * power_of_two(x.exponent - unit);
  return x.negative ? -magnitude : magnitude;
}

template <class F, class R, class O>
void check_sums(core::Random& random) {
  constexpr int unit = -F::layout.fraction_bits();
  constexpr int fine = 24;  // bits below the unit that terms reach to
  for (int n = 0; n < 300; ++n) {
    FixedSum<F, By<R, O>> sum;
    Wide twin = 0;
    for (int i = 0; i < 8; ++i) {
      const auto kind = random.integer(0, 9);
      const int exponent = static_cast<int>(random.integer(kind < 7 ? -3 : -fine, kind < 7 ? 0 : 30));
      Dyadic term{.significand = random() >> random.integer(30, 63),
                  .exponent = unit + exponent,
                  .negative = random.bernoulli(0.5)};
      if (kind == 6) term.significand = random() >> random.integer(2, 4);
      sum.add(term);
      twin = fitted<O>(rounded<R>(twin * power_of_two(fine) + value_in(term, unit - fine), fine), F::bits,
                       F::is_signed);
      REQUIRE((value_in(sum.value(), unit) == twin));
    }
  }
}

TEST_CASE_TEMPLATE("sums in fixed point are rounded and fitted after every product as rationals are", R,
                   NearestEven, NearestAway, NearestUp, NearestZero, NearestDown, NearestOdd, TowardZero,
                   Down, Up, AwayFromZero) {
  core::Random random(71);
  const auto check = [&]<class F>(std::type_identity<F>) {
    check_sums<F, R, Wrap>(random);
    check_sums<F, R, Saturate>(random);
    check_sums<F, R, SaturateZero>(random);
    check_sums<F, R, SaturateSymmetric>(random);
  };
  check(std::type_identity<Fixed<8, 4>>{});
  check(std::type_identity<Fixed<16, -3>>{});
  check(std::type_identity<Fixed<64, 40>>{});
  check(std::type_identity<Fixed<63, 63>>{});
  check(std::type_identity<Fixed<64, 20, Unsigned>>{});
  check(std::type_identity<Fixed<7, 9, Unsigned>>{});
  check(std::type_identity<Fixed<1, 1>>{});
}

TEST_CASE("a term far beyond the register wraps to its low bits, or saturates by its sign") {
  for (const int exponent : {60, 61, 62, 63, 64, 65, 66, 67, 100, 500})
    for (const bool negative : {false, true}) {
      FixedSum<Fixed<64, 64>, By<Down, Wrap>> wraps;
      FixedSum<Fixed<64, 64>, By<Down, Saturate>> saturates;
      wraps.add({.significand = 5});
      wraps.add({.significand = 3, .exponent = exponent, .negative = negative});
      saturates.add({.significand = 3, .exponent = exponent, .negative = negative});
      const auto low = exponent < 64 ? std::uint64_t{3} << exponent : 0;
      const auto expected = static_cast<std::int64_t>(5 + (negative ? 0 - low : low));
      const auto value = wraps.value();
      CHECK(static_cast<std::int64_t>(value.negative ? 0 - value.significand : value.significand) ==
            expected);
      if (exponent >= 62) {
        CHECK(saturates.value().negative == negative);
        CHECK(saturates.value().significand == std::uint64_t{INT64_MAX} + (negative ? 1 : 0));
      } else {
        CHECK(saturates.value().significand == low);
      }
    }
  FixedSum<Fixed<64, 64, Unsigned>, By<NearestAway, Saturate>> full;
  full.add({.significand = ~std::uint64_t{0}});
  full.add({.significand = 1, .exponent = -1});  // rounding carries out of 64 bits
  CHECK(full.value() == Dyadic{.significand = ~std::uint64_t{0}});
  FixedSum<Fixed<64, 64>> large_significand;
  large_significand.add({.significand = std::uint64_t{1} << 63, .exponent = 65, .negative = true});
  CHECK(large_significand.value() == Dyadic{.significand = std::uint64_t{1} << 63, .negative = true});
}

TEST_CASE_TEMPLATE("integer sums equal 64-bit integers, wrapped or clipped after every product", Width,
                   std::integral_constant<int, 2>, std::integral_constant<int, 8>,
                   std::integral_constant<int, 16>, std::integral_constant<int, 20>,
                   std::integral_constant<int, 32>) {
  constexpr int width = Width::value;
  core::Random random(72);
  constexpr std::int64_t low = -(std::int64_t{1} << (width - 1));
  for (int n = 0; n < 500; ++n) {
    IntegerSum<width, Wrap> wraps;
    IntegerSum<width, Saturate> saturates;
    std::int64_t wrapped = 0;
    std::int64_t clipped = 0;
    for (int i = 0; i < 30; ++i) {
      const auto product = random.integer(-16384, 16384) << random.integer(0, 1) * (width / 3);
      const Dyadic term{.significand = static_cast<std::uint64_t>(product < 0 ? -product : product),
                        .negative = product < 0};
      wraps.add(term);
      saturates.add(term);
      wrapped = core::sign_extend(static_cast<std::uint64_t>(wrapped + product), width);
      clipped = std::clamp(clipped + product, low, -low - 1);
      REQUIRE(to_double(wraps.value()) == static_cast<double>(wrapped));
      REQUIRE(to_double(saturates.value()) == static_cast<double>(clipped));
    }
  }
}

TEST_CASE("the derived width holds sums of the most negative codes, and one bit less does not") {
  constexpr auto most_negative = product(Int<8>::exact(0x80), Int<8>::exact(0x80));
  const auto sum_of = [&](auto sum, std::int64_t terms) {
    for (std::int64_t i = 0; i < terms; ++i) sum.add(most_negative);
    return to_double(sum.value());
  };
  constexpr std::int64_t terms = 1024;
  constexpr int width = op::sum_bits<Int<8>, Int<8>>(terms);
  static_assert(width == 8 + 8 + 10);
  CHECK(sum_of(IntegerSum<width, Wrap>{}, terms) == terms * 16384.0);
  CHECK(sum_of(IntegerSum<width, Saturate>{}, terms) == terms * 16384.0);
  CHECK(sum_of(IntegerSum<width - 1, Wrap>{}, terms) == -terms * 16384.0);
  CHECK(sum_of(IntegerSum<width - 1, Saturate>{}, terms) == terms * 16384.0 - 1);
  // a saturated sum does not come back as a wrapped one does
  IntegerSum<16, Saturate> saturates;
  IntegerSum<16, Wrap> wraps;
  for (const bool negative : {false, false, true, true}) {
    saturates.add({.significand = 30000, .negative = negative});
    wraps.add({.significand = 30000, .negative = negative});
  }
  CHECK(to_double(saturates.value()) == -27233);
  CHECK(wraps.value().is_zero());
}

TEST_CASE("a product may be rounded to the register before it is added") {
  FixedSum<Fixed<16, 8>> fused;
  FixedSum<Fixed<16, 8>, Saturating, op::Separate> separate;
  fused.add({.significand = 1, .exponent = -8});
  separate.add({.significand = 1, .exponent = -8});
  fused.add({.significand = 1, .exponent = -9});  // a tie: of the sum to even is up, of the product down
  separate.add({.significand = 1, .exponent = -9});
  CHECK(to_double(fused.value()) == 2 * 0x1p-8);
  CHECK(to_double(separate.value()) == 1 * 0x1p-8);
}

TEST_CASE("what no fixed-point number can hold is refused") {
  FixedSum<Fixed<8, 4>> sum;
  CHECK_THROWS_AS(sum.add({.kind = Dyadic::Kind::Nan}), RangeError);
  CHECK_THROWS_AS(sum.add({.kind = Dyadic::Kind::Infinite}), RangeError);
  CHECK_THROWS_AS(sum.add({.significand = 1, .sticky = true}), RangeError);
  CHECK(sum.value().is_zero());
  CHECK_NOTHROW(sum.add({.significand = 1, .exponent = -6, .sticky = true}));
}

}  // namespace
