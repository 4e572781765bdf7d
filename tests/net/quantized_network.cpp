// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/quantized_network.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/int.hpp>

using namespace bitloom;
using format::Int;
using format::Unsigned;
using net::FloatStage;
using net::QuantizedNetwork;
using op::PlainGemm;

namespace {

using UInt4 = Int<4, Unsigned>;
using UInt8 = Int<8, Unsigned>;

template <class Weight, class Activation>
concept HasNetwork = requires {
  typename QuantizedNetwork<Weight, Activation>;
};
static_assert(HasNetwork<Int<2>, UInt8> && HasNetwork<Int<16>, Int<15, Unsigned>>);
static_assert(!HasNetwork<UInt8, UInt8> && !HasNetwork<Int<8>, Int<8>> && !HasNetwork<int, UInt8>);
static_assert(!HasNetwork<Int<17>, UInt8> && !HasNetwork<Int<8>, Int<16, Unsigned>>);  // engines take 16 bits
static_assert(
    !std::is_default_constructible_v<QuantizedNetwork<Int<4>, UInt4>>);  // there would be nothing to run

/// Two dense stages whose scales come out as powers of two: weights 7 and -7 of scale 1, sums up to 120 of scale 8.
std::vector<FloatStage> tiny_stages() {
  return {{.name = "hidden",
           .geometry = op::dense_geometry(2, 1),
           .weights = {7, -7},
           .bias = {15},
           .relu = true},
          {.name = "logits",
           .geometry = op::dense_geometry(1, 2),
           .weights = {7, -7},
           .bias = {8, 16},
           .relu = false}};
}
const std::vector<float> tiny_images{15, 0};  // the hidden sum is 7·15 + 15 = 120

QuantizedNetwork<Int<4>, UInt4> tiny_network() {
  return QuantizedNetwork<Int<4>, UInt4>::quantize<quant::PerTensor, quant::AbsMax>(tiny_stages(),
                                                                                    tiny_images);
}

/// Convolution, convolution with padding and pooling, dense layer; weights and images random.
struct RandomCnn {
  std::vector<FloatStage> stages;
  std::vector<float> images;
  static constexpr std::int64_t batch = 6;

  explicit RandomCnn(std::uint64_t seed) {
    core::Random random(seed);
    const auto add = [&](std::string name, const op::ConvGeometry& geometry, bool relu,
                         std::optional<op::Window> pool) {
      FloatStage stage{
          .name = std::move(name), .geometry = geometry, .weights{}, .bias{}, .relu = relu, .pool = pool};
      const double deviation = std::sqrt(2.0 / static_cast<double>(geometry.patch()));
      for (std::int64_t i = 0; i < geometry.out_channels * geometry.patch(); ++i)
        stage.weights.push_back(static_cast<float>(random.normal() * deviation));
      for (std::int64_t i = 0; i < geometry.out_channels; ++i)
        stage.bias.push_back(static_cast<float>(random.normal() * 0.1));
      stages.push_back(std::move(stage));
      return stages.back().output();
    };
    const auto a = add("conv1", {.input = {2, 9, 8}, .out_channels = 4, .window = {.kernel = 3}}, true, {});
    const auto b =
        add("conv2", {.input = a, .out_channels = 5, .window = {.kernel = 3, .stride = 1, .padding = 1}},
            true, op::Window{.kernel = 2, .stride = 2});
    add("dense", op::dense_geometry(b.size(), 10), false, {});
    for (std::int64_t i = 0; i < batch * 2 * 9 * 8; ++i)
      images.push_back(static_cast<float>(random.uniform()));
  }
};

/// One stage on one image in 64-bit integers: every loop written out, every output on its own.
template <class Activation, class Stage>
std::vector<std::int64_t> slow_stage(const Stage& stage, const std::vector<std::int64_t>& image) {
  const auto& [channels, height, width] = stage.geometry.input;
  const auto& [kernel, stride, padding] = stage.geometry.window;
  const auto rows = (height + 2 * padding - kernel) / stride + 1;
  const auto columns = (width + 2 * padding - kernel) / stride + 1;
  std::vector<std::int64_t> map;
  for (std::int64_t k = 0; k < stage.geometry.out_channels; ++k)
    for (std::int64_t p = 0; p < rows; ++p)
      for (std::int64_t q = 0; q < columns; ++q) {
        const auto channel = static_cast<std::size_t>(k);
        std::int64_t sum = stage.bias[channel];
        for (std::int64_t c = 0; c < channels; ++c)
          for (std::int64_t r = 0; r < kernel; ++r)
            for (std::int64_t s = 0; s < kernel; ++s) {
              const auto y = p * stride + r - padding;
              const auto x = q * stride + s - padding;
              if (y < 0 || y >= height || x < 0 || x >= width) continue;
              const auto weight = stage.weights.value(((k * channels + c) * kernel + r) * kernel + s);
              sum += static_cast<std::int64_t>(weight) *
                     image[static_cast<std::size_t>((c * height + y) * width + x)];
            }
        if (!stage.scales.empty()) {  // half up, then clipped to the codes
          const auto drop = 31 + stage.scales[channel].shift;
          sum = (sum * stage.scales[channel].multiplier + (std::int64_t{1} << (drop - 1))) >> drop;
          sum = std::min(std::max<std::int64_t>(sum, 0), Activation::range.max);
        }
        map.push_back(sum);
      }
  if (!stage.pool) return map;
  std::vector<std::int64_t> pooled;  // without padding
  for (std::int64_t k = 0; k < stage.geometry.out_channels; ++k)
    for (std::int64_t p = 0; p + stage.pool->kernel <= rows; p += stage.pool->stride)
      for (std::int64_t q = 0; q + stage.pool->kernel <= columns; q += stage.pool->stride) {
        std::int64_t largest = INT64_MIN;
        for (std::int64_t r = 0; r < stage.pool->kernel; ++r)
          for (std::int64_t s = 0; s < stage.pool->kernel; ++s)
            largest = std::max(largest, map[static_cast<std::size_t>((k * rows + p + r) * columns + q + s)]);
        pooled.push_back(largest);
      }
  return pooled;
}

std::vector<float> run_floats(const std::vector<FloatStage>& stages, std::int64_t batch,
                              std::vector<float> values) {
  for (const auto& stage : stages) values = net::run_float_stage(stage, batch, values);
  return values;
}

}  // namespace

