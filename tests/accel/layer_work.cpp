// SPDX-License-Identifier: Apache-2.0
#include <bitloom/accel/layer_work.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/accel/dla.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::accel;
using net::ConvShape;
using net::FcShape;
using net::FeatureMap;

const net::LayerList list{{ConvShape{3, 3, 8, 4, 4, 8}, ConvShape{1, 1, 8, 4, 4, 72}, FcShape{10, 7},
                           ConvShape{3, 3, 8, 4, 4, 8}, FcShape{10, 7}, FcShape{7, 10}}};

TEST_CASE("layers that repeat are counted once each") {
  const LayerWork work(list);
  REQUIRE(work.convs.size() == 2);
  CHECK(work.convs[0].count == 2);
  CHECK(work.convs[1].count == 1);
  REQUIRE(work.fcs.size() == 2);
  CHECK(work.fcs[0].count == 2);
  CHECK(LayerWork(net::LayerList{}).convs.empty());
}

TEST_CASE("of layers and maps of one size, the first is the largest") {
  const ConvShape square{3, 3, 8, 4, 4, 8};
  const ConvShape pointwise{1, 1, 8, 4, 4, 72};  // 576 weights, as the other
  CHECK(largest_filters({{square, FcShape{100, 100}, pointwise}}) == square);
  CHECK(largest_filters({{pointwise, square}}) == pointwise);
  CHECK_THROWS_AS(static_cast<void>(largest_filters({{FcShape{10, 7}}})), ShapeError);
  const std::vector<FeatureMap> maps{{1, 1, 1, 1, 1, 1}, {2, 2, 2, 1, 1, 1}, {1, 1, 1, 2, 2, 2}};
  CHECK(largest_maps(maps) == maps[1]);
  CHECK_THROWS_AS(static_cast<void>(largest_maps({})), ShapeError);
}

TEST_CASE("the cycles of a network are the sum of its layers'") {
  constexpr Tile tile{.q = 2, .c = 4, .k = 8};
  const auto cycles = layer_cycles<Dla<>>(list, tile, 8);
  REQUIRE(cycles.size() == 6);
  CHECK(cycles[0] == 3 * 4 * 2 * 2);
  CHECK(cycles[1] == 4 * 2 * 9 * 2);
  CHECK(cycles[2] == 1);
  CHECK(total_cycles<Dla<>>(list, tile, 8) == 48 + 144 + 1 + 48 + 1 + 1);
  CHECK(total_cycles<Dla<>>(net::LayerList{}, tile, 8) == 0);
  const net::LayerList many{
      std::vector<net::LayerShape>(9, FcShape{std::int64_t{1} << 31, std::int64_t{1} << 31})};
  CHECK_THROWS_AS(static_cast<void>(total_cycles<Dla<>>(many, {.q = 1, .c = 1, .k = 1, .r = 1}, 8)),
                  ShapeError);
}

}  // namespace
