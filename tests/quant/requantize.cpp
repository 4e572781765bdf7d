// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/requantize.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/format/int.hpp>

#include "support/reference_table.hpp"

using namespace bitloom;
using namespace bitloom::format;
using quant::DyadicScale;
using quant::InFloat;
using quant::Requantize;
using quant::RequantizeWay;
using quant::RoundedOnce;
using quant::RoundedTwice;

namespace {

static_assert(std::is_trivially_copyable_v<DyadicScale> && sizeof(DyadicScale) == 8);
static_assert(noexcept(DyadicScale{}.apply<NearestUp>(0)));
static_assert(!noexcept(DyadicScale::from_real(0.5)));

template <class F, class... W>
concept HasRequantize = requires {
  typename Requantize<F, W...>;
};
static_assert(HasRequantize<Int<8>> && HasRequantize<Int<1>> && !HasRequantize<int> &&
              !HasRequantize<Int<32, Unsigned>>);
static_assert(HasRequantize<Int<8>, RoundedOnce<NearestEven>> && HasRequantize<Int<8>, RoundedTwice> &&
              HasRequantize<Int<8>, InFloat> && !HasRequantize<Int<8>, NearestEven>);

using UInt4 = Int<4, Unsigned>;  // a comma inside a macro's argument would end it
using UInt8 = Int<8, Unsigned>;
using Roundings = core::TypeList<NearestEven, NearestAway, NearestUp, TowardZero, Down, Up>;

/// Rounds product / 2^drop by floor and remainder, as the textbook defines the rule; drop is 1..62.
template <class R>
std::int64_t slow_shift(std::int64_t product, int drop) {
  const auto floor = product >> drop;
  const auto remainder = product - (floor << drop);
  const auto half = std::int64_t{1} << (drop - 1);
  if (remainder == 0 || std::is_same_v<R, Down>) return floor;
  if (std::is_same_v<R, Up>) return floor + 1;
  if (std::is_same_v<R, TowardZero>) return product < 0 ? floor + 1 : floor;
  if (remainder != half) return remainder < half ? floor : floor + 1;
  if (std::is_same_v<R, NearestEven>) return floor % 2 == 0 ? floor : floor + 1;
  if (std::is_same_v<R, NearestAway>) return product < 0 ? floor : floor + 1;
  return floor + 1;
}

template <class R>
bool agrees(std::int32_t accumulator, DyadicScale scale) {
  return scale.apply<R>(accumulator) ==
         slow_shift<R>(std::int64_t{accumulator} * scale.multiplier, 31 + scale.shift);
}

}  // namespace

TEST_CASE("every row of the reference data is reproduced, to nearest even, half up and rounded twice") {
  const auto found = bitloom::test::reference_table("fliqs/requant.csv");
  if (!found) return;
  const auto& table = *found;
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    const auto accumulator = static_cast<std::int32_t>(table.integer(row, "acc_i32"));
    const DyadicScale scale{.multiplier = static_cast<std::int32_t>(table.integer(row, "m0_q31")),
                            .shift = static_cast<int>(table.integer(row, "right_shift"))};
    CAPTURE(table.where(row));
    CHECK(scale.apply<NearestEven>(accumulator) == table.integer(row, "dyadic_rne_i32"));
    CHECK(scale.apply<NearestUp>(accumulator) == table.integer(row, "dyadic_rhu_i32"));
    CHECK(multiply_doubling_high(accumulator, scale) == table.integer(row, "gemmlowp_i32"));
  }
  CHECK(table.row_count() == 400);
}

TEST_CASE("every small accumulator is scaled with one rounding, at every shift") {
  core::for_each_type(Roundings{}, []<class R>(std::type_identity<R>) {
    std::int64_t wrong = 0;
    for (int shift = -30; shift <= 31; ++shift)
      for (const std::int32_t multiplier : {1 << 30, (1 << 30) + 1, 3 << 29, 0x5A827999, INT32_MAX})
        for (std::int32_t accumulator = -4096; accumulator <= 4096; ++accumulator)
          wrong += agrees<R>(accumulator, {.multiplier = multiplier, .shift = shift}) ? 0 : 1;
    CHECK(wrong == 0);
  });
}

