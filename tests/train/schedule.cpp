// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/schedule.hpp>

#include <doctest/doctest.h>

namespace train = bitloom::train;

TEST_CASE("the constant schedule is 1 and the cosine falls from 1 over 1/2 to 0") {
  CHECK(train::Constant{}(0.3) == 1);
  CHECK(train::Cosine{}(0) == 1);
  CHECK(train::Cosine{}(1.0 / 3) == doctest::Approx(0.75));
  CHECK(train::Cosine{}(0.5) == doctest::Approx(0.5));
  CHECK(train::Cosine{}(1) == doctest::Approx(0).epsilon(1e-12));
}
