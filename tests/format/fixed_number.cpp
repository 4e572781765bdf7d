// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/fixed_number.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/type_list.hpp>

namespace {

using namespace bitloom::format;
using bitloom::core::TypeList;

// the table of result widths, by hand
using A = FixedNumber<8, 4>;
using B = FixedNumber<6, 2, Unsigned>;
template <class T, class U>
inline constexpr bool is = std::is_same_v<T, U>;
static_assert(is<decltype(A() + B()), FixedNumber<9, 5>> &&
              is<decltype(B() + B()), FixedNumber<7, 3, Unsigned>>);
static_assert(is<decltype(A() - B()), FixedNumber<9, 5>> && is<decltype(B() - B()), FixedNumber<7, 3>>);
static_assert(is<decltype(A() * B()), FixedNumber<14, 6>> && is<decltype(-B()), FixedNumber<7, 3>>);
static_assert(is<decltype(A() / B()), FixedNumber<12, 8>> && is<decltype(B() / A()), FixedNumber<11, 7>>);
static_assert(is<decltype(B() / FixedNumber<3, 5, Unsigned>()), FixedNumber<6, 0, Unsigned>>);
static_assert(is<decltype(A() & B()), FixedNumber<8, 4>> &&
              is<decltype(FixedNumber<6, 2>() ^ FixedNumber<6, 4, Unsigned>()), FixedNumber<9, 5>>);
static_assert(is<decltype(sum(std::array<A, 5>())), FixedNumber<11, 7>> &&
              is<decltype(sum(std::array<A, 1>())), A>);
static_assert(is<decltype(A() << 1), A> && is<decltype(A().slice<5, 2>()), FixedNumber<4, 4, Unsigned>>);

template <class T, class U>
concept CanMultiply = requires(T a, U b) {
  a* b;
};
static_assert(CanMultiply<FixedNumber<32, 4>, FixedNumber<32, 4>> &&
              !CanMultiply<FixedNumber<33, 4>, FixedNumber<32, 4>>);
template <class T, class U>
concept CanAdd = requires(T a, U b) {
  a + b;
};
static_assert(CanAdd<FixedNumber<63, 4>, FixedNumber<63, 4>> &&
              !CanAdd<FixedNumber<64, 4>, FixedNumber<64, 4>>);
static_assert(std::is_constructible_v<FixedNumber<9, 5>, A> &&
              !std::is_constructible_v<A, FixedNumber<9, 5>> &&
              !std::is_constructible_v<FixedNumber<8, 4>, FixedNumber<8, 4, Unsigned>>);
static_assert(sizeof(A) == 1 && std::is_trivially_copyable_v<A>);

static_assert((A::from(1.5) * A::from(2.25)).value() == 3.375 && A::from(-0.01).value() == -0.0625);

using Types =
    TypeList<FixedNumber<4, 2>, FixedNumber<3, 1, Unsigned>, FixedNumber<4, 6>, FixedNumber<4, -1, Unsigned>,
             FixedNumber<1, 1>, FixedNumber<5, 5, Unsigned>, FixedNumber<4, -2>>;

template <class T, class Visit>
void for_each(Visit&& visit) {
  for (std::uint64_t code = 0; code < std::uint64_t{1} << T::width; ++code) visit(T::from_code(code));
}

template <class T>
bool holds(const T& result, double exact) {
  return result.value() == exact;
}

}  // namespace

TEST_CASE("operators of every pair of small types are exact, for every pair of codes") {
  std::int64_t wrong = 0;
  bitloom::core::for_each_type(Types{}, [&]<class T>(std::type_identity<T>) {
    bitloom::core::for_each_type(Types{}, [&]<class U>(std::type_identity<U>) {
      for_each<T>([&](const T& a) {
        for_each<U>([&](const U& b) {
          const double x = a.value();
          const double y = b.value();
          wrong += !holds(a + b, x + y) + !holds(a - b, x - y) + !holds(a * b, x * y);
          if (y != 0) {
            const auto q = a / b;
            const double unit = std::ldexp(1.0, q.fraction_bits);
            wrong += !holds(q, std::trunc(x / y * unit) / unit);
          }
          wrong += (a == b) != (x == y) || (a < b) != (x < y) || (a >= b) != (x >= y);
          // bitwise, in units of the finer type
          constexpr int f = std::max(T::fraction_bits, U::fraction_bits);
          const auto i = static_cast<std::int64_t>(std::ldexp(x, f));
          const auto j = static_cast<std::int64_t>(std::ldexp(y, f));
          wrong += !holds(a & b, std::ldexp(static_cast<double>(i & j), -f));
          wrong += !holds(a | b, std::ldexp(static_cast<double>(i | j), -f));
          wrong += !holds(a ^ b, std::ldexp(static_cast<double>(i ^ j), -f));
        });
      });
    });
    for_each<T>([&](const T& a) {
      wrong += !holds(-a, -a.value());
      wrong += (~a).code() != (~a.code() & bitloom::core::low_mask(T::width));
      for (int n = -70; n <= 70; ++n) {
        const double up = std::ldexp(a.value(), n);
        const double unit = std::ldexp(1.0, T::fraction_bits);
        const auto wrapped = T::template from<Down, Wrap>(std::floor(up * unit) / unit);
        wrong += (a << n).code() != wrapped.code() || (a >> -n).code() != wrapped.code();
      }
      for (int i = 0; i < T::width; ++i) {
        wrong += a.bit(i) != (((a.code() >> i) & 1) != 0);
        wrong += a.with_bit(i, true).code() != (a.code() | 1U << i) || a.with_bit(i, false).bit(i);
      }
    });
  });
  CHECK(wrong == 0);
}

