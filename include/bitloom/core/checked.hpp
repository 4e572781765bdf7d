// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

#include <bitloom/core/error.hpp>

namespace bitloom::core {

/// Product of extents or counts, each at least 1, that never wraps around.
///
/// @param what         what is counted; starts the error message
/// @throws ShapeError  a factor is below 1, or the product needs more than 63 bits
[[nodiscard]] constexpr std::int64_t checked_product(const char* what,
                                                     std::initializer_list<std::int64_t> factors) {
  std::int64_t product = 1;
  for (const auto factor : factors) {
    core::check_positive(what, factor);
    if (product > std::numeric_limits<std::int64_t>::max() / factor) {
      std::string text;
      for (const auto each : factors) text += (text.empty() ? "" : " * ") + std::to_string(each);
      throw ShapeError(std::string(what) + ": " + text + " does not fit 63 bits");
    }
    product *= factor;
  }
  return product;
}

/// Sum of two counts, each at least 0, that never wraps around.
///
/// @param what         what is counted; starts the error message
/// @throws ShapeError  a term is below 0, or the sum needs more than 63 bits
[[nodiscard]] constexpr std::int64_t checked_sum(const char* what, std::int64_t a, std::int64_t b) {
  if (a < 0 || b < 0 || a > std::numeric_limits<std::int64_t>::max() - b)
    throw ShapeError(std::string(what) + ": " + std::to_string(a) + " + " + std::to_string(b) +
                     (a < 0 || b < 0 ? " has a negative term" : " does not fit 63 bits"));
  return a + b;
}

}  // namespace bitloom::core
