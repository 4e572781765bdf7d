// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/m4bram_search.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <accel/m4bram_twin.hpp>
#include <accel/random_workload.hpp>
#include <support/reference_table.hpp>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using fabric::DoublePumped;
using fabric::Large;
using fabric::Small;
using fabric::Synchronous;
using test::M4bramTwin;
using Released = ReleasedM4bramStudy;

bool close(double a, double b) { return std::abs(a - b) <= 1e-12 * std::abs(b); }

double number(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

const M4bramWorkload& network(const std::string& name) {
  static std::map<std::string, M4bramWorkload> known;
  if (!known.contains(name)) known[name] = m4bram_workload(name).value();
  return known.at(name);
}

M4bramTwin::Machine machine(const Tile& t) { return {.pvec = t.p, .dq = t.q, .dc = t.c, .dk = t.k}; }
M4bramTwin::Machine machine(const HybridTile& t) {
  return {.pvec = t.dsp.p,
          .dq = t.dsp.q,
          .dc = t.dsp.c,
          .dk = t.dsp.k,
          .mq = t.bram.q,
          .mc = t.bram.c,
          .mk = t.bram.k};
}
M4bramTwin::Machine alone_machine(const Tile& t) { return {.pvec = t.p, .mq = t.q, .mc = t.c, .mk = t.k}; }

M4bramTwin twin(const M4bramWorkload& workload, const Budgets& budgets) {
  return {.net = workload.net,
          .outputs = static_cast<std::int64_t>(workload.storage.form),
          .divisor = workload.storage.divisor,
          .no_dsp_divisor = workload.alone_storage.divisor,
          .matrices = workload.matrices,
          .bram = budgets.bram,
          .dsp = budgets.dsp};
}

/// A search finds what the plain loops of the twin find; `to_machine` turns a tile into the twin's vectors.
template <class T, class F>
void check_found(const FrontSearch<T>& ours, const M4bramTwin::Found& theirs, F to_machine) {
  const auto& f = ours.feasibility;
  CHECK(f.candidates == theirs.candidates);
  CHECK(f.over_dsp == theirs.over_dsp);
  CHECK(f.over_bram == theirs.over_bram);
  CHECK(f.over_both == theirs.over_both);
  CHECK(f.within == theirs.feasible);
  CHECK(f.not_faster == theirs.not_faster);
  CHECK(ours.ties == theirs.ties);
  REQUIRE(ours.best.has_value() == theirs.best.has_value());
  std::int64_t previous = 0;
  for (const auto& c : ours.front) {
    CHECK(c.cycles >= previous);
    previous = c.cycles;
    const auto same = std::ranges::find(theirs.all, to_machine(c.tile), &M4bramTwin::Point::machine);
    REQUIRE(same != theirs.all.end());
    CHECK(c.cycles == same->cycles);
    CHECK(close(c.resources.area, same->area));
    CHECK(std::ranges::none_of(theirs.all, [&](const auto& p) {
      return p.cycles <= c.cycles && p.area <= same->area && (p.cycles < c.cycles || p.area < same->area);
    }));
  }
  if (!ours.best) return;
  CHECK(to_machine(ours.best->tile) == theirs.best->machine);
  CHECK(ours.best->cycles == theirs.best->cycles);
  CHECK(ours.best->resources.dsp == theirs.best->dsp);
  CHECK(ours.best->resources.filter_bram == theirs.best->filter);
  CHECK(ours.best->resources.stream_bram == theirs.best->stream);
  CHECK(ours.best->speedup == theirs.best->speedup);
  CHECK(close(ours.best->area_ratio, theirs.best->area_ratio));
  CHECK(close(ours.best->quality, theirs.best->qf));
}

template <class T>
Candidate as_reference(const M4bramTwin::Point& p, const T& tile) {
  return {.tile = tile, .resources = {.area = p.area}, .cycles = p.cycles};
}

TEST_CASE("searches find what plain loops over all vector sizes find, for any network and budget") {
  core::Random random(7);
  for (int repeat = 0; repeat < 4; ++repeat) {
    const auto workload = test::random_m4bram_workload(random);
    const Budgets budgets{.dsp = random.integer(300, 1500), .bram = random.integer(300, 2500)};
    const Widths widths{1 << random.integer(1, 3), static_cast<int>(random.integer(2, 8))};
    const int most = 1 << random.integer(0, 2);
    auto plain = twin(workload, budgets);
    plain.pw = widths.weight;
    plain.pi = widths.activation;
    plain.large = false;
    plain.double_pumped = true;
    using Hybrid = M4bramComparison<Released, Small, DoublePumped>;
    const auto baseline = plain.search_baseline();
    const auto ours = search_baseline<Hybrid>(workload, widths, budgets);
    check_found(ours, baseline, [](const Tile& t) { return machine(t); });
    if (!baseline.best) continue;
    const auto reference = as_reference(*baseline.best, Tile{});
    check_found(search_enhanced<Hybrid>(workload, widths, budgets, reference, BestSpeedup{}, most),
                plain.search_hybrid(*baseline.best, M4bramTwin::Goal::Speedup, most),
                [](const HybridTile& t) { return machine(t); });
    using Alone = M4bramAloneComparison<Released, Small, DoublePumped>;
    check_found(search_enhanced<Alone>(workload, widths, budgets, reference, BestSpeedup{}, most),
                plain.search_no_dsp(*baseline.best, most), alone_machine);

    // exact and corrected, two widths of weights
    using Mixed = MixedM4bramComparison<CorrectedM4bramStudy, Large, Synchronous>;
    const MixedWidths two{{8, 4, static_cast<double>(random.integer(1, 19)) / 20}, widths.activation};
    plain.pw = 8;
    plain.pw_low = 4;
    plain.high = two.weights.high_ratio;
    plain.large = true;
    plain.double_pumped = false;
    plain.exact = plain.own_rate = plain.stride_width = true;
    const auto mixed = plain.search_baseline();
    check_found(search_baseline<Mixed>(workload, two, budgets), mixed,
                [](const Tile& t) { return machine(t); });
    if (!mixed.best) continue;
    check_found(search_enhanced<Mixed>(workload, two, budgets, as_reference(*mixed.best, Tile{})),
                plain.search_hybrid(*mixed.best, M4bramTwin::Goal::Quality),
                [](const HybridTile& t) { return machine(t); });

    using Bramac = BramacComparison<Released, fabric::TwoSync>;
    auto bramac = twin(workload, budgets);
    bramac.pw = bramac.pi = widths.weight;
    const auto wide = bramac.search_bramac_baseline();
    check_found(search_baseline<Bramac>(workload, widths.weight, budgets), wide,
                [](const Tile& t) { return machine(t); });
    if (!wide.best) continue;
    check_found(search_enhanced<Bramac>(workload, widths.weight, budgets, as_reference(*wide.best, Tile{})),
                bramac.search_bramac(*wide.best), [](const HybridTile& t) {
                  return M4bramTwin::Machine{.pvec = 1, .dq = t.dsp.q, .dc = t.dsp.c, .dk = t.dsp.k};
                });
  }
}

/// The baselines of dse_baseline_dla.csv by their case, as listed.
using Baselines = std::map<std::string, Candidate>;

template <class B, class T>
Scored<T> listed(const OverlayTask& task, const T& tile, const typename B::widths_type& widths,
                 const Reference& reference) {
  return score(tile, B::resources(task, tile, widths), B::cycles(task, tile, widths), reference);
}

TEST_CASE("every published baseline is found again, with all its figures") {
  const auto file = test::reference_table("m4bram/dse_baseline_dla.csv");
  if (!file) return;
  using C = M4bramComparison<Released, Large, Synchronous>;
  CHECK(file->row_count() == 42);
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    CAPTURE(file->where(i));
    const auto n = [&](const char* column) { return file->integer(i, column); };
    const auto& workload = network(file->text(i, "network"));
    const Widths widths{file->integer(i, "pw", 2, 8), file->integer(i, "pi", 2, 8)};
    const auto found =
        search_baseline<C>(workload, widths, {.dsp = n("num_dsp_avail"), .bram = n("num_bram_avail")});
    CHECK(found.feasibility.within == n("feasible"));
    CHECK(found.ties == n("ties"));
    REQUIRE(close(found.best->quality, number(file->text(i, "best_qf"))));
    const Tile tile{.q = n("qvec"), .c = n("cvec"), .k = n("kvec"), .r = workload.net.rvec, .p = n("pvec")};
    const auto theirs = listed<typename C::Baseline>(baseline_task(workload), tile, widths,
                                                     baseline_reference<C>(workload, widths));
    CHECK(theirs.resources.dsp == n("num_dsp"));
    CHECK(theirs.resources.filter_bram == n("fcache_bram"));
    CHECK(theirs.resources.stream_bram == n("streambuf_bram"));
    CHECK(theirs.cycles == n("total_cycles"));
    CHECK(close(theirs.resources.area, number(file->text(i, "area"))));
    CHECK(theirs.quality == found.best->quality);
  }
}

