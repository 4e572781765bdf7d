// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/energy_cost.hpp>

#include <algorithm>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::search;

static_assert(ConstantCostModel<Energy45nm<>> && ConstantCostModel<Energy45nm<Sram<1 << 18>>> &&
              ConstantCostModel<Energy45nm<Dram>>);

TEST_CASE("the fits meet the published table") {
  using namespace energy_45nm;
  CHECK(add_pj(32) == doctest::Approx(0.1));
  CHECK(multiply_pj(32, 32) == doctest::Approx(3.1));
  CHECK(multiply_pj(8, 8) == doctest::Approx(0.2));
  CHECK(add_pj(8) == doctest::Approx(0.025));  // the table has 0.03
  CHECK(64 * sram_pj_per_bit(1 << 16) == doctest::Approx(10).epsilon(1e-3));
  CHECK(64 * sram_pj_per_bit(1 << 18) == doctest::Approx(20).epsilon(1e-3));
  CHECK(64 * sram_pj_per_bit(1 << 23) == doctest::Approx(100).epsilon(1e-3));
  CHECK(64 * dram_read.value == doctest::Approx(1300));
  CHECK_THROWS_AS(static_cast<void>(sram_pj_per_bit(1000)), RangeError);
}

TEST_CASE("a multiply-accumulate is a multiplication and an addition") {
  constexpr auto& int8 = format_facts<format::Int<8>>;
  constexpr auto& half = format_facts<format::Half>;
  constexpr auto& single = format_facts<format::Float32>;
  constexpr auto& e4m3 = format_facts<format::E4m3fn>;
  using E = Energy45nm<>;
  CHECK(E::mac_pj(int8, int8, 256) == doctest::Approx(0.2 + 24 * 0.003125));
  CHECK(E::mac_pj(half, half, 256) == doctest::Approx(1.5));
  CHECK(E::mac_pj(int8, half, 256) == doctest::Approx(1.5));
  CHECK(E::mac_pj(single, single, 1) == doctest::Approx(4.6));
  CHECK(E::mac_pj(single, int8, 1) == doctest::Approx(4.6));
  CHECK(E::mac_pj(e4m3, e4m3, 256) ==
        doctest::Approx(energy_45nm::multiply_pj(4, 4) + (5 + 37 + 8) * 0.003125));
  CHECK(E::mac_pj(format_facts<format::Int<4>>, int8, 1) < E::mac_pj(int8, int8, 1));
}

TEST_CASE("each weight is read once from where it is kept") {
  const net::LayerShape conv = net::ConvShape{.r = 3, .s = 3, .c = 4, .p = 5, .q = 5, .k = 8};
  constexpr auto& int8 = format_facts<format::Int<8>>;
  const double compute = Energy45nm<>::cost(conv, int8, int8);
  CHECK(compute == doctest::Approx(288 * 25 * Energy45nm<>::mac_pj(int8, int8, 36)));
  CHECK(Energy45nm<Dram>::cost(conv, int8, int8) == doctest::Approx(compute + 288 * 8 * 20.3125));
  CHECK(Energy45nm<Sram<1 << 16>>::cost(conv, int8, int8) ==
        doctest::Approx(compute + 288 * 8 * 10.0 / 64).epsilon(1e-4));
  const auto constants = constants_of(Energy45nm<Dram>{});
  CHECK(std::ranges::count(constants, energy_45nm::dram_read) == 1);
  CHECK(std::ranges::count(constants, core::Standing::Assumed, &core::Constant::standing) == 1);
}

}  // namespace
