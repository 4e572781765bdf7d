// SPDX-License-Identifier: Apache-2.0
#include <bitloom/quant/block_shape.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

namespace {

using namespace bitloom;
using namespace bitloom::quant;

static_assert(BlockShape<Along<32>> && BlockShape<Along<1, 0>> && BlockShape<Tile<2, 3>> && !BlockShape<int>);

TEST_CASE("axes count from either end") {
  CHECK(Along<32>::extents(3) == Shape{1, 1, 32});
  CHECK(Along<8, 0>::extents(3) == Shape{8, 1, 1});
  CHECK(Along<8, -3>::extents(3) == Shape{8, 1, 1});
  CHECK(Tile<2, 5>::extents(4) == Shape{1, 1, 2, 5});
  CHECK(Tile<2, 5, 3, 0>::extents(4) == Shape{5, 1, 1, 2});
}

TEST_CASE("an axis that the tensor does not have is refused") {
  CHECK_THROWS_WITH_AS(Along<32>::extents(0), "block shape: axis -1 of a tensor with 0 axes", ShapeError);
  CHECK_THROWS_AS((Along<32, 2>::extents(2)), ShapeError);
  CHECK_THROWS_AS((Tile<2, 2>::extents(1)), ShapeError);
  CHECK_THROWS_WITH_AS((Tile<2, 2, 1, -1>::extents(2)),
                       "block shape: axes 1 and -1 are the same in a tensor with 2 axes", ShapeError);
  CHECK_NOTHROW(Tile<2, 2, 1, -1>::extents(3));
}

TEST_CASE("a grid is refused for another number of axes, and for empty blocks") {
  CHECK_THROWS_AS(BlockGrid({2, 3}, {2}), ShapeError);
  CHECK_THROWS_AS(BlockGrid({2, 3}, {2, 0}), ShapeError);
  CHECK_THROWS_AS(BlockGrid({2, -3}, {2, 1}), ShapeError);
}

TEST_CASE("portions have every element of a tensor once, in whole blocks that are numbered in order") {
  core::Random random(10);
  for (int n = 0; n < 3000; ++n) {
    Shape shape, extents;
    for (std::int64_t axes = random.integer(0, 4); axes > 0; --axes) {
      shape.push_back(random.integer(n % 10 == 0 ? 0 : 1, 7));
      extents.push_back(random.bernoulli(0.5) ? 1 : random.integer(1, 9));
    }
    const BlockGrid grid(shape, extents);
    // the definition, by indices along each axis
    const auto size = element_count(shape);
    std::vector<std::int64_t> expected, counts;
    for (std::size_t a = 0; a < shape.size(); ++a) counts.push_back((shape[a] + extents[a] - 1) / extents[a]);
    for (std::int64_t i = 0; i < size; ++i) {
      auto rest = i;
      std::vector<std::int64_t> place(shape.size());
      for (std::size_t a = shape.size(); a-- > 0; rest /= shape[a]) place[a] = rest % shape[a] / extents[a];
      std::int64_t block = 0;
      for (std::size_t a = 0; a < shape.size(); ++a) block = block * counts[a] + place[a];
      expected.push_back(block);
    }
    REQUIRE(grid.counts() == counts);
    std::vector<int> visits(static_cast<std::size_t>(size));
    std::vector<int> portions(static_cast<std::size_t>(grid.block_count()));
    bool right = true;
    grid.for_each_portion(random.integer(1, 40), [&](const BlockGrid::Portion& portion) {
      const auto blocks = (portion.length + portion.run - 1) / portion.run;
      for (std::int64_t b = 0; b < blocks; ++b) ++portions[static_cast<std::size_t>(portion.first_block + b)];
      for (const auto row : portion.rows)
        for (std::int64_t i = 0; i < portion.length; ++i) {
          ++visits[static_cast<std::size_t>(row + i)];
          const auto block = portion.first_block + i / portion.run;
          right =
              right && expected[static_cast<std::size_t>(row + i)] == block && grid.block(row + i) == block;
        }
    });
    CAPTURE(n);
    REQUIRE(right);
    REQUIRE(std::ranges::all_of(visits, [](int count) { return count == 1; }));
    REQUIRE(std::ranges::all_of(portions, [](int count) { return count == 1; }));
  }
}

TEST_CASE("blocks along the innermost axis are one long row, if they fill it") {
  const BlockGrid grid({4, 8, 64}, {1, 1, 32});
  int portions = 0;
  grid.for_each_portion(1 << 20, [&](const BlockGrid::Portion& portion) {
    ++portions;
    CHECK(portion.length == 4 * 8 * 64);
    CHECK(portion.run == 32);
  });
  CHECK(portions == 1);
}

}  // namespace
