// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/text.hpp>

#include <cstdint>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include <bitloom/format/e8m0.hpp>
#include <bitloom/format/named.hpp>

#include "support/reference_table.hpp"

using namespace bitloom::format;

TEST_CASE("the text of a code is its exact value, as the reference tables have it") {
  if (const auto table = bitloom::test::reference_table("fliqs/formats/table_e5m2.csv"))
    for (std::size_t i = 0; i < table->row_count(); ++i)
      if (table->text(i, "class") != "nan" && table->text(i, "class") != "inf") {
        CHECK(to_text(E5m2::exact(static_cast<std::uint8_t>(i))) == table->text(i, "value_decimal"));
      }
}

TEST_CASE("every decimal of a 16-bit float reads back as the same number") {
  int wrong = 0;
  for (unsigned code = 0; code < 0x7C00; ++code)
    wrong += std::stod(to_text(Half::exact(static_cast<std::uint16_t>(code)))) !=
             Half::decode(static_cast<std::uint16_t>(code));
  CHECK(wrong == 0);
}

TEST_CASE("numbers print their code and value") {
  std::ostringstream out;
  out << Number<E4m3fn>(-448) << "; " << FixedNumber<9, 4>::from(-1.5) << "; " << Number<Int<4>>(-1);
  CHECK(out.str() == "0xfe -448; 0x1d0 -1.5; 0xf -1");
  CHECK(to_text<E4m3fn>(0x7F) == "0x7f nan");
  CHECK(to_text<E5m2>(0xFC) == "0xfc -inf");
  CHECK(to_text<E8m0fnu>(117) == "0x75 0.0009765625");
  CHECK(to_text<E4m3fn>(0x80) == "0x80 -0");
  CHECK(to_text<Fixed<64, 64, Unsigned>>(~std::uint64_t{0}) == "0xffffffffffffffff 18446744073709551615");
  CHECK(to_text({.significand = 5, .exponent = 3}) == "40");
  CHECK(to_text({.significand = 1, .exponent = 70}) == "1180591620717411303424");
  CHECK(to_text({.significand = 1, .exponent = -1, .sticky = true}) == "0.5…");
}
