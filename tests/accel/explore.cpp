// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/explore.hpp>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <accel/overlay_twin.hpp>
#include <support/reference_table.hpp>

#include <bitloom/core/random.hpp>
#include <bitloom/net/workload.hpp>
#include <bitloom/net/zoo.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using fabric::OneDoublePumped;
using fabric::TwoSync;

using OwnMapsReleased = WithSource<ReleasedStudy, OwnMaps>;

const net::Workload alexnet = released_alexnet();
const net::Workload resnet34 = net::workload(net::resnet34(), "resnet34");
const net::Workload& network(const std::string& name) { return name == "alexnet" ? alexnet : resnet34; }

template <OverlayStudy Study>
Exploration explore_variant(const std::string& variant, const net::Workload& workload, int bits,
                            const Budgets& budgets) {
  return variant == "2sa" ? explore<TwoSync, Study>(workload, bits, budgets)
                          : explore<OneDoublePumped, Study>(workload, bits, budgets);
}

std::string tile_text(const Tile& t) {
  return std::to_string(t.q) + "/" + std::to_string(t.c) + "/" + std::to_string(t.k);
}

bool close(double ours, const std::string& theirs, double tolerance) {
  double value = 0;
  std::from_chars(theirs.data(), theirs.data() + theirs.size(), value);
  return std::abs(ours - value) <= tolerance * std::abs(value);
}

TEST_CASE("every published exploration is found again, to the last digit with released arithmetic") {
  const auto file = test::reference_table("bramac/dla_dse_summary.csv");
  if (!file) return;
  CHECK(file->row_count() == 18);
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    const auto n = [&](const char* column) { return file->integer(i, column); };
    CAPTURE(file->where(i));
    const auto& net = network(file->text(i, "network"));
    const auto& variant = file->text(i, "variant");
    const auto bits = static_cast<int>(n("precision"));
    const Budgets budgets{.dsp = n("num_dsp_budget"), .bram = n("num_bram_budget")};
    const bool own = file->text(i, "bramac_streambuf_uses") == "own_network";
    const auto found = own ? explore_variant<OwnMapsReleased>(variant, net, bits, budgets)
                           : explore_variant<ReleasedStudy>(variant, net, bits, budgets);
    const auto& b = found.best_baseline();
    const auto& e = found.best();
    CHECK(b.tile == Tile{.q = n("dla_qvec"), .c = n("dla_cvec"), .k = n("dla_kvec")});
    CHECK(b.resources.dsp == n("dla_num_dsp"));
    CHECK(b.resources.stream_bram == n("dla_streambuf_bram"));
    CHECK(b.resources.filter_bram == n("dla_fcache_bram"));
    CHECK(b.cycles == n("dla_total_cycles"));
    CHECK(e.tile == Tile{.q = n("br_qvec"), .c = n("br_cvec"), .k = n("br_kvec")});
    CHECK(e.resources.dsp == n("br_num_dsp"));
    CHECK(e.resources.stream_bram == n("br_streambuf_bram"));
    CHECK(e.resources.filter_bram == n("br_fcache_bram"));
    CHECK(e.cycles == n("bramac_total_cycles"));
    CHECK(close(e.speedup, file->text(i, "speedup"), 1e-9));
    CHECK(close(e.area_ratio, file->text(i, "area_ratio"), 1e-9));
    CHECK(close(e.speedup_per_area(), file->text(i, "speedup_per_area"), 1e-9));

    if (!own) continue;
    const auto exact = explore_variant<ExactStudy>(variant, net, bits, budgets);
    CHECK(exact.best_baseline().tile == b.tile);
    CHECK(exact.best().tile == e.tile);
    const auto fewer = b.cycles - exact.best_baseline().cycles;
    CHECK((fewer >= 0 && fewer <= 36));
    CHECK(close(exact.best().speedup, file->text(i, "speedup"), 1e-4));
    CHECK(close(exact.best().area_ratio, file->text(i, "area_ratio"), 1e-9));
  }
}

