// SPDX-License-Identifier: Apache-2.0
#include <bitloom/fabric/m4bram_area.hpp>

#include <doctest/doctest.h>

namespace {

using namespace bitloom::fabric;

TEST_CASE("parts of a tile add up to the published totals") {
  // the report adds cells before it cuts them to whole µm²
  CHECK(M4bramTile<Small>::dummy_area_um2() == doctest::Approx(899.208).epsilon(1e-5));
  CHECK(M4bramTile<Large>::dummy_area_um2() == doctest::Approx(1768.384).epsilon(1e-5));
  CHECK(M4bramTile<Small>::area_um2() == doctest::Approx(5601.642).epsilon(1e-5));
  CHECK(M4bramTile<Large>::area_um2() == doctest::Approx(6654.086).epsilon(1e-5));
}

TEST_CASE("the large block has twice the arrays of the small one but for its wordlines") {
  const auto small = M4bramTile<Small>::dummy_parts();
  const auto large = M4bramTile<Large>::dummy_parts();
  for (std::size_t i = 0; i < small.size(); ++i) {
    if (small[i].name == "Wordline driver") continue;
    CHECK(large[i].area_um2 == doctest::Approx(2 * small[i].area_um2));
    CHECK(large[i].delay_ps == small[i].delay_ps);
  }
}

TEST_CASE("overheads and cycles follow from the reports") {
  CHECK(M4bramTile<Small>::overhead() == doctest::Approx(0.1912).epsilon(1e-3));
  CHECK(M4bramTile<Large>::overhead() == doctest::Approx(0.3620).epsilon(1e-3));
  // the published factor leaves some 22 µm² for the eFSM of the small block
  const auto rest = M4bramTile<Small>::area_um2() - M4bramTile<Small>::dummy_area_um2();
  CHECK(Small::area_factor.value * rest - M4bramTile<Small>::area_um2() == doctest::Approx(22).epsilon(0.05));
  CHECK(M4bramTile<Small>::dummy_cycle_ps() == doctest::Approx(Small::dummy_cycle.value).epsilon(1e-9));
  CHECK(M4bramTile<Large>::dummy_cycle_ps() == doctest::Approx(Large::dummy_cycle.value).epsilon(1e-9));
}

}  // namespace
