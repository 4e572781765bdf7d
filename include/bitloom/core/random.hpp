// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include <bitloom/core/error.hpp>

namespace bitloom::core {

/// One block of Philox4x32-10: 128 random bits that depend on the counter and the key alone.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                            std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// Deterministic random generator: the same numbers on every platform, compiler and thread count.
///
/// Counter-based: number i of (seed, stream) is a function of the three, so parallel code gives each item a
/// stream of its own. Its distributions use integer operations and exact scalings only, never the standard
/// library's distributions or mathematical functions, whose results differ between platforms.
class Random {
 public:
  using result_type = std::uint64_t;

  constexpr explicit Random(std::uint64_t seed, std::uint64_t stream = 0) noexcept
      : seed_(seed), stream_(stream) {}

  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }

  /// The next 64 random bits.
  constexpr result_type operator()() noexcept {
    if (position_ % 2 == 0) {
      const auto block = position_ / 2;
      const auto out =
          philox({low(block), high(block), low(stream_), high(stream_)}, {low(seed_), high(seed_)});
      first_ = join(out[0], out[1]);
      second_ = join(out[2], out[3]);
    }
    return position_++ % 2 == 0 ? first_ : second_;
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  constexpr double uniform() noexcept { return static_cast<double>(fraction()) * 0x1p-53; }

  /// Uniform integer in [low, high], without bias.
  /// @throws RangeError  high < low
  constexpr std::int64_t integer(std::int64_t low, std::int64_t high) {
    if (high < low)
      throw RangeError("random integer: low " + std::to_string(low) + " is above high " +
                       std::to_string(high));
    const auto span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + up_to(span));
  }

  /// True with the given probability, which is taken to a multiple of 2^-53.
  constexpr bool bernoulli(double probability) noexcept { return uniform() < probability; }

  /// Standard normal deviate.
  ///
  /// Source: Karney, "Sampling exactly from the normal distribution", ACM TOMS 42 (2016), algorithm N: it only
  /// compares uniform deviates, here of 53 bits, so no rounding of a logarithm can differ between platforms.
  constexpr double normal() noexcept {
    for (;;) {
      std::uint64_t k = 0;
      while (half_exponential()) ++k;
      bool accepted = true;
      for (std::uint64_t i = 0; accepted && k > 1 && i < k * (k - 1); ++i) accepted = half_exponential();
      if (!accepted) continue;
      const std::uint64_t x = fraction();
      for (std::uint64_t i = 0; accepted && i <= k; ++i) accepted = tail(k, x);
      if (!accepted) continue;
      const double magnitude = static_cast<double>(k) + static_cast<double>(x) * 0x1p-53;
      return ((*this)() & 1) != 0 ? -magnitude : magnitude;
    }
  }

  /// Puts the elements of a random-access range into uniformly random order.
  template <class Range>
  constexpr void shuffle(Range&& range) {
    for (auto i = static_cast<std::uint64_t>(std::size(range)); i > 1; --i) {
      const auto j = up_to(i - 1);
      std::swap(range[static_cast<std::size_t>(i - 1)], range[static_cast<std::size_t>(j)]);
    }
  }

 private:
  static constexpr std::uint32_t low(std::uint64_t x) noexcept { return static_cast<std::uint32_t>(x); }
  static constexpr std::uint32_t high(std::uint64_t x) noexcept {
    return static_cast<std::uint32_t>(x >> 32);
  }
  static constexpr std::uint64_t join(std::uint32_t a, std::uint32_t b) noexcept {
    return a | (std::uint64_t{b} << 32);
  }

  constexpr std::uint64_t fraction() noexcept { return (*this)() >> 11; }

  /// Uniform in [0, span].
  constexpr std::uint64_t up_to(std::uint64_t span) noexcept {
    if (span == max()) return (*this)();
    const std::uint64_t count = span + 1;
    const std::uint64_t limit = max() - (max() % count + 1) % count;  // the largest whole multiple, minus one
    for (;;)
      if (const auto bits = (*this)(); bits <= limit) return bits % count;
  }

  /// True with probability exp(-1/2): a falling run of uniforms that starts below 1/2 has even length.
  constexpr bool half_exponential() noexcept {
    std::uint64_t previous = fraction();
    if (previous >= std::uint64_t{1} << 52) return true;
    for (bool result = false;; result = !result) {
      const auto next = fraction();
      if (next >= previous) return result;
      previous = next;
    }
  }

  /// True with probability exp(-x (2k + x) / (2k + 2)), x a fraction of 53 bits.
  constexpr bool tail(std::uint64_t k, std::uint64_t x) noexcept {
    std::uint64_t previous = x;
    for (bool result = true;; result = !result) {
      const auto next = fraction();
      if (next >= previous) return result;
      const auto part = up_to(2 * k + 1);  // below (2k + x) / (2k + 2) without a division
      if (part > 2 * k || (part == 2 * k && fraction() >= x)) return result;
      previous = next;
    }
  }

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t position_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t second_ = 0;
};

}  // namespace bitloom::core
