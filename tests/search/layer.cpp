// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/layer.hpp>

#include <doctest/doctest.h>

namespace {

using namespace bitloom;

TEST_CASE("weights, outputs and terms of a layer multiply to its operations") {
  const net::LayerShape conv = net::ConvShape{.r = 3, .s = 5, .c = 8, .p = 7, .q = 6, .k = 16};
  CHECK(search::weights(conv) == 3 * 5 * 8 * 16);
  CHECK(search::outputs(conv) == 16);
  CHECK(search::terms(conv) == 3 * 5 * 8);
  CHECK(net::macs(conv) == search::weights(conv) * 7 * 6);
  const net::LayerShape dense = net::FcShape{.c = 12, .k = 10};
  CHECK(search::weights(dense) == 120);
  CHECK(search::outputs(dense) == 10);
  CHECK(search::terms(dense) == 12);
  CHECK_THROWS_AS(static_cast<void>(search::terms(net::ConvShape{})), ShapeError);
}

}  // namespace
