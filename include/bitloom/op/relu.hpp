// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace bitloom::op {

/// Replaces negative elements by zero. NaN stays NaN.
template <class T>
constexpr void relu(std::span<T> values) noexcept {
  for (auto& x : values)
    if (x < T{}) x = T{};
}

}  // namespace bitloom::op
