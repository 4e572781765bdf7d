// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/registry.hpp>

#include <string>
#include <type_traits>

#include <doctest/doctest.h>

#include <bitloom/format/fixed.hpp>
#include <bitloom/format/name.hpp>

namespace {

using namespace bitloom::format;

static_assert(find_format("e4m3fn") == format_id<E4m3fn> && name_of(format_id<Int<4>>) == "int4");
static_assert(visit(find_format("e2m1fn"), []<class F>(std::type_identity<F>) { return F::bits; }) == 4);
static_assert(NamedFormat<E8m0fnu> && !NamedFormat<Fixed<8, 4>>);

}  // namespace

TEST_CASE("every name leads to its format and back") {
  for (const auto name : format_names) {
    const auto id = find_format(name);
    CHECK(name_of(id) == name);
    visit(id, [&]<class F>(std::type_identity<F>) {
      CHECK(format_id<F> == id);
      if constexpr (IntegerFormat<F>)
        CHECK(name == (F::is_signed ? "int" : "uint") + std::to_string(F::bits));
      else if constexpr (F::is_signed)
        CHECK(parse_layout(name) == F::layout);
    });
  }
}

TEST_CASE("what is no format is an error") {
  CHECK_THROWS_AS((void)find_format("e4m3fz"), bitloom::ParseError);
  CHECK_THROWS_AS((void)name_of(static_cast<FormatId>(99)), bitloom::RangeError);
  CHECK_THROWS_AS(visit(static_cast<FormatId>(99), [](auto) {}), bitloom::RangeError);
}
