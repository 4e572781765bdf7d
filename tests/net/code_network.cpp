// SPDX-License-Identifier: Apache-2.0
#include <bitloom/net/code_network.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/threads.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/op/plain_code_gemm.hpp>

using namespace bitloom;
using format::Int;
using net::CodeStage;

namespace {

using Formats = core::TypeList<Int<4>, Int<8>, format::E4m3fn, format::E2m1fn, Int<4, format::Unsigned>>;
enum : std::size_t { int4, int8, e4m3fn, e2m1fn, uint4 };
using Network = net::CodeNetwork<Formats>;

static_assert(net::CodeFormat<format::Half> && net::CodeFormat<Int<16>> && !net::CodeFormat<Int<17>>);
static_assert(!net::StageEngine<op::PlainGemm> && net::StageEngine<net::StageGemms<op::PlainGemm>>);

/// A stage with random codes; those of minifloats are numbers.
CodeStage random_stage(core::Random& random, std::string name, const op::ConvGeometry& geometry,
                       std::int64_t groups, std::size_t weight, std::size_t activation) {
  CodeStage stage{.name = std::move(name),
                  .geometry = geometry,
                  .groups = groups,
                  .weight_format = weight,
                  .activation_format = activation,
                  .weights{},
                  .weight_scales{},
                  .input_scale = static_cast<float>(0.01 + random.uniform() * 0.1),
                  .bias{}};
  const int bits = core::visit_at(Formats{}, weight, []<class F>(std::type_identity<F>) { return F::bits; });
  for (std::int64_t i = 0; i < geometry.out_channels * geometry.patch() / groups; ++i) {
    auto code = static_cast<std::uint16_t>(random() % (std::uint64_t{1} << bits));
    if (weight == e4m3fn && (code & 0x7F) == 0x7F) code = 0;
    stage.weights.push_back(code);
  }
  const auto scales = random() % 2 == 0 ? 1 : geometry.out_channels;
  for (std::int64_t k = 0; k < scales; ++k)
    stage.weight_scales.push_back(static_cast<float>(0.01 + random.uniform() * 0.02));
  for (std::int64_t k = 0; k < geometry.out_channels; ++k)
    stage.bias.push_back(static_cast<float>(random.normal()));
  return stage;
}

net::AffineStep random_affine(core::Random& random, std::int64_t channels) {
  net::AffineStep step;
  for (std::int64_t k = 0; k < channels; ++k) {
    step.factor.push_back(static_cast<float>(random.normal()));
    step.offset.push_back(static_cast<float>(random.normal()));
  }
  return step;
}

/// Convolutions with every kind of step, groups, and a dense layer; images between -1 and 2.
struct RandomChain {
  std::vector<CodeStage> stages;
  std::vector<float> images;
  std::int64_t batch;

  RandomChain(std::uint64_t seed, std::vector<std::pair<std::size_t, std::size_t>> formats,
              std::int64_t images_count)
      : batch(images_count) {
    core::Random random(seed);
    const op::Window window{.kernel = 3, .stride = 1, .padding = 1};
    const auto add = [&](std::string name, const op::ConvGeometry& geometry, std::int64_t groups,
                         std::vector<net::CodeStep> steps) {
      const auto [weight, activation] = formats[stages.size()];
      stages.push_back(random_stage(random, std::move(name), geometry, groups, weight, activation));
      stages.back().steps = std::move(steps);
      return stages.back().output();
    };
    auto shape =
        add("first", {{2, 8, 9}, 4, window}, 1,
            {random_affine(random, 4), net::ReluStep{}, net::MaxPoolStep{{.kernel = 2, .stride = 2}}});
    shape = add("depthwise", {shape, 8, window}, 4,
                {net::ReluStep{}, net::AveragePoolStep{{.kernel = 2, .stride = 1, .padding = 1}}});
    shape = add("point", {shape, 6, {}}, 1, {net::ChannelMeanStep{}, random_affine(random, 6)});
    add("dense", op::dense_geometry(shape.size(), 5), 1, {});
    for (std::int64_t i = 0; i < batch * 2 * 8 * 9; ++i)
      images.push_back(static_cast<float>(random.uniform() * 3 - 1));
  }
};

/// The sum of one output in an exact accumulator over the codes, rounded to float once.
template <class F, class G>
float exact_sum(const std::vector<std::uint16_t>& weights, const std::vector<std::uint16_t>& codes) {
  op::ExactSum<F, G> sum;
  for (std::size_t i = 0; i < weights.size(); ++i)
    sum.add(format::product(F::exact(static_cast<typename F::code_type>(weights[i])),
                            G::exact(static_cast<typename G::code_type>(codes[i]))));
  return op::deliver<float>(sum.value());
}

/// A stage on one image, every output on its own.
struct SlowStage {
  std::vector<std::uint16_t> codes;
  std::vector<float> outputs;

