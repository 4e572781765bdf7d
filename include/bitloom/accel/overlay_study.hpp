// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <bitloom/accel/dla.hpp>
#include <bitloom/accel/dla_bramac.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/accel/released_workload.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// Which feature maps size the stream buffers of the enhanced overlay, and of the baseline that its area is divided
/// by.
template <class S>
concept StreamSource = requires(const net::Workload& workload) {
  { S::maps(workload) } -> std::convertible_to<std::span<const net::FeatureMap>>;
  { S::assumption } -> std::convertible_to<std::string_view>;  // for reports
};

/// The network's own.
struct OwnMaps {
  static constexpr std::string_view assumption =
      "Stream buffers are sized by the network's own feature maps.";
  static std::span<const net::FeatureMap> maps(const net::Workload& workload) noexcept {
    return workload.feature_maps;
  }
};

/// Those of AlexNet for every network, as the released script takes them. The baseline is still chosen with the
/// network's own.
struct AlexNetMaps {
  static constexpr std::string_view assumption =
      "Area ratios take stream buffers sized by AlexNet's feature maps for every network, as the released "
      "script.";
  static std::span<const net::FeatureMap> maps(const net::Workload&) noexcept { return alexnet_feature_maps; }
};

/// Which block RAMs the budget limits.
template <class C>
concept BramCharge = requires(const Resources& resources) {
  { C::charged(resources) } -> std::same_as<std::int64_t>;
  { C::assumption } -> std::convertible_to<std::string_view>;  // for reports
};

/// Those of filters; stream buffers come on top, as in the released script.
struct FilterCharge {
  static constexpr std::string_view assumption =
      "The budget of block RAMs limits filter caches only: with stream buffers a design may need more.";
  static constexpr std::int64_t charged(const Resources& resources) noexcept { return resources.filter_bram; }
};

/// All.
struct FullCharge {
  static constexpr std::string_view assumption =
      "The budget of block RAMs limits filter caches and stream buffers together.";
  static constexpr std::int64_t charged(const Resources& resources) noexcept { return resources.bram(); }
};

/// The clock of the enhanced overlay over that of the baseline.
template <class C>
concept ClockRule = requires {
  { C::template ratio<DlaBramac<fabric::TwoSync>, Dla<>>() } -> std::same_as<double>;
  { C::assumption } -> std::convertible_to<std::string_view>;  // for reports
};

/// Both run at one clock, as in the published study: a speed-up is a ratio of cycles.
struct OneClock {
  static constexpr std::string_view assumption = "Baseline and enhanced overlay run at the same clock.";
  template <Overlay Enhanced, Overlay Baseline>
  static constexpr double ratio() noexcept {
    return 1;
  }
};

/// Each runs at the clock of the slowest of its blocks.
struct SlowestBlock {
  static constexpr std::string_view assumption =
      "An overlay runs at the clock of the slowest of its blocks: DSP slices, M20K or BRAMAC.";
  template <Overlay Enhanced, Overlay Baseline>
  static constexpr double ratio() noexcept {
    return Enhanced::clock().value / Baseline::clock().value;
  }
};

/// What a comparison of overlays takes for granted, as policies. Derive from one of those below to change one.
template <class S>
concept OverlayStudy = OverlayArithmetic<typename S::Arithmetic> && DspPacking<typename S::Packing> &&
    StreamWidth<typename S::Width> && StreamSource<typename S::Source> && BramCharge<typename S::Charge> &&
    ClockRule<typename S::Clock>;

/// The study as published, but counted in integers and with each network's own feature maps.
struct ExactStudy {
  using Arithmetic = ExactArithmetic;
  using Packing = SlicePacking;
  using Width = ReleasedWidth;
  using Source = OwnMaps;
  using Charge = FilterCharge;
  using Clock = OneClock;
};

/// The study to the last digit as published.
struct ReleasedStudy : ExactStudy {
  using Arithmetic = ReleasedArithmetic;
  using Source = AlexNetMaps;
};

/// The study with what the published one leaves out: stream buffers count as block RAMs, and clocks differ.
struct CorrectedStudy : ExactStudy {
  using Charge = FullCharge;
  using Clock = SlowestBlock;
};

/// A study with another width of stream buffers.
template <OverlayStudy S, StreamWidth W>
struct WithWidth : S {
  using Width = W;
};

/// A study with other feature maps.
template <OverlayStudy S, StreamSource Maps>
struct WithSource : S {
  using Source = Maps;
};

/// The overlays of a study.
template <OverlayStudy S>
using BaselineOverlay = Dla<typename S::Arithmetic, typename S::Packing>;
template <OverlayStudy S, fabric::BramacVariant Variant>
using EnhancedOverlay = DlaBramac<Variant, typename S::Packing>;

/// What the results of a study rest on, in sentences.
template <OverlayStudy S>
inline constexpr std::array<std::string_view, 9> study_assumptions{
    S::Arithmetic::assumption,
    S::Source::assumption,
    S::Width::assumption,
    S::Charge::assumption,
    S::Clock::assumption,
    "Activations are unsigned, which saves BRAMAC-2SA one cycle of a MAC2.",
    "A fully connected layer runs on a batch of images that share the stream of its weights; its cycles are "
    "those of "
    "one image.",
    "Layers never wait for memory outside; pooling, activation functions and sums of shortcuts take no "
    "cycles.",
    "Areas are relative units of the blocks alone: all block RAMs of an enhanced overlay are BRAMAC blocks."};

/// The constants from outside that touched a study.
template <OverlayStudy S, fabric::BramacVariant Variant>
[[nodiscard]] std::vector<core::Constant> study_constants() {
  std::vector<core::Constant> constants{fabric::DspSlice::area(), fabric::M20k::area(), Variant::area_factor};
  if constexpr (!std::same_as<typename S::Clock, OneClock>)
    constants.insert(constants.end(), {fabric::DspSlice::clock(), fabric::M20k::clock(), Variant::clock});
  return constants;
}

}  // namespace bitloom::accel