TEST_CASE("conversions between types are those of the number's value") {
  std::int64_t wrong = 0;
  bitloom::core::for_each_type(Types{}, [&]<class T>(std::type_identity<T>) {
    bitloom::core::for_each_type(Types{}, [&]<class U>(std::type_identity<U>) {
      bitloom::core::for_each_type(
          TypeList<Down, NearestEven, NearestOdd>{}, [&]<class R>(std::type_identity<R>) {
            for_each<T>([&](const T& a) {
              wrong += a.template to<U, R, Wrap>().code() != U::template from<R, Wrap>(a.value()).code();
              wrong += a.template to<U, R, SaturateSymmetric>().code() !=
                       U::template from<R, SaturateSymmetric>(a.value()).code();
            });
          });
    });
  });
  CHECK(wrong == 0);
  CHECK(A::from(-1.5).to_integer<Int<8>>() == -2);
  CHECK(A::from(-1.5).to_integer<Int<8>, TowardZero>() == -1);
  CHECK(A::from(-1.5).to_integer<Int<8, Unsigned>, Down, Saturate>() == 0);
  CHECK(A::from(-3).value() == -3);
  CHECK(A::from<Down, Saturate>(1000U).value() == 7.9375);
}

TEST_CASE("64 bits are enough for 64 bits") {
  using Wide = FixedNumber<64, 32>;
  using Words = FixedNumber<64, 64, Unsigned>;
  const auto lowest = Wide::from_code(std::uint64_t{1} << 63);
  CHECK(lowest.to<Words, Down, Saturate>().code() == 0);
  CHECK(lowest.to<FixedNumber<64, 33>>().code() == std::uint64_t{3} << 62);
  CHECK(Words::from_code(~std::uint64_t{0}).to<Wide, Down, Saturate>().code() == ~std::uint64_t{0} >> 1);
  CHECK(Words::from_code(~std::uint64_t{0}).to<FixedNumber<64, 65, Unsigned>, NearestEven>().code() ==
        std::uint64_t{1} << 63);
  CHECK(lowest < Words::from_code(0));
  CHECK(FixedNumber<62, 62>::from(-7) / FixedNumber<1, 1>::from(-1) == A::from(7));
  using Half = FixedNumber<32, 16>;
  bitloom::core::Random random(3);
  int wrong = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto a = Half::from_code(random());
    const auto b = Half::from_code(random());
    const auto x = static_cast<std::int32_t>(a.raw());
    const auto y = static_cast<std::int32_t>(b.raw());
    wrong += (a * b).raw() != static_cast<std::uint64_t>(std::int64_t{x} * y);
    if (y != 0) wrong += (a / b).raw() != static_cast<std::uint64_t>((std::int64_t{x} << 16) / y);
  }
  CHECK(wrong == 0);
}

TEST_CASE("slices and sums keep every bit") {
  const auto word = FixedNumber<16, 16, Unsigned>::from_code(0xABCD);
  CHECK(word.slice<11, 4>().code() == 0xBC);
  CHECK(word.slice<15, 15>().code() == 1);
  CHECK(word.with_slice(4, A::from_code(0x12)).code() == 0xA12D);
  CHECK_THROWS_AS((void)word.with_slice(9, A()), bitloom::RangeError);
  CHECK_THROWS_AS((void)word.bit(16), bitloom::RangeError);
  CHECK_THROWS_AS((void)word.with_bit(-1, true), bitloom::RangeError);
  const std::array<A, 5> lowest{A::from(-8), A::from(-8), A::from(-8), A::from(-8), A::from(-8)};
  CHECK(sum(lowest).value() == -40);
  const std::array<B, 3> highest{B::from_code(63), B::from_code(63), B::from_code(63)};
  CHECK(sum(highest).value() == 3 * 3.9375);
}

TEST_CASE("division by zero and numbers that are none are errors") {
  CHECK_THROWS_AS((void)(A::from(1) / A()), bitloom::RangeError);
  CHECK_THROWS_AS((void)A::from(std::nan("")), bitloom::RangeError);
}