  SlowStage(const CodeStage& s, const std::vector<float>& image) {
    core::visit_at(Formats{}, s.activation_format, [&]<class G>(std::type_identity<G>) {
      const auto quantized = quant::Symmetric<G, quant::FloatReciprocal>::quantize(
          image, {std::ssize(image)}, std::vector<float>{s.input_scale});
      for (const auto code : quantized.codes.codes()) codes.push_back(code);
      core::visit_at(Formats{}, s.weight_format, [&]<class F>(std::type_identity<F>) { multiply<F, G>(s); });
    });
    auto shape = s.geometry.output();
    for (const auto& step : s.steps) {
      std::visit([&](const auto& x) { take(x, shape); }, step);
      shape = net::step_output(step, shape);
    }
  }

 private:
  template <class F, class G>
  void multiply(const CodeStage& s) {
    const auto& in = s.geometry.input;
    const auto& [kernel, stride, padding] = s.geometry.window;
    const auto out = s.geometry.output();
    const auto inputs = in.channels / s.groups;
    for (std::int64_t k = 0; k < out.channels; ++k) {
      const auto first = s.weights.begin() + k * s.terms();
      const std::vector<std::uint16_t> filter(first, first + s.terms());
      const auto channel = static_cast<std::size_t>(k);
      const float unit = s.weight_scales[s.weight_scales.size() == 1 ? 0 : channel] * s.input_scale;
      for (std::int64_t p = 0; p < out.height; ++p)
        for (std::int64_t q = 0; q < out.width; ++q) {
          std::vector<std::uint16_t> patch;
          for (std::int64_t i = 0; i < inputs; ++i)
            for (std::int64_t r = 0; r < kernel; ++r)
              for (std::int64_t t = 0; t < kernel; ++t) {
                const auto y = p * stride + r - padding, x = q * stride + t - padding;
                const auto plane = k / (out.channels / s.groups) * inputs + i;
                const bool inside = y >= 0 && y < in.height && x >= 0 && x < in.width;
                patch.push_back(inside
                                    ? codes[static_cast<std::size_t>((plane * in.height + y) * in.width + x)]
                                    : std::uint16_t{0});
              }
          outputs.push_back(exact_sum<F, G>(filter, patch) * unit + s.bias[channel]);
        }
    }
  }

