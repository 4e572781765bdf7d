// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/transistor_area.hpp>

#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "support/reference_table.hpp"

namespace {

using namespace bitloom::fabric;

bool near(double ours, const std::string& theirs) {
  return ours == doctest::Approx(std::strtod(theirs.c_str(), nullptr)).epsilon(2e-5);
}

template <AdderModel A>
bool same_adder(const bitloom::core::Csv& table, std::size_t row) {
  return table.integer(row, "granularity_bits") == A::bits &&
         near(A::mwta(), table.text(row, "mwta_per_instance")) &&
         near(A::mwta() * 160 / A::bits, table.text(row, "mwta_per_160_columns"));
}

}  // namespace

TEST_CASE("the dummy array has the areas of the reference, component by component") {
  const auto ours = dummy_array_area();
  CHECK(total_mwta(ours) == doctest::Approx(28454.56).epsilon(1e-6));
  CHECK(total_mwta(ours) * mwta_um2.value == doctest::Approx(963.585).epsilon(1e-5));
  if (const auto table = bitloom::test::reference_table("bramac/dummy_array_area_analytic.csv")) {
    REQUIRE(table->row_count() == ours.size() + 1);
    for (std::size_t i = 0; i < ours.size(); ++i) {
      CAPTURE(ours[i].name);
      CHECK(near(ours[i].mwta, table->text(i, "mwta_per_instance")));
      CHECK(ours[i].instances == table->integer(i, "instances_per_dummy_array"));
      CHECK(near(ours[i].total_mwta(), table->text(i, "mwta_total")));
      CHECK(near(ours[i].total_um2(), table->text(i, "um2_total_22nm")));
    }
  }
}

TEST_CASE("adders have the areas of the reference") {
  if (const auto table = bitloom::test::reference_table("bramac/adder_area_alternatives.csv")) {
    REQUIRE(table->row_count() == 3);
    CHECK(same_adder<RippleCarry>(*table, 0));
    CHECK(same_adder<ManchesterChain>(*table, 1));
    CHECK(same_adder<CarryLookahead>(*table, 2));
  }
  CHECK(total_mwta(dummy_array_area<RippleCarry>()) < total_mwta(dummy_array_area<ManchesterChain>()));
}

TEST_CASE("twenty kilobits lie a quarter of the way from sixteen to thirty-two") {
  static_assert(area_of_20kb(16, 32) == 20);
  CHECK(area_of_20kb(100, 140) == 110);
}
