// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/minifloat.hpp>

#include <cmath>
#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom::format;

static_assert(Format<E4m3fn> && Format<E5m2> && Format<E2m1fn> && Format<Half> && Format<Float32>);
static_assert(std::is_empty_v<E4m3fn> && sizeof(E4m3fn::code_type) == 1 && sizeof(Tf32::code_type) == 4);
static_assert(noexcept(E4m3fn::decode(0)) && noexcept(E4m3fn::exact(0)));

template <int E, int M, Special S>
concept HasMinifloat = requires {
  typename Minifloat<E, M, S>;
};
static_assert(HasMinifloat<1, 1, Special::Ieee> && !HasMinifloat<1, 0, Special::Ieee>);
static_assert(HasMinifloat<1, 0, Special::Finite> && !HasMinifloat<1, 0, Special::Fn>);
static_assert(!HasMinifloat<0, 3, Special::Finite> && !HasMinifloat<9, 3, Special::Finite>);

TEST_CASE("the named formats have their published ranges, at compile time") {
  static_assert(E4m3fn::max() == 448 && E5m2::max() == 57344 && E4m3::max() == 240 && E3m4::max() == 15.5);
  static_assert(E4m3fnuz::max() == 240 && E5m2fnuz::max() == 57344 && E4m3b11fnuz::max() == 30);
  static_assert(E3m2fn::max() == 28 && E2m3fn::max() == 7.5 && E2m1fn::max() == 6 && Half::max() == 65504);
  static_assert(E4m3fn::decode(1) == 0x1p-9 && E5m2::decode(1) == 0x1p-16 && E2m1fn::decode(1) == 0.5);
  static_assert(E4m3fnuz::is_nan(0x80) && E4m3fn::is_nan(0xFF) && E5m2::is_inf(0x7C));
  CHECK(E4m3fn::lowest() == -448);
}

TEST_CASE("the tie at the top of a format overflows where it would go up") {
  constexpr auto e4m3 = [](double x) { return E4m3fn::encode<NearestEven, OverflowToInfinity>(x); };
  static_assert(e4m3(464) == 0x7E && e4m3(464.0001) == 0x7F);
  static_assert(E2m1fn::encode<NearestEven, OverflowToInfinity>(7.0) == 7);  // nowhere to go
  static_assert(E5m2::encode<TowardZero, OverflowToInfinity>(1e9) == 0x7B);
  static_assert(E5m2::encode<Up, OverflowToInfinity>(-1e9) == 0xFB &&
                E5m2::encode<Up, OverflowToInfinity>(1e9) == 0x7C);
  CHECK(E2m1fn::encode<NearestEven>(-0.2) == 8);  // the sign of a zero stays
}

TEST_CASE("a narrower format takes the exact value of a wider one, with one rounding") {
  for (std::uint32_t code = 0; code < 1U << 16; ++code) {
    const auto half = static_cast<Half::code_type>(code);
    if (Half::is_nan(half)) continue;
    REQUIRE(E4m3fn::encode<NearestEven>(Half::exact(half)) ==
            E4m3fn::encode<NearestEven>(Half::decode(half)));
    REQUIRE(Float32::decode(Float32::encode<NearestEven, OverflowToInfinity>(Half::exact(half))) ==
            Half::decode(half));
  }
}

}  // namespace

TEST_CASE("ties between powers of two go to the even significand, or to the even code") {
  using namespace bitloom::format;
  using Powers = Minifloat<3, 0, Special::Finite>;  // 0, 2^-2 … 2^4
  for (int exponent = -2; exponent < 4; ++exponent) {
    const double tie = std::ldexp(1.5, exponent);
    const auto below = static_cast<unsigned>(exponent + 3);
    CHECK(Powers::encode<NearestEven>(tie) == below + 1);
    CHECK(Powers::encode<NearestEvenCode>(tie) == below + (below % 2));
    CHECK(Powers::encode<NearestEvenCode>(-tie) == 8 + below + (below % 2));
    CHECK(Powers::encode<NearestEvenCode>(std::nextafter(tie, 99.0)) == below + 1);
    CHECK(Powers::encode<NearestEvenCode>(std::nextafter(tie, 0.0)) == below);
    CHECK(E8m0fnu::encode<NearestEvenCode>(tie) == (exponent + 127) + ((exponent + 127) % 2));
  }
  CHECK(Powers::encode<NearestEvenCode>(0.125) == 0);
  for (double x = 0; x < 20; x += 0.125)
    CHECK(E3m2fn::encode<NearestEvenCode>(x) == E3m2fn::encode<NearestEven>(x));
}
