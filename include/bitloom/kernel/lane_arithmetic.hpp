// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <xsimd/xsimd.hpp>

namespace bitloom::kernel {

// Arithmetic on many rows side by side. A row is a few words of 32 bits, cut into lanes of 8, 16 or 32 bits that never
// cross a word; a table of rows holds word w of item i at [w · items + i], so that a vector has the same word of
// neighbours. All pointers are aligned to `lane_alignment`, and `items` is a multiple of `lane_items`.

/// Items that one vector holds.
inline constexpr std::int64_t lane_items = xsimd::batch<std::uint32_t>::size;
inline constexpr std::size_t lane_alignment = 64;

/// Words where the functions below can work on them.
using LaneBuffer = std::vector<std::uint32_t, xsimd::aligned_allocator<std::uint32_t, lane_alignment>>;

/// Extent of a table of rows.
struct LaneTable {
  std::int64_t words{};
  std::int64_t items{};
};

/// What happens to a sum.
struct LaneSum {
  bool carry{};    ///< one is added in every lane
  bool doubled{};  ///< afterwards
};

namespace detail {
using LaneWords = xsimd::batch<std::uint32_t>;
}

/// The same row of every item. at(item) gives a function from a place in the table to the vector there.
struct FixedRow {
  const std::uint32_t* row;

  auto at(std::int64_t /*item*/) const noexcept {
    return [from = row](std::int64_t place) { return detail::LaneWords::load_aligned(from + place); };
  }
};

/// The row that the top bits of two words of each item choose: zero, `first`, `second` or `both`.
struct ChosenRow {
  const std::uint32_t *bit1, *bit2;            ///< [items]
  const std::uint32_t *first, *second, *both;  ///< tables of rows

  auto at(std::int64_t item) const noexcept {
    using Integers = xsimd::batch<std::int32_t>;
    const auto top_bits = [](const std::uint32_t* from) {
      return xsimd::bitwise_cast<Integers>(detail::LaneWords::load_aligned(from)) < Integers(0);
    };
    const auto load = [](const std::uint32_t* from) {
      return xsimd::bitwise_cast<Integers>(detail::LaneWords::load_aligned(from));
    };
    return [=, *this, has1 = top_bits(bit1 + item), has2 = top_bits(bit2 + item)](std::int64_t place) {
      const auto with2 = xsimd::select(has1, load(both + place), load(second + place));
      const auto without2 = xsimd::select(has1, load(first + place), Integers(0));
      return xsimd::bitwise_cast<detail::LaneWords>(xsimd::select(has2, with2, without2));
    };
  }
};

namespace detail {

template <class R>
concept LaneRow = std::same_as<R, FixedRow> || std::same_as<R, ChosenRow>;

/// Stores f(word of the row, place) at every place of the table.
template <LaneRow R, class F>
void map_lane_words(const R& row, const LaneTable& table, std::uint32_t* out, F f) noexcept {
  for (std::int64_t item = 0; item < table.items; item += lane_items) {
    const auto load = row.at(item);
    for (std::int64_t w = 0; w < table.words; ++w) {
      const auto place = w * table.items + item;
      LaneWords(f(load(place), place)).store_aligned(out + place);
    }
  }
}

template <class Lane, LaneRow R>
void add_lanes(const R& a, const std::uint32_t* b, LaneSum sum, const LaneTable& table,
               std::uint32_t* out) noexcept {
  using Lanes = xsimd::batch<Lane>;
  const auto run = [&](auto carry, auto doubled) {
    map_lane_words(a, table, out, [=](const LaneWords& x, std::int64_t place) {
      const auto y = LaneWords::load_aligned(b + place);
      // x + y + 1 is x - ~y
      const Lanes lanes = carry ? xsimd::bitwise_cast<Lanes>(x) - xsimd::bitwise_cast<Lanes>(~y)
                                : xsimd::bitwise_cast<Lanes>(x) + xsimd::bitwise_cast<Lanes>(y);
      return xsimd::bitwise_cast<LaneWords>(doubled ? Lanes(lanes + lanes) : lanes);
    });
  };
  using True = std::bool_constant<true>;
  using False = std::bool_constant<false>;
  if (sum.carry)
    sum.doubled ? run(True{}, True{}) : run(True{}, False{});
  else
    sum.doubled ? run(False{}, True{}) : run(False{}, False{});
}

/// The lowest byte of every word, its elements sign-extended.
template <int Bits>
LaneWords extended(LaneWords x) noexcept {
  using Lane = std::conditional_t<Bits == 2, std::uint8_t,
                                  std::conditional_t<Bits == 4, std::uint16_t, std::uint32_t>>;
  using Lanes = xsimd::batch<Lane>;
  x = x & LaneWords(0xFF);
  if constexpr (Bits <= 4) x = (x | (x << 12)) & LaneWords(0x000F000F);
  if constexpr (Bits == 2) x = (x | (x << 6)) & LaneWords(0x03030303);
  const Lanes sign(Lane{1} << (Bits - 1));
  return xsimd::bitwise_cast<LaneWords>((xsimd::bitwise_cast<Lanes>(x) ^ sign) - sign);
}

template <int Bits>
void extend_to_lanes(const std::uint32_t* low, const std::uint32_t* high, std::int64_t items,
                     std::uint32_t* out) noexcept {
  for (std::int64_t item = 0; item < items; item += lane_items) {
    const auto bytes = LaneWords::load_aligned(low + item);
    const LaneWords string[] = {bytes, bytes >> 8, bytes >> 16, bytes >> 24,
                                LaneWords::load_aligned(high + item)};
    for (std::int64_t w = 0; w < 5; ++w) extended<Bits>(string[w]).store_aligned(out + w * items + item);
  }
}

}  // namespace detail

/// out = a + b in every lane of `lane_bits` (8, 16 or 32) bits, modulo 2^lane_bits. `out` may be one of the operands.
template <detail::LaneRow R>
void add_lanes(int lane_bits, const R& a, const std::uint32_t* b, LaneSum sum, const LaneTable& table,
               std::uint32_t* out) noexcept {
  if (lane_bits == 8) detail::add_lanes<std::uint8_t>(a, b, sum, table, out);
  if (lane_bits == 16) detail::add_lanes<std::uint16_t>(a, b, sum, table, out);
  if (lane_bits == 32) detail::add_lanes<std::uint32_t>(a, b, sum, table, out);
}

/// out = ~a. `out` may be one of the operands.
template <detail::LaneRow R>
void invert_lanes(const R& a, const LaneTable& table, std::uint32_t* out) noexcept {
  detail::map_lane_words(a, table, out, [](const auto& x, std::int64_t) { return ~x; });
}

/// Extends integers of 2, 4 or 8 bits to lanes four times as wide: byte w of a string of five bytes becomes word w of a
/// row, its lowest element the lowest lane.
///
/// @param low   [items] bytes 0 to 3
/// @param high  [items] byte 4; the other bits are ignored
/// @param out   rows of five words
inline void extend_to_lanes(int element_bits, const std::uint32_t* low, const std::uint32_t* high,
                            std::int64_t items, std::uint32_t* out) noexcept {
  if (element_bits == 2) detail::extend_to_lanes<2>(low, high, items, out);
  if (element_bits == 4) detail::extend_to_lanes<4>(low, high, items, out);
  if (element_bits == 8) detail::extend_to_lanes<8>(low, high, items, out);
}

}  // namespace bitloom::kernel