  void take(const net::AffineStep& step, const op::TensorShape& shape) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto k = i / static_cast<std::size_t>(shape.height * shape.width);
      outputs[i] = outputs[i] * step.factor[k] + step.offset[k];
    }
  }
  void take(const net::ReluStep&, const op::TensorShape&) {
    for (auto& z : outputs) z = std::max(z, 0.0F);
  }
  void take(const net::MaxPoolStep& step, const op::TensorShape& shape) {
    pool(step.window, shape, [](const std::vector<float>& window) { return std::ranges::max(window); });
  }
  void take(const net::AveragePoolStep& step, const op::TensorShape& shape) {
    const auto count = static_cast<float>(step.window.kernel * step.window.kernel);
    pool(step.window, shape, [&](const std::vector<float>& window) {
      float sum = 0;
      for (const float z : window) sum += z;
      return sum * (1 / count);
    });
  }
  void take(const net::ChannelMeanStep&, const op::TensorShape& shape) {  // in double: not to the bit
    const auto positions = static_cast<std::size_t>(shape.height * shape.width);
    std::vector<float> means;
    for (std::size_t i = 0; i < outputs.size(); i += positions) {
      double sum = 0;
      for (std::size_t j = 0; j < positions; ++j) sum += outputs[i + j];
      means.push_back(static_cast<float>(sum / static_cast<double>(positions)));
    }
    outputs = means;
  }
  template <class Pool>
  void pool(const op::Window& window, const op::TensorShape& shape, Pool&& pool) {
    const auto out = op::PoolGeometry{shape, window}.output();
    std::vector<float> result;
    for (std::int64_t c = 0; c < shape.channels; ++c)
      for (std::int64_t p = 0; p < out.height; ++p)
        for (std::int64_t q = 0; q < out.width; ++q) {
          std::vector<float> seen;
          for (std::int64_t r = 0; r < window.kernel; ++r)
            for (std::int64_t s = 0; s < window.kernel; ++s) {
              const auto y = p * window.stride + r - window.padding,
                         x = q * window.stride + s - window.padding;
              if (y >= 0 && y < shape.height && x >= 0 && x < shape.width)
                seen.push_back(outputs[static_cast<std::size_t>((c * shape.height + y) * shape.width + x)]);
            }
          result.push_back(pool(seen));
        }
    outputs = result;
  }
};

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::ranges::equal(a, b, [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  });
}

/// Codes that come into each stage, for all images.
std::vector<std::vector<std::uint16_t>> codes_of(const Network& network, std::span<const float> images) {
  std::vector<std::vector<std::uint16_t>> codes(network.stages().size());
  network.for_each_code(images, [&](std::size_t stage, std::span<const std::uint16_t> part) {
    codes[stage].insert(codes[stage].end(), part.begin(), part.end());
  });
  return codes;
}

const std::vector<std::vector<std::pair<std::size_t, std::size_t>>> assignments{
    {{int8, int8}, {int8, int8}, {int8, int8}, {int8, int8}},
    {{int4, int8}, {int8, uint4}, {int4, int4}, {int8, int4}},
    {{e4m3fn, e4m3fn}, {e2m1fn, e2m1fn}, {e4m3fn, e2m1fn}, {e2m1fn, e4m3fn}},
    {{int8, e4m3fn}, {e2m1fn, int4}, {int4, int8}, {e4m3fn, uint4}}};

}  // namespace

TEST_CASE("codes and outputs are those of a network computed output by output with exact sums") {
  for (std::size_t i = 0; i < assignments.size(); ++i) {
    CAPTURE(i);
    RandomChain chain(10 + i, assignments[i], 3);
    const Network network(chain.stages);
    const auto codes = codes_of(network, chain.images);
    // every stage on what the network itself gave to it, so that the mean, whose order of summation is Eigen's, does not
    // spoil the stages behind it
    std::vector<CodeStage> stages;
    for (std::size_t s = 0; s < chain.stages.size(); ++s) {
      std::vector<float> inputs = chain.images;
      if (s > 0) inputs = Network(stages).run(chain.images);
      stages.push_back(chain.stages[s]);
      const auto outputs = Network(stages).run(chain.images);
      const auto in = stages[s].geometry.input.size(), out = stages[s].output().size();
      for (std::int64_t n = 0; n < chain.batch; ++n) {
        const SlowStage slow(stages[s], {inputs.begin() + n * in, inputs.begin() + (n + 1) * in});
        CAPTURE(s);
        CAPTURE(n);
        CHECK(std::equal(slow.codes.begin(), slow.codes.end(), codes[s].begin() + n * in));
        const std::span part(outputs.data() + n * out, static_cast<std::size_t>(out));
        const bool has_mean = std::ranges::any_of(stages[s].steps, [](const auto& step) {
          return std::holds_alternative<net::ChannelMeanStep>(step);
        });
        if (has_mean) {
          for (std::size_t j = 0; j < part.size(); ++j)
            CHECK(std::abs(part[j] - slow.outputs[j]) < 1e-5F * std::max(1.0F, std::abs(part[j])));
        } else {
          CHECK(same_bits(part, slow.outputs));
        }
      }
    }
    CHECK(network.run(chain.images).size() == static_cast<std::size_t>(chain.batch * network.output_size()));
  }
}