TEST_CASE("a tiny network has the scales, biases and sums worked out by hand") {
  const auto network = tiny_network();
  REQUIRE(network.stages().size() == 2);
  const auto& hidden = network.stages()[0];
  const auto& logits = network.stages()[1];
  CHECK(network.input_scale() == 1.0F);
  CHECK(hidden.weights.integers() == std::vector<std::int16_t>{7, -7});
  CHECK(hidden.bias == std::vector<std::int32_t>{15});
  CHECK(hidden.scales.front().apply<format::NearestUp>(80) == 10);  // 1 / 8
  CHECK(logits.bias == std::vector<std::int32_t>{1, 2});
  CHECK(logits.unit == std::vector<float>{8, 8});
  CHECK(logits.scales.empty());
  CHECK(network.input_size() == 2);
  CHECK(network.output_size() == 2);

  const std::vector<std::int16_t> codes{15, 0,   // 120 / 8 = 15
                                        3,  1,   // 29 / 8 is 4
                                        3,  0,   // 36 / 8 is a tie, up to 5
                                        1,  4,   // -6 is cut to 0
                                        15, 15,  // 15 / 8 is 2
                                        0,  1};  // 8 / 8 = 1
  const auto sums = network.run(PlainGemm{}, codes);
  CHECK(sums == std::vector<std::int32_t>{106, -103, 29, -26, 36, -33, 1, 2, 15, -12, 8, -5});
  CHECK(network.classify(sums) == std::vector<int>{0, 0, 0, 1, 0, 0});
}

TEST_CASE("images become codes by the input scale, clipped to the format") {
  const auto network = tiny_network();
  CHECK(network.encode(std::vector<float>{15, 0, 2.5F, 3.5F, 99, -4}) ==
        std::vector<std::int16_t>{15, 0, 2, 4, 15, 0});
}

TEST_CASE("a float stage computes its layer, bias, ReLU and pooling") {
  const FloatStage stage{.name = "stage",
                         .geometry = {.input = {1, 2, 2}, .out_channels = 2, .window = {}},
                         .weights = {1, -1},
                         .bias = {0.5F, 2},
                         .relu = true,
                         .pool = op::Window{.kernel = 2}};
  CHECK(stage.output() == op::TensorShape{2, 1, 1});
  CHECK(net::run_float_stage(stage, 2, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8}) ==
        std::vector<float>{4.5F, 1, 8.5F, 0});
}

