// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/factored_search.hpp>

#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <accel/random_workload.hpp>

#include <bitloom/accel/m4bram_search.hpp>
#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using fabric::DoublePumped;
using fabric::Large;
using fabric::Small;
using fabric::Synchronous;

/// Both forms of a search on a thinned space.
template <class B, class Objective, class Axes>
void check_same(core::Random& random, const OverlayTask& task, FactoredSpace<typename B::tile_type> space,
                const typename B::widths_type& widths, const Reference& reference) {
  const auto thin = [&](auto& tiles) {
    std::erase_if(tiles, [&](const auto&) { return random.bernoulli(0.6); });
  };
  thin(space.columns);
  thin(space.channels);
  const Budgets budgets{.dsp = random.integer(100, 3000), .bram = random.integer(100, 4000)};
  const auto plain = search_exhaustively<B>(task, space, widths, budgets, reference, Objective{});
  const auto fast = search_factored<B>(task, space, widths, budgets, reference, Objective{}, Axes{});
  CAPTURE(budgets.dsp);
  CAPTURE(budgets.bram);
  REQUIRE(fast.feasibility == plain.feasibility);
  REQUIRE(fast.best == plain.best);
  REQUIRE(fast.ties == plain.ties);
  REQUIRE(fast.front == pareto_front<Axes>(plain));
}

template <class C>
void check_comparison(core::Random& random, const typename C::Widths& widths) {
  const auto workload = test::random_m4bram_workload(random);
  const auto r = workload.net.rvec;
  const auto reference = baseline_reference<C>(workload, widths);
  check_same<typename C::Baseline, BestQuality, CyclesArea>(random, baseline_task(workload),
                                                            C::baseline_space(widths, r), widths, reference);
  auto enhanced = reference;
  enhanced.least_speedup = C::least_speedup;
  const auto task = C::task(workload);
  const auto space = C::space(widths, r, 1 << random.integer(0, 2));
  check_same<typename C::Enhanced, BestQuality, CyclesArea>(random, task, space, widths, enhanced);
  check_same<typename C::Enhanced, BestSpeedup, CyclesDspBram>(random, task, space, widths, enhanced);
}

TEST_CASE("tables find the counts, optimum, ties and front that all formulas in full find") {
  core::Random random(31);
  const auto weight = [&] { return 1 << random.integer(1, 3); };
  const auto activation = [&] { return static_cast<int>(random.integer(2, 8)); };
  for (int repeat = 0; repeat < 6; ++repeat) {
    using Released = ReleasedM4bramStudy;
    check_comparison<M4bramComparison<Released, Large, DoublePumped>>(random, {weight(), activation()});
    check_comparison<M4bramComparison<WithReadouts<CorrectedM4bramStudy, SafeReadouts>, Small, Synchronous>>(
        random, {4 * (1 << random.integer(0, 1)), activation()});
    check_comparison<M4bramAloneComparison<Released, Small, DoublePumped>>(random, {weight(), activation()});
    check_comparison<BramacComparison<Released, fabric::TwoSync>>(random, weight());
    check_comparison<BramacComparison<ExactM4bramStudy, fabric::OneDoublePumped>>(random, weight());
    const auto share = static_cast<double>(random.integer(1, 20)) / 20;
    check_comparison<MixedM4bramComparison<Released, Large, Synchronous>>(random,
                                                                          {{8, 4, share}, activation()});
    check_comparison<MixedM4bramComparison<CorrectedM4bramStudy, Small, DoublePumped>>(
        random, {{4, 2, share}, activation()});
  }
}

TEST_CASE("a space without tiles has no result, and its shape is the limit") {
  using Overlay = BufferedBaseline<ReleasedM4bramStudy>;
  const auto task = baseline_task(m4bram_resnet18());
  auto space = m4bram_baseline_space(8);
  space.channels.clear();
  const auto found = search_factored<Overlay>(task, space, 8, m4bram_large_device, {.cycles = 1, .area = 1});
  CHECK_FALSE(found.best.has_value());
  CHECK(found.feasibility.limit() == Limit::Shape);
  CHECK(found.front.empty());
}

TEST_CASE("layers without an extent and layers too large to count are refused") {
  using Overlay = BufferedHybrid<ReleasedM4bramStudy, Large, DoublePumped>;
  const auto search = [](const net::LayerShape& layer) {
    auto task = baseline_task(m4bram_resnet18());
    task.layers.layers.push_back(layer);
    static_cast<void>(
        search_factored<Overlay>(task, m4bram_space(8), 8, m4bram_large_device, {.cycles = 1, .area = 1}));
    auto space = m4bram_baseline_space(8);
    static_cast<void>(search_factored<BufferedBaseline<ReleasedM4bramStudy>>(
        task, space, 8, m4bram_large_device, {.cycles = 1, .area = 1}));
  };
  constexpr auto huge = std::int64_t{1} << 30;
  CHECK_NOTHROW(search(net::FcShape{10, 10}));
  CHECK_THROWS_AS(search(net::FcShape{10, 0}), ShapeError);
  CHECK_THROWS_AS(search(net::ConvShape{.r = 3, .s = 3, .c = 0, .p = 8, .q = 8, .k = 8}), ShapeError);
  CHECK_THROWS_AS(search(net::ConvShape{.r = 1, .s = 1, .c = huge, .p = huge, .q = huge, .k = 1}),
                  ShapeError);
  CHECK_THROWS_AS(search(net::ConvShape{.r = 1, .s = 1, .c = 1, .p = huge, .q = huge, .k = 7}), ShapeError);
}

}  // namespace
