// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/block_dot.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/fixed_sum.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::format;
using op::MxVector;
using op::Nvfp4Vector;

/// A vector with its data.
template <class V>
struct Data;
template <class E, class S, std::int64_t Size>
struct Data<op::BlockVector<E, S, Size>> {
  std::vector<std::uint8_t> scales;
  std::vector<typename E::code_type> codes;

  /// Finite elements, and scales from lowest to highest.
  Data(std::int64_t count, std::uint8_t lowest, std::uint8_t highest, core::Random& random) {
    while (std::ssize(codes) < count) {
      const auto code = static_cast<typename E::code_type>(random() & core::low_mask(E::bits));
      if (E::exact(code).is_finite()) codes.push_back(code);
    }
    for (std::int64_t i = 0; i < core::ceil_div(count, Size); ++i)
      scales.push_back(static_cast<std::uint8_t>(random.integer(lowest, highest)));
  }
  [[nodiscard]] op::BlockVector<E, S, Size> view() const { return {scales, codes}; }
  [[nodiscard]] double element(std::size_t i) const { return to_double(E::exact(codes[i])); }
  [[nodiscard]] double scale(std::size_t i) const { return to_double(S::exact(scales[i / Size])); }
};

std::uint32_t bits_of(const Dyadic& x) { return Float32::encode<NearestEven, OverflowToInfinity>(x); }

TEST_CASE_TEMPLATE("an MX dot product sums blocks as integers, scales them, and rounds once a block", E,
                   E4m3fn, E3m2fn, E2m3fn, E2m1fn, Fixed<8, 2>, Fixed<4, 2>) {
  core::Random random(111);
  constexpr double unit = 0x1p18;  // products are integers in units of 2^-18
  for (int n = 0; n < 200; ++n) {
    const auto count = random.integer(1, 150);
    const Data<MxVector<E>> a(count, 120, 128, random);
    const Data<MxVector<E2m1fn>> b(count, 120, 128, random);
    float by_block = 0;
    float by_product = 0;
    double exact = 0;
    std::int64_t block = 0;
    for (std::size_t i = 0; i < a.codes.size(); ++i) {
      const double product = a.element(i) * b.element(i);
      block += static_cast<std::int64_t>(product * unit);
      const double scale = a.scale(i) * b.scale(i);
      by_product += static_cast<float>(product * scale);
      exact += product * scale;
      if (i % 32 == 31 || i + 1 == a.codes.size()) {
        // 53 bits hold the sum so far and the block: neither is finer than 2^-32 nor beyond 2^20
        by_block =
            static_cast<float>(static_cast<double>(by_block) + static_cast<double>(block) / unit * scale);
        block = 0;
      }
    }
    REQUIRE(bits_of(op::block_dot(a.view(), b.view())) == std::bit_cast<std::uint32_t>(by_block));
    const auto products = op::block_dot<op::ScaleProducts>(a.view(), b.view());
    REQUIRE(bits_of(products) == std::bit_cast<std::uint32_t>(by_product));
    using Exact = op::ExactMxSum<E, E2m1fn>;
    REQUIRE(to_double(op::block_dot(a.view(), b.view(), Exact{})) == exact);
    REQUIRE(to_double(op::block_dot<op::ScaleProducts>(a.view(), b.view(), Exact{})) == exact);
  }
}

TEST_CASE("blocks of E5M2 by E5M2, of up to 70 bits, are rounded once as well") {
  core::Random random(112);
  using Exact = op::ExactMxSum<E5m2>;
  for (int n = 0; n < 300; ++n) {
    const Data<MxVector<E5m2>> a(64, 0, 254, random);
    const Data<MxVector<E5m2>> b(64, 0, 254, random);
    // each block by the register for all scales: exact, then rounded; the first one's float goes into the second
    const auto part = [](const Data<MxVector<E5m2>>& x, std::size_t first) {
      return MxVector<E5m2>{std::span(x.scales).subspan(first, 1),
                            std::span(x.codes).subspan(first * 32, 32)};
    };
    const auto first = bits_of(op::block_dot<op::ScaleProducts>(part(a, 0), part(b, 0), Exact{}));
    Kulisch<-400, 900> begun;
    begun.add(Float32::exact(first));
    const auto second = op::block_dot<op::ScaleProducts>(part(a, 1), part(b, 1), begun);
    REQUIRE(bits_of(op::block_dot(a.view(), b.view())) == bits_of(second));
    // an exact accumulator does not care for the order
    REQUIRE(op::block_dot(a.view(), b.view(), Exact{}) ==
            op::block_dot<op::ScaleProducts>(a.view(), b.view(), Exact{}));
  }
}

TEST_CASE("the lowest bit of a block of 70 bits remains when the sum before takes away the highest") {
  const std::vector<std::uint8_t> scales(2, 127);
  std::vector<std::uint8_t> a(64, E5m2::max_code);
  std::vector<std::uint8_t> b(64, E5m2::max_code);
  for (std::size_t i = 0; i < 32; ++i) b[i] |= 0x80;
  for (const std::size_t i : {0U, 32U}) a[i] = b[i] = 1;  // 2^-32
  const auto sum = op::block_dot(MxVector<E5m2>{scales, a}, MxVector<E5m2>{scales, b});
  CHECK(to_double(sum) == 0x1p-32);  // 2^-32 was lost in the first block
}

