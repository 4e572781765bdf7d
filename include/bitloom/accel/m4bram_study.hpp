// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bitloom/accel/block_timing.hpp>
#include <bitloom/accel/dla.hpp>
#include <bitloom/accel/dla_bramac.hpp>
#include <bitloom/accel/dla_m4bram.hpp>
#include <bitloom/accel/hybrid.hpp>
#include <bitloom/accel/mixed_weight.hpp>
#include <bitloom/accel/overlay_arithmetic.hpp>
#include <bitloom/accel/stream_buffer.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/dsp.hpp>
#include <bitloom/fabric/m20k.hpp>

namespace bitloom::accel {

/// What the comparison of M4BRAM with the baseline and with BRAMAC takes for granted, as policies. Derive from one of
/// those below to change one.
template <class S>
concept M4bramStudy = OverlayArithmetic<typename S::Arithmetic> && DspPacking<typename S::Packing> &&
    FilterLayout<typename S::Layout> && StreamWidth<typename S::BaselineWidth> &&
    StreamWidth<typename S::EnhancedWidth> && BankCapacity<typename S::Capacity> &&
    Mac2Cycles<typename S::Mac2> && ReadoutRule<typename S::Readouts> && CopyCount<typename S::Copies> &&
    MixedRate<typename S::Rate>;

/// The study to the last digit as published.
struct ReleasedM4bramStudy {
  using Arithmetic = ReleasedArithmetic;
  using Packing = MixedPacking;
  using Layout = ColumnCaches;
  using BaselineWidth = ReleasedWidth;
  using EnhancedWidth = StrideWidth;
  using Capacity = NibbleBanks;
  using Mac2 = PublishedMac2;
  using Readouts = OneReadout;
  using Copies = ReleasedCopies;
  using Rate = HighRate;
};

/// The study as published, but counted in integers.
struct ExactM4bramStudy : ReleasedM4bramStudy {
  using Arithmetic = ExactArithmetic;
};

/// The study in integers without the errors of the released simulator: stream buffers of baseline and enhanced overlay
/// follow one rule, blocks with the same weights count, and slices have their own rate.
struct CorrectedM4bramStudy : ExactM4bramStudy {
  using BaselineWidth = StrideWidth;
  using Copies = EveryCopy;
  using Rate = OwnRate;
};

/// A study with other cycles of a MAC2.
template <M4bramStudy S, Mac2Cycles M>
struct WithMac2 : S {
  using Mac2 = M;
};

/// A study with other readouts of accumulators.
template <M4bramStudy S, ReadoutRule R>
struct WithReadouts : S {
  using Readouts = R;
};

/// The filter caches of a study.
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
using StudiedM4bram =
    M4bramEngine<Size, Clocking, typename S::Mac2, typename S::Readouts, typename S::Copies>;

/// The baseline of a study.
template <M4bramStudy S>
using M4bramBaseline = Dla<typename S::Arithmetic, typename S::Packing, typename S::Layout>;
/// The baseline with mixed weights.
template <M4bramStudy S>
using MixedBaseline = MixedDla<typename S::Arithmetic, typename S::Packing, typename S::Layout>;
/// DSP slices and M4BRAM.
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
using M4bramHybrid =
    HybridOverlay<StudiedM4bram<S, Size, Clocking>, typename S::Arithmetic, typename S::Packing>;
/// M4BRAM alone.
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
using M4bramAlone = BramOverlay<StudiedM4bram<S, Size, Clocking>, typename S::Arithmetic>;
/// DSP slices and M4BRAM with mixed weights.
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
using MixedM4bramHybrid = MixedHybrid<StudiedM4bram<S, Size, Clocking>, typename S::Arithmetic,
                                      typename S::Packing, typename S::Rate>;
/// DSP slices and BRAMAC, as the study models them: filter caches hold all filters, and columns are not limited.
template <M4bramStudy S, fabric::BramacVariant Variant>
using BramacHybrid = HybridOverlay<BramacEngine<Variant, typename S::Mac2, typename S::Readouts>,
                                   typename S::Arithmetic, typename S::Packing>;

/// The tile of a BRAMAC hybrid: blocks do as many columns as they have arrays, and in the cycles of a MAC2 the channels
/// that the slices do in these cycles.
template <fabric::BramacVariant Variant, Mac2Cycles Mac2 = PublishedMac2>
[[nodiscard]] constexpr HybridTile bramac_tile(const Tile& dsp, Widths widths) noexcept {
  auto bram = dsp;
  bram.q = Variant::arrays;
  bram.c *= BramacEngine<Variant, Mac2>::mac2_cycles(widths);
  return {.dsp = dsp, .bram = bram};
}

/// Banks of the BRAMAC hybrid's stream buffers: words of 40 bits.
using BramacBanks = DenseBanks<fabric::M20k::geometry.word_bits()>;

/// What the results of a study rest on, in sentences.
template <M4bramStudy S>
[[nodiscard]] std::vector<std::string> m4bram_assumptions() {
  const auto of = [](std::string_view overlay, std::string_view assumption) {
    return std::string(overlay) + ": " + std::string(assumption);
  };
  return {
      std::string(S::Arithmetic::assumption),
      of("Baseline", S::BaselineWidth::assumption),
      of("Enhanced overlay", S::EnhancedWidth::assumption),
      std::string(S::Mac2::assumption),
      std::string(S::Rate::assumption),
      "A multiplier of a DSP slice does 4, 2 or 1 products at once, by a table of the released simulator: "
      "from 6- to 5-bit "
      "activations the slices' rate doubles at 8-bit weights.",
      "Baseline and enhanced overlay run at the same clock.",
      std::string(S::Readouts::assumption),
      "A fully connected layer runs on a batch that shares the stream of its weights; cycles are per image.",
      "Layers never wait for memory outside; pooling, activation functions and shortcuts take no cycles.",
      "Areas are relative units of the blocks alone: all block RAMs of an enhanced overlay compute."};
}

/// The constants from outside that touched a study of M4BRAM.
template <fabric::M4bramSize Size>
[[nodiscard]] std::vector<core::Constant> m4bram_study_constants() {
  return {fabric::DspSlice::area(), fabric::M20k::area(), Size::area_factor};
}

}  // namespace bitloom::accel
