// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/order.hpp>

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom::format;
using Flat = Minifloat<4, 3, Special::Finite, 7, false>;

static_assert(FloatFormat<E4m3fn> && FloatFormat<E8m0fnu> && FloatFormat<Half>);

template <class F>
std::vector<typename F::code_type> all_codes() {
  std::vector<typename F::code_type> codes;
  for (std::uint32_t code = 0; code < 1U << F::bits; ++code)
    codes.push_back(static_cast<typename F::code_type>(code));
  return codes;
}

using SmallFormats = std::tuple<E4m3fn, E5m2, E4m3, E3m4, E4m3fnuz, E5m2fnuz, E4m3b11fnuz, E3m2fn, E2m3fn,
                                E2m1fn, Flat, E8m0fnu>;

TEST_CASE_TEMPLATE_DEFINE("codes compare as their values do, for every pair", F, compares) {
  int mismatches = 0;
  for (const auto a : all_codes<F>())
    for (const auto b : all_codes<F>()) mismatches += compare<F>(a, b) != (F::decode(a) <=> F::decode(b));
  CHECK(mismatches == 0);
}

TEST_CASE_TEMPLATE_APPLY(compares, SmallFormats);

TEST_CASE_TEMPLATE_DEFINE(
    "the next number is the next value of the sorted list, and its neighbour comes back", F, steps) {
  std::vector<double> values;
  for (const auto code : all_codes<F>())
    if (!F::is_nan(code)) values.push_back(F::decode(code));
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  for (const auto code : all_codes<F>()) {
    CAPTURE(int{code});
    if (F::is_nan(code)) {
      REQUIRE(next_up<F>(code) == code);
      REQUIRE(next_down<F>(code) == code);
      continue;
    }
    const auto place = std::ranges::upper_bound(values, F::decode(code));
    REQUIRE(F::decode(next_up<F>(code)) == (place == values.end() ? values.back() : *place));
    const auto before = std::ranges::lower_bound(values, F::decode(code));
    REQUIRE(F::decode(next_down<F>(code)) == (before == values.begin() ? values.front() : *(before - 1)));
  }
}

TEST_CASE_TEMPLATE_APPLY(steps, SmallFormats);

TEST_CASE("from the smallest negative number one step leads to minus zero, where there is one") {
  CHECK(next_up<E4m3fn>(0x81) == 0x80);
  CHECK(next_up<E4m3fnuz>(0x81) == 0x00);
  CHECK(next_up<E4m3fn>(0x80) == 0x01);
  CHECK(next_up<E4m3fn>(0x7E) == 0x7E);
  CHECK(next_up<E5m2>(0x7B) == 0x7C);
  CHECK(next_up<E5m2>(0x7C) == 0x7C);
  CHECK(next_up<E5m2>(0xFC) == 0xFB);
  CHECK(next_up<E8m0fnu>(0xFE) == 0xFE);
}

TEST_CASE_TEMPLATE_DEFINE("the total order goes by value, with minus zero below zero and NaN outside", F,
                          total_order) {
  auto codes = all_codes<F>();
  std::ranges::sort(codes, {}, [](auto code) { return total_order_key<F>(code); });
  for (std::size_t i = 1; i < codes.size(); ++i) {
    REQUIRE(total_order_key<F>(codes[i - 1]) < total_order_key<F>(codes[i]));
    REQUIRE(compare<F>(codes[i - 1], codes[i]) != std::partial_ordering::greater);
    if (F::is_nan(codes[i - 1])) REQUIRE((F::is_nan(codes[i]) || codes[i] >= codes.size() / 2));
  }
}

TEST_CASE_TEMPLATE_APPLY(total_order, SmallFormats);

TEST_CASE_TEMPLATE("negating and taking the absolute value act on the sign alone", F, E4m3fn, E5m2, E4m3fnuz,
                   E2m1fn) {
  for (const auto code : all_codes<F>()) {
    if (F::is_nan(code)) continue;
    REQUIRE(F::decode(negate<F>(code)) == -F::decode(code));
    REQUIRE(F::decode(absolute<F>(code)) == std::fabs(F::decode(code)));
    REQUIRE(negate<F>(negate<F>(code)) == code);
  }
  CHECK(negate<E4m3fnuz>(0x80) == 0x80);
  CHECK(absolute<E4m3fnuz>(0x80) == 0x80);
}

TEST_CASE("limits of the formats with a built-in twin are those of the standard library") {
  using L = Limits<Float32>;
  using S = std::numeric_limits<float>;
  CHECK(L::max == static_cast<double>(S::max()));
  CHECK(L::lowest == static_cast<double>(S::lowest()));
  CHECK(L::min_normal == static_cast<double>(S::min()));
  CHECK(L::min_positive == static_cast<double>(S::denorm_min()));
  CHECK(L::epsilon == static_cast<double>(S::epsilon()));
  CHECK(L::max_exponent == S::max_exponent - 1);
  CHECK(Limits<E4m3fn>::max == 448);
  CHECK(Limits<E2m1fn>::min_positive == 0.5);
  CHECK(Limits<Flat>::min_positive == Limits<Flat>::min_normal);
  for (const auto code : all_codes<E5m2>())
    if (!E5m2::is_nan(code) && !E5m2::is_inf(code) && code < 0x7B)
      REQUIRE(E5m2::decode(code) + Limits<E5m2>::ulp(code) == E5m2::decode(next_up<E5m2>(code)));
}

TEST_CASE("the class of a code") {
  CHECK(classify<E5m2>(0x80) == Class::Zero);
  CHECK(classify<E5m2>(0x03) == Class::Subnormal);
  CHECK(classify<E5m2>(0x04) == Class::Normal);
  CHECK(classify<E5m2>(0xFC) == Class::Infinite);
  CHECK(classify<E5m2>(0x7D) == Class::Nan);
  CHECK(classify<E8m0fnu>(0) == Class::Normal);
}

}  // namespace
