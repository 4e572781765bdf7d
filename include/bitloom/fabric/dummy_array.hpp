// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/lanes.hpp>

namespace bitloom::fabric {

/// Rows of a dummy array. The first four double as an index: activation bits {b2, b1} select
/// 0, W1, W2 or W1 + W2.
enum class Row : std::uint8_t { Zero, W1, W2, W12, Inverted, Partial, Accumulator };

/// What write port 1 stores. `SignStep` is the subtraction of the sign row: the sum, shifted once.
enum class Write1 : std::uint8_t { None, Sum, ShiftedSum, SignStep, Word1 };

/// What write port 2 stores. `Inverted` is the complement of read port 1.
enum class Write2 : std::uint8_t { None, Zero, Inverted, Word };

/// One cycle of a dummy array: two reads, the adder, two writes.
struct ArrayCycle {
  Row read1{};
  Row read2{};
  bool carry{};  ///< adds one in every lane
  Write1 write1{};
  Row target1{};
  Write2 write2{};
  Row target2{};
};

/// After the sign row was subtracted, the partial sum is doubled, as the product needs it.
struct ShiftAfterSign {
  static constexpr bool shift = true;
};

/// The released control table read literally: no shift after the sign row was subtracted, which gives wrong
/// products for signed activations. For comparison only.
struct AsReleased {
  static constexpr bool shift = false;
};

template <class S>
concept SignPolicy = requires {
  S::shift;
};

/// The second, small array of a compute-in-BRAM block: seven rows, two read and two write ports, and a SIMD
/// adder between them. Row 0 reads as zero.
template <int RowBits, SignPolicy Sign = ShiftAfterSign>
class DummyArray {
 public:
  using RowVector = core::BitVector<RowBits>;
  static constexpr int rows = 7;

  [[nodiscard]] constexpr const RowVector& row(Row index) const noexcept {
    return rows_[static_cast<std::size_t>(index)];
  }

  /// Sets every row but 0, as the undefined content of an array after power-up.
  constexpr void fill(const RowVector& content) noexcept {
    for (std::size_t i = 1; i < rows; ++i) rows_[i] = content;
  }

  /// One cycle: all reads see the rows as they were before it, the writes commit at its end.
  ///
  /// @param word1, word2  rows offered by the main array to write ports 1 and 2
  constexpr void step(const ArrayCycle& cycle, int lane_bits, const RowVector& word1,
                      const RowVector& word2) noexcept {
    RowVector first;  // g++ 12 can assign the row in a constant expression, but not construct a copy of it
    first = row(cycle.read1);  // a copy: the writes below may hit the row that was read
    switch (cycle.write1) {
      case Write1::None: break;
      case Write1::Sum: store(cycle.target1, sum(cycle, lane_bits)); break;
      case Write1::ShiftedSum:
        store(cycle.target1, lanes::shift_left(sum(cycle, lane_bits), lane_bits));
        break;
      case Write1::SignStep: {
        const auto difference = sum(cycle, lane_bits);
        store(cycle.target1, Sign::shift ? lanes::shift_left(difference, lane_bits) : difference);
        break;
      }
      case Write1::Word1: store(cycle.target1, word1); break;
    }
    switch (cycle.write2) {
      case Write2::None: break;
      case Write2::Zero: store(cycle.target2, RowVector{}); break;
      case Write2::Inverted: store(cycle.target2, ~first); break;
      case Write2::Word: store(cycle.target2, word2); break;
    }
  }

 private:
  [[nodiscard]] constexpr RowVector sum(const ArrayCycle& cycle, int lane_bits) const noexcept {
    return lanes::add(row(cycle.read1), row(cycle.read2), cycle.carry, lane_bits);
  }

  constexpr void store(Row target, const RowVector& value) noexcept {
    rows_[static_cast<std::size_t>(target)] = value;
  }

  std::array<RowVector, rows> rows_{};
};

/// Says that a lane of an accumulator cannot hold a sum.
///
/// @param when         for the message, e.g. `main cycle 7`
/// @throws RangeError  always
[[noreturn]] inline void throw_wrap(int lane, std::int64_t array, const std::string& when, std::int64_t sum,
                                    std::int64_t added, int lane_bits) {
  throw RangeError("accumulator: lane " + std::to_string(lane) + " of array " + std::to_string(array) +
                   " wraps in " + when + ": " + std::to_string(sum) + " + " + std::to_string(added) +
                   " does not fit " + std::to_string(lane_bits) + " bits");
}

/// Refuses a cycle that adds to the accumulator what one of its lanes cannot hold.
///
/// @param number, main_cycle  of the array and of the cycle, for the message
/// @throws RangeError  a lane would wrap
template <int RowBits, SignPolicy Sign>
constexpr void check_accumulation(const DummyArray<RowBits, Sign>& array, const ArrayCycle& cycle,
                                  int lane_bits, std::size_t number, std::int64_t main_cycle) {
  if (cycle.write1 != Write1::Sum || cycle.target1 != Row::Accumulator) return;
  const auto& sum = array.row(cycle.read2);
  const auto& added = array.row(cycle.read1);
  const auto wraps = lanes::overflows(sum, added, lane_bits);
  for (int lane = 0; lane < RowBits / lane_bits; ++lane)
    if (wraps.test((lane + 1) * lane_bits - 1))
      throw_wrap(lane, static_cast<std::int64_t>(number), "main cycle " + std::to_string(main_cycle),
                 lanes::value(sum, lane, lane_bits), lanes::value(added, lane, lane_bits), lane_bits);
}

}  // namespace bitloom::fabric
