// SPDX-License-Identifier: Apache-2.0
#include <bitloom/op/grouped_conv2d.hpp>

#include <cstdint>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>

using namespace bitloom;

namespace {

struct Case {
  op::ConvGeometry geometry;
  std::int64_t groups;
};

/// Every output on its own, from the definition.
std::vector<std::int32_t> slow(const Case& c, std::int64_t batch, const std::vector<std::int16_t>& weights,
                               const std::vector<std::int16_t>& images) {
  const auto& [in, out_channels, window] = c.geometry;
  const auto out = c.geometry.output();
  const auto inputs = in.channels / c.groups, outputs = out_channels / c.groups;
  std::vector<std::int32_t> result;
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t k = 0; k < out_channels; ++k)
      for (std::int64_t p = 0; p < out.height; ++p)
        for (std::int64_t q = 0; q < out.width; ++q) {
          std::int32_t sum = 0;
          for (std::int64_t i = 0; i < inputs; ++i)
            for (std::int64_t r = 0; r < window.kernel; ++r)
              for (std::int64_t s = 0; s < window.kernel; ++s) {
                const auto y = p * window.stride + r - window.padding,
                           x = q * window.stride + s - window.padding;
                if (y < 0 || y >= in.height || x < 0 || x >= in.width) continue;
                const auto channel = k / outputs * inputs + i;
                sum += weights[static_cast<std::size_t>(
                           ((k * inputs + i) * window.kernel + r) * window.kernel + s)] *
                       images[static_cast<std::size_t>(
                           ((n * in.channels + channel) * in.height + y) * in.width + x)];
              }
          result.push_back(sum);
        }
  return result;
}

std::vector<std::int16_t> random_integers(core::Random& random, std::int64_t count) {
  std::vector<std::int16_t> values(static_cast<std::size_t>(count));
  for (auto& value : values) value = static_cast<std::int16_t>(static_cast<int>(random() % 256) - 128);
  return values;
}

}  // namespace

TEST_CASE("a convolution in groups is what its definition says, from one group to a channel each") {
  core::Random random(1);
  const op::Window window{.kernel = 3, .stride = 2, .padding = 1};
  for (const Case& c : {Case{{{4, 5, 6}, 8, window}, 1}, Case{{{4, 5, 6}, 8, window}, 2},
                        Case{{{6, 4, 3}, 3, {.kernel = 2}}, 3}, Case{{{5, 7, 5}, 5, window}, 5}}) {
    constexpr std::int64_t batch = 3;
    const auto weights = random_integers(random, c.geometry.out_channels * c.geometry.patch() / c.groups);
    const auto images = random_integers(random, batch * c.geometry.input.size());
    std::vector<std::int32_t> result(static_cast<std::size_t>(batch * c.geometry.output().size()));
    op::grouped_conv2d<std::int16_t, std::int32_t>(op::PlainGemm{}, c.geometry, c.groups, batch, weights,
                                                   images, result);
    CAPTURE(c.groups);
    CHECK(result == slow(c, batch, weights, images));
  }
}

TEST_CASE("groups that do not divide the channels, and spans that do not fit, are refused") {
  const op::ConvGeometry geometry{{4, 1, 1}, 6, {}};
  CHECK(op::group_geometry(geometry, 2).patch() == 2);
  CHECK_THROWS_WITH_AS(static_cast<void>(op::group_geometry(geometry, 4)),
                       "groups: 4 do not divide 4 input and 6 output channels", ShapeError);
  CHECK_THROWS_AS(static_cast<void>(op::group_geometry(geometry, 3)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(op::group_geometry(geometry, 0)), ShapeError);
  const auto run = [&](std::size_t weights, std::size_t images, std::size_t results) {
    const std::vector<float> w(weights), a(images);
    std::vector<float> r(results);
    op::grouped_conv2d<float, float>(op::FloatGemm{}, geometry, 2, 2, w, a, std::span(r));
  };
  CHECK_NOTHROW(run(12, 8, 12));
  CHECK_THROWS_WITH_AS(run(24, 8, 12), "weights is 24, but the groups is 12", ShapeError);
  CHECK_THROWS_AS(run(12, 7, 12), ShapeError);
  CHECK_THROWS_AS(run(12, 8, 11), ShapeError);
}