TEST_CASE_TEMPLATE("a random network equals plain integer loops, per tensor and per channel", Weight, Int<2>,
                   Int<4>, Int<8>) {
  using Network = QuantizedNetwork<Weight, UInt8>;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const RandomCnn cnn(seed);
    for (const auto& network :
         {Network::template quantize<>(cnn.stages, cnn.images),
          Network::template quantize<quant::PerTensor, quant::AbsMax>(cnn.stages, cnn.images)}) {
      const auto codes = network.encode(cnn.images);
      const auto sums = network.run(PlainGemm{}, codes);
      REQUIRE(std::ssize(sums) == RandomCnn::batch * network.output_size());
      std::vector<std::int32_t> expected;
      const auto size = static_cast<std::size_t>(network.input_size());
      for (std::size_t n = 0; n < static_cast<std::size_t>(RandomCnn::batch); ++n) {
        std::vector<std::int64_t> values(codes.begin() + static_cast<std::ptrdiff_t>(n * size),
                                         codes.begin() + static_cast<std::ptrdiff_t>((n + 1) * size));
        for (const auto& stage : network.stages()) values = slow_stage<UInt8>(stage, values);
        for (const auto sum : values) expected.push_back(static_cast<std::int32_t>(sum));
      }
      CAPTURE(seed);
      REQUIRE(sums == expected);
    }
  }
}

TEST_CASE("a batch gives the sums of its images one by one") {
  const RandomCnn cnn(7);
  const auto network = QuantizedNetwork<Int<4>, UInt4>::quantize<>(cnn.stages, cnn.images);
  const auto codes = network.encode(cnn.images);
  const auto size = static_cast<std::size_t>(network.input_size());
  std::vector<std::int32_t> sums;
  for (std::size_t n = 0; n < codes.size() / size; ++n)
    for (const auto sum : network.run(PlainGemm{}, std::span(codes).subspan(n * size, size)))
      sums.push_back(sum);
  CHECK(network.run(PlainGemm{}, codes) == sums);
}

TEST_CASE("with 8 bits the sums, in their units, are close to the float network's outputs") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const RandomCnn cnn(seed);
    const auto network =
        QuantizedNetwork<Int<8>, UInt8>::quantize<quant::PerChannel, quant::AbsMax>(cnn.stages, cnn.images);
    const auto sums = network.run(PlainGemm{}, network.encode(cnn.images));
    const auto floats = run_floats(cnn.stages, RandomCnn::batch, cnn.images);
    const float largest =
        std::abs(*std::ranges::max_element(floats, {}, [](float x) { return std::abs(x); }));
    const auto& unit = network.stages().back().unit;
    float worst = 0;
    for (std::size_t i = 0; i < sums.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<float>(sums[i]) * unit[i % unit.size()] - floats[i]));
    CAPTURE(seed);
    CHECK(worst < 0.03F * largest);
    CHECK(worst > 0.0F);
  }
}

TEST_CASE("a ReLU at the end of the network holds for the sums as well") {
  auto stages = tiny_stages();
  stages.back().relu = true;
  const auto network =
      QuantizedNetwork<Int<4>, UInt4>::quantize<quant::PerTensor, quant::AbsMax>(stages, tiny_images);
  CHECK(network.run(PlainGemm{}, std::vector<std::int16_t>{15, 0}) == std::vector<std::int32_t>{106, 0});
}

TEST_CASE("the first of equal outputs wins, and outputs are compared in their own units") {
  const auto tied = tiny_network();
  CHECK(tied.classify(std::vector<std::int32_t>{5, 5, -1, -1, 4, 5, 5, 4}) == std::vector<int>{0, 0, 1, 0});
  auto stages = tiny_stages();
  stages.back().weights = {7, -0.875F};  // per channel: units of 8 and 1
  const auto network =
      QuantizedNetwork<Int<4>, UInt4>::quantize<quant::PerChannel, quant::AbsMax>(stages, tiny_images);
  REQUIRE(network.stages().back().unit == std::vector<float>{8, 1});
  CHECK(network.classify(std::vector<std::int32_t>{2, 15, 2, 16, 2, 17}) == std::vector<int>{0, 0, 1});
  CHECK_THROWS_WITH_AS(static_cast<void>(network.classify(std::vector<std::int32_t>{1, 2, 3})),
                       "sums is 3, but whole images is 2", ShapeError);
}