TEST_CASE("engines of integers give the bits of the values, and get the stages of integers alone") {
  for (std::size_t i = 0; i < assignments.size(); ++i) {
    CAPTURE(i);
    const RandomChain chain(20 + i, assignments[i], 70);  // more than one portion
    const Network network(chain.stages);
    const auto values = network.run(chain.images);
    CHECK(same_bits(network.run(chain.images, op::PlainGemm{}), values));
    CHECK(same_bits(network.run(chain.images, core::Threads(2)), values));
    CHECK(same_bits(network.run(chain.images, op::PlainGemm{}, core::Threads(2)), values));

    std::vector<std::int64_t> vectors(4), calls(4);
    const auto engine = [&](std::size_t stage, const op::MatrixShape& shape,
                            std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                            std::span<std::int32_t> result) {
      CHECK(shape == chain.stages[stage].product(shape.vectors / chain.stages[stage].product().vectors));
      vectors[stage] += shape.vectors;
      ++calls[stage];
      op::PlainGemm{}(shape, weights, activations, result);
    };
    CHECK(same_bits(network.run(chain.images, engine), values));
    for (std::size_t s = 0; s < 4; ++s) {
      const auto [weight, activation] = assignments[i][s];
      const auto is_float = [](std::size_t place) { return place == e4m3fn || place == e2m1fn; };
      const bool integer = !is_float(weight) && !is_float(activation);
      CHECK(network.is_integer(s) == integer);
      CHECK(calls[s] == (integer ? 2 * chain.stages[s].groups : 0));
      CHECK(vectors[s] ==
            (integer ? chain.batch * chain.stages[s].groups * chain.stages[s].product().vectors : 0));
    }
  }
}

TEST_CASE("a wrong bit of an engine is seen in the outputs") {
  const RandomChain chain(30, assignments[0], 2);
  const Network network(chain.stages);
  const auto engine = [](std::size_t stage, const op::MatrixShape& shape,
                         std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                         std::span<std::int32_t> result) {
    op::PlainGemm{}(shape, weights, activations, result);
    if (stage == 3) result[0] += 1;
  };
  CHECK_FALSE(same_bits(network.run(chain.images, engine), network.run(chain.images)));
}

TEST_CASE("one gemm a stage serves stages that have one") {
  const RandomChain chain(40, assignments[3], 2);
  const Network network(chain.stages);
  net::StageGemms<op::PlainGemm> engine{{std::nullopt, std::nullopt, op::PlainGemm{}}};
  CHECK(same_bits(network.run(chain.images, engine), network.run(chain.images)));
  engine.gemms[2].reset();
  CHECK_THROWS_WITH_AS(static_cast<void>(network.run(chain.images, engine)),
                       "stage 2: nothing to multiply its integers with", RangeError);
}

TEST_CASE(
    "sums that float does not hold are exact: 300 products of 127 and 127, and small beside large "
    "minifloats") {
  const std::vector<float> ones(300, 1.0F);
  CodeStage stage{.name = "sum",
                  .geometry = op::dense_geometry(300, 1),
                  .weight_format = int8,
                  .activation_format = int8,
                  .weights = std::vector<std::uint16_t>(300, 127),
                  .weight_scales = {1},
                  .input_scale = 1.0F / 127,
                  .bias = {0}};
  stage.weights.back() = 1;
  const auto sum = static_cast<float>(299 * 127 * 127 + 127);
  CHECK(Network({stage}).run(ones).front() == sum * (1.0F * (1.0F / 127)));

  stage.weight_format = stage.activation_format = e4m3fn;
  stage.input_scale = 1;
  stage.weights.assign(300, 0x01);  // 2^-9
  stage.weights[0] = 0x7E;          // 448
  stage.weights[1] = 0xFE;
  std::vector<float> inputs(300, 448.0F);
  CHECK(Network({stage}).run(inputs).front() == 298 * 448.0F / 512);
}

