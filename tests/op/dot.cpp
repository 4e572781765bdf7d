// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/dot.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/fixed_sum.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;

/// An 8-bit float's value by the definition: the parameters are written out, not taken from the format.
struct Definition {
  int fraction_bits;
  int bias;
  int first_nan;  ///< without a sign; 256: none
  int infinity = 256;
  bool nan_is_0x80 = false;

  [[nodiscard]] double value(int code) const {
    const int magnitude = code & 0x7F;
    const double sign = code >= 0x80 ? -1 : 1;
    if (nan_is_0x80 && code == 0x80) return NAN;
    if (magnitude == infinity) return sign * INFINITY;
    if (magnitude >= first_nan) return NAN;
    const int one = 1 << fraction_bits;
    const int exponent = magnitude / one;
    return sign * std::ldexp(magnitude % one + (exponent > 0 ? one : 0),
                             std::max(exponent, 1) - bias - fraction_bits);
  }
};

/// Bits of a number; NaN is one, and zeros are two.
std::uint64_t bits_of(double x) { return std::bit_cast<std::uint64_t>(x == x ? x : NAN); }

/// Every pair of codes: their product, and their sum by way of the code `one`.
template <class F, class Value>
void check_all_pairs(Value value, std::uint8_t one) {
  using Exact = op::ExactSum<F, F, 1>;
  int wrong_products = 0;
  int wrong_sums = 0;
  for (int i = 0; i < 256; ++i)
    for (int j = 0; j < 256; ++j) {
      const auto a = static_cast<std::uint8_t>(i);
      const auto b = static_cast<std::uint8_t>(j);
      const double expected = value(i) * value(j);
      const auto p = product(F::exact(a), F::exact(b));
      if (bits_of(to_double(p)) != bits_of(expected)) ++wrong_products;
      const std::uint8_t left[] = {a, b};
      const std::uint8_t right[] = {one, one};
      const auto product_alone = op::dot<F, F, Exact>(std::span(&a, 1), std::span(&b, 1));
      if (bits_of(to_double(product_alone)) != bits_of(expected + 0.0)) ++wrong_products;  // a zero sum is +0
      if (bits_of(to_double(op::dot<F, F, Exact>(left, right))) != bits_of(0.0 + value(i) + value(j)))
        ++wrong_sums;
    }
  CHECK(wrong_products == 0);
  CHECK(wrong_sums == 0);
}

TEST_CASE("all products and exact sums of two codes of every 8-bit format are those of its definition") {
  const auto check = [&]<class F>(std::type_identity<F>, const Definition& d, std::uint8_t one) {
    CHECK(d.value(one) == 1);
    check_all_pairs<F>([&](int code) { return d.value(code); }, one);
  };
  check(std::type_identity<E4m3fn>{}, {.fraction_bits = 3, .bias = 7, .first_nan = 0x7F}, 0x38);
  check(std::type_identity<E5m2>{}, {.fraction_bits = 2, .bias = 15, .first_nan = 0x7D, .infinity = 0x7C},
        0x3C);
  check(std::type_identity<E4m3>{}, {.fraction_bits = 3, .bias = 7, .first_nan = 0x79, .infinity = 0x78},
        0x38);
  check(std::type_identity<E3m4>{}, {.fraction_bits = 4, .bias = 3, .first_nan = 0x71, .infinity = 0x70},
        0x30);
  check(std::type_identity<E4m3fnuz>{},
        {.fraction_bits = 3, .bias = 8, .first_nan = 256, .nan_is_0x80 = true}, 0x40);
  check(std::type_identity<E5m2fnuz>{},
        {.fraction_bits = 2, .bias = 16, .first_nan = 256, .nan_is_0x80 = true}, 0x40);
  check(std::type_identity<E4m3b11fnuz>{},
        {.fraction_bits = 3, .bias = 11, .first_nan = 256, .nan_is_0x80 = true}, 0x58);
  check_all_pairs<Int<8>>([](int code) { return static_cast<double>(code < 128 ? code : code - 256); }, 1);
}

template <class F>
std::vector<typename F::code_type> random_codes(std::int64_t count, core::Random& random) {
  std::vector<typename F::code_type> codes;
  while (std::ssize(codes) < count) {
    const auto code = static_cast<typename F::code_type>(random() & core::low_mask(F::bits));
    if (F::exact(code).is_finite()) codes.push_back(code);
  }
  return codes;
}

