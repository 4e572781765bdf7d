// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <variant>
#include <vector>

#include <bitloom/accel/m4bram_study.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/accel/stream_buffer.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/fabric/m20k.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// What an overlay runs, and what sizes its memories.
struct OverlayTask {
  net::LayerList layers;
  net::ConvShape largest_filters{};  ///< sizes the filter caches
  net::FeatureMap largest_maps{};    ///< size the stream buffer
  StreamStorage storage{};           ///< share of the maps that it keeps
  std::int64_t matrices = 1;         ///< filters that wait side by side
};

/// An overlay together with the rules for its stream buffer: what a task costs on it.
///
/// `O` is one of the overlays of a study.
template <class O, StreamWidth Width, BankCapacity Capacity>
struct BufferedOverlay {
  using overlay = O;
  using W = typename O::widths_type;
  using T = typename O::tile_type;
  using widths_type = W;
  using tile_type = T;

  /// Block RAMs of its filter caches, as the overlay counts them.
  /// @throws RangeError  an impossible tile or width
  /// @throws ShapeError  an extent of the task is below 1, or a count needs more than 63 bits
  static constexpr auto filter_bram(const OverlayTask& task, const T& tile, const W& widths) {
    return O::filter_bram(task.largest_filters, tile, widths, task.matrices);
  }

  /// Block RAMs of its stream buffer, see `filter_bram`.
  static constexpr std::int64_t stream_bram(const OverlayTask& task, const T& tile, const W& widths) {
    const auto banks = O::template stream_banks<Width>(task.largest_maps, tile, widths);
    return accel::stream_bram<Capacity>(task.largest_maps, task.storage, banks, widths.activation);
  }

  /// What the tile takes of a device, see `filter_bram`.
  static constexpr Resources resources(const OverlayTask& task, const T& tile, const W& widths) {
    return O::resources(tile, widths, filter_bram(task, tile, widths), stream_bram(task, tile, widths));
  }

  /// Clock cycles of a layer, one image, see `filter_bram`.
  static constexpr std::int64_t cycles(const OverlayTask& task, const net::LayerShape& layer, const T& tile,
                                       const W& widths) {
    if (const auto* conv = std::get_if<net::ConvShape>(&layer)) return O::cycles(*conv, tile, widths);
    const auto& fc = std::get<net::FcShape>(layer);
    if constexpr (requires { O::cycles(fc, tile, widths); })
      return O::cycles(fc, tile, widths);
    else
      return O::cycles(fc, filter_bram(task, tile, widths), tile, widths);
  }

  /// Clock cycles of each layer, one image, see `filter_bram`.
  static std::vector<std::int64_t> layer_cycles(const OverlayTask& task, const T& tile, const W& widths) {
    std::vector<std::int64_t> result;
    for (const auto& layer : task.layers.layers) result.push_back(cycles(task, layer, tile, widths));
    return result;
  }

  /// Clock cycles of all layers, one image, see `filter_bram`.
  static constexpr std::int64_t cycles(const OverlayTask& task, const T& tile, const W& widths) {
    std::int64_t sum = 0;
    for (const auto& layer : task.layers.layers)
      sum = core::checked_sum("cycles", sum, cycles(task, layer, tile, widths));
    return sum;
  }

  /// Area of a block RAM, of filter caches and stream buffers alike.
  static constexpr core::Constant bram_area() noexcept {
    if constexpr (requires { typename O::engine; })
      return O::engine::area();
    else
      return fabric::M20k::area();
  }
};

/// The overlays of a study with their stream buffers.
template <M4bramStudy S>
using BufferedBaseline = BufferedOverlay<M4bramBaseline<S>, typename S::BaselineWidth, typename S::Capacity>;
template <M4bramStudy S>
using BufferedMixedBaseline =
    BufferedOverlay<MixedBaseline<S>, typename S::BaselineWidth, typename S::Capacity>;
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
using BufferedHybrid =
    BufferedOverlay<M4bramHybrid<S, Size, Clocking>, typename S::EnhancedWidth, typename S::Capacity>;
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
using BufferedAlone =
    BufferedOverlay<M4bramAlone<S, Size, Clocking>, typename S::EnhancedWidth, typename S::Capacity>;
template <M4bramStudy S, fabric::M4bramSize Size, fabric::M4bramClocking Clocking>
using BufferedMixedHybrid =
    BufferedOverlay<MixedM4bramHybrid<S, Size, Clocking>, typename S::EnhancedWidth, typename S::Capacity>;
template <M4bramStudy S, fabric::BramacVariant Variant>
using BufferedBramac = BufferedOverlay<BramacHybrid<S, Variant>, typename S::EnhancedWidth, BramacBanks>;

}  // namespace bitloom::accel
