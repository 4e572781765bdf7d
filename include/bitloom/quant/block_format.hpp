// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/kernel/magnitudes.hpp>
#include <bitloom/quant/block_shape.hpp>

namespace bitloom::quant {

/// For formats whose blocks have nothing in common with the tensor's other blocks.
struct NothingInCommon {
  static constexpr NothingInCommon of(float) noexcept { return {}; }
  friend constexpr bool operator==(const NothingInCommon&, const NothingInCommon&) = default;
};

/// Blocks of codes under a scale of their own, which is a code as well.
///
/// A magnitude is the bit pattern of a float without its sign.
template <class B>
concept BlockFormat = requires(std::span<const std::uint32_t> magnitudes, std::uint8_t* scales,
                               const typename B::Common& common, std::span<const float> in,
                               std::span<typename B::code_type> codes, float* out) {
  requires format::Format<typename B::Format>;                   // of the elements' codes
  requires BlockShape<typename B::Shape>;                        // of the blocks in a tensor
  { B::scale_bits } -> std::convertible_to<int>;                 // width of a scale's code, up to 8
  { B::largest_counted } -> std::convertible_to<std::uint32_t>;  // magnitudes above it play no part
  // from the tensor's largest finite magnitude
  { B::Common::of(1.0F) } -> std::same_as<typename B::Common>;
  // from the largest magnitudes of some blocks, their scales and the factors that their numbers are multiplied by; 0: all
  // codes of the block are 0, whatever its numbers are
  { B::scales_of(magnitudes, common, scales, out) } -> std::same_as<void>;
  // values and as many factors to codes, which are 0 where the factor is
  { B::encode_scaled(in, in, codes) } -> std::same_as<void>;
  // what elements' values are multiplied by
  { B::restoring_factor(*scales) } -> std::same_as<float>;
  // codes and as many restoring factors to numbers
  { B::decode_scaled(codes, in, common, out) } -> std::same_as<void>;
};

namespace detail {

/// Encodes a block of any length.
template <class B>
constexpr std::uint8_t encode_block(std::span<const float> values, const typename B::Common& common,
                                    std::span<typename B::code_type> codes) {
  core::check_equal("codes", std::ssize(codes), "the values of a block", std::ssize(values));
  const auto largest = kernel::largest_magnitude(values.data(), values.size(), B::largest_counted);
  std::uint8_t scale = 0;
  std::array<float, 256> factors{};
  B::scales_of({&largest, 1}, common, &scale, factors.data());
  factors.fill(factors[0]);
  for (std::size_t first = 0; first < values.size(); first += factors.size()) {
    const auto size = std::min(values.size() - first, factors.size());
    B::encode_scaled(values.subspan(first, size), std::span(factors).first(size), codes.subspan(first, size));
  }
  return scale;
}

}  // namespace detail
}  // namespace bitloom::quant
