// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/dot.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom;
using format::E4m3fn;
using format::E5m2;

static_assert(op::Accumulator<op::FloatSum> && op::Accumulator<op::FloatTree>);
static_assert(op::Accumulator<op::ExactSum<E4m3fn, E5m2>> && !op::Accumulator<float>);

std::vector<std::uint8_t> random_codes(std::int64_t count, core::Random& random) {
  std::vector<std::uint8_t> codes;
  while (std::ssize(codes) < count)
    if (const auto code = static_cast<std::uint8_t>(random.integer(0, 255)); !E4m3fn::is_nan(code))
      codes.push_back(code);
  return codes;
}

TEST_CASE("the exact sum equals integers in units of the lowest bit, whatever the order") {
  core::Random random(51);
  for (int n = 0; n < 200; ++n) {
    auto a = random_codes(random.integer(1, 300), random);
    auto b = random_codes(std::ssize(a), random);
    std::int64_t units = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      units += static_cast<std::int64_t>(E4m3fn::decode(a[i]) * 512) *
               static_cast<std::int64_t>(E4m3fn::decode(b[i]) * 512);
    using Exact = op::ExactSum<E4m3fn, E4m3fn>;
    const auto sum = op::dot<E4m3fn, E4m3fn, Exact>(a, b);
    REQUIRE(format::to_double(sum) == static_cast<double>(units) * 0x1p-18);
    std::vector<std::uint8_t> reversed_a(a.rbegin(), a.rend()), reversed_b(b.rbegin(), b.rend());
    REQUIRE(op::dot<E4m3fn, E4m3fn, Exact>(reversed_a, reversed_b) == sum);
  }
}

TEST_CASE("float sums are those of the loops that they stand for") {
  core::Random random(52);
  for (int n = 0; n < 200; ++n) {
    const auto a = random_codes(random.integer(1, 70), random);
    const auto b = random_codes(std::ssize(a), random);
    std::vector<float> terms;
    float sequential = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      terms.push_back(static_cast<float>(E4m3fn::decode(a[i]) * E4m3fn::decode(b[i])));
      sequential += terms.back();
    }
    REQUIRE(format::to_double(op::dot<E4m3fn, E4m3fn, op::FloatSum>(a, b)) ==
            static_cast<double>(sequential));
    const auto tree = [&](auto self, std::size_t first,
                          std::size_t width) -> float {  // width: a power of two
      if (first >= terms.size()) return 0.0F;
      if (width == 1) return terms[first];
      return self(self, first, width / 2) + self(self, first + width / 2, width / 2);
    };
    REQUIRE(format::to_double(op::dot<E4m3fn, E4m3fn, op::FloatTree>(a, b)) ==
            static_cast<double>(tree(tree, 0, 128)));
  }
}

TEST_CASE("an empty sum is +0, and vectors of different lengths are refused") {
  const std::vector<std::uint8_t> none, one{0x38};
  CHECK(op::dot<E4m3fn, E5m2, op::FloatTree>(none, none) == format::to_dyadic(0.0F));
  CHECK(op::dot<E4m3fn, E5m2, op::ExactSum<E4m3fn, E5m2>>(none, none).is_zero());
  CHECK_THROWS_AS(static_cast<void>(op::dot<E4m3fn, E5m2, op::FloatSum>(one, none)), ShapeError);
}

}  // namespace
