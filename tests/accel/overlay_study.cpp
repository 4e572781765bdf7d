// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/overlay_study.hpp>

#include <algorithm>
#include <string_view>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;
using namespace bitloom::accel;

struct NoCharge {
  static constexpr std::string_view assumption = "Block RAMs are free.";
  static constexpr std::int64_t charged(const Resources&) { return 0; }
};
struct FreeMemory : ExactStudy {
  using Charge = NoCharge;
};
struct NoStudy : ExactStudy {
  using Charge = OwnMaps;
};

static_assert(OverlayStudy<ExactStudy> && OverlayStudy<ReleasedStudy> && OverlayStudy<CorrectedStudy>);
static_assert(OverlayStudy<FreeMemory> && OverlayStudy<WithWidth<ReleasedStudy, StrideWidth>>);
static_assert(!OverlayStudy<NoStudy> && !OverlayStudy<int>);

TEST_CASE("the released study takes AlexNet's maps for every network") {
  const net::Workload workload{
      .name = "w", .baseline = {}, .enhanced = {}, .feature_maps = {{1, 2, 3, 4, 5, 6}}, .residual = {}};
  CHECK(OwnMaps::maps(workload).size() == 1);
  CHECK(AlexNetMaps::maps(workload).size() == 7);
  CHECK(AlexNetMaps::maps(workload)[0].input_elements() == 227 * 227 * 3);
}

TEST_CASE("a charge counts filter caches, or stream buffers as well") {
  constexpr Resources use{.dsp = 1, .filter_bram = 10, .stream_bram = 5};
  static_assert(FilterCharge::charged(use) == 10 && FullCharge::charged(use) == 15);
  CHECK(use.bram() == 15);
}

TEST_CASE("clocks are those of the slowest block, or the same") {
  using Baseline = BaselineOverlay<CorrectedStudy>;
  CHECK(OneClock::ratio<EnhancedOverlay<ExactStudy, fabric::OneDoublePumped>, Baseline>() == 1);
  CHECK(SlowestBlock::ratio<EnhancedOverlay<ExactStudy, fabric::OneDoublePumped>, Baseline>() ==
        doctest::Approx(500.0 / 549));
  CHECK(SlowestBlock::ratio<EnhancedOverlay<ExactStudy, fabric::TwoSync>, Baseline>() == 1);
}

TEST_CASE("what a study assumes, and the constants that touched it, can be listed") {
  const auto& text = study_assumptions<FreeMemory>;
  CHECK(std::ranges::count(text, NoCharge::assumption) == 1);
  CHECK(std::ranges::count(text, std::string_view()) == 0);
  CHECK(study_constants<ExactStudy, fabric::TwoSync>().size() == 3);
  const auto constants = study_constants<CorrectedStudy, fabric::OneDoublePumped>();
  CHECK(constants.size() == 6);
  CHECK(std::ranges::count(constants, fabric::OneDoublePumped::clock) == 1);
}

}  // namespace
