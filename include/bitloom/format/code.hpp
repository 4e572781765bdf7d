// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

namespace bitloom::format::detail {

/// The smallest unsigned type with at least `Bits` bits.
template <int Bits>
using Code =
    std::conditional_t<Bits <= 8, std::uint8_t,
                       std::conditional_t<Bits <= 16, std::uint16_t,
                                          std::conditional_t<Bits <= 32, std::uint32_t, std::uint64_t>>>;

}  // namespace bitloom::format::detail
