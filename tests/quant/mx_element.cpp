// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/mx_element.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::quant;

static_assert(MxElement<MxFp8E4m3> && MxElement<MxInt8> && MxElement<MxInt<2>> && !MxElement<int>);
static_assert(MxFp8E4m3::max_exponent == 8 && MxFp8E5m2::max_exponent == 15 && MxFp6E3m2::max_exponent == 4 &&
              MxFp6E2m3::max_exponent == 2 && MxFp4::max_exponent == 2 && MxInt8::max_exponent == 0);
static_assert(EncodesArrays<MxFp4> && EncodesArrays<MxInt8> && DecodesArrays<MxFloat<format::Half>>);
static_assert(!EncodesArrays<MxFloat<format::E2m1fn, format::NearestAway>> &&
              DecodesArrays<MxFloat<format::E2m1fn, format::NearestAway>> &&
              !EncodesArrays<MxInt<8, format::NearestAway>>);
static_assert(HoldsNan<MxFp8E5m2> && HoldsNan<MxFp8E4m3> && !HoldsNan<MxFp4> && !HoldsNan<MxInt8>);

TEST_CASE_TEMPLATE("arrays of products are encoded and decoded as one product is, exactly", E, MxFp8E4m3,
                   MxFp8E5m2, MxFp6E3m2, MxFp6E2m3, MxFp4, MxInt8, MxInt<4>, MxInt<2>, MxSignMagnitude<8>,
                   MxFloat<format::E4m3fnuz>) {
  core::Random random(8);
  std::vector<float> values, factors;
  for (int i = 0; i < 20000; ++i) {
    const int exponent = static_cast<int>(random.integer(-127, 127));
    const double spread = std::ldexp(random.normal(), static_cast<int>(random.integer(-20, 3)));
    const auto x = static_cast<float>(std::ldexp(spread, E::max_exponent + exponent));
    if (!std::isfinite(x)) continue;
    values.push_back(x);
    factors.push_back(static_cast<float>(std::ldexp(1.0, -exponent)));
  }
  std::vector<typename E::code_type> codes(values.size());
  E::encode_products(values.data(), factors.data(), values.size(), codes.data());
  std::vector<float> restored(values.size());
  E::decode_products(codes.data(), factors.data(), codes.size(), restored.data());
  std::int64_t wrong = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto x = format::to_dyadic(values[i]);
    x.exponent += std::ilogb(factors[i]);
    const double element = format::to_double(E::exact(codes[i]));
    wrong += codes[i] != E::encode(x) ||
             restored[i] != static_cast<float>(element * static_cast<double>(factors[i]));
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("sign and magnitude, and two's complement, have the same values", Bits,
                   std::integral_constant<int, 2>, std::integral_constant<int, 4>,
                   std::integral_constant<int, 8>) {
  using Magnitude = MxSignMagnitude<Bits::value>;
  using Complement = MxInt<Bits::value>;
  static_assert(Magnitude::Format::bits == Bits::value);
  CHECK(Magnitude::max_exponent == Complement::max_exponent);
  CHECK(Magnitude::fraction_bits == Complement::fraction_bits);
  CHECK(format::to_double(Magnitude::max()) == format::to_double(Complement::max()));
  for (int i = -1000; i <= 1000; ++i) {
    const auto x = format::to_dyadic(i / 250.0);
    CHECK(format::to_double(Magnitude::exact(Magnitude::encode(x))) ==
          format::to_double(Complement::exact(Complement::encode(x))));
  }
  const auto minus_zero = Magnitude::encode(format::to_dyadic(-0.0));
  CHECK(Magnitude::exact(minus_zero).negative);
}

TEST_CASE("elements round as they are told to") {
  const auto tie = format::to_dyadic(2.5);  // between 2 and 3
  CHECK(MxFp4::encode(tie) == 4);
  CHECK(MxFloat<format::E2m1fn, format::NearestAway>::encode(tie) == 5);
  CHECK(MxFloat<format::E2m1fn, format::TowardZero>::encode(format::to_dyadic(2.9)) == 4);
  const auto half = format::to_dyadic(-0.5 / 64);
  CHECK(MxInt8::encode(half) == 0);
  CHECK(MxInt<8, format::NearestAway>::encode(half) == 0xFF);
}

TEST_CASE("NaN and infinities become the element's") {
  const auto infinity = format::to_dyadic(-INFINITY);
  CHECK(MxFp8E5m2::encode_special(infinity) == 0xFC);
  CHECK(MxFp8E4m3::encode_special(infinity) == 0xFF);
  CHECK(MxFp8E4m3::encode_special(format::to_dyadic(NAN)) == 0x7F);
}

}  // namespace
