// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/activation.hpp>

#include <cmath>
#include <limits>

#include <doctest/doctest.h>
#include <bitloom/train/dual.hpp>

namespace train = bitloom::train;

static_assert(train::Activation<train::Linear, float> &&
              train::Activation<train::Rectified, train::Dual<double>>);
static_assert(!train::Activation<int, float>);

TEST_CASE("an activation's derivative is known from its result") {
  CHECK((train::Linear::apply(-2.0) == -2 && train::Linear::derivative(-2.0) == 1));
  CHECK((train::Rectified::apply(-2.0) == 0 && train::Rectified::derivative(0.0) == 0));
  CHECK((train::Rectified::apply(2.0) == 2 && train::Rectified::derivative(2.0) == 1));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK((std::isnan(train::Rectified::apply(nan)) && train::Rectified::derivative(nan) == 0));
  const auto dual = train::Rectified::apply(train::Dual<double>(3, 4));
  CHECK((dual.value == 3 && dual.derivative == 4));
  CHECK(train::Rectified::apply(train::Dual<double>(-3, 4)).derivative == 0);
}
