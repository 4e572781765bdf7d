// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/candidate.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;

static_assert(SearchObjective<BestQuality> && SearchObjective<BestSpeedup> && !SearchObjective<CyclesArea>);
static_assert(FrontAxes<CyclesArea> && FrontAxes<CyclesDspBram> && !FrontAxes<BestSpeedup>);

TEST_CASE("quality asks for a speed-up above the least, the objective speed-up for none") {
  constexpr Reference half{.cycles = 1000, .area = 10, .least_speedup = 0.5};
  static_assert(score({}, {.area = 20}, 2000, half).quality == 0);
  static_assert(score({}, {.area = 20}, 1600, half).quality == 0.625 * 0.625 / 2);
  static_assert(BestQuality::value(score({}, {.area = 20}, 2000, half)) == 0);
  static_assert(BestSpeedup::value(score({}, {.area = 20}, 2000, half)) == 0.5);
}

/// Candidates with few different numbers, so that many are equal.
std::vector<Candidate> random_candidates(core::Random& random) {
  std::vector<Candidate> candidates;
  for (std::int64_t i = 0; i < 60; ++i)
    candidates.push_back({.tile = {.q = 1, .c = i, .k = 1},
                          .resources = {.dsp = random.integer(1, 6),
                                        .filter_bram = random.integer(1, 3),
                                        .stream_bram = random.integer(1, 3),
                                        .area = static_cast<double>(random.integer(1, 9))},
                          .cycles = random.integer(100, 110)});
  return candidates;
}

template <class Axes>
std::vector<Candidate> plain_front(const std::vector<Candidate>& candidates) {
  std::vector<Candidate> front;
  for (std::int64_t cycles = 100; cycles <= 110; ++cycles)
    for (const auto& c : candidates) {
      bool beaten = c.cycles != cycles;
      for (const auto& other : candidates) {
        const auto a = Axes::point(other);
        const auto b = Axes::point(c);
        bool better = false;
        bool worse = false;
        for (std::size_t i = 0; i < a.size(); ++i) {
          better = better || a[i] < b[i];
          worse = worse || a[i] > b[i];
        }
        beaten = beaten || (better && !worse);
      }
      if (!beaten) front.push_back(c);
    }
  return front;
}

TEST_CASE("a front has what no other candidate beats on all of its axes, fastest first") {
  core::Random random(5);
  for (int repeat = 0; repeat < 50; ++repeat) {
    const auto candidates = random_candidates(random);
    REQUIRE(pareto_front(candidates) == plain_front<CyclesArea>(candidates));
    REQUIRE(pareto_front<CyclesDspBram>(candidates) == plain_front<CyclesDspBram>(candidates));
  }
}

}  // namespace
