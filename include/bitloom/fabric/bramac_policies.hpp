// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>

namespace bitloom::fabric {

// What the sources of BRAMAC leave open. Each question is a policy; `BramacPolicies` names the answers together.

// LaneOrder: where the elements of a weight word lie in a row of the dummy array. The interleaving of the columns is
// not published. It shows in the rows and in the accumulators as they are read, not in the sums.

/// Element e lies in lane e, the lowest bits first.
struct ContiguousLanes {
  static constexpr int lane(int element, int) noexcept { return element; }
};

/// The 5 bytes of a word lie side by side, once for every element that a byte holds: element j of byte b in lane 5j + b.
struct InterleavedLanes {
  static constexpr int lane(int element, int lanes) noexcept {
    const int per_byte = lanes / 5;
    return element % per_byte * 5 + element / per_byte;
  }
};

// ReadoutOrder: which 40 bits of an accumulator row each word of a readout holds.

/// Word j holds bits [40j, 40j + 40).
struct LowestFirst {
  static constexpr int part(int word, int) noexcept { return word; }
};

/// Word 0 holds the highest bits.
struct HighestFirst {
  static constexpr int part(int word, int words) noexcept { return words - 1 - word; }
};

// CopyLatency: when the main array is addressed for a word that the eFSM copies. The number of cycles of a product is
// the same; an address that comes before the copy costs the bus one more instruction for a MAC2 of the 2SA.

/// In the main cycle of the copy.
struct AddressedInCycle {
  static constexpr bool before(int) noexcept { return false; }
};

/// In the main cycle before it; the memory keeps the word in its output register.
struct AddressedBefore {
  static constexpr bool before(int) noexcept { return true; }
};

/// In the cycle of the copy where the array runs on the main clock (2SA), before it where it is double-pumped (1DA).
struct AddressedByVariant {
  static constexpr bool before(int clock_ratio) noexcept { return clock_ratio == 2; }
};

// PortConflict: what becomes of a memory request in a cycle in which the eFSM needs the port.

/// It is a ScheduleError.
struct RefuseConflicts {
  static constexpr bool stalls = false;
};

/// It has no effect in that cycle, and the machine says that it waits: repeat it.
struct StallConflicts {
  static constexpr bool stalls = true;
};

// Overflow: what becomes of an accumulation that leaves a lane of 4n bits.

/// It wraps, as in hardware.
struct WrapLanes {
  static constexpr bool traps = false;
};

/// It is a RangeError that names the lane and the cycle: for checking.
struct TrapWraps {
  static constexpr bool traps = true;
};

/// The answers of the hardware as far as it is known. To change one, derive:
///
///     struct Checked : BramacPolicies { using Overflow = TrapWraps; };
///     using Block = Bramac<TwoSync, ShiftAfterSign, Checked>;
struct BramacPolicies {
  using LaneOrder = ContiguousLanes;
  using ReadoutOrder = LowestFirst;
  using CopyLatency = AddressedByVariant;
  using PortConflict = RefuseConflicts;
  using Overflow = WrapLanes;
};

namespace detail {

/// Whether `place` maps 0..count-1 to themselves, each number to another one. count <= 32.
template <class Place>
[[nodiscard]] constexpr bool is_permutation(int count, Place place) {
  std::uint32_t seen = 0;
  for (int i = 0; i < count; ++i) {
    const int at = place(i);
    if (at < 0 || at >= count || ((seen >> at) & 1) != 0) return false;
    seen |= std::uint32_t{1} << at;
  }
  return true;
}

template <class Order>
[[nodiscard]] constexpr bool orders_lanes() {
  for (const int lanes : {5, 10, 20})
    if (!is_permutation(lanes, [lanes](int element) { return Order::lane(element, lanes); })) return false;
  return true;
}

template <class Order>
[[nodiscard]] constexpr bool orders_parts() {
  return is_permutation(4, [](int word) { return Order::part(word, 4); });
}

}  // namespace detail

/// Gives every element of a word a lane of its own, among 5, 10 and 20.
template <class Order>
concept LaneOrderPolicy = requires(int element, int lanes) {
  { Order::lane(element, lanes) } -> std::same_as<int>;
}
&&detail::orders_lanes<Order>();

/// Gives every word of a readout a part of the row of its own, among 4.
template <class Order>
concept ReadoutOrderPolicy = requires(int word, int words) {
  { Order::part(word, words) } -> std::same_as<int>;
}
&&detail::orders_parts<Order>();

/// Answers to all questions that the sources leave open.
template <class P>
concept BramacPolicySet = LaneOrderPolicy<typename P::LaneOrder> &&
    ReadoutOrderPolicy<typename P::ReadoutOrder> && requires(int clock_ratio) {
  { P::CopyLatency::before(clock_ratio) } -> std::same_as<bool>;
  { P::PortConflict::stalls } -> std::convertible_to<bool>;
  { P::Overflow::traps } -> std::convertible_to<bool>;
};

}  // namespace bitloom::fabric
