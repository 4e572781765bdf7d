// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/number.hpp>

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <unordered_set>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom::format;

static_assert(std::is_trivially_copyable_v<Number<E4m3fn>> && sizeof(Number<E4m3fn>) == 1);
static_assert(sizeof(Number<Half>) == 2 && sizeof(Number<Tf32>) == 4);
static_assert((Number<E4m3fn>(1.5) + Number<E4m3fn>(0.25)).value() == 1.75);
static_assert(sqrt(Number<E4m3fn>(2.0)).value() == 1.375);

template <class F>
concept HasNumber = requires {
  typename Number<F>;
};
static_assert(HasNumber<Int<32>> && !HasNumber<Int<32, Unsigned>>);
static_assert(HasNumber<Fixed<32, 0>> && !HasNumber<Fixed<32, -1>> && !HasNumber<Fixed<33, 0>>);

/// The code of a double that is the exact result or far from every tie, NaN as one code.
template <class F, class C>
typename F::code_type rounded(double x) {
  return encode_by<F, C>(to_dyadic(x));
}

template <class N>
bool same(const N& ours, double exact) {
  const auto expected = N(exact);
  return is_nan(ours) ? is_nan(expected) : ours.code() == expected.code();
}

struct IeeeDown : Ieee754 {
  using rounding = Down;
};
struct IeeeUp : Ieee754 {
  using rounding = Up;
};
struct IeeeTowardZero : Ieee754 {
  using rounding = TowardZero;
};

}  // namespace

TEST_CASE_TEMPLATE("arithmetic of 8-bit floats is the exact result rounded once, for every pair", N,
                   Number<E4m3fn, Ieee754>, Number<E5m2, Ieee754>, Number<E4m3fnuz, Ieee754>,
                   Number<E3m4, IeeeUp>, Number<E4m3b11fnuz, IeeeTowardZero>, Number<E5m2, MlDtypes>) {
  std::int64_t wrong = 0;
  for (unsigned i = 0; i < 256; ++i)
    for (unsigned j = 0; j < 256; ++j) {
      const auto a = N::from_code(static_cast<std::uint8_t>(i));
      const auto b = N::from_code(static_cast<std::uint8_t>(j));
      const double x = a.value();
      const double y = b.value();
      const double quotient = x / y;  // of 4-bit significands: a tie is exact, the rest is far from one
      wrong += !same(a + b, x + y) + !same(a - b, x - y) + !same(a * b, x * y) + !same(a / b, quotient);
      wrong += (a < b) != (x < y) || (a == b) != (x == y) || (a >= b) != (x >= y);
      if (!std::isnan(x) && !std::isnan(y))
        wrong += minimum(a, b).value() != std::fmin(x, y) || maximum(a, b).value() != std::fmax(x, y);
      else
        wrong += !is_nan(minimum(a, b)) + !is_nan(maximum(a, b));
    }
  for (unsigned i = 0; i < 256; ++i) {
    const auto a = N::from_code(static_cast<std::uint8_t>(i));
    wrong += !same(sqrt(a), std::sqrt(a.value()));
    wrong += !same(abs(a), std::abs(a.value()));
  }
  CHECK(wrong == 0);
}

