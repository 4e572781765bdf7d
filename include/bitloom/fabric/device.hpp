// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/dsp.hpp>

namespace bitloom::fabric {

/// An FPGA's inventory. Every number carries its origin.
template <class D>
concept Device = requires(int bits) {
  { D::name } -> std::convertible_to<std::string_view>;
  { D::dsp_slices } -> std::convertible_to<core::Constant>;       // count
  { D::block_rams } -> std::convertible_to<core::Constant>;       // count
  { D::logic_blocks } -> std::convertible_to<core::Constant>;     // count
  { D::block_ram_share } -> std::convertible_to<core::Constant>;  // of the core area
  { D::logic_throughput(bits) } -> std::same_as<core::Constant>;  // TMAC/s of all logic blocks, at that width
};

/// Intel Arria 10 GX 900.
struct Arria10Gx900 {
  static constexpr std::string_view name = "Arria 10 GX 900";
  static constexpr core::Constant dsp_slices{"DSP slices", 1518, "", "Intel Arria 10 device overview",
                                             core::Standing::Handbook};
  static constexpr core::Constant block_rams{"M20K blocks", 2423, "", "no citable source",
                                             core::Standing::Assumed};
  static constexpr core::Constant logic_blocks{"logic blocks", 33962, "", "no citable source",
                                               core::Standing::Assumed};
  static constexpr core::Constant block_ram_share{"share of block RAM in the core area", 0.201, "",
                                                  "core increases of 6.8 % and 3.4 % over block increases of "
                                                  "33.8 % and 16.9 %, which have no citable source",
                                                  core::Standing::Assumed};

  /// What the logic blocks compute is not published; the published ratios of peak throughput bound it together with the
  /// DSP slices, and this is the middle of that interval without the DSP slices' part.
  /// @throws RangeError  a width other than 2, 4 and 8
  static constexpr core::Constant logic_throughput(int bits) {
    if (bits != 2 && bits != 4 && bits != 8)
      throw RangeError("width: " + std::to_string(bits) + " has to be 2, 4 or 8 bits");
    return {
        "throughput of the logic blocks",
        bits == 2   ? 7.69
        : bits == 4 ? 2.86
                    : 1.21,
        "TMAC/s",
        "middle of the interval that the published ratios allow with assumed clocks and numbers of blocks",
        core::Standing::Assumed};
  }
};
static_assert(Device<Arria10Gx900>);

/// Multiply-accumulates that a block does side by side in one group of cycles, and the cycles of a group.
struct Rate {
  int macs{};
  int cycles{};
};

/// Of a BRAMAC block: a MAC2 in all lanes and arrays. The published ratios are those of signed activations.
template <class B>
  requires requires(const Operands& o) {
    B::macs_per_mac2(o);
    B::mac2_cycles(o);
  }
[[nodiscard]] constexpr Rate peak_rate(const Operands& o) {
  check_supported<B>(o);
  return {.macs = B::macs_per_mac2(o), .cycles = B::mac2_cycles(o)};
}

/// Of a DSP slice: its packed products, every cycle.
template <std::same_as<DspSlice> B>
[[nodiscard]] constexpr Rate peak_rate(const Operands& o) {
  check_supported<B>(o);
  return {.macs = B::lanes(o), .cycles = 1};
}

/// Of a bit-serial block: one product in every column.
template <class B>
  requires requires(const Operands& o) { B::mac_cycles(o); }
[[nodiscard]] constexpr Rate peak_rate(const Operands& o) {
  check_supported<B>(o);
  return {.macs = B::lanes(o), .cycles = B::mac_cycles(o)};
}

/// Peak throughput of `count` blocks at a clock in MHz.
/// @return TMAC/s
[[nodiscard]] constexpr double peak_throughput(double count, const Rate& rate, double clock_mhz) noexcept {
  return count * rate.macs / rate.cycles * clock_mhz * 1e-6;
}
template <Block B>
[[nodiscard]] constexpr double peak_throughput(double count, const Operands& o) {
  return peak_throughput(count, peak_rate<B>(o), B::clock().value);
}

/// How many times the peak throughput of the device grows if its block RAMs become blocks that compute.
///
/// (logic + DSP slices + blocks) / (logic + DSP slices); operands of 2, 4 or 8 bits.
/// Source: the definition of the published ratios of BRAMAC, arXiv 2304.03974.
template <Device D, Block B>
[[nodiscard]] constexpr double peak_ratio(const Operands& o) {
  const double others =
      D::logic_throughput(o.weight_bits).value + peak_throughput<DspSlice>(D::dsp_slices.value, o);
  return (others + peak_throughput<B>(D::block_rams.value, o)) / others;
}

/// Growth of the core if its block RAMs grow to `area_factor` times their area.
template <Device D>
[[nodiscard]] constexpr double core_increase(double area_factor) noexcept {
  return (area_factor - 1) * D::block_ram_share.value;
}

}  // namespace bitloom::fabric
