// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/code_gemm.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/conv2d.hpp>
#include <bitloom/op/dot.hpp>
#include <bitloom/op/fixed_sum.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;
using op::MatrixShape;

static_assert(op::Gemm<op::CodeGemm<E4m3fn>, std::uint8_t, float> &&
              op::Gemm<op::CodeGemm<E4m3fn>, std::uint8_t, Dyadic>);
static_assert(!op::Gemm<op::CodeGemm<E4m3fn>, std::uint8_t, std::int32_t>);
static_assert(op::Gemm<op::CodeGemm<Int<8>, Int<8>, op::Int32Wrap>, std::uint8_t, std::int32_t>);

enum class Codes { All, Finite, Largest };

/// Codes of all kinds; or of numbers; or of the largest magnitude, of either sign.
template <class F>
std::vector<typename F::code_type> random_codes(std::int64_t count, Codes kind, core::Random& random) {
  std::vector<typename F::code_type> codes;
  while (std::ssize(codes) < count) {
    auto code = static_cast<typename F::code_type>(random() & core::low_mask(F::bits));
    const auto x = F::exact(code);
    if (kind == Codes::Largest) {
      code = static_cast<typename F::code_type>(core::low_mask(F::bits - 1));
      if constexpr (requires { F::max_code; }) code = F::max_code;
      if (x.negative) code = static_cast<typename F::code_type>(code | std::uint64_t{1} << (F::bits - 1));
    } else if (!x.is_finite() && (kind == Codes::Finite || random.bernoulli(0.9))) {
      continue;
    }
    codes.push_back(code);
  }
  return codes;
}

bool same(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }
bool same(const Dyadic& a, const Dyadic& b) { return a == b; }
bool same(std::int32_t a, std::int32_t b) { return a == b; }

/// The results of both paths, bit for bit.
template <class F, class G, class A, class Sum>
void check(const MatrixShape& shape, Codes kind, core::Random& random) {
  const auto weights = random_codes<F>(shape.rows * shape.columns, kind, random);
  const auto activations = random_codes<G>(shape.columns * shape.vectors, kind, random);
  std::vector<Sum> result(static_cast<std::size_t>(shape.rows * shape.vectors));
  auto expected = result;
  op::CodeGemm<F, G, A>{}(shape, weights, activations, std::span(result));
  op::PlainCodeGemm<F, G, A>{}(shape, weights, activations, std::span(expected));
  int different = 0;
  for (std::size_t i = 0; i < result.size(); ++i) different += same(result[i], expected[i]) ? 0 : 1;
  CAPTURE(shape.columns);
  CHECK(different == 0);
}

template <class F, class G = F, class A = op::ExactSum<F, G>, class Sum = float>
void check_shapes() {
  core::Random random(101);
  for (const auto kind : {Codes::All, Codes::Finite, Codes::Largest}) {
    check<F, G, A, Sum>({.rows = 13, .columns = 40, .vectors = 35}, kind, random);
    check<F, G, A, Sum>({.rows = 3, .columns = 300, .vectors = 5}, kind, random);
    check<F, G, A, Sum>({.rows = 40, .columns = 19}, kind, random);  // a matrix by a vector
    check<F, G, A, Sum>({.rows = 1, .columns = 9, .vectors = 20}, kind, random);
  }
}

TEST_CASE("the fast path of float32 sums has the bits of the definition") {
  check_shapes<E4m3fn, E4m3fn, op::FloatSum>();
  check_shapes<E5m2, E4m3fn, op::FloatSum, Dyadic>();
  check_shapes<E4m3fnuz, E5m2fnuz, op::FloatMultiplyAdd>();
  check_shapes<E2m1fn, Half, op::FloatSum>();
  check_shapes<Fixed<8, 3>, Fixed<12, 3, Unsigned>, op::FloatSum, Dyadic>();
}

TEST_CASE("float32 sums of products that are no floats have the bits of the definition") {
  check_shapes<Bfloat16, Tf32, op::FloatSum>();
  check_shapes<Bfloat16, Bfloat16, op::FloatMultiplyAdd>();
  check_shapes<Float32, Half, op::FloatSum>();
}

