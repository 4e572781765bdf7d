// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/plain_code_gemm.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/dot.hpp>
#include <bitloom/op/fixed_sum.hpp>
#include <bitloom/op/gemm.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;
using op::MatrixShape;

using Plain = op::PlainCodeGemm<E4m3fn, Half>;
static_assert(op::Gemm<Plain, std::uint8_t, float, std::uint16_t> &&
              op::Gemm<Plain, std::uint8_t, Dyadic, std::uint16_t>);
static_assert(!op::Gemm<Plain, std::uint8_t, float, std::uint8_t> &&
              !op::Gemm<Plain, std::uint8_t, std::int32_t, std::uint16_t>);
static_assert(op::Gemm<op::PlainCodeGemm<Int<4>>, std::uint8_t, std::int32_t>);
static_assert(op::MatrixFormats<E5m2, Fixed<8, 4>> && !op::MatrixFormats<E8m0fnu, E5m2>);

TEST_CASE("every result is the dot product of a row and a column, delivered as wanted") {
  core::Random random(91);
  const MatrixShape shape{.rows = 5, .columns = 9, .vectors = 4};
  std::vector<std::uint8_t> weights(45);
  std::vector<std::uint16_t> activations(36);
  for (auto& code : weights) code = static_cast<std::uint8_t>(random());
  for (auto& code : activations) code = static_cast<std::uint16_t>(random());
  const auto check = [&]<class A>(std::type_identity<A>) {
    std::vector<float> floats(20);
    std::vector<Dyadic> values(20);
    const op::PlainCodeGemm<E4m3fn, Half, A> gemm;
    gemm(shape, weights, activations, std::span(floats));
    gemm(shape, weights, activations, std::span(values));
    for (std::size_t r = 0; r < 5; ++r)
      for (std::size_t v = 0; v < 4; ++v) {
        std::vector<std::uint16_t> column;
        for (std::size_t c = 0; c < 9; ++c) column.push_back(activations[c * 4 + v]);
        const auto sum = op::dot<E4m3fn, Half, A>(std::span(weights).subspan(r * 9, 9), column);
        CHECK(values[r * 4 + v] == sum);
        const auto bits = Float32::encode<NearestEven, OverflowToInfinity>(sum);
        CHECK(std::bit_cast<std::uint32_t>(floats[r * 4 + v]) == bits);
      }
  };
  check(std::type_identity<op::ExactSum<E4m3fn, Half>>{});
  check(std::type_identity<op::FloatSum>{});
  check(std::type_identity<op::FloatTree>{});
  check(std::type_identity<op::NarrowSum<Half, Ieee754>>{});
  check(std::type_identity<op::BlockwiseSum<E4m3fn, Half, 4>>{});
}

TEST_CASE("sums are delivered as floats with one rounding, as integers exactly, and as they are") {
  const Dyadic tie{.significand = (1U << 24) + 1};
  CHECK(op::deliver<float>(tie) == 0x1p24F);
  CHECK(op::deliver<float>({.significand = (1U << 24) + 1, .sticky = true}) == 0x1.000002p24F);
  CHECK(std::isinf(op::deliver<float>({.significand = 1, .exponent = 128})));
  CHECK(op::deliver<Dyadic>(tie) == tie);
  CHECK(op::deliver<std::int32_t>({.significand = 3, .exponent = 4, .negative = true}) == -48);
  CHECK(op::deliver<std::int32_t>({.significand = 12, .exponent = -2}) == 3);
  CHECK(op::deliver<std::int32_t>({.significand = 1, .exponent = 31, .negative = true}) == INT32_MIN);
  CHECK(op::deliver<std::int32_t>({.significand = (1U << 31) - 1}) == INT32_MAX);
  for (const Dyadic& x :
       {Dyadic{.significand = 1, .exponent = 31}, Dyadic{.significand = 1, .exponent = 100},
        Dyadic{.significand = (1U << 31) + 1, .negative = true}, Dyadic{.significand = 1, .exponent = -1},
        Dyadic{.significand = 1, .exponent = -100}, Dyadic{.kind = Dyadic::Kind::Nan},
        Dyadic{.kind = Dyadic::Kind::Infinite}})
    CHECK_THROWS_WITH_AS(static_cast<void>(op::deliver<std::int32_t>(x)),
                         "result: a sum is not an integer of 32 bits", RangeError);
}

TEST_CASE("spans that do not fit the shape, and integers of more than 32 bits, are refused") {
  const op::PlainCodeGemm<Int<16>> gemm;
  const std::vector<std::uint16_t> codes(4, 0x8000);
  std::vector<std::int32_t> result(1);
  const auto run = [&](std::int64_t terms, std::size_t a, std::size_t b, std::size_t r) {
    gemm({.rows = 1, .columns = terms}, std::span(codes).first(a), std::span(codes).first(b),
         std::span(result).first(r));
  };
  CHECK_NOTHROW(run(1, 1, 1, 1));
  CHECK(result[0] == 1 << 30);
  CHECK_THROWS_AS(run(2, 2, 2, 1), RangeError);  // 2^31
  CHECK_THROWS_WITH_AS(run(2, 1, 2, 1), "weights is 1, but rows x columns is 2", ShapeError);
  CHECK_THROWS_AS(run(2, 2, 3, 1), ShapeError);
  CHECK_THROWS_AS(run(2, 2, 2, 0), ShapeError);
  CHECK_THROWS_AS(run(0, 0, 0, 1), ShapeError);
}

}  // namespace
