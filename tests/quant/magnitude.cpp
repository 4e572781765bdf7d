// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/magnitude.hpp>

#include <doctest/doctest.h>

using namespace bitloom::quant;

static_assert(Magnitude<KeptMagnitude> && Magnitude<EveryMagnitude> && !Magnitude<int>);

TEST_CASE("a magnitude is that of the kept number, or of the number itself") {
  CHECK(KeptMagnitude::of(-3, -3) == 3.0F);
  CHECK(KeptMagnitude::of(-3, 0) == 0.0F);
  CHECK(EveryMagnitude::of(-3, 0) == 3.0F);
  CHECK(EveryMagnitude::of(2, 2) == 2.0F);
}