TEST_CASE("random and extreme accumulators are scaled with one rounding") {
  core::for_each_type(Roundings{}, []<class R>(std::type_identity<R>) {
    core::Random random(1);
    std::int64_t wrong = 0;
    for (int i = 0; i < 100'000; ++i) {
      const DyadicScale scale{.multiplier = static_cast<std::int32_t>(random.integer(1 << 30, INT32_MAX)),
                              .shift = static_cast<int>(random.integer(-30, 31))};
      const auto bits = static_cast<int>(random.integer(0, 31));
      for (const auto accumulator : {static_cast<std::int32_t>(random() >> 32) >> bits, INT32_MIN, INT32_MAX})
        wrong += agrees<R>(accumulator, scale) ? 0 : 1;
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("a real factor becomes the nearest scale, half a unit away from zero") {
  core::Random random(2);
  std::vector<double> factors{0x1p-32,       0x1.fffffffffffffp28, 1.0,          0.5,
                              1.0 - 0x1p-53, 1.0 - 0x1p-32,        1.0 - 0x1p-33};
  for (int i = 0; i < 100'000; ++i) {
    const auto power = static_cast<int>(random.integer(-32, 28));
    factors.push_back(std::ldexp(1 + random.uniform(), power));
    // a tie: half a unit beyond 31 bits
    factors.push_back(std::ldexp(static_cast<double>(random.integer(1 << 30, INT32_MAX)) + 0.5, power - 30));
  }
  std::int64_t wrong = 0;
  for (const double factor : factors) {
    const auto scale = DyadicScale::from_real(factor);
    int exponent = 0;
    const double fraction = std::frexp(factor, &exponent);
    auto multiplier = std::llround(fraction * 0x1p31);
    if (multiplier == std::int64_t{1} << 31) {
      multiplier = 1 << 30;
      ++exponent;
    }
    wrong += scale.multiplier == multiplier && scale.shift == -exponent ? 0 : 1;
    wrong += scale.multiplier >= 1 << 30 && -30 <= scale.shift && scale.shift <= 31 ? 0 : 1;
  }
  CHECK(wrong == 0);
  static_assert(DyadicScale::from_real(0.75).multiplier == 3 << 29 &&
                DyadicScale::from_real(0.75).shift == 0);
}

TEST_CASE("a scale that is a power of two shifts exactly") {
  for (int power = -32; power < 29; ++power) {
    const auto scale = DyadicScale::from_real(std::ldexp(1.0, power));
    for (const std::int32_t x : {-7, -1, 0, 1, 5})
      CHECK(scale.apply<Down>(x) == static_cast<std::int64_t>(std::floor(std::ldexp(x, power))));
  }
}

TEST_CASE("a factor that no scale can hold is refused") {
  using Limits = std::numeric_limits<double>;
  for (const double factor :
       {0.0, -0.5, 0x1.fffffffffffffp-33, 0x1p29, Limits::infinity(), Limits::quiet_NaN()})
    CHECK_THROWS_AS(DyadicScale::from_real(factor), RangeError);
}

TEST_CASE_TEMPLATE("requantizing scales, rounds half up and saturates", F, Int<1>, Int<2>, Int<8>, Int<16>,
                   UInt4, UInt8, Int<32>) {
  core::Random random(3);
  std::int64_t wrong = 0;
  const auto check = [&](std::int32_t accumulator, DyadicScale scale) {
    const auto scaled = slow_shift<NearestUp>(std::int64_t{accumulator} * scale.multiplier, 31 + scale.shift);
    const auto expected = std::min(std::max(scaled, F::range.lowest), F::range.max);
    wrong += F::integer(Requantize<F>::apply(accumulator, scale)) == expected ? 0 : 1;
  };
  for (int accumulator = -70'000; accumulator <= 70'000; ++accumulator)
    for (const double factor : {1.0, 0.5, 0.001, 0.3, 2.0})
      check(accumulator, DyadicScale::from_real(factor));
  for (int i = 0; i < 10'000; ++i)
    check(static_cast<std::int32_t>(random()),
          {.multiplier = 1 << 30, .shift = static_cast<int>(random.integer(-30, 31))});
  CHECK(wrong == 0);
  CHECK(F::integer(Requantize<F>::apply(INT32_MIN, DyadicScale::from_real(0x1p28))) == F::range.lowest);
  CHECK(F::integer(Requantize<F>::apply(INT32_MAX, DyadicScale::from_real(0x1p28))) == F::range.max);
}

TEST_CASE("a factor of 1 and more shifts the accumulator left, saturating at 32 bits, then multiplies high") {
  core::Random random(4);
  std::int64_t wrong = 0;
  std::int64_t saturated = 0;
  for (int i = 0; i < 100'000; ++i) {
    const DyadicScale scale{.multiplier = static_cast<std::int32_t>(random.integer(1 << 30, INT32_MAX)),
                            .shift = static_cast<int>(random.integer(-30, 0))};
    const auto accumulator =
        static_cast<std::int32_t>(random() >> 32) >> static_cast<int>(random.integer(0, 31));
    // in double all of it is exact: the shifted number has 62 bits, of which 32 are not zeros
    const double shifted = std::clamp(std::ldexp(accumulator, -scale.shift), -0x1p31, 0x1p31 - 1);
    saturated += std::abs(std::ldexp(accumulator, -scale.shift)) > 0x1p31 ? 1 : 0;
    // doubling high multiply, half away from zero, by magnitude; 31 + 31 bits need integers
    const auto product =
        static_cast<std::uint64_t>(std::abs(shifted)) * static_cast<std::uint64_t>(scale.multiplier);
    const auto rest = product % (std::uint64_t{1} << 31);
    // a negative tie goes toward zero: the nudge is 1 - 2^30 there, and the division truncates
    const auto half = std::uint64_t{1} << 30;
    const auto high =
        static_cast<std::int64_t>(product >> 31) + (rest > half || (rest == half && shifted >= 0) ? 1 : 0);
    wrong += quant::multiply_doubling_high(accumulator, scale) == (shifted < 0 ? -high : high) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(saturated > 1000);
  CHECK(quant::multiply_doubling_high(3, DyadicScale::from_real(5.0)) == 15);
  CHECK(quant::multiply_doubling_high(INT32_MAX, DyadicScale::from_real(4.0)) == 1 << 30);
  CHECK(Requantize<Int<8>, RoundedTwice>::apply(3, DyadicScale::from_real(5.0)) == 15);
}

TEST_CASE("in float the accumulator, the product and the result are rounded, the last two to nearest even") {
  core::Random random(5);
  std::int64_t wrong = 0;
  std::int64_t differs = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto accumulator =
        static_cast<std::int32_t>(random() >> 32) >> static_cast<int>(random.integer(0, 31));
    const auto factor =
        static_cast<float>(std::ldexp(1 + random.uniform(), static_cast<int>(random.integer(-40, 4))));
    const float product = static_cast<float>(accumulator) * factor;
    const auto expected = static_cast<std::int64_t>(std::nearbyint(static_cast<double>(product)));
    wrong += InFloat::scaled(accumulator, factor) == expected ? 0 : 1;
    const double exact =
        static_cast<double>(accumulator) * static_cast<double>(factor);  // 31 + 24 bits: nearly
    differs += static_cast<std::int64_t>(std::nearbyint(exact)) != expected ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(differs > 100);
  CHECK(InFloat::scaled(5, 0.5F) == 2);
  CHECK(InFloat::scaled(7, 0.5F) == 4);
  CHECK(InFloat::scaled(-5, 0.5F) == -2);
  CHECK(InFloat::scaled((1 << 24) + 1, 1.0F) == 1 << 24);
  static_assert(InFloat::scaled(-7, 0.5F) == -4);
}

TEST_CASE("a product in float beyond all integers saturates, and NaN is refused") {
  using Limits = std::numeric_limits<float>;
  using Q = Requantize<Int<32>, InFloat>;
  CHECK(Int<32>::integer(Q::apply(1, Limits::max(), INT32_MIN)) == INT32_MAX);
  CHECK(Int<32>::integer(Q::apply(-1, Limits::infinity(), INT32_MAX)) == INT32_MIN);
  CHECK(Int<32>::integer(Q::apply(INT32_MIN, Limits::max())) == INT32_MIN);
  CHECK_THROWS_AS(static_cast<void>(Q::apply(0, Limits::infinity())), RangeError);
  CHECK_THROWS_AS(static_cast<void>(Q::apply(1, Limits::quiet_NaN())), RangeError);
}

TEST_CASE_TEMPLATE("the zero point is added after each way of scaling, then the sum is clamped", W,
                   RoundedOnce<>, RoundedOnce<NearestEven>, RoundedTwice, InFloat) {
  static_assert(RequantizeWay<W>);
  const auto scale_of = [](double factor) {
    if constexpr (std::is_same_v<typename W::scale_type, float>)
      return static_cast<float>(factor);
    else
      return DyadicScale::from_real(factor);
  };
  core::for_each_type(core::TypeList<Int<4>, UInt4, Int<8>, UInt8, Int<16>>{}, [&]<class F>(
                                                                                   std::type_identity<F>) {
    std::int64_t wrong = 0;
    for (const double factor : {0.01, 0.3, 1.0, 3.7})
      for (std::int32_t accumulator = -3000; accumulator <= 3000; ++accumulator)
        for (const std::int32_t zero : {-128, -3, 0, 7, 128, 255}) {
          const auto scaled = W::scaled(accumulator, scale_of(factor)) + zero;
          const auto expected = scaled < F::range.lowest ? F::range.lowest : std::min(scaled, F::range.max);
          wrong +=
              F::integer(Requantize<F, W>::apply(accumulator, scale_of(factor), zero)) == expected ? 0 : 1;
        }
    CHECK(wrong == 0);
  });
  // sums of 32 bits and zero points of 32 bits do not wrap around
  CHECK(Int<8>::integer(Requantize<Int<8>, W>::apply(INT32_MAX, scale_of(1.0), INT32_MAX)) == 127);
  CHECK(Int<8>::integer(Requantize<Int<8>, W>::apply(INT32_MIN, scale_of(1.0), INT32_MIN)) == -128);
  CHECK(std::abs(W::scaled(1000, scale_of(0.25)) - 250) == 0);
}

TEST_CASE("the three ways differ where their roundings do") {
  const auto scale = DyadicScale::from_real(0.25);
  // -5.5: half up, to even, half away
  CHECK(RoundedOnce<>::scaled(-22, scale) == -5);
  CHECK(RoundedOnce<NearestEven>::scaled(-22, scale) == -6);
  CHECK(RoundedTwice::scaled(-22, scale) == -6);
  // 4.5
  CHECK(InFloat::scaled(18, 0.25F) == 4);
  CHECK(RoundedTwice::scaled(18, scale) == 5);
  // 1.375 = 5.5 / 4, whose numerator is rounded to 6 first
  CHECK(RoundedTwice::scaled(11, DyadicScale::from_real(0.125)) == 2);
  CHECK(RoundedOnce<>::scaled(11, DyadicScale::from_real(0.125)) == 1);
}

TEST_CASE("requantizing works at compile time") {
  static_assert(Requantize<Int<4>>::apply(5, DyadicScale::from_real(0.5)) == 3);
  static_assert(Requantize<Int<4>>::apply(-5, DyadicScale::from_real(0.5)) == 0xE);
  static_assert(Requantize<Int<4>, RoundedOnce<NearestEven>>::apply(5, DyadicScale::from_real(0.5)) == 2);
  CHECK(Requantize<Int<4, Unsigned>>::apply(-5, DyadicScale::from_real(0.5)) == 0);
}
