// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/mx_scale.hpp>

#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/e8m0.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::quant;

static_assert(ScaleRule<ScaleFloor> && ScaleRule<ScaleToMax> && !ScaleRule<int>);
static_assert(BlockNanPolicy<NanBlock> && !BlockNanPolicy<int>);

template <int Bits>
concept HasScaleBits = requires {
  typename ScaleBits<Bits>;
};
static_assert(HasScaleBits<2> && HasScaleBits<8> && !HasScaleBits<1> && !HasScaleBits<9>);

template <class Rule, class E>
int exponent(double largest) {
  return Rule::template exponent<E>(format::to_dyadic(largest));
}

TEST_CASE("the scale rules differ where they should") {
  CHECK(exponent<ScaleFloor, MxFp4>(4.0) == 0);
  CHECK(exponent<ScaleCeil, MxFp4>(4.0) == 0);
  CHECK(exponent<ScaleFloor, MxFp4>(6.5) == 0);
  CHECK(exponent<ScaleCeil, MxFp4>(6.5) == 1);
  CHECK(exponent<ScaleToMax, MxFp4>(6.0) == 0);
  CHECK(exponent<ScaleToMax, MxFp4>(6.5) == 1);
  CHECK(exponent<ScaleEven, MxFp4>(6.9) == 0);
  CHECK(exponent<ScaleEven, MxFp4>(7.0) == 1);  // a tie at one fraction bit goes to 8
  CHECK(exponent<ScaleFloor, MxFp4>(static_cast<double>(127.99999F)) == 4);  // next to a power of two
}

TEST_CASE_TEMPLATE("the rule that clips nothing is the tightest such", E, MxFp8E4m3, MxFp8E5m2, MxFp6E3m2,
                   MxFp6E2m3, MxFp4, MxInt8, MxInt<4>, MxInt<2>) {
  core::Random random(9);
  const double max = format::to_double(E::max());
  for (int i = 0; i < 2000; ++i) {
    const double largest = std::ldexp(1 + random.uniform(), static_cast<int>(random.integer(-140, 126)));
    const int e = exponent<ScaleToMax, E>(largest);
    CHECK(std::ldexp(largest, -e) <= max);
    CHECK(std::ldexp(largest, 1 - e) > max);
    CHECK(exponent<ScaleFloor, E>(largest) <= e);
    CHECK(e <= exponent<ScaleCeil, E>(largest));
  }
  CHECK(exponent<ScaleToMax, E>(max) == 0);
}

TEST_CASE("a scale of 8 bits is E8M0") {
  using Scale = ScaleBits<8>;
  static_assert(Scale::bias == 127 && Scale::nan_code == format::E8m0fnu::nan_code);
  for (int code = 0; code < 256; ++code)
    CHECK(Scale::exact(static_cast<std::uint8_t>(code)) ==
          format::E8m0fnu::exact(static_cast<std::uint8_t>(code)));
}

TEST_CASE("scales of every width count up from their lowest exponent, and end in NaN") {
  const auto check = []<int Bits>(std::integral_constant<int, Bits>) {
    using Scale = ScaleBits<Bits>;
    for (int e = -Scale::bias; e <= Scale::bias; ++e) {
      CHECK(Scale::code(e) == e + Scale::bias);
      CHECK(format::to_double(Scale::exact(Scale::code(e))) == std::ldexp(1.0, e));
    }
    CHECK(Scale::nan_code == Scale::code(Scale::bias) + 1);
    CHECK(Scale::exact(Scale::nan_code).kind == format::Dyadic::Kind::Nan);
  };
  check(std::integral_constant<int, 2>{});
  check(std::integral_constant<int, 5>{});
  check(std::integral_constant<int, 7>{});
}

TEST_CASE("each policy of a block is of one kind") {
  using Kinds = PolicyKinds<ScaleRuleKind, ScaleBitsKind, ScaleOverflowKind, BlockNanKind, SubnormalBlockKind,
                            BlockShapeKind>;
  static_assert(
      Kinds::cover<ScaleEven, ScaleBits<5>, NanAboveScale, NanBlockError, FlushSubnormalBlocks, Along<16>>);
  static_assert(Kinds::distinguish<ScaleEven, ScaleBits<5>, NanAboveScale, NanBlockError,
                                   FlushSubnormalBlocks, Along<16>>);
  static_assert(!Kinds::distinguish<ScaleEven, ScaleFloor> && !Kinds::cover<format::E8m0fnu>);
}

}  // namespace