TEST_CASE("stages that do not fit together are refused by name") {
  using Network = QuantizedNetwork<Int<4>, UInt4>;
  const auto refused = [](auto change, const char* message) {
    auto stages = tiny_stages();
    change(stages);
    CHECK_THROWS_WITH_AS(Network::quantize<>(stages, tiny_images), message, ShapeError);
  };
  refused([](auto& s) { s.clear(); }, "network: it has no stage");
  refused([](auto& s) { s[0].weights.pop_back(); }, "hidden weights is 1, but its geometry is 2");
  refused([](auto& s) { s[1].bias.push_back(1); }, "logits bias is 3, but its output channels is 2");
  refused(
      [](auto& s) {
        s[1] = {"logits", op::dense_geometry(3, 1), {1, 2, 3}, {0}, false};
      },
      "logits input is 3, but the stage before is 1");
  refused([](auto& s) { s[0].relu = false; },
          "hidden: only the last stage may lack the ReLU that makes its output unsigned");
  refused(
      [](auto& s) {
        s[0] = {"hidden", op::dense_geometry(0, 1), {}, {0}, true};
      },
      "hidden input: 0 has to be at least 1");
  CHECK_THROWS_AS(Network::quantize<>(tiny_stages(), std::vector<float>{}), ShapeError);
  CHECK_THROWS_AS(Network::quantize<>(tiny_stages(), std::vector<float>{1, 2, 3}), ShapeError);
}

TEST_CASE("numbers that integers cannot hold are refused") {
  using Network = QuantizedNetwork<Int<4>, UInt4>;
  const auto refused = [](auto change) {
    auto stages = tiny_stages();
    auto images = tiny_images;
    change(stages, images);
    CHECK_THROWS_AS(Network::quantize<>(stages, images), RangeError);
  };
  constexpr auto nan = std::numeric_limits<float>::quiet_NaN();
  constexpr auto infinity = std::numeric_limits<float>::infinity();
  refused([](auto& s, auto&) { s[0].weights[0] = nan; });
  refused([](auto& s, auto&) { s[1].weights[0] = infinity; });
  refused([](auto& s, auto&) { s[0].bias[0] = nan; });
  refused([](auto& s, auto&) { s[1].bias[0] = nan; });
  refused([](auto&, auto& images) { images[0] = nan; });
  refused([](auto& s, auto&) { s[1].bias[0] = 1e12F; });
  refused([](auto& s, auto&) { s[1].bias[0] = -1e12F; });

  const auto last_alone = [](float weight, float image) {
    const std::vector<FloatStage> one{{"logits", op::dense_geometry(1, 1), {weight}, {0}, false}};
    static_cast<void>(Network::quantize<>(one, std::vector<float>{image}));
  };
  CHECK_NOTHROW(last_alone(1e-15F, 1e-15F));
  CHECK_THROWS_WITH_AS(last_alone(1e-30F, 1e-30F),
                       "logits channel 0: input scale times weight scale leaves float", RangeError);
  CHECK_THROWS_AS(last_alone(1e30F, 1e30F), RangeError);

  auto stages = tiny_stages();  // the largest sum is 8 · 15, of one term; the unit is 8
  stages[1].bias[0] = 8 * 2147483520.0F;
  CHECK_NOTHROW(Network::quantize<quant::PerTensor, quant::AbsMax>(stages, tiny_images));
  stages[1].bias[0] = 8 * 2147483648.0F;
  CHECK_THROWS_AS((Network::quantize<quant::PerTensor, quant::AbsMax>(stages, tiny_images)), RangeError);
}

TEST_CASE("codes that are no whole images, or no codes, are refused") {
  const auto network = tiny_network();
  const auto run = [&](std::vector<std::int16_t> codes) {
    static_cast<void>(network.run(PlainGemm{}, codes));
  };
  CHECK_THROWS_WITH_AS(run({1, 2, 3}), "codes is 3, but whole images is 2", ShapeError);
  CHECK_THROWS_AS(run({}), ShapeError);
  CHECK_THROWS_WITH_AS(run({1, 16}), "code: 16 is outside 0..15", RangeError);
  CHECK_THROWS_AS(run({-1, 0}), RangeError);
}

TEST_CASE("a float stage whose inputs or bias do not fit is refused") {
  const auto stage = tiny_stages()[0];
  CHECK_THROWS_AS(net::run_float_stage(stage, 2, std::vector<float>(3)), ShapeError);
  CHECK_THROWS_AS(net::run_float_stage(stage, 0, std::vector<float>()), ShapeError);
  CHECK_THROWS_AS(net::run_float_stage(stage, -1, std::vector<float>()), ShapeError);
  auto without_bias = stage;
  without_bias.bias.clear();
  CHECK_THROWS_WITH_AS(net::run_float_stage(without_bias, 1, std::vector<float>(2)),
                       "bias is 0, but the output channels is 1", ShapeError);
}
