// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/aqt.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "reference.hpp"

#include "support/reference_table.hpp"

namespace {

using namespace bitloom;
using format::AqtFormat;

TEST_CASE("every row of the reference file comes out, bit for bit") {
  const auto found = bitloom::test::reference_table("fliqs/aqt_downcast.csv");
  if (!found) return;
  const auto& table = *found;
  const auto number = [&](std::size_t row, const char* column) {
    return static_cast<std::uint32_t>(format::test::hex(table.text(row, column)));
  };
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    CAPTURE(table.where(row));
    const AqtFormat aqt{table.integer(row, "exp_min", -200, 200), table.integer(row, "exp_max", -200, 200),
                        table.integer(row, "sig_bits", 0, 23)};
    const auto y = aqt.downcast(std::bit_cast<float>(number(row, "x_f32")));
    if (std::isnan(y))
      REQUIRE(std::isnan(std::bit_cast<float>(number(row, "y_f32"))));
    else
      REQUIRE(std::bit_cast<std::uint32_t>(y) == number(row, "y_f32"));
  }
}

TEST_CASE("a number is rounded before its range is looked at") {
  constexpr AqtFormat e4m3{-11, 4, 3};
  static_assert(e4m3.downcast(1.0625F) == 1.0F);
  CHECK(e4m3.downcast(1e9F) == 30.0F);
  CHECK(e4m3.downcast(-0x1.Fp-12F) == -0x1p-11F);  // rounds up to the smallest
  CHECK(e4m3.downcast(0x1.Ep-12F) == 0.0F);
  CHECK(std::signbit(e4m3.downcast(-1e-9F)));
  CHECK(std::isinf(e4m3.downcast(HUGE_VALF)));
}

}  // namespace
