// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>

namespace bitloom::quant {

/// What a number counts for the largest magnitude of its group.
template <class M>
concept Magnitude = requires(float x, float kept) {
  // kept: x, or 0 where x is negative and the format has no negative values
  { M::of(x, kept) } -> std::same_as<float>;
};

/// Of a number that the format cuts to zero nothing: an unsigned format looks at positive numbers alone.
struct KeptMagnitude {
  static float of(float, float kept) noexcept { return std::abs(kept); }
};

/// Of every number its magnitude, so that a large negative number widens the scale of an unsigned format as well.
///
/// Source: the positive-only quantizer of the M4BRAM authors' open-source code (arXiv 2311.02758).
struct EveryMagnitude {
  static float of(float x, float) noexcept { return std::abs(x); }
};

}  // namespace bitloom::quant
