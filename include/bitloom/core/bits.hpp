// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <bitloom/core/error.hpp>

namespace bitloom::core {

/// The `width` lowest bits set. 0 <= width <= 64.
[[nodiscard]] constexpr std::uint64_t low_mask(int width) noexcept {
  return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

/// The low `width` bits of `bits`, read as two's complement. 1 <= width <= 64.
[[nodiscard]] constexpr std::int64_t sign_extend(std::uint64_t bits, int width) noexcept {
  const auto sign = std::uint64_t{1} << (width - 1);
  return static_cast<std::int64_t>(((bits & low_mask(width)) ^ sign) - sign);
}

/// Quotient of two non-negative integers, rounded up. `divisor` > 0.
template <class T>
[[nodiscard]] constexpr T ceil_div(T dividend, T divisor) noexcept {
  return static_cast<T>(dividend / divisor + (dividend % divisor != 0 ? 1 : 0));
}

/// The least multiple of `step` that is not below `extent`, both positive.
template <class T>
[[nodiscard]] constexpr T round_up(T extent, T step) noexcept {
  return static_cast<T>(ceil_div(extent, step) * step);
}

/// A row or word of hardware: `Bits` bits, bit 0 the least significant. Stored in 64-bit words, lowest first;
/// bits beyond `Bits` are always zero.
template <int Bits>
  requires(Bits > 0)
class BitVector {
 public:
  static constexpr int bits = Bits;
  static constexpr int word_count = (Bits + 63) / 64;
  using Words = std::array<std::uint64_t, word_count>;

  constexpr BitVector() noexcept = default;

  /// The low bits of `value`; the rest is zero.
  constexpr explicit BitVector(std::uint64_t value) noexcept {
    words_[0] = value;
    trim();
  }

  /// Words as stored, lowest first; bits beyond `Bits` are dropped.
  static constexpr BitVector from_words(const Words& words) noexcept {
    BitVector result;
    result.words_ = words;
    result.trim();
    return result;
  }

  [[nodiscard]] constexpr const Words& words() const noexcept { return words_; }

  [[nodiscard]] constexpr bool test(int index) const noexcept {
    return ((words_[slot(index)] >> (index % 64)) & 1) != 0;
  }

  /// Bits [offset, offset + width), 1 <= width <= 64, all of them inside the vector.
  [[nodiscard]] constexpr std::uint64_t extract(int offset, int width) const noexcept {
    const int shift = offset % 64;
    std::uint64_t value = words_[slot(offset)] >> shift;
    if constexpr (word_count > 1)
      if (shift + width > 64) value |= words_[slot(offset) + 1] << (64 - shift);
    return value & low_mask(width);
  }

  /// Overwrites bits [offset, offset + width) with the low bits of `value`.
  constexpr void insert(int offset, int width, std::uint64_t value) noexcept {
    const int shift = offset % 64;
    const std::uint64_t mask = low_mask(width);
    value &= mask;
    words_[slot(offset)] = (words_[slot(offset)] & ~(mask << shift)) | (value << shift);
    if constexpr (word_count > 1)
      if (shift + width > 64) {
        auto& next = words_[slot(offset) + 1];
        next = (next & ~(mask >> (64 - shift))) | (value >> (64 - shift));
      }
  }

  [[nodiscard]] friend constexpr BitVector operator~(const BitVector& a) noexcept {
    BitVector result;
    for (std::size_t i = 0; i < word_count; ++i) result.words_[i] = ~a.words_[i];
    result.trim();
    return result;
  }

  [[nodiscard]] friend constexpr BitVector operator&(const BitVector& a, const BitVector& b) noexcept {
    BitVector result;
    for (std::size_t i = 0; i < word_count; ++i) result.words_[i] = a.words_[i] & b.words_[i];
    return result;
  }

  [[nodiscard]] friend constexpr BitVector operator|(const BitVector& a, const BitVector& b) noexcept {
    BitVector result;
    for (std::size_t i = 0; i < word_count; ++i) result.words_[i] = a.words_[i] | b.words_[i];
    return result;
  }

  [[nodiscard]] friend constexpr BitVector operator^(const BitVector& a, const BitVector& b) noexcept {
    BitVector result;
    for (std::size_t i = 0; i < word_count; ++i) result.words_[i] = a.words_[i] ^ b.words_[i];
    return result;
  }

  friend constexpr bool operator==(const BitVector&, const BitVector&) noexcept = default;

  /// Hexadecimal digits, most significant first, as many as the width needs.
  [[nodiscard]] std::string to_hex() const {
    constexpr int digits = (Bits + 3) / 4;
    std::string text(digits, '0');
    for (int i = 0; i < digits; ++i) {
      const int offset = 4 * i;
      const int width = Bits - offset < 4 ? Bits - offset : 4;
      text[static_cast<std::size_t>(digits - 1 - i)] = "0123456789abcdef"[extract(offset, width)];
    }
    return text;
  }

  /// Reads hexadecimal digits, most significant first.
  /// @throws ParseError  the text is empty, has another character, or a set bit beyond the width
  static BitVector from_hex(std::string_view text) {
    if (text.empty()) throw ParseError("hexadecimal word: it is empty");
    BitVector result;
    int offset = 0;
    for (auto digit = text.rbegin(); digit != text.rend(); ++digit, offset += 4) {
      const auto value = hex_value(*digit);
      if (value < 0)
        throw ParseError("hexadecimal word '" + std::string(text) + "': '" + *digit + "' is not a digit");
      for (int bit = 0; bit < 4; ++bit) {
        if (((value >> bit) & 1) == 0) continue;
        if (offset + bit >= Bits)
          throw ParseError("hexadecimal word '" + std::string(text) + "' has more than " +
                           std::to_string(Bits) + " bits");
        result.insert(offset + bit, 1, 1);
      }
    }
    return result;
  }

 private:
  static constexpr std::size_t slot(int index) noexcept { return static_cast<std::size_t>(index / 64); }

  static constexpr int hex_value(char digit) noexcept {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
  }

  constexpr void trim() noexcept {
    if constexpr (Bits % 64 != 0) words_[word_count - 1] &= low_mask(Bits % 64);
  }

  Words words_{};
};

}  // namespace bitloom::core
