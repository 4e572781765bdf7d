// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/buffered_overlay.hpp>

#include <cstdint>
#include <numeric>

#include <doctest/doctest.h>

#include <bitloom/accel/m4bram_search.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;

TEST_CASE("a task costs what its overlay and its stream buffer cost") {
  using Hybrid = BufferedHybrid<ReleasedM4bramStudy, fabric::Large, fabric::Synchronous>;
  using Mixed = BufferedMixedHybrid<ReleasedM4bramStudy, fabric::Large, fabric::Synchronous>;
  const auto workload = m4bram_vgg16();
  const auto task = M4bramComparison<ReleasedM4bramStudy, fabric::Large, fabric::Synchronous>::task(workload);
  const HybridTile tile{.dsp = {.q = 3, .c = 8, .k = 32}, .bram = {.q = 4, .c = 32, .k = 64}};
  // a published design
  const auto resources = Hybrid::resources(task, tile, {8, 8});
  CHECK(resources.dsp == 1152);
  CHECK(resources.filter_bram == 1536);
  CHECK(resources.stream_bram == 832);
  CHECK(resources.area == doctest::Approx(160916.48));
  CHECK(Hybrid::cycles(task, tile, {8, 8}) == 3959407);
  CHECK(Hybrid::bram_area().value == doctest::Approx(40 * 1.334));
  CHECK(BufferedBaseline<ReleasedM4bramStudy>::bram_area().value == 40);
  const auto layers = Hybrid::layer_cycles(task, tile, {8, 8});
  CHECK(layers.size() == 16);
  CHECK(std::accumulate(layers.begin(), layers.end(), std::int64_t{0}) == 3959407);

  const MixedWidths all_high{{8, 4, 1.0}, 8};
  CHECK(Mixed::cycles(task, tile, all_high) == 3959407);
  CHECK(Mixed::resources(task, tile, all_high) == resources);
  const MixedWidths half{{8, 4, 0.5}, 8};
  CHECK(Mixed::filter_bram(task, tile, half).sum() < 1536);
  CHECK_THROWS_AS(static_cast<void>(Hybrid::resources(task, {}, {8, 8})), RangeError);
}

}  // namespace
