// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/tile_search.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;

/// A tile takes q·c slices and q·k block RAMs; its cycles and area are looked up.
struct TableModel {
  const TileSpace& space;
  std::vector<std::int64_t> cycles_of;
  std::vector<double> area_of;

  [[nodiscard]] std::size_t slot(const TileSpace::Index& i) const {
    return (i.q * space.c.size() + i.c) * space.k.size() + i.k;
  }
  [[nodiscard]] static bool admits(const TileSpace::Index&) { return true; }
  [[nodiscard]] Resources resources(const TileSpace::Index& i) const {
    const auto tile = space.tile(i);
    return {
        .dsp = tile.q * tile.c, .filter_bram = tile.q * tile.k, .stream_bram = 1, .area = area_of[slot(i)]};
  }
  [[nodiscard]] static std::int64_t bram(const Resources& resources) { return resources.filter_bram; }
  [[nodiscard]] std::int64_t cycles(const TileSpace::Index& i) const { return cycles_of[slot(i)]; }
};
static_assert(TileModel<TableModel> && !TileModel<Tile>);

const TileSpace space{.q = {1, 2}, .c = {4, 6}, .k = {8, 10, 12}};
constexpr Budgets all{.dsp = 100, .bram = 100};
constexpr Reference reference{.cycles = 1000, .area = 10};

TEST_CASE("the score is the square of the speed-up over the area ratio, and 0 without a speed-up") {
  static_assert(score({}, {.area = 20}, 250, reference).quality == 8);
  static_assert(score({}, {.area = 20}, 250, reference).speedup_per_area() == 2);
  static_assert(score({}, {.area = 1}, 1000, reference).quality == 0);
  static_assert(score({}, {.area = 10}, 500, {.cycles = 1000, .area = 10, .clock_ratio = 0.75}).speedup ==
                1.5);
  CHECK(score({}, {.area = 1}, 500, {.cycles = 1000, .area = 1, .clock_ratio = 0.5}).quality == 0);
}

TEST_CASE("of equally good tiles the first in the order of q, c, k wins") {
  TableModel model{space, std::vector<std::int64_t>(12, 500), std::vector<double>(12, 10)};
  CHECK(search_tiles(space, model, all, reference).best->tile == Tile{.q = 1, .c = 4, .k = 8});
  model.cycles_of = {900, 900, 500, 500, 500, 500, 500, 500, 500, 500, 500, 500};
  CHECK(search_tiles(space, model, all, reference).best->tile == Tile{.q = 1, .c = 4, .k = 12});
  model.cycles_of = {900, 900, 900, 900, 900, 900, 900, 500, 900, 500, 900, 500};
  CHECK(search_tiles(space, model, all, reference).best->tile == Tile{.q = 2, .c = 4, .k = 10});
  model.area_of[9] = 9;  // better, though later
  CHECK(search_tiles(space, model, all, reference).best->tile == Tile{.q = 2, .c = 6, .k = 8});
}

TEST_CASE("each limit is counted, and the one that leaves nothing is named") {
  const TableModel model{space, std::vector<std::int64_t>(12, 500), std::vector<double>(12, 10)};
  const auto limited = [&](std::int64_t dsp, std::int64_t bram, const Reference& against = reference) {
    return search_tiles(space, model, {.dsp = dsp, .bram = bram}, against).feasibility;
  };
  // slices 4, 6, 8, 12 with three tiles each; block RAMs 8, 10, 12, 16, 20, 24 with two tiles each
  CHECK(limited(6, 12) == Feasibility{.candidates = 12,
                                      .over_dsp = 6,
                                      .over_bram = 6,
                                      .over_both = 6,
                                      .within = 6,
                                      .not_faster = 0,
                                      .least_dsp = 4,
                                      .least_bram = 8});
  CHECK(limited(8, 10).over_both == 3);
  CHECK(limited(8, 10).within == 4);
  CHECK(limited(8, 10).limit() == Limit::None);
  CHECK(limited(3, 100).limit() == Limit::Dsp);
  CHECK(limited(100, 7).limit() == Limit::Bram);
  CHECK(limited(3, 7).limit() == Limit::EachBudget);
  CHECK(limited(100, 100, {.cycles = 500, .area = 10}).limit() == Limit::Speed);
  CHECK(limited(100, 100, {.cycles = 500, .area = 10}).not_faster == 12);
  CHECK(Feasibility{}.limit() == Limit::Shape);
  CHECK(Feasibility{.candidates = 2, .over_dsp = 1, .over_bram = 1}.limit() == Limit::Budgets);
  CHECK_FALSE(search_tiles(space, model, {.dsp = 3, .bram = 100}, reference).best.has_value());

  const auto text = [&](std::int64_t dsp, std::int64_t bram) {
    return limit_text(limited(dsp, bram), {.dsp = dsp, .bram = bram});
  };
  CHECK(text(3, 100) == "all 12 candidates exceed the 3 DSP slices (a candidate needs at least 4)");
  CHECK(text(100, 7) == "all 12 candidates exceed the 7 block RAMs (a candidate needs at least 8)");
  CHECK(text(3, 7).find(" and the 7 block RAMs") != std::string::npos);
  CHECK(limit_text(limited(8, 10, {.cycles = 1, .area = 1}), {.dsp = 8, .bram = 10}) ==
        "of 12 candidates, 3 exceed the 8 DSP slices and 8 the 10 block RAMs; none of the other 4 is faster "
        "than the "
        "reference");
  CHECK(limit_text(limited(8, 10, {.cycles = 1, .area = 1}), {.dsp = 8, .bram = 10}, 0.5)
            .find("is faster than 0.5 times the reference") != std::string::npos);
}

TEST_CASE("candidates with exactly the best objective are counted, those without one are not") {
  TableModel model{space, std::vector<std::int64_t>(12, 500), std::vector<double>(12, 10)};
  const auto ties = [&] { return search_tiles(space, model, all, reference).ties; };
  CHECK(ties() == 12);
  model.cycles_of[7] = 400;
  CHECK(ties() == 1);
  model.cycles_of[3] = 400;
  CHECK(ties() == 2);
  model.cycles_of.assign(12, 1000);
  CHECK(ties() == 0);
}

TEST_CASE("the front is what no other candidate beats in cycles and area, fastest first") {
  core::Random random(9);
  for (int repeat = 0; repeat < 50; ++repeat) {
    TableModel model{space, {}, {}};
    for (int i = 0; i < 12; ++i) {
      model.cycles_of.push_back(random.integer(100, 110));
      model.area_of.push_back(static_cast<double>(random.integer(1, 9)));
    }
    const auto search = search_tiles(space, model, {.dsp = 8, .bram = 100}, reference);
    CHECK(search.within.size() == 9);
    std::vector<Candidate> expected;
    for (std::int64_t cycles = 100; cycles <= 110; ++cycles)
      for (const auto& c : search.within) {
        bool beaten = c.cycles != cycles;
        for (const auto& other : search.within)
          beaten = beaten || (other.cycles <= c.cycles && other.resources.area <= c.resources.area &&
                              (other.cycles < c.cycles || other.resources.area < c.resources.area));
        if (!beaten) expected.push_back(c);
      }
    REQUIRE(pareto_front(search) == expected);
  }
}

}  // namespace
