// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/design.hpp>

#include <doctest/doctest.h>

#include <bitloom/fabric/bramac.hpp>
#include <bitloom/format/int.hpp>

namespace {

using namespace bitloom;
using Four = format::Int<4>;
using FourUnsigned = format::Int<4, format::Unsigned>;

template <class Weight, class Activation>
concept HasDesign = requires {
  typename accel::Design<fabric::Bramac1da, Weight, Activation>;
};

TEST_CASE("a design is a type whose costs are constant expressions") {
  using Design = accel::Design<fabric::Bramac1da, Four, FourUnsigned, 8>;
  constexpr fabric::MatrixShape shape{.rows = 80, .columns = 64};
  static_assert(Design::cost(shape).cycles == 1 + 32 * 4 + 4);
  static_assert(Design::cost(shape).mapping.blocks() == 8);
  CHECK(Design::latency_us(shape) == doctest::Approx(133 / 500.0));
  CHECK(Design::array().count() == 8);
}

TEST_CASE("a design that the block cannot compute is not a type") {
  static_assert(HasDesign<Four, FourUnsigned>);
  static_assert(!HasDesign<Four, format::Int<8>>);
  static_assert(!HasDesign<FourUnsigned, Four>);
  static_assert(!HasDesign<int, Four>);
  CHECK(accel::Design<fabric::Bramac1da, Four, Four>::blocks == 1);
}

}  // namespace