TEST_CASE("any accumulator takes the blocks") {
  core::Random random(113);
  const Data<MxVector<E2m1fn>> a(96, 125, 129, random);
  const Data<MxVector<E4m3fn>> b(96, 125, 129, random);
  std::vector<float> blocks(3);
  for (std::size_t i = 0; i < 96; ++i)
    blocks[i / 32] +=
        static_cast<float>(a.element(i) * b.element(i) * a.scale(i) * b.scale(i));  // exact in 24 bits
  const double sum =
      static_cast<double>(blocks[0]) + static_cast<double>(blocks[1]) + static_cast<double>(blocks[2]);
  CHECK(to_double(op::block_dot(a.view(), b.view(), op::FloatTree{})) ==
        static_cast<double>((blocks[0] + blocks[1]) + (blocks[2] + 0.0F)));
  CHECK(to_double(op::block_dot(a.view(), b.view(), op::FixedSum<Fixed<60, 40>>{})) == sum);
  op::NarrowSum<Half> half;
  for (const float block : blocks) half.add(to_dyadic(block));
  CHECK(op::block_dot(a.view(), b.view(), op::NarrowSum<Half>{}) == half.value());
}

TEST_CASE("a scale that is NaN, and an element that is, make the sum NaN; infinities stay") {
  std::vector<std::uint8_t> scales{127, 127};
  std::vector<std::uint8_t> codes(40, 0x3C);  // ones
  const std::vector<std::uint8_t> other_scales{127, 0};
  const std::vector<std::uint8_t> zeros(40, 0);
  const auto dot = [&](const std::vector<std::uint8_t>& b) {
    return to_double(op::block_dot(MxVector<E5m2>{scales, codes}, MxVector<E5m2>{other_scales, b}));
  };
  CHECK(dot(codes) == 32 + 8 * 0x1p-127);  // a float subnormal is kept, and lost in the sum
  CHECK(dot(zeros) == 0);
  codes[35] = 0x7C;
  CHECK(dot(std::vector<std::uint8_t>(40, 0xBC)) == -INFINITY);
  CHECK(std::isnan(dot(zeros)));
  codes[35] = 0x7E;
  CHECK(std::isnan(dot(std::vector<std::uint8_t>(40, 0x3C))));
  codes[35] = 0x3C;
  scales[1] = 255;
  CHECK(std::isnan(dot(codes)));
  CHECK(std::isnan(dot(zeros)));
}

TEST_CASE("an NVFP4 dot product is that of its definition") {
  core::Random random(114);
  for (int n = 0; n < 300; ++n) {
    const auto count = random.integer(1, 100);
    const Data<Nvfp4Vector> a(count, 0, 0x7E, random);
    const Data<Nvfp4Vector> b(count, 0, 0x7E, random);
    float sum = 0;
    std::int32_t block = 0;  // in quarters
    for (std::size_t i = 0; i < a.codes.size(); ++i) {
      block += static_cast<std::int32_t>(4 * a.element(i) * b.element(i));
      if (i % 16 != 15 && i + 1 != a.codes.size()) continue;
      sum += static_cast<float>(block) * 0.25F *
             static_cast<float>(a.scale(i) * b.scale(i));  // 12 and 8 bits: exact
      block = 0;
    }
    REQUIRE(to_double(op::block_dot(a.view(), b.view())) == static_cast<double>(sum));
    const auto largest_a = static_cast<float>(random.uniform() * 100);
    const auto largest_b = static_cast<float>(random.uniform() * 100);
    REQUIRE(op::nvfp4_dot(a.view(), largest_a, b.view(), largest_b) ==
            sum * ((largest_a / 2688.0F) * (largest_b / 2688.0F)));
    REQUIRE(op::nvfp4_dot(a.view(), 0.0F, b.view(), largest_b) == sum * (largest_b / 2688.0F));
  }
}

TEST_CASE("scales of NVFP4 may be negative or NaN") {
  const std::vector<std::uint8_t> codes(16, 0x2);  // ones
  const auto dot = [&](std::uint8_t left, std::uint8_t right) {
    return to_double(
        op::block_dot(Nvfp4Vector{std::span(&left, 1), codes}, Nvfp4Vector{std::span(&right, 1), codes}));
  };
  CHECK(dot(0x38, 0x40) == 32);
  CHECK(dot(0xB8, 0x40) == -32);
  CHECK(dot(0x7E, 0x7E) == 16 * 448.0 * 448.0);
  CHECK(dot(0x01, 0x01) == 16 * 0x1p-18);
  CHECK(std::isnan(dot(0x7F, 0x00)));
}

TEST_CASE("vectors of different lengths, and missing scales, are refused") {
  const std::vector<std::uint8_t> scales(3, 127);
  const std::vector<std::uint8_t> codes(64);
  const auto run = [&](std::size_t a, std::size_t b, std::size_t left, std::size_t right) {
    return op::block_dot(MxVector<E4m3fn>{std::span(scales).first(left), std::span(codes).first(a)},
                         MxVector<E4m3fn>{std::span(scales).first(right), std::span(codes).first(b)});
  };
  CHECK_NOTHROW(run(64, 64, 2, 2));
  CHECK_NOTHROW(run(33, 33, 2, 2));
  CHECK(run(0, 0, 0, 0).is_zero());
  CHECK_THROWS_WITH_AS(run(64, 63, 2, 2), "left codes is 64, but right codes is 63", ShapeError);
  CHECK_THROWS_WITH_AS(run(64, 64, 1, 2), "left scales is 1, but the vector's blocks is 2", ShapeError);
  CHECK_THROWS_WITH_AS(run(64, 64, 2, 3), "right scales is 3, but the vector's blocks is 2", ShapeError);
}

}  // namespace
