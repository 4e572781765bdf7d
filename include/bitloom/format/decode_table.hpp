// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include <bitloom/format/concepts.hpp>

namespace bitloom::format {

/// The values of all codes of a format of up to 8 bits, computed at compile time.
template <Format F, std::floating_point T = double>
  requires(F::bits <= 8)
inline constexpr std::array<T, std::size_t{1} << F::bits> decode_table = [] {
  std::array<T, std::size_t{1} << F::bits> values{};
  for (std::size_t code = 0; code < values.size(); ++code)
    values[code] = static_cast<T>(F::decode(static_cast<typename F::code_type>(code)));
  return values;
}();

}  // namespace bitloom::format
