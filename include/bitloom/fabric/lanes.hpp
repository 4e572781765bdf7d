// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <bitloom/core/bits.hpp>

namespace bitloom::fabric {

/// Arithmetic on a row that is cut into lanes of 8, 16 or 32 bits: carries and shifts stop at lane borders.
///
/// A compute-in-BRAM row keeps n-bit elements, n = 2, 4 or 8, sign-extended to lanes of 4n bits. All results are
/// modulo 2^(4n). Lane 0 holds the lowest bits.
namespace lanes {

/// The lowest bit of every lane of a 64-bit word.
[[nodiscard]] constexpr std::uint64_t lowest_bits(int lane_bits) noexcept {
  return lane_bits == 8 ? 0x0101010101010101 : lane_bits == 16 ? 0x0001000100010001 : 0x0000000100000001;
}

/// The highest bit of every lane of a 64-bit word.
[[nodiscard]] constexpr std::uint64_t highest_bits(int lane_bits) noexcept {
  return lowest_bits(lane_bits) << (lane_bits - 1);
}

namespace detail {

/// Applies `f` to the words of rows.
template <int Bits, class F, class... Rows>
constexpr core::BitVector<Bits> map_words(F f, const Rows&... rows) noexcept {
  typename core::BitVector<Bits>::Words words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = f(rows.words()[i]...);
  return core::BitVector<Bits>::from_words(words);
}

}  // namespace detail

/// a + b, plus one in every lane if `carry`.
template <int Bits>
[[nodiscard]] constexpr core::BitVector<Bits> add(const core::BitVector<Bits>& a,
                                                  const core::BitVector<Bits>& b, bool carry,
                                                  int lane_bits) noexcept {
  const auto high = highest_bits(lane_bits);
  const auto one = carry ? lowest_bits(lane_bits) : 0;
  return detail::map_words<Bits>(
      [=](std::uint64_t x, std::uint64_t y) {
        // the highest bit of a lane is added without its carry out, so the sum below cannot leave the lane
        const auto low = (x & ~high) + (y & ~high);
        const auto partial = low ^ ((x ^ y) & high);
        const auto low_one = (partial & ~high) + one;
        return low_one ^ (partial & high);
      },
      a, b);
}

/// Every lane times two: its highest bit is lost, its lowest becomes zero.
template <int Bits>
[[nodiscard]] constexpr core::BitVector<Bits> shift_left(const core::BitVector<Bits>& a,
                                                         int lane_bits) noexcept {
  const auto low = lowest_bits(lane_bits);
  return detail::map_words<Bits>([=](std::uint64_t x) { return (x << 1) & ~low; }, a);
}

/// Element e of the word, `element_bits` (2, 4 or 8) wide, becomes lane e of the row, sign-extended to four
/// times its width.
template <int WordBits>
[[nodiscard]] constexpr core::BitVector<4 * WordBits> sign_extend(const core::BitVector<WordBits>& word,
                                                                  int element_bits) noexcept {
  typename core::BitVector<4 * WordBits>::Words words{};
  for (std::size_t i = 0; i < words.size(); ++i) {  // 16 bits of the word fill 64 bits of the row
    const int offset = static_cast<int>(i) * 16;
    auto x = word.extract(offset, WordBits - offset < 16 ? WordBits - offset : 16);
    x = (x | x << 24) & 0x000000FF000000FF;
    if (element_bits <= 4) x = (x | x << 12) & 0x000F000F000F000F;
    if (element_bits == 2) x = (x | x << 6) & 0x0303030303030303;
    const auto signs = x & (lowest_bits(4 * element_bits) << (element_bits - 1));
    words[i] = x | ((signs << 1) * core::low_mask(3 * element_bits));  // fills of lanes do not overlap
  }
  return core::BitVector<4 * WordBits>::from_words(words);
}

/// The word with element e at place `Order::lane(e, elements)`.
template <class Order, int WordBits>
[[nodiscard]] constexpr core::BitVector<WordBits> arrange(const core::BitVector<WordBits>& word,
                                                          int element_bits) noexcept {
  const int elements = WordBits / element_bits;
  core::BitVector<WordBits> arranged;
  for (int e = 0; e < elements; ++e)
    arranged.insert(Order::lane(e, elements) * element_bits, element_bits,
                    word.extract(e * element_bits, element_bits));
  return arranged;
}

/// The highest bit of every lane whose sum a + b, as two's complement, does not fit the lane.
template <int Bits>
[[nodiscard]] constexpr core::BitVector<Bits> overflows(const core::BitVector<Bits>& a,
                                                        const core::BitVector<Bits>& b,
                                                        int lane_bits) noexcept {
  const auto high = highest_bits(lane_bits);
  return detail::map_words<Bits>(
      [=](std::uint64_t x, std::uint64_t y, std::uint64_t sum) { return (x ^ sum) & (y ^ sum) & high; }, a, b,
      add(a, b, false, lane_bits));
}

/// Lane `index` of the row as a two's complement number.
template <int Bits>
[[nodiscard]] constexpr std::int32_t value(const core::BitVector<Bits>& row, int index,
                                           int lane_bits) noexcept {
  return static_cast<std::int32_t>(core::sign_extend(row.extract(index * lane_bits, lane_bits), lane_bits));
}

}  // namespace lanes
}  // namespace bitloom::fabric
