// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/layer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

using namespace bitloom::net;
using bitloom::ShapeError;

static_assert(LayerKind<Input> && LayerKind<Conv2d> && LayerKind<Dense> && LayerKind<MaxPool2d> &&
              LayerKind<AveragePool2d> && LayerKind<GlobalAveragePool> && LayerKind<Flatten> &&
              LayerKind<Add> && LayerKind<Concatenate> && LayerKind<Relu> && LayerKind<BatchNorm>);
static_assert(!LayerKind<TensorShape> && !LayerKind<int>);

template <class L>
concept NeedsNoKernel = requires {
  L{.out_channels = 1};
};
static_assert(!NeedsNoKernel<Conv2d>);

namespace {

using Shapes = std::vector<TensorShape>;

struct Slid {
  int count = 0;               // positions at which the window fits
  bool without_pixel = false;  // at one of them it holds padding only
};

/// Slides a window over a padded axis, one pixel at a time.
Slid slide(int extent, int kernel, int stride, int padding) {
  Slid result;
  const int end = extent + padding;  // pixels are 0..extent-1, padding on both sides
  for (int start = -padding; start + kernel <= end; ++start) {
    if ((start + padding) % stride != 0) continue;
    ++result.count;
    int pixels = 0;
    for (int x = start; x < start + kernel; ++x) pixels += 0 <= x && x < extent ? 1 : 0;
    if (pixels == 0) result.without_pixel = true;
  }
  return result;
}

std::optional<TensorShape> try_shape(const Layer& layer, const Shapes& inputs) {
  try {
    return output_shape(layer, inputs);
  } catch (const ShapeError&) {
    return std::nullopt;
  }
}

std::string reason(const Layer& layer, const Shapes& inputs) {
  try {
    return "no error: " + to_string(output_shape(layer, inputs));
  } catch (const ShapeError& error) {
    return error.what();
  }
}

/// Multiplications of a convolution, counted one by one.
std::int64_t count_macs(int channels, int height, int width, int out_channels, int kernel, int stride,
                        int padding, int groups) {
  std::int64_t count = 0;
  for (int k = 0; k < out_channels; ++k)
    for (int y = -padding; y + kernel <= height + padding; y += stride)
      for (int x = -padding; x + kernel <= width + padding; x += stride)
        for (int c = 0; c < channels; ++c)
          if (c / (channels / groups) == k / (out_channels / groups)) count += kernel * kernel;
  return count;
}

}  // namespace

