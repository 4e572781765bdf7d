// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/factored_baseline.hpp>

#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

#include <accel/random_workload.hpp>

#include <bitloom/accel/m4bram_search.hpp>
#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;

template <class B, class W>
void check_cycles(const M4bramWorkload& workload, const FactoredSpace<Tile>& space, const W& widths) {
  const auto task = baseline_task(workload);
  const detail::FactoredResources<B> resources(task, space, widths);
  const detail::FactoredCycles<B> cycles(resources);
  std::int64_t wrong = 0;
  std::int64_t outside = 0;
  for (std::size_t i = 0; i < space.columns.size(); ++i)
    for (std::size_t j = 0; j < space.channels.size(); ++j) {
      const auto row = cycles.row(i);
      const auto exact = B::cycles(task, space.tile(i, j), widths);
      const auto bounds = row.bounds(j);
      wrong += row.cycles(j) != exact;
      outside += exact < bounds.least || exact > bounds.most;
    }
  CHECK(wrong == 0);
  CHECK(outside == 0);
}

TEST_CASE(
    "tables give the cycles of baselines, released or exact, with one width or two, and bounds that hold") {
  core::Random random(12);
  for (int repeat = 0; repeat < 4; ++repeat) {
    const auto workload = repeat == 0 ? m4bram_resnet18() : test::random_m4bram_workload(random);
    const auto space = m4bram_baseline_space(8, workload.net.rvec);
    const int activation = static_cast<int>(random.integer(2, 8));
    check_cycles<BufferedBaseline<ReleasedM4bramStudy>>(workload, space, Widths{8, activation});
    check_cycles<BufferedBaseline<ExactM4bramStudy>>(workload, space, Widths{4, activation});
    check_cycles<BufferedMixedBaseline<ReleasedM4bramStudy>>(workload, space,
                                                             MixedWidths{{8, 4, 0.3}, activation});
  }
}

}  // namespace
