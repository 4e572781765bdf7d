// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/mac_cost.hpp>

#include <cstdint>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::search;

static_assert(ConstantCostModel<MacCells>);

template <class F, class G>
void check_accumulator() {
  for (const std::int64_t terms : {1, 2, 3, 1000, 4608})
    CHECK(accumulator_bits(format_facts<F>, format_facts<G>, terms) == op::sum_bits<F, G>(terms));
}

TEST_CASE("the register is that of the exact sum") {
  check_accumulator<format::Int<4>, format::Int<4>>();
  check_accumulator<format::Int<8>, format::Int<3>>();
  check_accumulator<format::E4m3fn, format::E4m3fn>();
  check_accumulator<format::E2m1fn, format::E5m2>();
  check_accumulator<format::Bfloat16, format::Int<4>>();
  static_assert(accumulator_bits(format_facts<format::E4m3fn>, format_facts<format::E4m3fn>, 1) == 37);
  static_assert(accumulator_bits(format_facts<format::E2m1fn>, format_facts<format::E2m1fn>, 1) == 9);
}

TEST_CASE("an integer unit is a multiplier and an accumulator") {
  constexpr auto mac = mac_structure(format_facts<format::Int<8>>, format_facts<format::Int<8>>, 512);
  static_assert(mac == MacStructure{.multiplier = 64, .accumulator = 16 + 9});
  CHECK(mac.cells() == 89);
}

TEST_CASE("a float of the same width multiplies less, but aligns") {
  constexpr auto mac = mac_structure(format_facts<format::E4m3fn>, format_facts<format::E4m3fn>, 512);
  static_assert(mac ==
                MacStructure{.multiplier = 16, .exponent_adder = 5, .shifter = 46 * 6, .accumulator = 46});
  const net::LayerShape dense = net::FcShape{512, 10};
  CHECK(MacCells::cost(dense, format_facts<format::E4m3fn>, format_facts<format::E4m3fn>) ==
        5120.0 * mac.cells());
  CHECK(mac.cells() > 2 * 89);  // published: FP8 is at least half as much again as INT8
  CHECK(MacCells::constants().front().standing == core::Standing::Assumed);
}

}  // namespace
