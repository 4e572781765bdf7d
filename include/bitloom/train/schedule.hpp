// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <numbers>

namespace bitloom::train {

/// The same learning rate throughout.
struct Constant {
  constexpr double operator()(double) const noexcept { return 1; }
};

/// Falls from 1 to 0 along half a cosine.
///
/// Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5.
struct Cosine {
  double operator()(double progress) const noexcept {
    return (1 + std::cos(std::numbers::pi * progress)) / 2;
  }
};

}  // namespace bitloom::train
