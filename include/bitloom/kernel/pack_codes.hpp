// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <bitloom/core/bits.hpp>

namespace bitloom::kernel {

// A string of bits: code i of b bits is bits [i·b, (i+1)·b), and bit j is bit j mod 8 of byte j div 8.

namespace detail {

/// `count` bytes, 1..8, as a number, the first byte lowest.
inline std::uint64_t load_bytes(const std::uint8_t* from, std::size_t count) noexcept {
  std::uint64_t word = 0;
  if constexpr (std::endian::native == std::endian::little)
    std::memcpy(&word, from, count);
  else
    for (std::size_t i = 0; i < count; ++i) word |= std::uint64_t{from[i]} << (8 * i);
  return word;
}

/// The `count` low bytes of a number, 1..8, the lowest first.
inline void store_bytes(std::uint64_t word, std::size_t count, std::uint8_t* to) noexcept {
  if constexpr (std::endian::native == std::endian::little)
    std::memcpy(to, &word, count);
  else
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::uint8_t>(word >> (8 * i));
}

/// `bits` at the bottom of every `stride` bits of a word.
constexpr std::uint64_t every(int stride, std::uint64_t bits) noexcept {
  std::uint64_t word = 0;
  for (int place = 0; place < 64; place += stride) word |= bits << place;
  return word;
}

/// The low bits of eight bytes, side by side: neighbours first, then pairs, then halves.
template <int Bits>
constexpr std::uint64_t join_eight(std::uint64_t x) noexcept {
  constexpr auto one = core::low_mask(Bits), two = core::low_mask(2 * Bits), four = core::low_mask(4 * Bits);
  x = (x & every(16, one)) | (x >> (8 - Bits) & every(16, one << Bits));
  x = (x & every(32, two)) | (x >> (16 - 2 * Bits) & every(32, two << (2 * Bits)));
  return (x & four) | (x >> (32 - 4 * Bits) & four << (4 * Bits));
}

/// The inverse: eight codes of a string, a byte each.
template <int Bits>
constexpr std::uint64_t spread_eight(std::uint64_t x) noexcept {
  constexpr auto one = core::low_mask(Bits), two = core::low_mask(2 * Bits), four = core::low_mask(4 * Bits);
  x = (x & four) | (x << (32 - 4 * Bits) & four << 32);
  x = (x & every(32, two)) | (x << (16 - 2 * Bits) & every(32, two << 16));
  return (x & every(16, one)) | (x << (8 - Bits) & every(16, one << 8));
}

/// 4-bit codes, `pairs` bytes at a time: in arrays that nothing else points to, so that compilers make vectors of them.
inline constexpr std::size_t pairs = 64;

template <class Code>
void pack_pairs(const Code* codes, std::uint8_t* bytes) noexcept {
  std::uint8_t block[pairs];
  for (std::size_t i = 0; i < pairs; ++i)
    block[i] = static_cast<std::uint8_t>((codes[2 * i] & 0xF) | codes[2 * i + 1] << 4);
  std::memcpy(bytes, block, pairs);
}

template <class Code>
void unpack_pairs(const std::uint8_t* bytes, Code* codes) noexcept {
  std::uint8_t block[pairs];
  std::memcpy(block, bytes, pairs);
  for (std::size_t i = 0; i < pairs; ++i) {
    codes[2 * i] = static_cast<Code>(block[i] & 0xF);
    codes[2 * i + 1] = static_cast<Code>(block[i] >> 4);
  }
}

/// Codes fill whole places of memory, which are a string of bits already.
template <int Bits, class Code>
inline constexpr bool is_string = Bits == 8 * static_cast<int>(sizeof(Code)) &&
                                  (sizeof(Code) == 1 || std::endian::native == std::endian::little);

/// Any width up to 64, by words of 32 bits.
template <int Bits, class Code>
void pack_words(const Code* codes, std::size_t count, std::uint8_t* bytes) {
  std::uint64_t word = 0;
  int filled = 0;  // bits of the word, below 32 between two codes
  const auto append = [&](std::uint64_t value, int width) {
    word |= (value & core::low_mask(width)) << filled;
    filled += width;
    if (filled < 32) return;
    store_bytes(word, 4, bytes);
    bytes += 4;
    word >>= 32;
    filled -= 32;
  };
  for (std::size_t i = 0; i < count; ++i) {
    append(codes[i], std::min(Bits, 32));
    if constexpr (Bits > 32) append(codes[i] >> 32, Bits - 32);
  }
  if (filled > 0) store_bytes(word, static_cast<std::size_t>(filled + 7) / 8, bytes);
}

template <int Bits, class Code>
void unpack_words(const std::uint8_t* bytes, std::size_t count, Code* codes) {
  std::uint64_t word = 0;
  int filled = 0;
  auto left = core::ceil_div(count * Bits, std::size_t{8});
  const auto take = [&](int width) {
    if (filled < width) {
      const auto size = std::min<std::size_t>(left, 4);
      word |= load_bytes(bytes, size) << filled;
      filled += 32;  // fewer at the end, where nobody takes them
      bytes += size;
      left -= size;
    }
    const auto value = word & core::low_mask(width);
    word >>= width;
    filled -= width;
    return value;
  };
  for (std::size_t i = 0; i < count; ++i) {
    codes[i] = static_cast<Code>(take(std::min(Bits, 32)));
    if constexpr (Bits > 32) codes[i] = static_cast<Code>(codes[i] | take(Bits - 32) << 32);
  }
}

}  // namespace detail

/// Packs codes into ceil(count · Bits / 8) bytes. Bits of a code above its width are dropped; unused ones of the last
/// byte are 0.
template <int Bits, class Code>
  requires(1 <= Bits && Bits <= 8 * static_cast<int>(sizeof(Code)))
void pack_codes(const Code* codes, std::size_t count, std::uint8_t* bytes) {
  if (count == 0) return;
  if constexpr (detail::is_string<Bits, Code>) {
    std::memcpy(bytes, codes, count * sizeof(Code));
  } else if constexpr (Bits == 4 && sizeof(Code) == 1) {
    constexpr auto step = 2 * detail::pairs;
    const auto whole = count / step * step;
    std::size_t i = 0;
    for (; i < whole; i += step) detail::pack_pairs(codes + i, bytes + i / 2);
    for (; count - i >= 2; i += 2)
      bytes[i / 2] = static_cast<std::uint8_t>((codes[i] & 0xF) | codes[i + 1] << 4);
    if (i < count) bytes[i / 2] = static_cast<std::uint8_t>(codes[i] & 0xF);
  } else if constexpr (Bits < 8 && sizeof(Code) == 1) {
    const auto* const end = bytes + core::ceil_div(count * Bits, std::size_t{8});
    std::size_t i = 0;
    // whole words are written as long as they end inside the string: what is beyond the group comes again
    for (; count - i >= 8 && end - bytes >= 8; i += 8, bytes += Bits)
      detail::store_bytes(detail::join_eight<Bits>(detail::load_bytes(codes + i, 8)), 8, bytes);
    for (; i < count; i += 8, bytes += Bits) {
      const auto size = std::min<std::size_t>(count - i, 8);
      const auto word = detail::join_eight<Bits>(detail::load_bytes(codes + i, size));
      detail::store_bytes(word, core::ceil_div(size * Bits, std::size_t{8}), bytes);
    }
  } else {
    detail::pack_words<Bits>(codes, count, bytes);
  }
}

/// Takes codes out of ceil(count · Bits / 8) bytes.
template <int Bits, class Code>
  requires(1 <= Bits && Bits <= 8 * static_cast<int>(sizeof(Code)))
void unpack_codes(const std::uint8_t* bytes, std::size_t count, Code* codes) {
  if (count == 0) return;
  if constexpr (detail::is_string<Bits, Code>) {
    std::memcpy(codes, bytes, count * sizeof(Code));
  } else if constexpr (Bits == 4 && sizeof(Code) == 1) {
    constexpr auto step = 2 * detail::pairs;
    const auto whole = count / step * step;
    std::size_t i = 0;
    for (; i < whole; i += step) detail::unpack_pairs(bytes + i / 2, codes + i);
    for (; i < count; ++i) codes[i] = static_cast<Code>(bytes[i / 2] >> (4 * (i % 2)) & 0xF);
  } else if constexpr (Bits < 8 && sizeof(Code) == 1) {
    const auto* const end = bytes + core::ceil_div(count * Bits, std::size_t{8});
    std::size_t i = 0;
    for (; count - i >= 8 && end - bytes >= 8; i += 8, bytes += Bits)
      detail::store_bytes(detail::spread_eight<Bits>(detail::load_bytes(bytes, 8)), 8, codes + i);
    for (; i < count; i += 8, bytes += Bits) {
      const auto size = std::min<std::size_t>(count - i, 8);
      const auto word = detail::load_bytes(bytes, core::ceil_div(size * Bits, std::size_t{8}));
      detail::store_bytes(detail::spread_eight<Bits>(word), size, codes + i);
    }
  } else {
    detail::unpack_words<Bits>(bytes, count, codes);
  }
}

}  // namespace bitloom::kernel
