// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>

#include <bitloom/fabric/bramac_policies.hpp>
#include <bitloom/fabric/dummy_array.hpp>
#include <bitloom/fabric/m4bram_efsm.hpp>

namespace bitloom::fabric {

// Flushing: when the accumulators of a sum are read and cleared. A lane has four times the bits of a weight.

/// At its end only: a long sum wraps.
struct ReadoutAtEnd {
  static constexpr bool flushes = false;
  static constexpr bool widens = false;
};

/// Before a lane could wrap. Where a single MAC2 could wrap already, 2-bit weights with activations of 6 bits and more,
/// the block does not have these operands.
struct FlushLanes {
  static constexpr bool flushes = true;
  static constexpr bool widens = false;
};

/// As FlushLanes; weights whose lanes are too narrow for a single MAC2 are stored with twice the bits.
struct WidenLanes {
  static constexpr bool flushes = true;
  static constexpr bool widens = true;
};

template <class F>
concept FlushingPolicy = requires {
  { F::flushes } -> std::convertible_to<bool>;
  { F::widens } -> std::convertible_to<bool>;
};

/// A block whose products are right, and whose double-pumped eFSM keeps step with the main clock. To change one policy,
/// derive:
///
///     struct Wrapping : M4bramPolicies { using Flushing = ReadoutAtEnd; };
///     using Block = M4bram<Small, Synchronous, 1, Wrapping>;
struct M4bramPolicies {
  using Sign = ShiftAfterSign;
  using Timing = AlignedPeriod;
  using Flushing = WidenLanes;
  using Overflow = WrapLanes;
  using PortConflict = RefuseConflicts;
};

/// The released controllers read literally, sums never cut.
struct M4bramAsReleased : M4bramPolicies {
  using Sign = AsReleased;
  using Timing = ReleasedPeriod;
  using Flushing = ReadoutAtEnd;
};

/// Answers to all questions that the sources leave open.
template <class P>
concept M4bramPolicySet = SignPolicy<typename P::Sign> && TimingPolicy<typename P::Timing> &&
    FlushingPolicy<typename P::Flushing> && requires {
  { P::PortConflict::stalls } -> std::convertible_to<bool>;
  { P::Overflow::traps } -> std::convertible_to<bool>;
};

}  // namespace bitloom::fabric