TEST_CASE("fused multiply-add of FP4 rounds once, for every triple") {
  using N = Number<E2m1fn>;
  std::int64_t wrong = 0;
  for (unsigned i = 0; i < 4096; ++i) {
    const auto a = N::from_code(i & 15);
    const auto b = N::from_code((i >> 4) & 15);
    const auto c = N::from_code(static_cast<std::uint8_t>(i >> 8));
    wrong += !same(fma(a, b, c), a.value() * b.value() + c.value());
  }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("scalars of binary32 equal the processor's floats in its four rounding modes", C, Ieee754,
                   IeeeDown, IeeeUp, IeeeTowardZero) {
  using N = Number<Float32, C>;
  const int mode = std::is_same_v<C, Ieee754>    ? FE_TONEAREST
                   : std::is_same_v<C, IeeeDown> ? FE_DOWNWARD
                   : std::is_same_v<C, IeeeUp>   ? FE_UPWARD
                                                 : FE_TOWARDZERO;
  bitloom::core::Random random(7);
  std::int64_t wrong = 0;
  const auto number = [&] {
    const auto bits = random();
    // a third have close exponents, so that sums cancel; a third are near the ends
    if (bits % 3 == 0) return static_cast<std::uint32_t>((bits >> 32) & 0x81FFFFFF) | 0x3F000000U;
    if (bits % 3 == 1)
      return static_cast<std::uint32_t>((bits >> 32) & 0x80FFFFFF) | (bits & 8 ? 0x7F000000U : 0U);
    return static_cast<std::uint32_t>(bits >> 32);
  };
  for (int i = 0; i < 60000; ++i) {
    const auto a = N::from_code(number());
    const auto b = N::from_code(i % 50 == 0 ? a.code() ^ 0x80000000U : number());
    const auto c = N::from_code(number());
    volatile float x = std::bit_cast<float>(a.code());
    volatile float y = std::bit_cast<float>(b.code());
    volatile float z = std::bit_cast<float>(c.code());
    std::fesetround(mode);
    volatile float results[]{x + y, x - y, x * y, x / y, std::sqrt(x), std::fma(x, y, z)};
    std::fesetround(FE_TONEAREST);
    const N ours[]{a + b, a - b, a * b, a / b, sqrt(a), fma(a, b, c)};
    for (int k = 0; k < 6; ++k) {
      const float theirs = results[k];
      wrong += std::isnan(theirs) ? !is_nan(ours[k]) : ours[k].code() != std::bit_cast<std::uint32_t>(theirs);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("integers and fixed point round and fit like any format, for every pair") {
  using N = Number<Int<4>>;
  using U = Number<Fixed<5, 2, Unsigned>>;
  std::int64_t wrong = 0;
  for (unsigned i = 0; i < 16; ++i)
    for (unsigned j = 0; j < 16; ++j) {
      const auto a = N::from_code(static_cast<std::uint8_t>(i));
      const auto b = N::from_code(static_cast<std::uint8_t>(j));
      wrong += !same(a + b, a.value() + b.value()) + !same(a * b, a.value() * b.value());
      if (j != 0) wrong += !same(a / b, a.value() / b.value());
    }
  for (unsigned i = 0; i < 32; ++i)
    for (unsigned j = 0; j < 32; ++j) {
      const auto a = U::from_code(static_cast<std::uint8_t>(i));
      const auto b = U::from_code(static_cast<std::uint8_t>(j));
      wrong += !same(a - b, a.value() - b.value()) + !same(a * b, a.value() * b.value());
      if (j != 0) wrong += !same(a / b, a.value() / b.value());
      wrong += !same(sqrt(a), std::sqrt(a.value()));
    }
  CHECK(wrong == 0);
  CHECK_THROWS_AS((void)(N(1) / N(0)), bitloom::RangeError);
  CHECK_THROWS_AS((void)sqrt(N(-1)), bitloom::RangeError);
  CHECK((Number<Int<4>, ApFixed>(7) + Number<Int<4>, ApFixed>(1)).value() == -8);  // wraps
  // the widest operands
  using Wide = Number<Int<32>, ApFixed>;
  CHECK((Wide(INT32_MIN) * Wide(INT32_MIN)).value() == 0);
  CHECK(fma(Wide(INT32_MIN), Wide(INT32_MIN), Wide(-5)).value() == -5);
  using Small = Number<Fixed<32, 0>>;
  const auto unit = Small::from_code(1);
  CHECK((unit / Small::from_code(3)).code() == 0x55555555);
  CHECK(sqrt(unit).code() == 0x10000);
  CHECK(sqrt(Small::from_code(2)).code() == 0x16A0A);
}

TEST_CASE("numbers convert to and from integers and other formats with one rounding") {
  using N = Number<E5m2>;
  CHECK(N(5).value() == 5);
  CHECK(N(std::uint64_t{1} << 63).value() == 57344);
  CHECK(N(INT64_MIN).value() == -57344);
  CHECK(N(Number<Half>(1.13)).value() == 1.25);
  CHECK(N(-3.5).to_integer<Int<8>>() == -3);
  CHECK(N(1000.0).to_integer<Int<8>>() == 127);
  CHECK(N(1024.0 + 256).to_integer<Int<8, Unsigned>, Wrap>() == 0);
  CHECK(N(320.0).to_integer<Int<8, Unsigned>, Wrap>() == 64);
  using I = Number<E5m2, Ieee754>;
  CHECK(I(-std::numeric_limits<double>::infinity()).to_integer<Int<8>>() == -128);
  CHECK_THROWS_AS((void)I(std::nan("")).to_integer<Int<8>>(), bitloom::RangeError);
  CHECK(N::from_code(0xFF).code() == 0xFF);
  CHECK(Number<E2m1fn>::from_code(0xFF).code() == 0xF);
}

TEST_CASE("equal numbers have equal hashes") {
  const auto zero = Number<E4m3fn>(0.0);
  const auto minus_zero = -zero;
  CHECK(minus_zero.code() == 0x80);
  CHECK(zero == minus_zero);
  std::unordered_set<Number<E4m3fn>> set{zero, minus_zero, Number<E4m3fn>(1), Number<E4m3fn>(2)};
  CHECK(set.size() == 3);
  CHECK(hash_value<E5m2>(0x7D) == hash_value<E5m2>(0xFF));
  CHECK(-Number<E4m3fnuz>(0.0) == Number<E4m3fnuz>(0.0));
}

TEST_CASE("subnormal operands and results are flushed where the convention says so") {
  struct Flush : Ieee754 {
    using subnormals = FlushInput;
  };
  using N = Number<E4m3fn, Flush>;
  const auto tiny = N::from_code(1);
  CHECK((tiny + N(1)).value() == 1);
  CHECK((tiny * N(16)).value() == 0);
  CHECK(fma(tiny, N(16), N(1)).value() == 1);
  CHECK((Number<E4m3fn, Aqt>(0x1p-6) * Number<E4m3fn, Aqt>(0.5)).value() == 0);
}
