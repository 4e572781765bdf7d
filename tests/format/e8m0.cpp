// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/e8m0.hpp>

#include <bit>
#include <cmath>
#include <cstdint>

#include <doctest/doctest.h>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/format/concepts.hpp>

#include "reference.hpp"

namespace {

using namespace bitloom;
using namespace bitloom::format;

static_assert(Format<E8m0fnu>);

TEST_CASE("every code is its power of two, and 255 is NaN") {
  for (int code = 0; code < 255; ++code)
    CHECK(E8m0fnu::decode(static_cast<std::uint8_t>(code)) == std::ldexp(1.0, code - 127));
  CHECK(std::isnan(E8m0fnu::decode(255)));
  CHECK(E8m0fnu::lowest() == std::ldexp(1.0, -127));
  CHECK(E8m0fnu::max() == std::ldexp(1.0, 127));
}

TEST_CASE("float32 becomes the code of the reference file in every mode") {
  for (const auto& path : test::reference_files("f32_to_e8m0fnu")) {
    const auto table = core::Csv::parse(core::read_file(path), path);
    for (std::size_t row = 0; row < table.row_count(); ++row) {
      CAPTURE(table.where(row));
      const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(test::hex(table.text(row, "f32_bits"))));
      const auto check = [&](const char* column, std::uint8_t ours) {
        REQUIRE(ours == test::hex(table.text(row, column)));
      };
      check("rne", E8m0fnu::encode<NearestEven, OverflowToInfinity>(x));
      check("rne_sat", E8m0fnu::encode<NearestEven, Saturate>(x));
      check("rna", E8m0fnu::encode<NearestAway, OverflowToInfinity>(x));
      check("rtz", E8m0fnu::encode<TowardZero, OverflowToInfinity>(x));
      check("rup", E8m0fnu::encode<Up, OverflowToInfinity>(x));
      check("rdn", E8m0fnu::encode<Down, OverflowToInfinity>(x));
    }
  }
}

TEST_CASE("a tie between powers of two goes up") {
  CHECK(E8m0fnu::encode<NearestEven>(1.5) == 128);
  CHECK(E8m0fnu::encode<NearestEven>(3.0) == 129);
  CHECK(E8m0fnu::encode<NearestZero>(3.0) == 128);
  CHECK(E8m0fnu::encode<NearestEven>(0x1.8p-127) == 1);
  CHECK(E8m0fnu::encode<Down>(0x1.8p-127) == 0);
  CHECK(E8m0fnu::encode<Up>(0x1.8p-128) == 0);  // below the smallest in every mode
}

}  // namespace
