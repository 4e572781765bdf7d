// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/name.hpp>

#include <string>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::format;

TEST_CASE("a name gives the layout of its format") {
  CHECK(parse_layout("e4m3fn") == E4m3fn::layout);
  CHECK(parse_layout("bf16") == Bfloat16::layout);
  CHECK(parse_layout("e3m2_fin") == E3m2fn::layout);
  CHECK(parse_layout("e4m3_b11_fnuz") == E4m3b11fnuz::layout);
  CHECK(parse_layout("e4m3_ieee") == E4m3::layout);
  CHECK(parse_layout("e5m2_fnuz_b16") == E5m2fnuz::layout);
  CHECK(parse_layout("e2m1_b-3_finite") == MinifloatLayout{2, 1, -3, Special::Finite});
  static_assert(parse_layout("e1m2_fin") == MinifloatLayout{1, 2, 0, Special::Finite});
}

TEST_CASE("what is no format's name is refused") {
  for (const std::string name :
       {"", "e4m3fnx", "e4", "m3", "e4m3_", "e4m3_fin_fin", "e4m3_b_fin", "e9m2_fin", "e4m24_fin", "e0m3_fin",
        "e1m0_ieee", "e4m3_b9999999_fin", "e4m3_b5", "e4m3_b5_b6_fin"})
    CHECK_THROWS_AS(static_cast<void>(parse_layout(name)), ParseError);
}

}  // namespace