TEST_CASE("BF16 products inside the range of float32 take the fast path, with the bits of the definition") {
  core::Random random(102);
  const MatrixShape shape{.rows = 7, .columns = 50, .vectors = 20};
  const auto codes = [&](std::int64_t count, int lowest, int highest) {
    std::vector<std::uint16_t> result;
    while (std::ssize(result) < count)
      result.push_back(static_cast<std::uint16_t>(
          (random() & 0x807F) | static_cast<std::uint64_t>(random.integer(lowest, highest)) << 7));
    return result;
  };
  // exponents of the operands: at both edges of where products are floats, and beyond
  for (const int exponent : {62, 61, 60, 59, 58, 57, 56, 120, 187, 188, 189, 190, 191, 192}) {
    const auto weights = codes(350, exponent, exponent + 1);
    const auto activations = codes(1000, exponent, exponent + 1);
    std::vector<float> result(140);
    auto expected = result;
    const auto check_sums = [&]<class A>(std::type_identity<A>) {
      op::CodeGemm<Bfloat16, Bfloat16, A>{}(shape, weights, activations, std::span(result));
      op::PlainCodeGemm<Bfloat16, Bfloat16, A>{}(shape, weights, activations, std::span(expected));
      for (std::size_t i = 0; i < result.size(); ++i) REQUIRE(same(result[i], expected[i]));
    };
    check_sums(std::type_identity<op::FloatSum>{});
    check_sums(std::type_identity<op::FloatMultiplyAdd>{});
  }
}

TEST_CASE("the fast paths of exact sums, in float, double or limbs, have the value of the register") {
  check_shapes<E4m3fn, E4m3fn, op::ExactSum<E4m3fn>, Dyadic>();
  check_shapes<E4m3fn, E5m2>();
  check_shapes<E5m2, E5m2, op::ExactSum<E5m2>, Dyadic>();
  check_shapes<E2m1fn>();
  check_shapes<E3m2fn, E2m3fn, op::ExactSum<E3m2fn, E2m3fn>, Dyadic>();
  check_shapes<Half>();
  check_shapes<Fixed<16, 2>, Fixed<8, 2, Unsigned>>();
  check_shapes<Bfloat16, E4m3fn>();
}

TEST_CASE("the other accumulators are served by the definition") {
  check_shapes<E4m3fn, E4m3fn, op::NarrowSum<Half>>();
  check_shapes<E4m3fn, E4m3fn, op::BlockwiseSum<E4m3fn, E4m3fn, 16>>();
  check_shapes<Fixed<8, 4>, Fixed<8, 4>, op::FixedSum<Fixed<12, 6>, ApFixed>>();
  check_shapes<E2m1fn, E2m1fn, op::ExactSum<E4m3fn>>();  // a register that is wider than it has to be
}

TEST_CASE("integer products are 32-bit integers, whatever the accumulator") {
  core::Random random(103);
  const MatrixShape shape{.rows = 6, .columns = 100, .vectors = 9};
  check<Int<8>, Int<8>, op::ExactSum<Int<8>>, std::int32_t>(shape, Codes::All, random);
  check<Int<8>, Int<8, Unsigned>, op::Int32Wrap, std::int32_t>(shape, Codes::All, random);
  check<Int<8>, Int<8>, op::IntegerSum<16, Wrap>, std::int32_t>(shape, Codes::All, random);
  check<Int<4>, Int<8>, op::IntegerSum<12, Saturate>, std::int32_t>(shape, Codes::All, random);
  check<Int<8>, Int<8>, op::FloatSum, std::int32_t>(shape, Codes::All, random);
}

/// Sums of `terms` largest products: all of them; and with the smallest in the end, of either sign.
template <class F>
void check_largest(std::int64_t terms) {
  auto a = std::vector<typename F::code_type>(static_cast<std::size_t>(terms), F::max_code);
  auto b = a;
  const MatrixShape shape{.rows = 1, .columns = terms};
  std::vector<Dyadic> sum(1);
  op::CodeGemm<F>{}(shape, a, b, std::span(sum));
  const double largest = F::max() * F::max();
  CAPTURE(terms);
  CHECK(to_double(sum[0]) == static_cast<double>(terms) * largest);
  CHECK(sum[0] == op::dot<F, F>(a, b));
  b.back() = 1;
  for (const int smallest : {1, 1 + (1 << (F::bits - 1))}) {
    a.back() = static_cast<typename F::code_type>(smallest);
    op::CodeGemm<F>{}(shape, a, b, std::span(sum));
    CHECK(sum[0] == op::dot<F, F>(a, b));
  }
}