TEST_CASE("every layer of the published explorations takes the published cycles") {
  const auto file = test::reference_table("bramac/dla_layer_cycles.csv");
  if (!file) return;
  CHECK(file->row_count() == 270);
  std::int64_t rounded_up = 0;
  for (std::size_t i = 0; i < file->row_count(); ++i) {
    CAPTURE(file->where(i));
    const auto& net = network(file->text(i, "network"));
    const auto bits = static_cast<int>(file->integer(i, "precision"));
    const auto layer = static_cast<std::size_t>(file->integer(i, "layer") - 1);
    const auto found = explore_variant<ReleasedStudy>(file->text(i, "variant"), net, bits, {});
    const auto& baseline = found.best_baseline().tile;
    const auto& enhanced = found.best().tile;
    CHECK(tile_text(baseline) == file->text(i, "dla_qck"));
    CHECK(tile_text(enhanced) == file->text(i, "br_qck"));
    CHECK(layer_cycles<Dla<ReleasedArithmetic>>(net.baseline, baseline, bits)[layer] ==
          file->integer(i, "dla_cycles"));
    rounded_up += file->integer(i, "dla_cycles") - layer_cycles<Dla<>>(net.baseline, baseline, bits)[layer];
    const auto ours = file->text(i, "variant") == "2sa"
                          ? layer_cycles<DlaBramac<TwoSync>>(net.enhanced, enhanced, bits)[layer]
                          : layer_cycles<DlaBramac<OneDoublePumped>>(net.enhanced, enhanced, bits)[layer];
    CHECK(ours == file->integer(i, "bramac_cycles"));
  }
  CHECK(rounded_up == 82);
}

/// A small network of random layers.
net::Workload random_workload(core::Random& random) {
  net::Workload w{.name = "random",
                  .baseline = {},
                  .enhanced = {},
                  .feature_maps = {},
                  .residual = random.bernoulli(0.5)};
  for (auto layers = random.integer(1, 6); layers > 0; --layers) {
    const auto size = random.integer(1, 60);
    const net::ConvShape conv{.r = random.integer(1, 7),
                              .s = random.integer(1, 7),
                              .c = random.integer(1, 300),
                              .p = size,
                              .q = size,
                              .k = random.integer(1, 300)};
    w.baseline.layers.emplace_back(conv);
    w.enhanced.layers.emplace_back(conv);
    if (random.bernoulli(0.3)) {
      w.baseline.layers.emplace_back(conv);
      w.enhanced.layers.emplace_back(
          net::FcShape{.c = random.integer(1, 4000), .k = random.integer(1, 4000)});
    }
    const auto in = size * random.integer(1, 3);
    w.feature_maps.push_back(
        {.pin = in, .qin = in, .cin = conv.c, .pout = size, .qout = size, .cout = conv.k});
  }
  return w;
}

template <class Variant, OverlayStudy Study>
void check_twin(const net::Workload& workload, int bits, const Budgets& budgets, bool full, bool stride,
                double clock_ratio) {
  const auto twin = test::OverlayTwin{.net = workload,
                                      .bits = bits,
                                      .budgets = budgets,
                                      .two_sync = Variant::arrays == 2,
                                      .full_charge = full,
                                      .stride_width = stride,
                                      .clock_ratio = clock_ratio}
                        .run();
  CAPTURE(budgets.dsp);
  CAPTURE(budgets.bram);
  CAPTURE(bits);
  const auto baseline = search_baseline<Study>(workload, bits, budgets, baseline_space(bits));
  REQUIRE(baseline.best == twin.baseline);
  REQUIRE(baseline.feasibility == twin.baseline_counts);
  if (!baseline.best) {
    CHECK_THROWS_AS((static_cast<void>(explore<Variant, Study>(workload, bits, budgets))), SolverError);
    return;
  }
  const auto enhanced = search_enhanced<Variant, Study>(workload, bits, budgets,
                                                        compared<Study>(workload, bits, *baseline.best),
                                                        enhanced_space<Variant>(bits));
  REQUIRE(enhanced.best == twin.enhanced);
  REQUIRE(enhanced.feasibility == twin.enhanced_counts);
}

TEST_CASE("the search finds what plain loops over all tiles find, for any network and budget") {
  core::Random random(27);
  for (int repeat = 0; repeat < 40; ++repeat) {
    const auto workload = random_workload(random);
    const Budgets budgets{.dsp = random.integer(20, 2000), .bram = random.integer(20, 2500)};
    const int bits = 1 << random.integer(1, 3);
    check_twin<TwoSync, ExactStudy>(workload, bits, budgets, false, false, 1);
    check_twin<OneDoublePumped, ExactStudy>(workload, bits, budgets, false, false, 1);
    check_twin<OneDoublePumped, CorrectedStudy>(workload, bits, budgets, true, false, 500.0 / 549.0);
    check_twin<TwoSync, WithWidth<CorrectedStudy, StrideWidth>>(workload, bits, budgets, true, true, 1);
  }
  for (const auto* workload : {&alexnet, &resnet34})
    for (const int bits : {2, 4, 8}) {
      check_twin<TwoSync, ExactStudy>(*workload, bits, {}, false, false, 1);
      check_twin<OneDoublePumped, CorrectedStudy>(*workload, bits, {}, true, false, 500.0 / 549.0);
    }
}

