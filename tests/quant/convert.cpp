// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/convert.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;

static_assert(quant::HasFastArrays<E4m3fn> && quant::HasFastArrays<E2m1fn> && quant::HasFastArrays<Half>);
static_assert(quant::HasFastArrays<E4m3fnuz> && quant::HasFastArrays<Bfloat16> && quant::HasFastArrays<Tf32>);
static_assert(!quant::HasFastArrays<Float32> && !quant::HasFastArrays<int> &&
              !quant::HasFastArrays<Minifloat<4, 3, Special::Fn, 7, false>>);
static_assert(quant::HasFastIntegers<Int<4>> && quant::HasFastIntegers<Int<16, Unsigned>> &&
              !quant::HasFastIntegers<Int<17>> && !quant::HasFastIntegers<E2m1fn>);
static_assert(quant::HasFastQuotients<quant::ExactQuotient> && !quant::HasFastQuotients<int>);

using E1m2 = Minifloat<1, 2, Special::Finite>;
using E3m0 = Minifloat<3, 0, Special::Finite>;
using E4m0 = Minifloat<4, 0>;
using E8m3 = Minifloat<8, 3, Special::Ieee>;
using E5m2far = Minifloat<5, 2, Special::Fnuz, -60>;

template <class F>
typename F::code_type slow(float x) {
  return F::template encode<NearestEven, Saturate, NanToMax>(x);
}

TEST_CASE_TEMPLATE(
    "arrays are encoded as single numbers are, on a sample of all floats and around every code", F, E4m3fn,
    E5m2, E4m3, E3m4, E3m2fn, E2m3fn, E2m1fn, Half, E4m3fnuz, E5m2fnuz, E4m3b11fnuz, Bfloat16, E1m2, E3m0,
    E4m0, E8m3, E5m2far) {
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
                   E2m1fn, Half, E4m3fnuz, E5m2fnuz, E4m3b11fnuz, Bfloat16, Tf32, E1m2, E3m0, E4m0, E8m3,
                   E5m2far) {
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

std::vector<float> random_values(std::size_t count, double widest) {
  core::Random random(62);
  std::vector<float> values(count);
  for (auto& x : values) x = static_cast<float>((random.uniform() - 0.5) * 2 * widest);
  return values;
}

template <class F, class Order>
void quantizes_one_by_one() {
  for (const float scale : {0.07F, 1.0F, 0x1.99p+3F}) {
    auto values = random_values(5000, 1.5 * F::max() * static_cast<double>(scale));
    for (int i = -300; i < 300; ++i) values.push_back(static_cast<float>(static_cast<double>(scale) * i / 2));
    std::vector<typename F::code_type> codes(values.size());
    quant::quantize_array<F, Order>(values, scale, codes);
    std::vector<float> restored(values.size());
    quant::dequantize_array<F>(codes, scale, restored);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      wrong += codes[i] != F::template encode<NearestEven>(Order::quotient(values[i], scale)) ||
               restored[i] != static_cast<float>(F::decode(codes[i]) * static_cast<double>(scale));
    CAPTURE(scale);
    CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("arrays of integers are quantized and restored as single numbers are", F, Int<2>, Int<4>,
                   Int<8>, Int<8, Unsigned>, Int<12>, Int<16>) {
  quantizes_one_by_one<F, quant::ExactQuotient>();
  quantizes_one_by_one<F, quant::FloatQuotient>();
  quantizes_one_by_one<F, quant::FloatReciprocal>();
}

TEST_CASE("arrays of integers are encoded and decoded without a scale") {
  const std::vector<float> values{2.5F, 3.5F, -0.5F, 1e9F, -1e9F};
  std::vector<std::uint8_t> codes(5);
  quant::encode_array<Int<4>>(values, codes);
  CHECK(codes == std::vector<std::uint8_t>{2, 4, 0, 7, 8});
  std::vector<float> decoded(5);
  quant::decode_array<Int<4>>(codes, decoded);
  CHECK(decoded == std::vector<float>{2, 4, 0, 7, -8});
}

TEST_CASE_TEMPLATE("packed tensors of any length hold the codes of arrays", F, E4m3fn, E2m1fn, E3m2fn, Half,
                   Int<8>, Int<4>, Int<3>) {
  for (const std::int64_t count : {0, 1, 7, 64, 1023, 1024, 1025, 5000}) {
    const auto values = random_values(static_cast<std::size_t>(count), 10);
    std::vector<typename F::code_type> codes(values.size());
    quant::encode_array<F>(values, codes);
    quant::PackedTensor<F> tensor(quant::Shape{count});
    quant::encode_tensor(values, tensor);
    CAPTURE(count);
    REQUIRE(tensor.codes() == codes);
    std::vector<float> by_array(values.size()), by_tensor(values.size());
    quant::decode_array<F>(codes, by_array);
    quant::decode_tensor(tensor, by_tensor);
    REQUIRE(by_tensor == by_array);
    if constexpr (quant::HasFastIntegers<F>) {
      quant::quantize_array<F>(values, 0.3F, codes);
      quant::quantize_tensor(values, 0.3F, tensor);
      REQUIRE(tensor.codes() == codes);
      quant::dequantize_array<F>(codes, 0.3F, by_array);
      quant::dequantize_tensor(tensor, 0.3F, by_tensor);
      REQUIRE(by_tensor == by_array);
    }
  }
}

TEST_CASE("what cannot be quantized is refused") {
  std::vector<float> values(5000, 1.0F);
  std::vector<std::uint8_t> codes(values.size());
  values[4999] = NAN;
  CHECK_THROWS_WITH_AS(quant::quantize_array<Int<8>>(values, 1.0F, codes),
                       "quantizer input: a value is NaN or infinite", RangeError);
  values[4999] = -INFINITY;
  CHECK_THROWS_AS(quant::encode_array<Int<8>>(values, codes), RangeError);
  values[4999] = 0.0F;
  for (const float scale : {0.0F, -1.0F, NAN, INFINITY})
    CHECK_THROWS_AS(quant::quantize_array<Int<8>>(values, scale, codes), RangeError);
  CHECK_THROWS_AS((quant::quantize_array<Int<8>, quant::FloatReciprocal>(values, 0x1p-130F, codes)),
                  RangeError);
  CHECK_NOTHROW(quant::quantize_array<Int<8>>(values, 0x1p-130F, codes));
}

TEST_CASE("arrays of different lengths are refused") {
  const std::vector<float> values(3);
  std::vector<float> floats(2);
  std::vector<std::uint8_t> codes(2);
  CHECK_THROWS_AS(quant::encode_array<E4m3fn>(values, codes), ShapeError);
  CHECK_THROWS_AS(quant::quantize_array<Int<8>>(values, 1.0F, codes), ShapeError);
  quant::PackedTensor<Int<8>> tensor(quant::Shape{4});
  CHECK_THROWS_WITH_AS(quant::encode_tensor(values, tensor), "values is 3, but the tensor's elements is 4",
                       ShapeError);
  CHECK_THROWS_AS(quant::decode_tensor(tensor, floats), ShapeError);
  CHECK_THROWS_AS(quant::quantize_tensor(values, 1.0F, tensor), ShapeError);
  CHECK_THROWS_AS(quant::dequantize_tensor(tensor, 1.0F, floats), ShapeError);
}

}  // namespace
