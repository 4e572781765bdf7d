// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/convention.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/fixed.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom::format;

static_assert(Convention<Saturating> && Convention<Ieee754> && Convention<MlDtypes> && Convention<ApFixed> &&
              Convention<AcFixed> && Convention<OcpSaturating> && Convention<Microxcaling> &&
              Convention<TransformerEngine> && Convention<Aqt>);
static_assert(!Convention<NearestEven>);

template <class F, class C>
constexpr auto code(double x) {
  return encode_by<F, C>(to_dyadic(x));
}

}  // namespace

TEST_CASE("conventions differ where their stacks do") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  const double nan = std::nan("");
  // beyond the largest value: NaN, or the largest
  CHECK(code<E4m3fn, MlDtypes>(464.1) == 0x7F);
  CHECK(code<E4m3fn, MlDtypes>(464) == 0x7E);
  CHECK(code<E4m3fn, OcpSaturating>(1e9) == 0x7E);
  CHECK(code<E5m2, OcpSaturating>(-inf) == 0xFB);
  CHECK(code<E5m2, MlDtypes>(-inf) == 0xFC);
  CHECK(code<E5m2, Aqt>(inf) == 0x7C);
  CHECK(code<E5m2, Aqt>(1e9) == 0x7B);
  // NaN without a code
  CHECK(code<E2m1fn, MlDtypes>(nan) == 8);
  CHECK(code<E2m1fn, OcpSaturating>(nan) == 7);
  CHECK_THROWS_AS((void)(code<E2m1fn, Saturating>(nan)), bitloom::RangeError);
  // ties
  CHECK(code<E2m1fn, Microxcaling>(2.5) == 5);       // 3
  CHECK(code<E2m1fn, TransformerEngine>(2.5) == 4);  // 2
  // subnormals
  CHECK(code<E4m3fn, Aqt>(0x1p-7) == 0);
  CHECK(code<E4m3fn, TransformerEngine>(0x1p-7) == 4);
  // integers and fixed point
  CHECK(code<Fixed<8, 4>, ApFixed>(-0.01) == 0xFF);
  CHECK(code<Fixed<8, 4>, AcFixed>(8) == 0x80);
  CHECK(code<Fixed<8, 4>, Saturating>(8) == 0x7F);
  CHECK(code<Int<8>, Microxcaling>(2.5) == 3);
  // scales
  CHECK(code<E8m0fnu, MlDtypes>(0.0) == 0xFF);
  CHECK(code<E8m0fnu, OcpSaturating>(0.0) == 0);
  CHECK(code<E8m0fnu, MlDtypes>(0x1.00002p-127) == 1);
  CHECK(code<E8m0fnu, OcpSaturating>(0x1.00002p-127) == 0);
  CHECK(code<E8m0fnu, MlDtypes>(0x1p-127) == 0);
  CHECK(code<E8m0fnu, MlDtypes>(0x1.8p-128) == 0);
  CHECK(code<E8m0fnu, MlDtypes>(0x1p-126) == 1);
  CHECK(code<E8m0fnu, MlDtypes>(0x1.3p-126) == 1);
}