TEST_CASE("the exact sum equals integers in units of the lowest bit, whatever the order") {
  core::Random random(51);
  for (int n = 0; n < 200; ++n) {
    const auto a = random_codes<E4m3fn>(random.integer(1, 300), random);
    const auto b = random_codes<E4m3fn>(std::ssize(a), random);
    std::int64_t units = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      units += static_cast<std::int64_t>(E4m3fn::decode(a[i]) * 512) *
               static_cast<std::int64_t>(E4m3fn::decode(b[i]) * 512);
    const auto sum = op::dot<E4m3fn, E4m3fn>(a, b);
    REQUIRE(to_double(sum) == static_cast<double>(units) * 0x1p-18);
    const std::vector<std::uint8_t> reversed_a(a.rbegin(), a.rend());
    const std::vector<std::uint8_t> reversed_b(b.rbegin(), b.rend());
    REQUIRE(op::dot<E4m3fn, E4m3fn>(reversed_a, reversed_b) == sum);
  }
}

TEST_CASE("integers of different widths meet the accumulators of hardware") {
  core::Random random(52);
  for (int n = 0; n < 200; ++n) {
    const auto a = random_codes<Int<8>>(random.integer(1, 50), random);
    const auto b = random_codes<Int<12, Unsigned>>(std::ssize(a), random);
    std::int64_t exact = 0;
    std::int64_t clipped = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto term = std::int64_t{Int<8>::integer(a[i])} * b[i];
      exact += term;
      clipped = std::clamp<std::int64_t>(clipped + term, -(1 << 19), (1 << 19) - 1);
    }
    using op::dot;
    using Wide = Int<12, Unsigned>;
    REQUIRE(to_double(dot<Int<8>, Wide>(a, b)) == static_cast<double>(exact));
    REQUIRE(to_double(dot<Int<8>, Wide, op::Int32Wrap>(a, b)) == static_cast<double>(exact));
    const auto wrapped = core::sign_extend(static_cast<std::uint64_t>(exact), 20);
    REQUIRE(to_double(dot<Int<8>, Wide, op::IntegerSum<20, Wrap>>(a, b)) == static_cast<double>(wrapped));
    REQUIRE(to_double(dot<Int<8>, Wide, op::IntegerSum<20, Saturate>>(a, b)) == static_cast<double>(clipped));
  }
}

TEST_CASE("powers of two multiply floats") {
  const std::vector<std::uint8_t> powers{127, 130, 0, 255};
  const std::vector<std::uint8_t> floats{0x38, 0xB8, 0x00, 0x38};
  CHECK(to_double(op::dot<E8m0fnu, E4m3fn>(std::span(powers).first(3), std::span(floats).first(3))) ==
        1.0 - 8.0);
  CHECK(op::dot<E8m0fnu, E4m3fn>(powers, floats).kind == Dyadic::Kind::Nan);
}

TEST_CASE("a sum goes on from where the accumulator is") {
  const std::vector<std::uint8_t> a{0x38, 0x40};
  op::FloatSum begun;
  begun.add({.significand = 10});
  CHECK(to_double(op::dot<E4m3fn, E4m3fn>(a, a, begun)) == 10 + 1 + 4);
}

TEST_CASE("an empty sum is +0, and vectors of different lengths are refused") {
  const std::vector<std::uint8_t> none;
  const std::vector<std::uint8_t> one{0x38};
  CHECK(op::dot<E4m3fn, E5m2, op::FloatTree>(none, none).is_zero());
  CHECK(op::dot<E4m3fn, E5m2>(none, none).is_zero());
  CHECK_THROWS_WITH_AS(static_cast<void>(op::dot<E4m3fn, E5m2, op::FloatSum>(one, none)),
                       "left codes is 1, but right codes is 0", ShapeError);
}

constexpr std::array<std::uint8_t, 2> by_constexpr{0x38, 0x40};
static_assert(to_double(op::dot<E4m3fn, E4m3fn>(by_constexpr, by_constexpr)) == 5);
static_assert(to_double(op::dot<E4m3fn, E4m3fn, op::FloatSum>(by_constexpr, by_constexpr)) == 5);

}  // namespace
