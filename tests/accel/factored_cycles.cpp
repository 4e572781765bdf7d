// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/factored_cycles.hpp>

#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

#include <accel/random_workload.hpp>

#include <bitloom/accel/m4bram_search.hpp>
#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using Released = ReleasedM4bramStudy;

/// Every tile of a space takes the cycles of the full formulas, which lie within the bounds.
template <class C>
void check_cycles(const M4bramWorkload& workload, const typename C::Widths& widths) {
  using B = typename C::Enhanced;
  const auto task = C::task(workload);
  const auto space = C::space(widths, workload.net.rvec, 4);
  const detail::FactoredResources<B> resources(task, space, widths);
  const detail::FactoredCycles<B> cycles(resources);
  std::int64_t wrong = 0;
  std::int64_t outside = 0;
  std::int64_t loose = 0;
  for (std::size_t i = 0; i < space.columns.size(); i += 5)
    for (std::size_t j = 0; j < space.channels.size(); ++j) {
      const auto row = cycles.row(i);
      const auto exact = B::cycles(task, space.tile(i, j), widths);
      const auto bounds = row.bounds(j);
      wrong += row.cycles(j) != exact;
      outside += exact < bounds.least || exact > bounds.most;
      loose += bounds.most - bounds.least > 2 * std::ssize(task.layers.layers) + 2;
    }
  CHECK(wrong == 0);
  CHECK(outside == 0);
  CHECK(loose == 0);
}

TEST_CASE("tables give the cycles of enhanced overlays, and bounds that hold and are close") {
  core::Random random(11);
  for (int repeat = 0; repeat < 3; ++repeat) {
    auto workload = repeat == 0 ? m4bram_alexnet() : test::random_m4bram_workload(random);
    // divisible by many numbers, so that the order of released roundings counts
    workload.net.enhanced.layers.emplace_back(net::FcShape{27720, 1024 * random.integer(1, 9)});
    workload.net.enhanced.layers.emplace_back(net::FcShape{5040, 3 * 192});
    check_cycles<M4bramComparison<Released, fabric::Large, fabric::DoublePumped>>(workload, {8, 6});
    check_cycles<M4bramAloneComparison<Released, fabric::Small, fabric::Synchronous>>(workload, {4, 3});
    check_cycles<BramacComparison<Released, fabric::TwoSync>>(workload, 4);
    check_cycles<MixedM4bramComparison<Released, fabric::Large, fabric::Synchronous>>(workload,
                                                                                      {{8, 4, 0.15}, 6});
    check_cycles<MixedM4bramComparison<CorrectedM4bramStudy, fabric::Large, fabric::Synchronous>>(
        workload, {{8, 2, 0.35}, 6});
  }
}

TEST_CASE("bounds of rounded quotients hold the exact sum and one that is 2 larger for each") {
  const auto bounds = detail::CycleBounds::rounded_up(1000.25, 3);
  CHECK(bounds.least == 1000);
  CHECK(bounds.most == 1006);
}

}  // namespace
