// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/m4bram_explore.hpp>

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <support/reference_table.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using fabric::DoublePumped;
using fabric::Large;
using fabric::Small;
using fabric::Synchronous;

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double geometric_mean(std::vector<double> values) {
  for (auto& value : values) value = std::log(value);
  return std::exp(mean(values));
}

double round2(double value) { return std::round(value * 100) / 100; }
double round3(double value) { return std::round(value * 1000) / 1000; }

double number(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TEST_CASE("an exploration has its speed-up, area ratio, quality and the cycles of every layer") {
  const auto found =
      explore_m4bram<Large, DoublePumped>(m4bram_resnet18(), Widths{8, 6}, m4bram_large_device);
  const auto& [base, best] = std::pair(found.best_baseline(), found.best());
  const auto sum = [](const std::vector<std::int64_t>& cycles) {
    return std::accumulate(cycles.begin(), cycles.end(), std::int64_t{0});
  };
  CHECK(found.baseline_cycles.size() == 21);
  CHECK(sum(found.baseline_cycles) == base.cycles);
  CHECK(sum(found.enhanced_cycles) == best.cycles);
  CHECK(best.speedup == static_cast<double>(base.cycles) / static_cast<double>(best.cycles));
  CHECK(best.area_ratio == best.resources.area / base.resources.area);
  CHECK(best.quality == best.speedup * best.speedup / best.area_ratio);
  CHECK(best.resources.bram() <= 2489);
  CHECK(best.resources.dsp <= 1152);
  CHECK(found.enhanced.front.front().cycles <= best.cycles);
}

TEST_CASE("6-bit activations bring 2.16 times the speed of the baseline, the published average") {
  std::vector<double> bars;
  for (const auto* name : {"resnet34", "resnet18", "vgg16"}) {
    const auto net = *m4bram_workload(name);
    const Widths widths{8, 6};
    const auto add = [&](const auto& found) { bars.push_back(found.best().speedup); };
    add(explore_m4bram<Small, DoublePumped>(net, widths, m4bram_large_device, BestSpeedup{}));
    add(explore_m4bram<Large, Synchronous>(net, widths, m4bram_large_device, BestSpeedup{}));
    add(explore_m4bram<Large, DoublePumped>(net, widths, m4bram_large_device, BestSpeedup{}));
  }
  CHECK(round3(mean(bars)) == 2.164);
  for (auto& bar : bars) bar = round2(bar);  // as printed
  CHECK(round3(geometric_mean(bars)) == 2.157);
}

TEST_CASE("against BRAMAC the published ratio is 1.43, that of cycles 1.44") {
  std::vector<double> m4bram, bramac, small, large;
  int faster = 0;
  int slower = 0;
  for (const auto name : m4bram_networks)
    for (const int bits : {2, 4, 8}) {
      const auto net = *m4bram_workload(name);
      const auto device = m4bram_device(name, bits);
      const auto s = explore_m4bram<Small, DoublePumped>(net, Widths{bits}, device);
      const auto l = explore_m4bram<Large, Synchronous>(net, Widths{bits}, device);
      const auto one = explore_bramac_hybrid<fabric::OneDoublePumped>(net, bits, device);
      const auto two = explore_bramac_hybrid<fabric::TwoSync>(net, bits, device);
      m4bram.insert(m4bram.end(), {s.best().speedup, l.best().speedup});
      bramac.insert(bramac.end(), {one.best().speedup, two.best().speedup});
      small.push_back(compare_overlays(s, one).like_for_like);
      large.push_back(compare_overlays(l, two).like_for_like);
      CHECK(compare_overlays(s, one).published == s.best().speedup / one.best().speedup);
      CHECK(one.best_baseline() == two.best_baseline());
      faster += one.best_baseline().cycles < s.best_baseline().cycles;
      slower += one.best_baseline().cycles > s.best_baseline().cycles;
    }
  CHECK(round3(mean(m4bram)) == 2.153);
  CHECK(round3(mean(bramac)) == 1.504);  // published 1.503: one bar is 1.32 there and 1.33 here
  CHECK(round2(mean(m4bram) / mean(bramac)) == 1.43);
  CHECK(faster == 7);
  CHECK(slower == 1);
  auto all = small;
  all.insert(all.end(), large.begin(), large.end());
  CHECK(round2(mean(all)) == 1.44);
  CHECK(round2(geometric_mean(all)) == 1.41);
  CHECK(round2(mean(small)) == 1.61);
  CHECK(round2(mean(large)) == 1.27);
}

TEST_CASE("duplication brings what the published ablation shows") {
  std::array<std::vector<double>, 3> speedups;
  for (const auto* name : {"alexnet", "vitbase", "resnet34"})
    for (const int bits : {2, 4, 8}) {
      const auto found =
          ablate_duplication<Small, DoublePumped>(*m4bram_workload(name), bits, m4bram_device(name, bits));
      for (std::size_t i = 0; i < 3; ++i) {
        const auto& best = found.enhanced[i].best.value();
        speedups[i].push_back(best.speedup);
        CHECK(best.tile.bram.q * best.tile.bram.p <= DuplicationAblation::max_duplication[i]);
        if (i > 0) CHECK(best.quality >= found.enhanced[i - 1].best->quality);
        if (i > 0) CHECK(found.enhanced[i].feasibility.within > found.enhanced[i - 1].feasibility.within);
      }
    }
  // over BRAMAC-1DA; the published plot divides AlexNet at 4 bits by 1.80, where its own comparison has 1.88
  const std::vector<double> bramac{1.45, 1.80, 1.75, 1.20, 1.74, 1.73, 1.09, 1.32, 1.06};
  std::vector<double> means;
  for (auto& bars : speedups) {
    for (std::size_t i = 0; i < bars.size(); ++i) bars[i] = round2(bars[i]) / bramac[i];
    means.push_back(round2(mean(bars)));
  }
  CHECK(means == std::vector{1.06, 1.35, 1.64});
}

TEST_CASE("without slices M4BRAM is 1.99 and 2.95 times as fast as the baseline") {
  std::vector<double> synchronous, double_pumped;
  for (const auto* name : {"alexnet", "resnet18", "resnet34"})
    for (const int bits : {8, 7, 6, 5, 4}) {
      const auto net = *m4bram_workload(name);
      const Widths widths{8, bits};
      const auto found = explore_m4bram_alone<Large, Synchronous>(net, widths, m4bram_few_slices);
      synchronous.push_back(found.best().speedup);
      CHECK(found.best().resources.dsp == 0);
      double_pumped.push_back(
          explore_m4bram_alone<Large, DoublePumped>(net, widths, m4bram_few_slices).best().speedup);
    }
  CHECK(round2(mean(synchronous)) == 1.99);
  CHECK(round2(mean(double_pumped)) == 2.95);
}

TEST_CASE("of ResNet-34 with 5, 15 and 25 % of 8-bit filters the study finds 2.33, 2.02 and 2.02") {
  std::vector<double> speedups;
  for (const double share : {0.05, 0.15, 0.25})
    speedups.push_back(round2(explore_m4bram<Large, Synchronous>(
                                  m4bram_resnet34(), MixedWidths{{8, 4, share}, 6}, m4bram_small_device)
                                  .best()
                                  .speedup));
  CHECK(speedups == std::vector{2.33, 2.02, 2.02});
}

TEST_CASE("every published mixed-weight and BRAMAC design is found again") {
  const auto mixed = test::reference_table("m4bram/dse_mixed_weight.csv");
  const auto bramac = test::reference_table("m4bram/dse_bramac.csv");
  if (!mixed || !bramac) return;
  const auto close = [](double ours, const std::string& theirs) {
    return std::abs(ours - number(theirs)) <= 1e-12 * number(theirs);
  };
  CHECK(mixed->row_count() == 3);
  for (std::size_t i = 0; i < mixed->row_count(); ++i) {
    CAPTURE(mixed->where(i));
    const auto n = [&](const char* column) { return mixed->integer(i, column); };
    const MixedWidths widths{{8, 4, number(mixed->text(i, "high_ratio"))}, 6};
    const auto net = m4bram_resnet34();
    const auto found = explore_m4bram<Large, Synchronous>(net, widths, m4bram_small_device);
    CHECK(found.baseline.feasibility.within == n("base_feasible"));
    CHECK(found.baseline.ties == n("base_ties"));
    CHECK(close(found.best_baseline().quality, mixed->text(i, "base_qf")));
    CHECK(found.best_baseline().resources.dsp == n("base_dsp"));
    CHECK(found.best_baseline().cycles == n("base_total_cycles"));
    CHECK(found.best_baseline().tile ==
          Tile{.q = n("base_qvec"), .c = n("base_cvec"), .k = n("base_kvec"), .p = n("base_pvec")});
    CHECK(found.enhanced.feasibility.within == n("feasible"));
    const auto& best = found.best();
    CHECK(best.tile.dsp == Tile{.q = n("dsp_qvec"), .c = n("dsp_cvec"), .k = n("dsp_kvec"), .p = n("pvec")});
    CHECK(best.tile.bram ==
          Tile{.q = n("m4bram_qvec"), .c = n("m4bram_cvec"), .k = n("m4bram_kvec"), .p = n("pvec")});
    CHECK(best.resources.dsp == n("num_dsp"));
    CHECK(static_cast<double>(best.resources.filter_bram) == number(mixed->text(i, "fcache_bram")));
    CHECK(best.resources.stream_bram == n("streambuf_bram"));
    CHECK(best.cycles == n("total_cycles"));
    CHECK(close(best.speedup, mixed->text(i, "speedup")));
    CHECK(close(best.area_ratio, mixed->text(i, "area_ratio")));
    const auto fastest = explore_m4bram<Large, Synchronous>(net, widths, m4bram_small_device, BestSpeedup{});
    CHECK(close(fastest.best().speedup, mixed->text(i, "max_speedup_in_space")));
  }
  CHECK(bramac->row_count() == 30);
  for (std::size_t i = 0; i < bramac->row_count(); ++i) {
    CAPTURE(bramac->where(i));
    const auto n = [&](const char* column) { return bramac->integer(i, column); };
    const auto net = *m4bram_workload(bramac->text(i, "network"));
    const int bits = bramac->integer(i, "precision", 2, 8);
    const Budgets budgets{.dsp = n("num_dsp_avail"), .bram = n("num_bram_avail")};
    const auto check = [&](const auto& found) {
      CHECK(found.baseline.feasibility.within == n("base_feasible"));
      CHECK(found.best_baseline().cycles == n("base_total_cycles"));
      CHECK(found.enhanced.feasibility.within == n("feasible"));
      CHECK(found.enhanced.ties == n("ties"));
      const auto& best = found.best();
      const auto r = net.net.rvec;
      CHECK(best.tile.dsp == Tile{.q = n("dsp_qvec"), .c = n("dsp_cvec"), .k = n("dsp_kvec"), .r = r});
      CHECK(best.cycles == n("total_cycles"));
      CHECK(best.resources.dsp == n("num_dsp"));
      CHECK(static_cast<double>(best.resources.filter_bram) == number(bramac->text(i, "num_fcache_bram")));
      CHECK(static_cast<double>(best.resources.stream_bram) == number(bramac->text(i, "num_streambuf_bram")));
      CHECK(close(best.speedup, bramac->text(i, "speedup")));
      CHECK(close(best.area_ratio, bramac->text(i, "area_ratio")));
      CHECK(close(best.quality, bramac->text(i, "qf")));
    };
    if (bramac->text(i, "bramac") == "1DA")
      check(explore_bramac_hybrid<fabric::OneDoublePumped>(net, bits, budgets));
    else
      check(explore_bramac_hybrid<fabric::TwoSync>(net, bits, budgets));
  }
}

TEST_CASE("budgets without a result end in an error that names the limit") {
  const auto message = [](const Budgets& budgets, auto explore) -> std::string {
    try {
      explore(budgets);
    } catch (const SolverError& error) {
      return error.what();
    }
    return {};
  };
  const auto hybrid = [](const Budgets& budgets) {
    static_cast<void>(explore_m4bram<Large, DoublePumped>(m4bram_alexnet(), Widths{8}, budgets));
  };
  CHECK(message(m4bram_small_device, hybrid).empty());
  CHECK(message({.dsp = 20, .bram = 2489}, hybrid) ==
        "no feasible configuration for the baseline overlay: all 2304 candidates exceed the 20 DSP slices (a "
        "candidate needs at least 48)");
  CHECK(message({.dsp = 1152, .bram = 10}, hybrid).find("exceed the 10 block RAMs") != std::string::npos);
  CHECK(message({.dsp = 1152, .bram = 880}, hybrid) ==
        "no feasible configuration for the M4BRAM overlay: of 26208 candidates, 14929 exceed the 1152 DSP "
        "slices and 26188 the 880 block RAMs; none of the other 18 is faster than the reference");
  CHECK_THROWS_AS(static_cast<void>(
                      explore_m4bram<Large, DoublePumped>(m4bram_alexnet(), Widths{3}, m4bram_small_device)),
                  RangeError);
  CHECK_THROWS_AS(static_cast<void>(explore_m4bram<Large, DoublePumped>(
                      m4bram_alexnet(), Widths{8}, m4bram_small_device, BestQuality{}, 8)),
                  RangeError);
  CHECK_THROWS_AS(static_cast<void>(
                      explore_bramac_hybrid<fabric::TwoSync>(m4bram_alexnet(), {8, 6}, m4bram_small_device)),
                  RangeError);
  auto empty = m4bram_alexnet();
  empty.net.feature_maps.clear();
  CHECK_THROWS_WITH_AS(
      static_cast<void>(explore_m4bram<Large, DoublePumped>(empty, Widths{8}, m4bram_small_device)),
      "feature maps: there is none, to size the stream buffers", ShapeError);
}

TEST_CASE("exact cycles are at most a few fewer than the published study's, signed MAC2 slower") {
  using Signed = WithMac2<ReleasedM4bramStudy, SignedMac2>;
  for (const auto name : m4bram_networks) {
    const auto net = *m4bram_workload(name);
    const auto released = explore_m4bram<Large, Synchronous>(net, Widths{8, 6}, m4bram_large_device);
    const auto exact =
        explore_m4bram<Large, Synchronous, ExactM4bramStudy>(net, Widths{8, 6}, m4bram_large_device);
    const auto fewer = released.best_baseline().cycles - exact.best_baseline().cycles;
    CHECK((0 <= fewer && fewer <= 36));
    CHECK(exact.best().speedup == doctest::Approx(released.best().speedup).epsilon(1e-4));
    const auto slower = explore_m4bram<Large, Synchronous, Signed>(net, Widths{8, 6}, m4bram_large_device);
    CHECK(slower.best().speedup < released.best().speedup);
  }
}

}  // namespace
