// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/format_set.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>

#include <doctest/doctest.h>

#include <bitloom/format/name.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::search;

template <class... Formats>
concept IsSet = requires {
  typename FormatSet<Formats...>;
};

static_assert(IsSet<format::Int<4>, format::E4m3fn>);
static_assert(!IsSet<>);
static_assert(!IsSet<format::Int<4>, format::Int<4>>);
static_assert(!IsSet<format::E8m0fnu>);  // scales only
static_assert(!IsSet<format::Minifloat<4, 3, format::Special::Ieee, 7, false>>);
static_assert(!IsSet<int>);

TEST_CASE("facts are those of the type") {
  using Set = JoinedFormats<IntegerFormats<2, 8>, FliqsLargeFloats, FormatSet<format::Bfloat16>>;
  static_assert(Set::size == 7 + 5 + 1);
  static_assert(Set::place<format::Int<8>> == 6 && Set::place<format::Bfloat16> == 12);
  for (std::size_t place = 0; place < Set::size; ++place) {
    const auto& facts = Set::facts[place];
    CAPTURE(facts.name);
    Set::visit(place, [&]<class F>(std::type_identity<F>) {
      CHECK(facts.bits == F::bits);
      CHECK(facts.is_signed == F::is_signed);
      CHECK(format::to_double(facts.largest) == std::max(F::max(), -F::lowest()));
      double least = F::max();  // distance of values, the unit
      for (std::uint32_t code = 0; code < 1U << F::bits; ++code) {
        const double value = F::decode(static_cast<typename F::code_type>(code));
        if (value > 0 && value < least) least = value;
      }
      CHECK(least == std::ldexp(1.0, facts.unit_exponent));
      CHECK(facts.is_integer() == format::IntegerFormat<F>);
      if constexpr (!format::IntegerFormat<F>) {
        CHECK(facts.exponent_bits == F::layout.exponent_bits);
        CHECK(facts.significand_bits == F::layout.fraction_bits + 1);
        CHECK(format::parse_layout(facts.name) == F::layout);  // the name is one
      } else {
        CHECK(facts.significand_bits == F::bits);
        CHECK(facts.name == "int" + std::to_string(F::bits));
      }
    });
    CHECK(find_format(Set::facts, facts.name) == place);
  }
  CHECK_THROWS_WITH_AS(static_cast<void>(find_format(FliqsSmallFloats::facts, "int4")),
                       "format: 'int4' is not one of e2m1fn, e4m3fn", ParseError);
  CHECK_THROWS_AS(Set::visit(Set::size, [](auto) {}), RangeError);
}

TEST_CASE("formats without a name of their own have one by their parameters") {
  using namespace format;
  CHECK(format_facts<Minifloat<3, 3, Special::Finite>>.name == "e3m3_fin");
  CHECK(format_facts<Minifloat<2, 1, Special::Finite, -12>>.name == "e2m1_b-12_fin");
  CHECK(format_facts<Minifloat<5, 10, Special::Fnuz>>.name == "e5m10_fnuz");
  CHECK(format_facts<Minifloat<3, 2, Special::Fn>>.name == "e3m2_fn");
  CHECK(format_facts<Minifloat<3, 2>>.name == "e3m2_ieee");
  CHECK(format_facts<Int<12, Unsigned>>.name == "uint12");
  CHECK(parse_layout("e2m1_b-12_fin") == Minifloat<2, 1, Special::Finite, -12>::layout);
}

TEST_CASE("the spaces of the paper have 4 to 8 bits") {
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(FliqsLargeIntegers::facts[i].bits == static_cast<int>(i) + 4);
    CHECK(FliqsLargeFloats::facts[i].bits == static_cast<int>(i) + 4);
  }
  CHECK(FliqsSmallIntegers::facts[1] == FliqsLargeIntegers::facts[4]);
  CHECK(FliqsSmallFloats::facts[0] == FliqsLargeFloats::facts[0]);
  CHECK(FliqsSmallFloats::facts[1] == FliqsLargeFloats::facts[4]);
}

}  // namespace