TEST_CASE("with corrections all block RAMs fit, and 1DA pays for its clock") {
  for (const auto* workload : {&alexnet, &resnet34})
    for (const int bits : {2, 4, 8}) {
      const auto plain = explore<OneDoublePumped>(*workload, bits);
      const auto corrected = explore<OneDoublePumped, CorrectedStudy>(*workload, bits);
      CHECK(corrected.best().resources.bram() <= 1500);
      CHECK(corrected.best().speedup < plain.best().speedup);
      const auto cycles =
          static_cast<double>(corrected.reference.cycles) / static_cast<double>(corrected.best().cycles);
      CHECK(corrected.best().speedup == doctest::Approx(cycles * 500 / 549));
    }
  CHECK(explore<OneDoublePumped>(resnet34, 8).best().resources.bram() > 1500);
}

TEST_CASE("budgets without a result end in an error that names the limit") {
  const auto message = [](int bits, const Budgets& budgets) -> std::string {
    try {
      static_cast<void>(explore<TwoSync>(alexnet, bits, budgets));
    } catch (const SolverError& error) {
      return error.what();
    }
    return {};
  };
  CHECK(message(8, {.dsp = 20, .bram = 1500}) ==
        "no feasible configuration for the baseline overlay: all 160 candidates exceed the 20 DSP slices (a "
        "candidate "
        "needs at least 48)");
  CHECK(message(8, {.dsp = 1518, .bram = 10}).find("exceed the 10 block RAMs") != std::string::npos);
  CHECK(message(8, {.dsp = 1, .bram = 1}).find(" and the 1 block RAMs") != std::string::npos);
  // a baseline this small fits, but it is slower than the reference tile
  CHECK(message(8, {.dsp = 50, .bram = 1500}).find("baseline overlay: of 160 candidates, 159 exceed") !=
        std::string::npos);
  CHECK(message(4, {.dsp = 880, .bram = 480}) ==
        "no feasible configuration for the enhanced overlay: all 1736 candidates exceed the 480 block RAMs "
        "(a candidate "
        "needs at least 486)");
  CHECK(message(4, {.dsp = 1160, .bram = 400}).find("none of the other 4 is faster") != std::string::npos);
  CHECK(message(8, {}).empty());
}

TEST_CASE("workloads that cannot be explored are refused") {
  auto w = alexnet;
  w.feature_maps.clear();
  CHECK_THROWS_WITH_AS(static_cast<void>(explore<TwoSync>(w, 4)),
                       "feature maps: there is none, to size the stream buffers", ShapeError);
  w = alexnet;
  w.baseline.layers = {net::FcShape{10, 10}};
  CHECK_THROWS_AS(static_cast<void>(explore<TwoSync>(w, 4)), ShapeError);
  w = alexnet;
  w.enhanced.layers[0] = net::ConvShape{.r = 3, .s = 3, .c = 0, .p = 8, .q = 8, .k = 8};
  CHECK_THROWS_AS(static_cast<void>(explore<TwoSync>(w, 4)), ShapeError);
  constexpr auto huge = std::int64_t{1} << 30;
  w.enhanced.layers[0] = net::ConvShape{.r = 1, .s = 1, .c = huge, .p = huge, .q = 1, .k = 1};
  CHECK_THROWS_AS(static_cast<void>(explore<TwoSync>(w, 4)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(explore<TwoSync>(alexnet, 3)), RangeError);
  CHECK_THROWS_AS(
      static_cast<void>(search_baseline<ExactStudy>(alexnet, 4, {}, {.q = {}, .c = {4}, .k = {8}})),
      ShapeError);
  CHECK_THROWS_AS(
      static_cast<void>(search_baseline<ExactStudy>(alexnet, 4, {}, {.q = {2, 1}, .c = {4}, .k = {8}})),
      RangeError);
  CHECK_THROWS_AS(
      static_cast<void>(search_baseline<ExactStudy>(alexnet, 4, {}, {.q = {0}, .c = {4}, .k = {8}})),
      RangeError);
}

TEST_CASE("without a tile that is admitted, the shape is the limit") {
  const auto search = search_baseline<ExactStudy>(alexnet, 4, {}, {.q = {1}, .c = {4}, .k = {12, 20}});
  CHECK(search.feasibility.limit() == Limit::Shape);
  CHECK(limit_text(search.feasibility, {}) == "no tile of the search space is admitted");
}

}  // namespace
