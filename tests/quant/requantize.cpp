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
using quant::Requantize;

namespace {

static_assert(std::is_trivially_copyable_v<DyadicScale> && sizeof(DyadicScale) == 8);
static_assert(noexcept(DyadicScale{}.apply<NearestUp>(0)));
static_assert(!noexcept(DyadicScale::from_real(0.5)));

template <class F>
concept HasRequantize = requires {
  typename Requantize<F>;
};
static_assert(HasRequantize<Int<8>> && HasRequantize<Int<1>> && !HasRequantize<int> &&
              !HasRequantize<Int<32, Unsigned>>);

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

TEST_CASE("requantizing works at compile time") {
  static_assert(Requantize<Int<4>>::apply(5, DyadicScale::from_real(0.5)) == 3);
  static_assert(Requantize<Int<4>>::apply(-5, DyadicScale::from_real(0.5)) == 0xE);
  static_assert(Requantize<Int<4>, NearestEven>::apply(5, DyadicScale::from_real(0.5)) == 2);
  CHECK(Requantize<Int<4, Unsigned>>::apply(-5, DyadicScale::from_real(0.5)) == 0);
}
