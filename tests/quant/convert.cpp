// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/convert.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;

static_assert(quant::HasFastArrays<E4m3fn> && quant::HasFastArrays<E2m1fn> && quant::HasFastArrays<Half>);
static_assert(!quant::HasFastArrays<E4m3fnuz> && !quant::HasFastArrays<Bfloat16> &&
              !quant::HasFastArrays<int>);

template <class F>
typename F::code_type slow(float x) {
  return F::template encode<NearestEven, Saturate, NanToMax>(x);
}

TEST_CASE_TEMPLATE(
    "arrays are encoded as single numbers are, on a sample of all floats and around every code", F, E4m3fn,
    E5m2, E4m3, E3m4, E3m2fn, E2m3fn, E2m1fn, Half) {
  std::vector<float> values;
  core::Random random(61);
  for (std::uint64_t bits = static_cast<std::uint64_t>(random.integer(0, 1000));
       bits < std::uint64_t{1} << 32; bits += 4099)
    values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  for (std::uint32_t code = 0; code < 1U << F::bits;
       ++code) {  // a code, the tie above it, and their neighbours
    const auto x = F::exact(static_cast<typename F::code_type>(code));
    if (!x.is_finite()) continue;
    auto tie = x;
    tie.significand = 2 * x.significand + 1;
    --tie.exponent;
    for (const auto& number : {x, tie}) {
      const auto value = static_cast<float>(to_double(number));
      values.insert(values.end(), {value, std::nextafter(value, INFINITY), std::nextafter(value, -INFINITY)});
    }
  }
  values.insert(values.end(), {NAN, -NAN, INFINITY, -INFINITY, 0.0F, -0.0F});
  std::vector<typename F::code_type> codes(values.size());
  quant::encode_array<F>(values, codes);
  std::int64_t mismatches = 0;
  for (std::size_t i = 0; i < values.size(); ++i) mismatches += codes[i] != slow<F>(values[i]) ? 1 : 0;
  CHECK(mismatches == 0);
}

TEST_CASE_TEMPLATE("every code of an array is decoded exactly", F, E4m3fn, E5m2, E4m3, E3m4, E3m2fn, E2m3fn,
                   E2m1fn, Half) {
  std::vector<typename F::code_type> codes;
  for (std::uint32_t code = 0; code < 1U << F::bits; ++code)
    codes.push_back(static_cast<typename F::code_type>(code));
  std::vector<float> values(codes.size());
  quant::decode_array<F>(codes, values);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto expected = static_cast<float>(F::decode(codes[i]));
    CAPTURE(i);
    if (std::isnan(expected))
      REQUIRE(std::isnan(values[i]));
    else
      REQUIRE(std::bit_cast<std::uint32_t>(values[i]) == std::bit_cast<std::uint32_t>(expected));
  }
}

TEST_CASE("arrays of different lengths are refused") {
  const std::vector<float> values(3);
  std::vector<std::uint8_t> codes(2);
  CHECK_THROWS_AS(quant::encode_array<E4m3fn>(values, codes), ShapeError);
}

}  // namespace
