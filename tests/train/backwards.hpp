// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// An executor that runs the last iteration first: who gets the bits of `core::Serial` does not depend on the order.
struct Backwards {
  template <class Body>
  void for_each_index(std::int64_t count, Body&& body) const {
    while (count-- > 0) body(count);
  }
};