TEST_CASE("a convolution has one output wherever its window fits") {
  int wrong = 0, cases = 0;
  for (int extent = 1; extent <= 16; ++extent)
    for (int kernel = 1; kernel <= 12; ++kernel)
      for (int stride = 1; stride <= 6; ++stride)
        for (int padding = 0; padding <= 6; ++padding, ++cases) {
          const int count = slide(extent, kernel, stride, padding).count;
          const Conv2d tall{
              .out_channels = 5, .kernel = {kernel, 1}, .stride = {stride, 1}, .padding = {padding, 0}};
          const Conv2d wide{
              .out_channels = 5, .kernel = {1, kernel}, .stride = {1, stride}, .padding = {0, padding}};
          const auto vertical = try_shape(tall, {{3, extent, 9}});
          const auto horizontal = try_shape(wide, {{3, 9, extent}});
          if (count == 0) {
            if (vertical || horizontal) ++wrong;
          } else if (vertical != TensorShape{5, count, 9} || horizontal != TensorShape{5, 9, count}) {
            ++wrong;
          }
        }
  CHECK(cases == 16 * 12 * 6 * 7);
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("a pool has the outputs of a window, and refuses one without a pixel", Pool, MaxPool2d,
                   AveragePool2d) {
  int wrong = 0;
  for (int extent = 1; extent <= 12; ++extent)
    for (int kernel = 1; kernel <= 8; ++kernel)
      for (int stride = 1; stride <= 5; ++stride)
        for (int padding = 0; padding <= 5; ++padding) {
          const auto slid = slide(extent, kernel, stride, padding);
          const Pool tall{.kernel = {kernel, 1}, .stride = {stride, 1}, .padding = {padding, 0}};
          const Pool wide{.kernel = {1, kernel}, .stride = {1, stride}, .padding = {0, padding}};
          const auto vertical = try_shape(tall, {{7, extent, 9}});
          const auto horizontal = try_shape(wide, {{7, 9, extent}});
          if (slid.count > 0 && padding < kernel) {
            if (slid.without_pixel) ++wrong;
            if (vertical != TensorShape{7, slid.count, 9} || horizontal != TensorShape{7, 9, slid.count})
              ++wrong;
          } else if (vertical || horizontal) {
            ++wrong;
          }
        }
  CHECK(wrong == 0);
}

TEST_CASE("operations and parameters of a convolution are those of its loops") {
  for (const int groups : {1, 2, 4})
    for (const int stride : {1, 2, 3})
      for (const int padding : {0, 1}) {
        const Conv2d conv{
            .out_channels = 8, .kernel = 3, .stride = stride, .padding = padding, .groups = groups};
        const Shapes inputs{{4, 7, 6}};
        CAPTURE(groups);
        CAPTURE(stride);
        CAPTURE(padding);
        CHECK(macs(conv, inputs) == count_macs(4, 7, 6, 8, 3, stride, padding, groups));
        CHECK(parameters(conv, inputs) == 8 * (4 / groups) * 9 + 8);
      }
  CHECK(parameters(Conv2d{.out_channels = 8, .kernel = {3, 5}, .bias = false}, Shapes{{4, 7, 6}}) ==
        8 * 4 * 15);
  // depthwise: every channel its own filter
  CHECK(macs(Conv2d{.out_channels = 6, .kernel = 3, .padding = 1, .groups = 6}, Shapes{{6, 5, 5}}) ==
        6 * 25 * 9);
}

TEST_CASE("a dense layer is a matrix") {
  const Shapes inputs{{.channels = 40}};
  CHECK(output_shape(Dense{.out_features = 10}, inputs) == TensorShape{10, 1, 1});
  CHECK(macs(Dense{.out_features = 10}, inputs) == 400);
  CHECK(parameters(Dense{.out_features = 10}, inputs) == 410);
  CHECK(parameters(Dense{.out_features = 10, .bias = false}, inputs) == 400);
}

TEST_CASE("layers without a weight matrix change the shape only") {
  const Shapes image{{6, 4, 5}};
  CHECK(output_shape(Input{{6, 4, 5}}, {}) == image[0]);
  CHECK(output_shape(Relu{}, image) == image[0]);
  CHECK(output_shape(BatchNorm{}, image) == image[0]);
  CHECK(output_shape(Flatten{}, image) == TensorShape{120, 1, 1});
  CHECK(output_shape(GlobalAveragePool{}, image) == TensorShape{6, 1, 1});
  CHECK(output_shape(Add{}, Shapes(3, image[0])) == image[0]);
  CHECK(output_shape(Concatenate{}, Shapes{{6, 4, 5}, {1, 4, 5}, {2, 4, 5}}) == TensorShape{9, 4, 5});
  for (const Layer& layer : {Layer(Relu{}), Layer(BatchNorm{}), Layer(Flatten{}), Layer(GlobalAveragePool{})})
    CHECK(macs(layer, image) == 0);
  CHECK(parameters(BatchNorm{}, image) == 12);
  CHECK(parameters(Relu{}, image) == 0);
}

TEST_CASE("shapes are computed at compile time where the caller wants") {
  static constexpr std::array inputs{TensorShape{3, 224, 224}};
  static_assert(output_shape(Conv2d{.out_channels = 64, .kernel = 7, .stride = 2, .padding = 3}, inputs) ==
                TensorShape{64, 112, 112});
  static_assert(macs(Conv2d{.out_channels = 64, .kernel = 7, .stride = 2, .padding = 3}, inputs) ==
                118'013'952);
}

TEST_CASE("an impossible layer says what is wrong with which number") {
  const Shapes image{{6, 4, 5}};
  CHECK(reason(Conv2d{.out_channels = 8, .kernel = {7, 1}, .padding = 1}, image) ==
        "kernel height 7 is larger than the padded input height 6 (4 + 2 * 1)");
  CHECK(reason(Conv2d{.out_channels = 8, .kernel = {1, 6}}, image) ==
        "kernel width 6 is larger than the padded input width 5 (5 + 2 * 0)");
  CHECK(reason(Conv2d{.out_channels = 8, .kernel = 1, .groups = 4}, image) ==
        "input channels: 6 is not divisible by groups 4");
  CHECK(reason(Conv2d{.out_channels = 8, .kernel = 1, .groups = 3}, image) ==
        "out_channels: 8 is not divisible by groups 3");
  CHECK(reason(Conv2d{.out_channels = 0, .kernel = 1}, image) == "out_channels: 0 has to be at least 1");
  CHECK(reason(Conv2d{.out_channels = 8, .kernel = 1, .groups = 0}, image) ==
        "groups: 0 has to be at least 1");
  CHECK(reason(Conv2d{.out_channels = 8, .kernel = 0}, image) == "kernel height: 0 has to be at least 1");
  CHECK(reason(Conv2d{.out_channels = 8, .kernel = {1, -3}}, image) ==
        "kernel width: -3 has to be at least 1");
  CHECK(reason(Conv2d{.out_channels = 8, .kernel = 1, .stride = 0}, image) ==
        "stride height: 0 has to be at least 1");
  CHECK(reason(Conv2d{.out_channels = 8, .kernel = 1, .padding = {0, -1}}, image) ==
        "padding width: -1 has to be at least 0");
  CHECK(reason(MaxPool2d{.kernel = 2, .stride = 2, .padding = 2}, image) ==
        "padding 2x2 has to be smaller than the kernel 2x2");
  CHECK(reason(Dense{.out_features = 10}, image) ==
        "it takes a vector, nx1x1, but the input is 6x4x5; put Flatten before it");
  CHECK(reason(Dense{.out_features = -1}, Shapes{{6}}) == "out_features: -1 has to be at least 1");
  CHECK(reason(Add{}, Shapes{{6, 4, 5}, {6, 4, 5}, {6, 5, 4}}) == "input 0 is 6x4x5, but input 2 is 6x5x4");
  CHECK(reason(Add{}, image) == "it takes 2 or more inputs, but has 1");
  CHECK(reason(Concatenate{}, image) == "it takes 2 or more inputs, but has 1");
  CHECK(reason(Concatenate{}, Shapes{{6, 4, 5}, {6, 4, 6}}) ==
        "input 0 is 6x4x5, but input 1 is 6x4x6; height and width have to be equal");
  CHECK(reason(Relu{}, {}) == "it takes 1 input, but has 0");
  CHECK(reason(Relu{}, Shapes(2, image[0])) == "it takes 1 input, but has 2");
  CHECK(reason(Input{{1, 1, 1}}, image) == "it takes no input, but has 1");
  CHECK(reason(Input{{3, 0, 1}}, {}) == "tensor shape: 0 has to be at least 1");
}

TEST_CASE("huge extents end in an error, never in a wrapped number") {
  constexpr std::int64_t huge = std::int64_t{1} << 40;
  constexpr auto largest = std::numeric_limits<std::int64_t>::max();
  CHECK(reason(Input{{huge, huge, 1}}, {}).find("does not fit 63 bits") != std::string::npos);
  CHECK(reason(Relu{}, Shapes{{huge, huge, 1}}).find("does not fit 63 bits") != std::string::npos);
  CHECK(reason(Conv2d{.out_channels = huge, .kernel = 1}, Shapes{{1, 1 << 12, 1 << 12}})
            .find("does not fit 63 bits") != std::string::npos);
  CHECK(reason(Conv2d{.out_channels = 1, .kernel = 1, .padding = largest}, Shapes{{1, 1, 1}})
            .find("does not fit 63 bits") != std::string::npos);
  CHECK(reason(Concatenate{}, Shapes{{largest, 1, 1}, {largest, 1, 1}}).find("does not fit 63 bits") !=
        std::string::npos);
  const Shapes vector{{huge, 1, 1}};
  CHECK(output_shape(Dense{.out_features = huge}, vector) == TensorShape{huge, 1, 1});
  CHECK_THROWS_AS(static_cast<void>(macs(Dense{.out_features = huge}, vector)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(parameters(Dense{.out_features = huge}, vector)), ShapeError);
  CHECK_THROWS_AS(static_cast<void>(parameters(BatchNorm{}, Shapes{{largest, 1, 1}})), ShapeError);
}

TEST_CASE("kinds have distinct names") {
  std::vector<std::string> names;
  for (const Layer& layer :
       {Layer(Input{}), Layer(Conv2d{.out_channels = 1, .kernel = 1}), Layer(Dense{.out_features = 1}),
        Layer(MaxPool2d{.kernel = 1, .stride = 1}), Layer(AveragePool2d{.kernel = 1, .stride = 1}),
        Layer(GlobalAveragePool{}), Layer(Flatten{}), Layer(Add{}), Layer(Concatenate{}), Layer(Relu{}),
        Layer(BatchNorm{})})
    names.emplace_back(kind(layer));
  CHECK(names.size() == std::variant_size_v<Layer>);
  CHECK(names[1] == "conv2d");
  std::sort(names.begin(), names.end());
  CHECK(std::unique(names.begin(), names.end()) == names.end());
}
