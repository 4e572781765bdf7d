// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// How the cycles of layers on overlays are rounded. Filled up to whole tiles, a convolution must fit 63 bits.
template <class A>
concept OverlayArithmetic = requires(const net::ConvShape& conv, const net::FcShape& fc, const Tile& tile,
                                     std::int64_t macs, std::int64_t count) {
  // of a convolution on slices with so many multiply-accumulates in a cycle
  { A::conv_cycles(conv, tile, macs) } -> std::same_as<std::int64_t>;
  // of one on slices that compute `count` of the output channels of a tile, others the rest
  { A::part_cycles(conv, tile, count, macs) } -> std::same_as<std::int64_t>;
  // of a fully connected layer with a batch of `count` images and so many multiply-accumulates in `count` cycles
  { A::fc_cycles(fc, count, macs, count) } -> std::same_as<std::int64_t>;
  { A::assumption } -> std::convertible_to<std::string_view>;  // for reports
};

/// In integers: the layer filled up to whole tiles, over the multiply-accumulates of a cycle.
struct ExactArithmetic {
  static constexpr std::string_view assumption = "Cycles are counted in exact integers.";

  static constexpr std::int64_t conv_cycles(const net::ConvShape& conv, const Tile& tile,
                                            std::int64_t macs) noexcept {
    return part_cycles(conv, tile, tile.k, macs);
  }

  static constexpr std::int64_t part_cycles(const net::ConvShape& conv, const Tile& tile, std::int64_t part,
                                            std::int64_t macs) noexcept {
    using core::round_up;
    return core::ceil_div(conv.s * round_up(conv.p, tile.p) * round_up(conv.q, tile.q) *
                              (core::ceil_div(conv.k, tile.k) * part) * round_up(conv.c, tile.c) *
                              round_up(conv.r, tile.r),
                          macs);
  }

  /// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
  static constexpr std::int64_t fc_cycles(const net::FcShape& fc, std::int64_t, std::int64_t macs,
                                          std::int64_t cycles) {
    return core::ceil_div(core::checked_product("cycles of a fully connected layer", {fc.c, fc.k, cycles}),
                          macs);
  }
};

/// In double and in the order of the released simulators: by its rounding errors a result is at times 1 larger.
///
/// A part of the output channels is charged for the last, partial tile twice: its channels are filled up, and then
/// divided by an efficiency that fills them up again.
struct ReleasedArithmetic {
  static constexpr std::string_view assumption =
      "Cycles of the baseline's convolutions carry the rounding errors of the released simulator: up to 1 "
      "more.";

  static constexpr std::int64_t conv_cycles(const net::ConvShape& conv, const Tile& tile,
                                            std::int64_t macs) noexcept {
    return filter_cycles(conv, tile, conv.k, macs);
  }

  static constexpr std::int64_t part_cycles(const net::ConvShape& conv, const Tile& tile, std::int64_t part,
                                            std::int64_t macs) noexcept {
    return filter_cycles(conv, tile, core::ceil_div(conv.k, tile.k) * part, macs);
  }

  /// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
  static constexpr std::int64_t fc_cycles(const net::FcShape& fc, std::int64_t batch, std::int64_t macs,
                                          std::int64_t cycles) {
    const auto work = core::checked_product("cycles of a fully connected layer", {fc.c, fc.k, batch, cycles});
    return ceiling(2 * real(work / cycles) / (2 * real(macs)) * real(cycles) / real(batch));
  }

 private:
  static constexpr double real(std::int64_t x) noexcept { return static_cast<double>(x); }

  static constexpr std::int64_t ceiling(double x) noexcept {
    const auto whole = static_cast<std::int64_t>(x);
    return whole + (real(whole) < x ? 1 : 0);
  }

  static constexpr std::int64_t filter_cycles(const net::ConvShape& conv, const Tile& tile,
                                              std::int64_t filters, std::int64_t macs) noexcept {
    const auto filled = [](std::int64_t extent, std::int64_t step) {
      return real(core::round_up(extent, step));
    };
    double efficiency = real(conv.q) / filled(conv.q, tile.q);
    efficiency = efficiency * real(conv.p) / filled(conv.p, tile.p);
    efficiency = efficiency * real(conv.k) / filled(conv.k, tile.k);
    efficiency = efficiency * real(conv.c) / filled(conv.c, tile.c);
    efficiency = efficiency * real(conv.r) / filled(conv.r, tile.r);
    const auto operations = 2 * real(conv.r * conv.s * conv.c * conv.p * conv.q * filters);
    return ceiling(operations / efficiency / (2 * real(macs)));
  }
};

}  // namespace bitloom::accel