TEST_CASE("a sum of no sign is positive, whatever multiplies") {
  const CodeStage stage{.name = "zero",
                        .geometry = op::dense_geometry(1, 1),
                        .weight_format = int4,
                        .activation_format = int4,
                        .weights = {0xF},  // -1
                        .weight_scales = {1},
                        .bias = {-0.0F}};
  const Network network({stage});
  for (const float input : {0.0F, -0.0F, -0.25F, 0.25F}) {
    const std::vector<float> image{input};
    CHECK_FALSE(std::signbit(network.run(image).front()));
    CHECK_FALSE(std::signbit(network.run(image, op::PlainGemm{}).front()));
  }
}

TEST_CASE("what does not fit is refused, and the stage named") {
  const RandomChain chain(50, assignments[1], 1);
  const auto refused = [&]<class E>(std::type_identity<E>, auto&& change) {
    auto stages = chain.stages;
    change(stages);
    CHECK_THROWS_AS(Network(std::move(stages)), E);
  };
  constexpr std::type_identity<ShapeError> shape{};
  constexpr std::type_identity<RangeError> range{};
  refused(shape, [](auto& s) { s.clear(); });
  refused(shape, [](auto& s) { s[0].weights.pop_back(); });
  refused(shape, [](auto& s) { s[1].bias.push_back(0); });
  refused(shape, [](auto& s) { s[1].groups = 3; });
  auto ungrouped = chain.stages;
  ungrouped[1].groups = 3;
  CHECK_THROWS_WITH_AS(Network(std::move(ungrouped)),
                       doctest::Contains((chain.stages[1].name + ": groups: 3 do not divide").c_str()),
                       ShapeError);
  auto beyond = chain.stages;
  beyond[0].steps.push_back(net::MaxPoolStep{{.kernel = 9}});
  CHECK_THROWS_WITH_AS(Network(std::move(beyond)), doctest::Contains((chain.stages[0].name + ": ").c_str()),
                       ShapeError);
  refused(shape, [](auto& s) { s[2].geometry.input.channels = 4; });
  refused(shape, [](auto& s) { s[1].weight_scales = {1, 1}; });
  refused(shape, [](auto& s) { std::get<net::AffineStep>(s[0].steps[0]).offset.pop_back(); });
  refused(shape, [](auto& s) { std::get<net::AffineStep>(s[0].steps[0]).factor.push_back(1); });
  refused(shape, [](auto& s) { s[0].steps.push_back(net::MaxPoolStep{{.kernel = 9}}); });
  refused(range, [](auto& s) { s[3].weight_format = 5; });
  refused(range, [](auto& s) { s[3].activation_format = 5; });
  refused(range, [](auto& s) { s[0].weights[3] = 16; });
  refused(range, [](auto& s) { s[0].input_scale = 0; });
  refused(range, [](auto& s) { s[0].input_scale = 1e-40F; });
  refused(range, [](auto& s) { s[0].weight_scales.back() = std::numeric_limits<float>::infinity(); });
  refused(range, [](auto& s) {
    s[0].weight_format = e4m3fn;
    s[0].weights[0] = 0x7F;
  });

  const Network network(chain.stages);
  CHECK_THROWS_AS(static_cast<void>(network.is_integer(4)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(network.run(std::vector<float>(100))), ShapeError);
  auto images = chain.images;
  images[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(static_cast<void>(network.run(images)), RangeError);
  CHECK(network.run(std::vector<float>{}).empty());

  const CodeStage wide{.name = "wide",
                       .geometry = op::dense_geometry(2, 1),
                       .weights = {0, 0},
                       .weight_scales = {1},
                       .bias = {0}};
  CHECK_THROWS_WITH_AS(net::CodeNetwork<core::TypeList<format::E5m2>>({wide}),
                       "wide: sums of 2 products take 65 bits, but double holds 53", RangeError);
}
