// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/minifloat_layout.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/format/name.hpp>

#include "reference.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::format;
using core::Csv;

/// Every legal layout of up to eight bits with the usual bias.
std::vector<MinifloatLayout> small_layouts() {
  std::vector<MinifloatLayout> layouts;
  for (int e = 1; e <= 7; ++e)
    for (int m = 0; e + m <= 7; ++m)
      for (const auto special : {Special::Ieee, Special::Fn, Special::Fnuz, Special::Finite})
        for (const bool subnormals : {true, false})
          if (const MinifloatLayout l{e, m, default_bias(e, special), special, subnormals}; l.is_legal())
            layouts.push_back(l);
  return layouts;
}

template <class R, class O = OverflowToInfinity, class N = NanToMax, class P = KeepSubnormals>
std::uint64_t encode(const MinifloatLayout& layout, double x) {
  return layout.encode<R, O, N, P>(to_dyadic(x));
}

TEST_CASE("the value and the class of every code are those of the reference tables") {
  for (const auto& path : test::reference_files("table_")) {
    const auto name = test::format_of(path, "table_");
    if (name == "e8m0fnu") continue;
    const auto layout = parse_layout(name);
    const auto table = Csv::parse(core::read_file(path), path);
    CHECK(table.row_count() == 2 * layout.magnitudes());
    for (std::size_t row = 0; row < table.row_count(); ++row) {
      CAPTURE(table.where(row));
      const auto code = test::hex(table.text(row, "code"));
      const auto value = to_double(layout.exact(code));
      const auto& kind = table.text(row, "class");
      REQUIRE(std::isnan(value) == (kind == "nan"));
      REQUIRE(std::isinf(value) == (kind == "inf"));
      REQUIRE(layout.exact(code).subnormal == (kind == "subnormal"));
      REQUIRE((layout.exact(code).negative ? "1" : "0") == table.text(row, "sign"));
      if (std::isfinite(value)) {
        const auto& text = table.text(row, "value_hexfloat");
        REQUIRE(value == std::strtod(text.c_str(), nullptr));
      }
    }
  }
}

TEST_CASE("float32 becomes the code of the reference files in every mode") {
  std::int64_t rows = 0;
  for (const auto& path : test::reference_files("f32_to_")) {
    const auto name = test::format_of(path, "f32_to_");
    if (name == "e8m0fnu") continue;
    const auto layout = parse_layout(name);
    const auto table = Csv::parse(core::read_file(path), path);
    for (std::size_t row = 0; row < table.row_count(); ++row) {
      CAPTURE(table.where(row));
      const auto x = static_cast<double>(
          std::bit_cast<float>(static_cast<std::uint32_t>(test::hex(table.text(row, "f32_bits")))));
      const auto check = [&](const char* column, std::uint64_t ours) {
        if (!table.has_column(column) || table.text(row, column) == "-") return;
        const auto theirs = test::hex(table.text(row, column));
        ++rows;
        if (layout.is_nan(theirs))
          REQUIRE(layout.is_nan(ours));
        else
          REQUIRE(ours == theirs);
      };
      check("rne", encode<NearestEven>(layout, x));
      check("rne_sat", encode<NearestEven, Saturate>(layout, x));
      check("rna", encode<NearestAway>(layout, x));
      check("rtz", encode<TowardZero>(layout, x));
      check("rup", encode<Up>(layout, x));
      check("rdn", encode<Down>(layout, x));
    }
  }
  MESSAGE(rows << " codes compared");
}

TEST_CASE("float64 is rounded once, where a detour over float32 would round twice") {
  for (const auto& path : test::reference_files("f64_double_rounding")) {
    const auto table = Csv::parse(core::read_file(path), path);
    for (std::size_t row = 0; row < table.row_count(); ++row) {
      CAPTURE(table.where(row));
      const auto layout = parse_layout(table.text(row, "format"));
      const auto x = std::bit_cast<double>(test::hex(table.text(row, "f64_bits")));
      REQUIRE(encode<NearestEven>(layout, x) == test::hex(table.text(row, "rne_direct")));
      REQUIRE(encode<NearestAway>(layout, x) == test::hex(table.text(row, "rna_direct")));
      REQUIRE(encode<TowardZero>(layout, x) == test::hex(table.text(row, "rtz_direct")));
      const auto detour = static_cast<double>(static_cast<float>(x));
      REQUIRE(encode<NearestEven>(layout, detour) == test::hex(table.text(row, "rne_via_f32")));
      // odd first: the detour cannot be seen any more
      const auto odd = Float32::encode<ToOdd, OverflowToInfinity>(x);
      REQUIRE(encode<NearestEven>(layout, Float32::decode(odd)) == test::hex(table.text(row, "rne_direct")));
    }
  }
}

TEST_CASE("stochastic rounding goes up exactly when the random bits say so") {
  for (const auto& path : test::reference_files("stochastic")) {
    const auto table = Csv::parse(core::read_file(path), path);
    for (std::size_t row = 0; row < table.row_count(); ++row) {
      CAPTURE(table.where(row));
      const auto layout = parse_layout(table.text(row, "format"));
      const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(test::hex(table.text(row, "f32_bits"))));
      const Stochastic rounding(static_cast<int>(table.integer(row, "k")), test::hex(table.text(row, "r")));
      const auto code =
          layout.encode<Stochastic, OverflowToInfinity, NanToMax, KeepSubnormals>(to_dyadic(x), rounding);
      REQUIRE(code == test::hex(table.text(row, "code")));
    }
  }
}

