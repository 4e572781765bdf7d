// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

#include <bitloom/kernel/unpack_integers.hpp>

namespace bitloom::kernel {

/// A row-major matrix of integers of at most 8 bits, as a product reads it.
template <class M>
concept GemmOperand = requires(const M& matrix, std::int64_t i, std::uint8_t* space) {
  { matrix.is_signed } -> std::convertible_to<bool>;  // else the elements are 0..255
  // row(i, first, count, space): elements (i, first) … (i, first + count - 1) as bytes, where they are or in `space`
  { matrix.row(i, i, i, space) } -> std::same_as<const std::uint8_t*>;
};

/// Bytes as they are.
template <class T>
  requires(std::same_as<T, std::int8_t> || std::same_as<T, std::uint8_t>)
struct Integers {
  const T* data;
  std::int64_t stride;  ///< from row to row, in elements

  static constexpr bool is_signed = std::is_signed_v<T>;

  [[nodiscard]] const std::uint8_t* row(std::int64_t i, std::int64_t first, std::int64_t /*count*/,
                                        std::uint8_t* /*space*/) const {
    return reinterpret_cast<const std::uint8_t*>(data + i * stride + first);
  }
};

/// Places of 16 bits, each -128..127 if signed, else 0..255.
struct WideIntegers {
  const std::int16_t* data;
  std::int64_t stride;  ///< from row to row, in elements
  bool is_signed;

  const std::uint8_t* row(std::int64_t i, std::int64_t first, std::int64_t count, std::uint8_t* space) const {
    const auto* from = data + i * stride + first;
    for (std::int64_t j = 0; j < count; ++j) space[j] = static_cast<std::uint8_t>(from[j]);
    return space;
  }
};

/// Codes of 2 or 4 bits in a bit string, see unpack_integers. A row may begin inside a byte.
template <int Bits>
  requires(Bits == 2 || Bits == 4)
struct PackedIntegers {
  const std::uint8_t* data;
  std::int64_t stride;  ///< from row to row, in codes
  bool is_signed;
  std::int64_t first_code = 0;  ///< where in the string element (0, 0) is

  const std::uint8_t* row(std::int64_t i, std::int64_t first, std::int64_t count, std::uint8_t* space) const {
    unpack_integers<Bits>(data, first_code + i * stride + first, count, is_signed, space);
    return space;
  }
};

/// An operand whose elements are -128..127, as the weights of a product have to be.
template <class M>
concept GemmWeights = GemmOperand<M> && !std::same_as<M, Integers<std::uint8_t>>;

}  // namespace bitloom::kernel