TEST_CASE("the largest sums are exact at the very number of terms where a path ends") {
  for (const int off : {-1, 0, 1}) {
    check_largest<E2m1fn>((1 << 16) + off);  // 8 + 16 bits: the end of float
    check_largest<E3m2fn>((1 << 6) + off);   // 18 + 6
    check_largest<E2m3fn>((1 << 12) + off);  // 12 + 12
    check_largest<E4m3fn>((1 << 17) + off);  // 36 + 17: the end of double
    check_largest<E5m2>((1 << 4) + off);
    check_largest<E4m3>((1 << 5) + off);
  }
  check_largest<E2m1fn>(1 << 17);
  check_largest<E4m3fn>(1 << 18);
}

TEST_CASE("there are more limbs where two of them would leave too few bits for the terms") {
  // 2047 · 2^-15 fills the upper half of Half's lower limb, 2^-24 is its lowest bit
  for (const std::int64_t terms : {1 << 13, 1 << 14}) {
    std::vector<std::uint16_t> a(static_cast<std::size_t>(terms), 0x2BFF);
    a.back() = 1;
    std::vector<Dyadic> sum(1);
    op::CodeGemm<Half>{}({.rows = 1, .columns = terms}, a, a, std::span(sum));
    CHECK(sum[0] == op::dot<Half, Half>(a, a));
  }
}

TEST_CASE("an exact sum that its register cannot hold is refused on the fast path as well") {
  const std::vector<std::uint8_t> largest(40, E4m3fn::max_code);
  std::vector<float> sum(1);
  const op::CodeGemm<E4m3fn, E4m3fn, op::ExactSum<E4m3fn, E4m3fn, 2>> gemm;
  CHECK_NOTHROW(gemm({.rows = 1, .columns = 4}, std::span(largest).first(4), std::span(largest).first(4),
                     std::span(sum)));
  CHECK_THROWS_AS(gemm({.rows = 1, .columns = 40}, largest, largest, std::span(sum)), RangeError);
  CHECK_THROWS_AS(gemm({.rows = 2, .columns = 40}, largest, largest, std::span(sum)), ShapeError);
}

TEST_CASE("a convolution of codes sums the products of its window, and is padded with zeros") {
  core::Random random(104);
  const op::ConvGeometry g{
      .input = {2, 5, 4}, .out_channels = 3, .window = {.kernel = 3, .stride = 2, .padding = 1}};
  const auto weights = random_codes<E4m3fn>(g.out_channels * g.patch(), Codes::Finite, random);
  const auto images = random_codes<Half>(2 * g.input.size(), Codes::Finite, random);
  const auto out = g.output();
  std::vector<Dyadic> result(static_cast<std::size_t>(2 * out.size()));
  op::conv2d<std::uint8_t, Dyadic, std::uint16_t>(op::CodeGemm<E4m3fn, Half>{}, g, 2, weights, images,
                                                  std::span(result));
  std::size_t index = 0;
  for (std::int64_t n = 0; n < 2; ++n)
    for (std::int64_t m = 0; m < g.out_channels; ++m)
      for (std::int64_t p = 0; p < out.height; ++p)
        for (std::int64_t q = 0; q < out.width; ++q) {
          op::ExactSum<E4m3fn, Half> sum;
          for (std::int64_t c = 0; c < 2; ++c)
            for (std::int64_t r = 0; r < 3; ++r)
              for (std::int64_t s = 0; s < 3; ++s) {
                const auto y = 2 * p + r - 1;
                const auto x = 2 * q + s - 1;
                if (y < 0 || y >= 5 || x < 0 || x >= 4) continue;
                const auto w = weights[static_cast<std::size_t>(((m * 2 + c) * 3 + r) * 3 + s)];
                const auto a = images[static_cast<std::size_t>(((n * 2 + c) * 5 + y) * 4 + x)];
                sum.add(product(E4m3fn::exact(w), Half::exact(a)));
              }
          REQUIRE(result[index++] == sum.value());
        }
}

}  // namespace
