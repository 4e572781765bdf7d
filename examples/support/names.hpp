// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <bitloom/core/error.hpp>

namespace bitloom::examples {

/// The place of a name that a user gave.
/// @throws RangeError  it is none of the names
template <std::size_t N>
std::size_t place_of(const std::array<std::string_view, N>& names, std::string_view name, const char* what) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    throw RangeError(std::string(what) + ": '" + std::string(name) + "' is not known");
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace bitloom::examples
