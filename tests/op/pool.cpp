// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/pool.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;
using namespace bitloom::op;

namespace {

/// Offsets in the image under the window of one output, in row-major order.
std::vector<std::int64_t> under_window(const PoolGeometry& g, std::int64_t output) {
  const auto out = g.output();
  const auto channel = output / (out.height * out.width);
  const auto top = output / out.width % out.height * g.window.stride - g.window.padding;
  const auto left = output % out.width * g.window.stride - g.window.padding;
  std::vector<std::int64_t> offsets;
  for (std::int64_t y = 0; y < g.input.height; ++y)
    for (std::int64_t x = 0; x < g.input.width; ++x)
      if (top <= y && y < top + g.window.kernel && left <= x && x < left + g.window.kernel)
        offsets.push_back((channel * g.input.height + y) * g.input.width + x);
  return offsets;
}

template <class Visit>
void every_small_pool(Visit visit) {
  for (std::int64_t height = 1; height <= 6; ++height)
    for (std::int64_t width = 1; width <= 6; width += 2)
      for (std::int64_t kernel = 1; kernel <= 4; ++kernel)
        for (std::int64_t stride = 1; stride <= 4; ++stride)
          for (std::int64_t padding = 0; 2 * padding <= kernel; ++padding)
            if (kernel <= height + 2 * padding && kernel <= width + 2 * padding)
              visit(PoolGeometry{.input = {2, height, width},
                                 .window = {.kernel = kernel, .stride = stride, .padding = padding}});
}

std::vector<int> random_values(core::Random& random, std::int64_t count) {
  std::vector<int> values(static_cast<std::size_t>(count));
  for (auto& x : values)
    x = static_cast<int>(random.integer(-3, 2));  // few values, so that there are many ties
  return values;
}

}  // namespace

TEST_CASE("max pooling gives the largest element of every window and the place of the first such") {
  core::Random random(1);
  every_small_pool([&](const PoolGeometry& g) {
    const auto image = random_values(random, g.input.size());
    const auto count = static_cast<std::size_t>(g.output().size());
    std::vector<int> largest(count, 99);
    std::vector<std::int64_t> source(count, 99);
    max_pool<int>(g, image, largest);
    max_pool_source<int>(g, image, source);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::optional<std::int64_t> best;
      for (const auto offset : under_window(g, static_cast<std::int64_t>(i)))
        if (!best || image[static_cast<std::size_t>(offset)] > image[static_cast<std::size_t>(*best)])
          best = offset;
      wrong += best && source[i] == *best && largest[i] == image[static_cast<std::size_t>(*best)] ? 0 : 1;
    }
    REQUIRE(wrong == 0);
  });
}

TEST_CASE("sum pooling adds the elements of every window, padding counts as zero") {
  core::Random random(2);
  every_small_pool([&](const PoolGeometry& g) {
    const auto image = random_values(random, g.input.size());
    std::vector<std::int64_t> sums(static_cast<std::size_t>(g.output().size()), 99);
    sum_pool<int, std::int64_t>(g, image, sums);
    std::int64_t wrong = 0;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      std::int64_t sum = 0;
      for (const auto offset : under_window(g, static_cast<std::int64_t>(i)))
        sum += image[static_cast<std::size_t>(offset)];
      wrong += sums[i] == sum ? 0 : 1;
    }
    REQUIRE(wrong == 0);
  });
}

TEST_CASE("the padding never wins, not even among the most negative numbers") {
  constexpr float lowest = std::numeric_limits<float>::lowest();
  const PoolGeometry g{.input = {1, 2, 2}, .window = {.kernel = 2, .stride = 2, .padding = 1}};
  const std::vector<float> image(4, lowest);
  std::vector<float> result(4);
  max_pool<float>(g, image, result);
  CHECK(result == image);
}

TEST_CASE("on a tie the first element in row-major order wins") {
  const PoolGeometry g{.input = {1, 2, 2}, .window = {.kernel = 2}};
  std::vector<std::int64_t> source(1);
  max_pool_source<int>(g, std::vector<int>{1, 5, 5, 5}, source);
  CHECK(source[0] == 1);
}

TEST_CASE("spans and paddings that do not fit are refused") {
  const PoolGeometry g{.input = {2, 4, 4}, .window = {.kernel = 2, .stride = 2}};
  const std::vector<int> image(32);
  std::vector<int> result(8);
  CHECK_NOTHROW(max_pool<int>(g, image, result));
  CHECK_THROWS_WITH_AS(max_pool<int>(g, std::vector<int>(31), result),
                       "image is 31, but the pooling input is 32", ShapeError);
  std::vector<int> small(7);
  CHECK_THROWS_WITH_AS(max_pool<int>(g, image, small), "result is 7, but the pooling output is 8",
                       ShapeError);
  CHECK_THROWS_AS((sum_pool<int, int>(g, image, small)), ShapeError);
  std::vector<std::int64_t> source(9);
  CHECK_THROWS_AS(max_pool_source<int>(g, image, source), ShapeError);
  std::vector<int> padded(2 * 8 *
                          8);  // a window that lies in the padding alone would have no largest element
  CHECK_THROWS_WITH_AS(
      max_pool<int>({.input = {2, 4, 4}, .window = {.kernel = 1, .padding = 2}}, image, padded),
      "pooling padding: 2 is more than half the kernel of 1", ShapeError);
}