TEST_CASE("every code of every small format comes back from its value in every mode") {
  int mismatches = 0;
  for (const auto& layout : small_layouts())
    for (std::uint64_t code = 0; code < 2 * layout.magnitudes(); ++code) {
      const auto x = layout.exact(code);
      const auto expected = x.kind == Dyadic::Kind::Nan ? layout.nan_code() | (code & layout.magnitudes())
                            : x.is_zero() ? (layout.has_negative_zero() ? code & layout.magnitudes() : 0)
                                          : code;
      mismatches += layout.encode<NearestEven, OverflowToInfinity, NanError, KeepSubnormals>(x) != expected;
      mismatches +=
          layout.encode<Up, OverflowToInfinity, NanError, FlushInput>(x) != expected && !x.subnormal;
      mismatches += layout.encode<TowardZero, SaturateFinite, NanError, KeepSubnormals>(x) != expected;
    }
  CHECK(mismatches == 0);
}

TEST_CASE("the code is that of the nearest value, found by going through all of them") {
  core::Random random(21);
  for (const auto& layout : small_layouts()) {
    std::vector<double>
        values;  // non-negative finite values, ascending, without subnormals that the format lacks
    for (std::uint64_t code = 0; code <= layout.max_code(); ++code)
      values.push_back(to_double(layout.exact(code)));
    const auto largest = values.back();
    for (int i = 0; i < 300; ++i) {
      const bool inside = i % 3 == 0;
      const double x = inside ? random.uniform() * largest
                              : std::ldexp(random.uniform() + 1,
                                           static_cast<int>(random.integer(layout.min_exponent() - 12, 10)));
      if (!layout.subnormals && x < std::ldexp(1.0, layout.min_exponent())) continue;
      if (x > largest) continue;
      const auto above = static_cast<std::uint64_t>(std::ranges::lower_bound(values, x) - values.begin());
      const auto below = values[above] == x ? above : above - 1;
      CAPTURE(x);
      CAPTURE(layout.exponent_bits);
      CAPTURE(layout.fraction_bits);
      REQUIRE(to_double(layout.exact(encode<Up>(layout, x))) == values[above]);
      REQUIRE(to_double(layout.exact(encode<Down>(layout, x))) == values[below]);
      REQUIRE(to_double(layout.exact(encode<Down>(layout, -x))) == -values[above]);
      const bool to_upper = values[above] - x < x - values[below];
      if (values[above] - x != x - values[below])
        REQUIRE(to_double(layout.exact(encode<NearestEven>(layout, x))) == values[to_upper ? above : below]);
    }
  }
}

TEST_CASE("what is flushed depends on the policy and on what the format has") {
  const auto e4m3 = E4m3fn::layout;
  const float tiny = 1e-40F;  // subnormal as a float
  CHECK(e4m3.encode<Up, Saturate, NanError, KeepSubnormals>(to_dyadic(tiny)) == 1);
  CHECK(e4m3.encode<Up, Saturate, NanError, FlushInput>(to_dyadic(tiny)) == 0);
  CHECK(e4m3.encode<Up, Saturate, NanError, FlushInput>(to_dyadic(-tiny)) == 0x80);
  CHECK(e4m3.encode<Up, Saturate, NanError, FlushOutput>(to_dyadic(0.01)) == 0);
  CHECK(e4m3.encode<NearestEven, Saturate, NanError, FlushOutput>(to_dyadic(0.0156)) ==
        8);  // rounds up to 2^-6
  auto without = e4m3;
  without.subnormals = false;
  CHECK(to_double(without.exact(7)) == 0.0);
  CHECK(without.encode<NearestEven, Saturate, NanError, KeepSubnormals>(to_dyadic(0.01)) == 0);
}

TEST_CASE("NaN and infinity become what the policies say where a format lacks them") {
  const auto fp4 = E2m1fn::layout;
  const double nan = std::nan("");
  CHECK_THROWS_AS(
      static_cast<void>(fp4.encode<NearestEven, Saturate, NanError, KeepSubnormals>(to_dyadic(nan))),
      RangeError);
  CHECK(encode<NearestEven, Saturate, NanToMax>(fp4, -nan) == 0xF);
  CHECK(encode<NearestEven, Saturate, NanToZero>(fp4, nan) == 0);
  CHECK(encode<NearestEven, Saturate, NanToNegativeZero>(fp4, nan) == 8);
  CHECK(encode<NearestEven, Saturate, NanToNegativeZero>(fp4, -nan) == 0);
  CHECK(encode<NearestEven>(fp4, INFINITY) == 7);
  CHECK(encode<NearestEven, SaturateFinite>(E5m2::layout, INFINITY) == 0x7C);
  CHECK(encode<NearestEven, SaturateFinite>(E5m2::layout, 1e9) == 0x7B);
  CHECK(encode<NearestEven, Saturate>(E5m2::layout, -INFINITY) == 0xFB);
}

TEST_CASE("a layout that holds no number but zero is not legal") {
  CHECK(!MinifloatLayout{1, 0, 0, Special::Ieee}.is_legal());
  CHECK(!MinifloatLayout{1, 0, 0, Special::Fn}.is_legal());
  CHECK(MinifloatLayout{1, 0, 0, Special::Finite}.is_legal());
  CHECK(MinifloatLayout{1, 1, 0, Special::Ieee}.is_legal());
  CHECK(!MinifloatLayout{1, 1, 0, Special::Ieee, false}.is_legal());
  CHECK(!MinifloatLayout{9, 0, 0, Special::Finite}.is_legal());
  CHECK(!MinifloatLayout{4, 24, 7, Special::Finite}.is_legal());
}

}  // namespace
