// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/bits.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/m4bram_efsm.hpp>
#include <bitloom/fabric/m4bram_policies.hpp>

namespace bitloom::accel {

/// Clock cycles of a MAC2 in the blocks of an enhanced overlay.
template <class M>
concept Mac2Cycles = requires(int activation_bits) {
  { M::signed_activations } -> std::convertible_to<bool>;
  { M::template m4bram<fabric::Synchronous>(activation_bits) } -> std::same_as<int>;  // of M4BRAM
  { M::assumption } -> std::convertible_to<std::string_view>;                         // for reports
};

/// As the published performance models count them: in M4BRAM n + 2 synchronous, 2 + ceil(n / 2) double-pumped. The
/// eFSMs take as many for unsigned activations.
struct PublishedMac2 {
  static constexpr std::string_view assumption =
      "A MAC2 takes the cycles of the published models, those of unsigned activations.";
  static constexpr bool signed_activations = false;
  template <fabric::M4bramClocking Clocking>
  static constexpr int m4bram(int activation_bits) noexcept {
    return Clocking::model_cycles(activation_bits);
  }
};

/// As the eFSMs take them for signed activations: one more than published on the main clock.
struct SignedMac2 {
  static constexpr std::string_view assumption =
      "A MAC2 takes the cycles of the hardware for signed activations: one more than published on the main "
      "clock.";
  static constexpr bool signed_activations = true;
  template <fabric::M4bramClocking Clocking>
  static constexpr int m4bram(int activation_bits) noexcept {
    return core::ceil_div(Clocking::template mac2_steps<fabric::AlignedPeriod>(activation_bits, true),
                          Clocking::clock_ratio);
  }
};

/// How often the blocks of an enhanced overlay read their accumulators.
template <class R>
concept ReadoutRule = fabric::M4bramPolicySet<typename R::BlockPolicies> &&  // of M4BRAM
    requires(std::int64_t mac2, const fabric::Operands& operands) {
  // of so many MAC2 that accumulate
  { R::template readouts<fabric::Bramac2sa>(mac2, operands) } -> std::same_as<std::int64_t>;
  { R::assumption } -> std::convertible_to<std::string_view>;  // for reports
};

/// Once for each group of outputs, as the published models count: long sums wrap, above all those of 2-bit weights, whose
/// lanes have 8 bits.
struct OneReadout {
  static constexpr std::string_view assumption =
      "Accumulators are read once for each group of outputs, although with narrow weights their lanes would "
      "overflow before.";
  struct BlockPolicies : fabric::M4bramPolicies {
    using Flushing = fabric::ReadoutAtEnd;
  };
  template <class Block>
  static constexpr std::int64_t readouts(std::int64_t, const fabric::Operands&) noexcept {
    return 1;
  }
};

/// Before a lane could wrap. M4BRAM stores weights whose lanes are too narrow for a single MAC2 with twice the bits.
struct SafeReadouts {
  static constexpr std::string_view assumption = "Accumulators are read before a lane could overflow.";
  using BlockPolicies = fabric::M4bramPolicies;
  template <class B>
  static constexpr std::int64_t readouts(std::int64_t mac2, const fabric::Operands& operands) noexcept {
    return core::ceil_div(mac2, std::int64_t{B::safe_mac2(operands)});
  }
};

/// What the engines of an overlay have from their block `B`, at the cycles and readouts of a study.
template <fabric::Block B, Mac2Cycles Mac2, ReadoutRule Readouts>
struct TimedBlock {
  using Block = B;

  static constexpr fabric::Operands operands(Widths widths) noexcept {
    return {.weight_bits = widths.weight,
            .activation_bits = widths.activation,
            .signed_activations = Mac2::signed_activations};
  }
  static constexpr std::int64_t mac2_cycles(Widths widths) noexcept {
    return B::mac2_cycles(operands(widths));
  }
  static constexpr std::int64_t macs_per_mac2(Widths widths) noexcept {
    return B::macs_per_mac2(operands(widths));
  }
  static constexpr std::int64_t readouts(std::int64_t mac2, Widths widths) noexcept {
    return Readouts::template readouts<B>(mac2, operands(widths));
  }
  static constexpr std::int64_t readout_cycles() noexcept { return B::readout_cycles(); }
  static constexpr core::Constant area() noexcept { return B::area(); }
};

}  // namespace bitloom::accel
