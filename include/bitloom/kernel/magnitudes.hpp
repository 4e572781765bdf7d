// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <bitloom/kernel/map_words.hpp>

namespace bitloom::kernel {

// A magnitude is the bit pattern of a float without its sign: magnitudes are in the order of the numbers, infinity is
// above all finite ones, and NaN above infinity.

inline constexpr std::uint32_t largest_finite = 0x7F7FFFFF;
inline constexpr std::uint32_t any_magnitude = 0x7FFFFFFF;

namespace detail {

/// The magnitude of a float, zero if it is above the limit.
template <class Word>
constexpr Word magnitude(Word bits, std::uint32_t limit) noexcept {
  const Word all = bits & Word(any_magnitude);
  return select(less(Word(limit), all), Word(0), all);
}

#if defined(__AVX512BW__)
inline std::uint32_t largest_of_words(const float* values, std::size_t count, std::uint32_t limit) {
  Words largest(0);
  const auto whole = count / Words::size * Words::size;
  std::size_t i = 0;
  for (; i < whole; i += Words::size)
    largest = greater(largest, magnitude(load_words(values + i, Words::size), limit));
  if (i < count) largest = greater(largest, magnitude(load_words(values + i, count - i), limit));
  return largest_word(largest);
}
#endif

}  // namespace detail

/// The largest magnitude of an array; 0 if it is empty.
///
/// @param limit  magnitudes above it count as zero
constexpr std::uint32_t largest_magnitude(const float* values, std::size_t count,
                                          std::uint32_t limit = any_magnitude) {
#if defined(__AVX512BW__)
  if (!std::is_constant_evaluated()) return detail::largest_of_words(values, count, limit);
#endif
  std::int32_t largest = 0;  // of a signed type, whose maxima compilers make vectors of
  for (std::size_t i = 0; i < count; ++i)
    largest =
        std::max(largest, static_cast<std::int32_t>(detail::magnitude(detail::to_word(values[i]), limit)));
  return static_cast<std::uint32_t>(largest);
}

/// largest[r] = the larger of itself and the largest magnitude of run r. Runs have `length` numbers, the last may have
/// fewer.
constexpr void raise_magnitudes(const float* values, std::size_t count, std::size_t length,
                                std::uint32_t limit, std::uint32_t* largest) {
  if (length == 1)
    for (std::size_t i = 0; i < count; ++i)
      largest[i] = detail::greater(largest[i], detail::magnitude(detail::to_word(values[i]), limit));
  else
    for (std::size_t i = 0; i < count; i += length, ++largest)
      *largest = std::max(*largest, largest_magnitude(values + i, std::min(length, count - i), limit));
}

/// out[i] = values[i / length]
///
/// @param count  of `out`
constexpr void repeat_each(const float* values, std::size_t length, std::size_t count, float* out) {
  if (length == 1) {
    std::copy_n(values, count, out);
    return;
  }
  for (std::size_t i = 0; i < count; i += length, ++values)
    detail::fill_words(*values, std::min(length, count - i), out + i);
}

}  // namespace bitloom::kernel
