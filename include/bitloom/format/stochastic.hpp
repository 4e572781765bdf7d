// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/format/rounding.hpp>

namespace bitloom::format {

/// Random bits for stochastic rounding, by index: element i gets the same bits in every order and on any number of
/// threads.
class StochasticSource {
 public:
  /// @param bits  how many for each element, 1..62
  /// @throws RangeError  another number of bits
  constexpr explicit StochasticSource(std::uint64_t seed, int bits = 32) : seed_(seed), bits_(bits) {
    core::check_range("random bits", bits, 1, 62);
  }

  /// The rounding of element `index`.
  [[nodiscard]] constexpr Stochastic operator()(std::uint64_t index) const noexcept {
    const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
    const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
    const auto random = core::philox({low(index), high(index), 0, 0}, {low(seed_), high(seed_)});
    return {bits_, (std::uint64_t{random[1]} << 32 | random[0]) >> (64 - bits_)};
  }

 private:
  std::uint64_t seed_;
  int bits_;
};

}  // namespace bitloom::format
