// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/fixed.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

#include "support/reference_table.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::format;

static_assert(Format<Fixed<8, 4>> && Format<Fixed<53, -2, Unsigned>> && !Format<Fixed<54, 4>>);

template <int W, int I>
concept HasFixed = requires {
  typename Fixed<W, I>;
};
static_assert(HasFixed<1, 1> && HasFixed<64, -5> && HasFixed<4, 900> && !HasFixed<0, 0> && !HasFixed<65, 3>);

/// Calls visit with the rounding policy of a name of the reference data.
template <class Visit>
void visit_rounding(const std::string& name, Visit visit) {
  if (name == "rdn") return visit(Down{});
  if (name == "rtz") return visit(TowardZero{});
  if (name == "rhu") return visit(NearestUp{});
  if (name == "rhz") return visit(NearestZero{});
  if (name == "rhd") return visit(NearestDown{});
  if (name == "rna") return visit(NearestAway{});
  if (name == "rne") return visit(NearestEven{});
  REQUIRE(name == "rho");
  visit(NearestOdd{});
}

template <class Visit>
void visit_overflow(const std::string& name, Visit visit) {
  if (name == "wrap") return visit(Wrap{});
  if (name == "sat") return visit(Saturate{});
  if (name == "sat_zero") return visit(SaturateZero{});
  REQUIRE(name == "sat_sym");
  visit(SaturateSymmetric{});
}

TEST_CASE("every row of the reference file comes out, for eight roundings and four overflow rules") {
  const auto found = bitloom::test::reference_table("fliqs/fixed_point.csv");
  if (!found) return;
  const auto& table = *found;
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    CAPTURE(table.where(row));
    const FixedLayout layout{table.integer(row, "W", 1, 64), table.integer(row, "I", -1000, 1000),
                             table.flag(row, "S")};
    const double x = std::strtod(table.text(row, "x_f64").c_str(), nullptr);
    visit_rounding(table.text(row, "quant"), [&]<class R>(R) {
      visit_overflow(table.text(row, "overflow"), [&]<class O>(O) {
        const auto code = layout.encode<R, O>(to_dyadic(x));
        REQUIRE(static_cast<std::int64_t>(layout.raw(code)) == table.integer(row, "raw"));
      });
    });
  }
}

TEST_CASE("every code of a narrow format comes back from its value, under every rule but the symmetric one") {
  int mismatches = 0;
  for (int width = 1; width <= 10; ++width)
    for (const int integer_bits : {-3, 0, width / 2, width, width + 4})
      for (const bool is_signed : {false, true}) {
        const FixedLayout layout{width, integer_bits, is_signed};
        for (std::uint64_t code = 0; code < std::uint64_t{1} << width; ++code) {
          const auto x = layout.exact(code);
          const double value = to_double(x);
          mismatches += value != std::ldexp(static_cast<double>(static_cast<std::int64_t>(layout.raw(code))),
                                            integer_bits - width);
          mismatches += layout.encode<NearestEven, Wrap>(x) != code;
          mismatches += layout.encode<Up, SaturateZero>(to_dyadic(value)) != code;
        }
      }
  CHECK(mismatches == 0);
}

TEST_CASE("a fixed-point format without fraction is the integer of that width") {
  core::Random random(22);
  for (int i = 0; i < 20000; ++i) {
    const double x = (random.uniform() - 0.5) * std::ldexp(1.0, static_cast<int>(random.integer(0, 80)));
    REQUIRE(Fixed<12, 12>::encode<NearestEven, Wrap>(x) == Int<12>::encode<NearestEven, Wrap>(x));
    REQUIRE(Fixed<12, 12>::encode<NearestAway, Saturate>(x) == Int<12>::encode<NearestAway, Saturate>(x));
  }
}

TEST_CASE("formats of 64 bits saturate and wrap at their own ends") {
  using Wide = Fixed<64, 64>;
  using WideUnsigned = Fixed<64, 64, Unsigned>;
  CHECK(Wide::encode<Down>(1e30) == 0x7FFFFFFFFFFFFFFF);
  CHECK(Wide::encode<Down>(-1e30) == 0x8000000000000000);
  CHECK(Wide::encode<Down>(-0x1p63) == 0x8000000000000000);
  CHECK(WideUnsigned::encode<Down>(1e30) == ~std::uint64_t{0});
  CHECK(WideUnsigned::encode<Down>(0x1p63) == 0x8000000000000000);
  CHECK(WideUnsigned::encode<Down>(-1.0) == 0);
  CHECK(WideUnsigned::encode<Down, Wrap>(-1.0) == ~std::uint64_t{0});
  CHECK(Fixed<64, 0>::exact(1).exponent == -64);
}

TEST_CASE("NaN and infinities are refused") {
  CHECK_THROWS_AS(static_cast<void>(Fixed<8, 4>::encode<Down>(std::nan(""))), RangeError);
  CHECK_THROWS_AS(static_cast<void>(Fixed<8, 4>::encode<Down>(-INFINITY)), RangeError);
}

}  // namespace