/// f(comparison) for a row's size and clocking, with or without slices.
template <class F>
void visit_comparison(const std::string& mode, const std::string& variant, bool alone, F f) {
  const auto with = [&]<class Size, class Clocking>(Size, Clocking) {
    if (alone)
      f(M4bramAloneComparison<Released, Size, Clocking>{});
    else
      f(M4bramComparison<Released, Size, Clocking>{});
  };
  if (variant == "L" && mode == "s") return with(Large{}, Synchronous{});
  if (variant == "L") return with(Large{}, DoublePumped{});
  REQUIRE(mode == "d");  // a small synchronous block is not in the study
  with(Small{}, DoublePumped{});
}

TEST_CASE("every published design with M4BRAM is found again, with all its figures and layers") {
  const auto file = test::reference_table("m4bram/dse_m4bram.csv");
  const auto baselines = test::reference_table("m4bram/dse_baseline_dla.csv");
  const auto layers = test::reference_table("m4bram/dse_layer_cycles.csv");
  if (!file || !baselines || !layers) return;
  std::map<std::string, std::vector<std::int64_t>> layer_cycles;
  for (std::size_t i = 0; i < layers->row_count(); ++i) {
    auto& cycles = layer_cycles[layers->text(i, "case")];
    CHECK(layers->integer(i, "layer") == std::ssize(cycles) + 1);
    cycles.push_back(layers->integer(i, "cycles"));
  }
  std::map<std::string, Candidate> references;
  for (std::size_t i = 0; i < baselines->row_count(); ++i) {
    const auto n = [&](const char* column) { return baselines->integer(i, column); };
    const auto& workload = network(baselines->text(i, "network"));
    const Tile tile{.q = n("qvec"), .c = n("cvec"), .k = n("kvec"), .r = workload.net.rvec, .p = n("pvec")};
    const auto& name = baselines->text(i, "case");
    references[name] = {
        .tile = tile, .resources = {.area = number(baselines->text(i, "area"))}, .cycles = n("total_cycles")};
    CHECK(BufferedBaseline<Released>::layer_cycles(
              baseline_task(workload), tile,
              {baselines->integer(i, "pw", 2, 8), baselines->integer(i, "pi", 2, 8)}) ==
          layer_cycles.at(name));
  }
  CHECK(file->row_count() == 132);
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    const auto& name = file->text(i, "case");
    CAPTURE(name);
    const auto n = [&](const char* column) { return file->integer(i, column); };
    const auto& workload = network(file->text(i, "network"));
    const Widths widths{file->integer(i, "pw", 2, 8), file->integer(i, "pi", 2, 8)};
    const Budgets budgets{.dsp = n("num_dsp_avail"), .bram = n("num_bram_avail")};
    const auto& reference = references.at(file->text(i, "baseline"));
    const auto most = file->integer(i, "max_dup", 1, 4);
    const auto r = workload.net.rvec;
    visit_comparison(file->text(i, "mode"), file->text(i, "variant"), n("dsp_qvec") == 0, [&]<class C>(C) {
      using Enhanced = typename C::Enhanced;
      const auto check = [&](const auto& found, double objective) {
        CHECK(found.feasibility.within == n("feasible"));
        CHECK(found.ties == n("ties"));
        CHECK(close(objective, number(file->text(i, "best_obj"))));
      };
      const auto find = [&](auto objective) {
        const auto found = search_enhanced<C>(workload, widths, budgets, reference, objective, most);
        check(found, objective.value(found.best.value()));
      };
      if (file->text(i, "objective") == "qf")
        find(BestQuality{});
      else
        find(BestSpeedup{});
      typename Enhanced::tile_type tile;
      const Tile bram{.q = n("m4_qvec"), .c = n("m4_cvec"), .k = n("m4_kvec"), .r = r, .p = n("pvec")};
      if constexpr (std::same_as<typename Enhanced::tile_type, Tile>)
        tile = bram;
      else
        tile = {.dsp = {.q = n("dsp_qvec"), .c = n("dsp_cvec"), .k = n("dsp_kvec"), .r = r, .p = n("pvec")},
                .bram = bram};
      const auto task = C::task(workload);
      const auto theirs = listed<Enhanced>(task, tile, widths, enhanced_reference<C>(reference));
      CHECK(theirs.resources.dsp == n("num_dsp"));
      CHECK(static_cast<double>(theirs.resources.filter_bram) == number(file->text(i, "fcache_bram")));
      CHECK(theirs.resources.stream_bram == n("streambuf_bram"));
      CHECK(theirs.cycles == n("total_cycles"));
      CHECK(close(theirs.resources.area, number(file->text(i, "area"))));
      CHECK(close(theirs.speedup, number(file->text(i, "speedup"))));
      CHECK(close(theirs.area_ratio, number(file->text(i, "area_ratio"))));
      CHECK(close(theirs.quality, number(file->text(i, "qf"))));
      CHECK(Enhanced::layer_cycles(task, tile, widths) == layer_cycles.at(name));
    });
  }
}

}  // namespace
