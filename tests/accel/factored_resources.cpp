// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/factored_resources.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <accel/random_workload.hpp>

#include <bitloom/accel/m4bram_search.hpp>
#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;

TEST_CASE("equal elements are of one class, and classes are in the order of their first elements") {
  core::Random random(2);
  std::vector<std::pair<std::int64_t, std::int64_t>> elements;
  for (int i = 0; i < 500; ++i) elements.emplace_back(random.integer(1, 9), 8191 * random.integer(0, 9));
  const detail::Classes classes(elements, [](const auto& e) { return e; });
  std::vector<std::pair<std::int64_t, std::int64_t>> seen;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto c = classes.class_of[i];
    if (c == seen.size()) {
      CHECK(classes.first[c] == i);
      seen.push_back(elements[i]);
    }
    REQUIRE(seen[c] == elements[i]);
  }
  CHECK(classes.size() == seen.size());
}

template <class B, class W>
void check_resources(const OverlayTask& task, const FactoredSpace<typename B::tile_type>& space,
                     const W& widths) {
  const detail::FactoredResources<B> all(task, space, widths);
  std::int64_t wrong = 0;
  for (std::size_t i = 0; i < space.columns.size(); ++i) {
    const auto row = all.row(i);
    for (std::size_t j = 0; j < space.channels.size(); j += 3) {
      const auto exact = B::resources(task, space.tile(i, j), widths);
      wrong += exact != overlay_resources(row.dsp[j], row.filter_bram[j], row.stream_bram(j), B::bram_area());
      wrong += exact.bram() != row.bram(j);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("tables give the resources of every tile") {
  using Released = ReleasedM4bramStudy;
  core::Random random(13);
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto workload = test::random_m4bram_workload(random);
    const auto r = workload.net.rvec;
    const auto task = baseline_task(workload);
    check_resources<BufferedBaseline<Released>>(task, m4bram_baseline_space(4, r), Widths{4, 5});
    check_resources<BufferedHybrid<CorrectedM4bramStudy, fabric::Small, fabric::Synchronous>>(
        task, m4bram_space(8, r), Widths{8, 5});
    check_resources<BufferedAlone<Released, fabric::Large, fabric::DoublePumped>>(task, m4bram_alone_space(r),
                                                                                  Widths{2, 2});
    check_resources<BufferedMixedHybrid<Released, fabric::Large, fabric::DoublePumped>>(
        task, mixed_m4bram_space({{8, 4, 0.45}, 7}, r), MixedWidths{{8, 4, 0.45}, 7});
    check_resources<BufferedBramac<Released, fabric::OneDoublePumped>>(
        task, bramac_space<fabric::OneDoublePumped>(8, r), Widths{8});
  }
}

}  // namespace
