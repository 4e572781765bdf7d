// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>

namespace bitloom::core {

/// Runs independent iterations, in any order. Bodies write to places of their own, so that every executor gives
/// the same bits.
template <class E>
concept Executor = requires(const E executor, void (*body)(std::int64_t)) {
  { executor.for_each_index(std::int64_t{}, body) } -> std::same_as<void>;  // body(0) … body(count - 1)
};

/// One after the other, on the calling thread.
struct Serial {
  template <class Body>
  void for_each_index(std::int64_t count, Body&& body) const {
    for (std::int64_t i = 0; i < count; ++i) body(i);
  }
};

}  // namespace bitloom::core
