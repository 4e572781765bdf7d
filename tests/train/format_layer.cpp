// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/format_layer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/threads.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/train/elastic.hpp>
#include <bitloom/train/losses.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/residual.hpp>
#include <bitloom/train/trainer.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace quant = bitloom::quant;
namespace format = bitloom::format;
namespace op = bitloom::op;

namespace {

using Formats = bitloom::core::TypeList<format::Int<4>, format::Int<8>, format::E2m1fn, format::E4m3fn>;
using Dense = train::FormatLayer<train::Dense<float>, Formats>;
using Conv = train::FormatLayer<train::Conv2d<float>, Formats>;
using Model = train::Sequential<float, Dense, Conv>;
using Clipped = train::FormatLayer<train::Dense<float>, Formats, train::ClippedThrough>;

static_assert(train::LearningLayer<Dense, float> && train::LearningLayer<Conv, float> && train::Model<Model>);
static_assert(train::RoundableFormats<Formats> && !train::RoundableFormats<bitloom::core::TypeList<>> &&
              !train::RoundableFormats<bitloom::core::TypeList<format::Int<32>>> &&
              !train::RoundableFormats<format::Int<4>>);

Dense dense_layer(std::int64_t in, std::int64_t out) {
  train::Dense<float> layer(in, out);
  layer.weight.value = random_matrix<float>(out, in, 1);
  layer.bias.value = random_matrix<float>(out, 1, 2);
  return Dense(layer);
}

Conv conv_layer(std::int64_t groups, const op::Window& window = {3, 1, 1}) {
  train::Conv2d<float> layer({.input = {4, 6, 5}, .out_channels = 8, .window = window}, groups);
  layer.weight.value = random_matrix<float>(8, layer.weight.value.cols(), 1);
  layer.bias.value = random_matrix<float>(8, 1, 2);
  return Conv(layer);
}

/// Values of a format's codes as whole numbers of its unit, and the scale.
struct Codes {
  Eigen::Matrix<std::int64_t, Eigen::Dynamic, Eigen::Dynamic> units;
  double unit{};
  float scale{};
};

Codes codes_of(const train::Matrix<float>& matrix, std::size_t place, float bound) {
  return bitloom::core::visit_at(Formats{}, place, [&]<class F>(std::type_identity<F>) {
    using Q = quant::FlooredSymmetric<F>;
    Codes codes{.units = {}, .unit = std::ldexp(1.0, op::unit_exponent<F>), .scale = Q::scale_of(bound)};
    codes.units.resize(matrix.rows(), matrix.cols());
    for (Eigen::Index i = 0; i < matrix.size(); ++i)
      codes.units.data()[i] =
          static_cast<std::int64_t>(F::decode(Q::quantize_one(matrix.data()[i], codes.scale)) / codes.unit);
    return codes;
  });
}

float finish(std::int64_t sum, const Codes& x, const Codes& w, float bias) {
  const auto rounded = static_cast<float>(static_cast<double>(sum) * x.unit * w.unit);
  const float scale = w.scale * x.scale;
  const float scaled = rounded * scale;
  return scaled + bias;
}

train::Matrix<float> slow(const train::Dense<float>& layer, const Codes& x, const Codes& w) {
  train::Matrix<float> result(w.units.rows(), x.units.cols());
  for (Eigen::Index k = 0; k < result.rows(); ++k)
    for (Eigen::Index item = 0; item < result.cols(); ++item) {
      std::int64_t sum = 0;
      for (Eigen::Index i = 0; i < x.units.rows(); ++i) sum += w.units(k, i) * x.units(i, item);
      result(k, item) = finish(sum, x, w, layer.bias.value(k, 0));
    }
  return result;
}

train::Matrix<float> slow(const train::Conv2d<float>& layer, const Codes& x, const Codes& w) {
  const auto& g = layer.geometry;
  const auto out = g.output();
  const auto depth = g.input.channels / layer.groups, kernel = g.window.kernel;
  train::Matrix<float> result(out.size(), x.units.cols());
  for (Eigen::Index item = 0; item < result.cols(); ++item)
    for (std::int64_t k = 0; k < out.channels; ++k)
      for (std::int64_t row = 0; row < out.height; ++row)
        for (std::int64_t column = 0; column < out.width; ++column) {
          std::int64_t sum = 0;
          for (std::int64_t c = 0; c < depth; ++c)
            for (std::int64_t r = 0; r < kernel; ++r)
              for (std::int64_t s = 0; s < kernel; ++s) {
                const auto y = row * g.window.stride + r - g.window.padding;
                const auto z = column * g.window.stride + s - g.window.padding;
                if (y < 0 || y >= g.input.height || z < 0 || z >= g.input.width) continue;
                const auto channel = k / (out.channels / layer.groups) * depth + c;
                sum += w.units(k, (c * kernel + r) * kernel + s) *
                       x.units((channel * g.input.height + y) * g.input.width + z, item);
              }
          result((k * out.height + row) * out.width + column, item) =
              finish(sum, x, w, layer.bias.value(k, 0));
        }
  return result;
}

template <class L>
train::Matrix<float> output(L& layer, const train::Matrix<float>& input, train::AnyExecutor executor = {}) {
  train::Tape<float> tape(std::move(executor));
  return layer.forward(tape, tape.constant(input)).value();
}

template <class L>
void is_exact(L layer, const train::Matrix<float>& input) {
  const auto largest = [](const train::Matrix<float>& m) { return m.cwiseAbs().maxCoeff(); };
  const auto& weight = layer.layer().weight.value;
  for (std::size_t w = 0; w < Formats::size; ++w)
    for (std::size_t x = 0; x < Formats::size; ++x) {
      CAPTURE(w);
      CAPTURE(x);
      layer.set_formats(w, x);
      layer.thaw_range();
      const auto codes = codes_of(weight, w, largest(weight));
      const auto expected = slow(layer.layer(), codes_of(input, x, largest(input)), codes);
      CHECK(output(std::as_const(layer), input) == expected);
      CHECK(output(std::as_const(layer), input, bitloom::core::Threads(2)) == expected);
      layer.freeze_range(0.6F);
      CHECK(output(std::as_const(layer), input) == slow(layer.layer(), codes_of(input, x, 0.6F), codes));
      CHECK(layer.weight_scale() == codes.scale);
      CHECK(layer.input_scale() == codes_of(input, x, 0.6F).scale);
      const auto values = layer.weight_values();
      std::int64_t wrong = 0;
      for (Eigen::Index r = 0; r < weight.rows(); ++r)
        for (Eigen::Index c = 0; c < weight.cols(); ++c)
          wrong += static_cast<double>(values[static_cast<std::size_t>(r * weight.cols() + c)]) !=
                   static_cast<double>(codes.units(r, c)) * codes.unit;
      CHECK(wrong == 0);
      // what is trained on differs by rounding errors alone
      CHECK(output(layer, input).isApprox(output(std::as_const(layer), input), 1e-5F));
    }
}

train::Sequential<float> small_model() {
  train::Sequential<float> model({2, 6, 6});
  model.conv2d(4, {3, 1, 1}).batch_norm().relu().max_pool({2, 2, 0}).conv2d(4, {3, 1, 1}, 4).relu().dense(5);
  model.initialize(4);
  return model;
}

}  // namespace

TEST_CASE("a const layer computes with codes: exact sums, then scale and bias in float") {
  is_exact(dense_layer(40, 7), random_matrix<float>(40, 9, 3));
  is_exact(dense_layer(1200, 3),
           random_matrix<float>(1200, 4, 3));  // sums of 8-bit codes are longer than a float
  is_exact(conv_layer(1), random_matrix<float>(120, 3, 3));
  is_exact(conv_layer(2, {3, 2, 1}), random_matrix<float>(120, 3, 3));
  is_exact(conv_layer(4), random_matrix<float>(120, 3, 3));  // depthwise
}

TEST_CASE("a layer in training computes with rounded floats, and gradients pass the rounding") {
  const auto check = [](auto layer, const train::Matrix<float>& input) {
    layer.set_formats(2, 0);
    auto parameter = train::Parameter<float>{"x", input, {}};
    train::Tape<float> tape;
    tape.backward(weighted_mean(layer.forward(tape, tape.parameter(parameter))));
    auto apart = layer.layer();
    auto other = train::Parameter<float>{"x", input, {}};
    for (auto* each : apart.parameters()) each->gradient.setZero();
    const auto result = train::detail::apply(
        apart, train::fake_quantize<format::Int<4>>(tape.parameter(other)),
        train::fake_quantize<format::E2m1fn>(tape.parameter(apart.weight)), tape.parameter(apart.bias));
    CHECK(output(layer, input) == result.value());
    tape.backward(weighted_mean(result));
    CHECK(parameter.gradient == other.gradient);
    CHECK(layer.layer().weight.gradient == apart.weight.gradient);
    CHECK(layer.layer().bias.gradient == apart.bias.gradient);
    CHECK(apart.weight.gradient.norm() > 0);
  };
  check(dense_layer(12, 5), random_matrix<float>(12, 6, 3));
  check(conv_layer(2), random_matrix<float>(120, 3, 3));
}

TEST_CASE("without formats a layer is what it was, and each of the two can be rounded alone") {
  auto layer = dense_layer(12, 5);
  const auto input = random_matrix<float>(12, 6, 3);
  auto plain = layer.layer();
  CHECK(output(layer, input) == output(plain, input));
  CHECK(output(std::as_const(layer), input) == output(plain, input));
  train::Tape<float> tape;
  layer.set_formats(0, std::nullopt);
  plain.weight.value = train::fake_quantize<format::Int<4>>(tape.parameter(layer.layer().weight)).value();
  CHECK(output(std::as_const(layer), input) == output(plain, input));
  CHECK(output(layer, input) == output(plain, input));
  layer.set_formats(std::nullopt, 3);
  const auto rounded = train::fake_quantize<format::E4m3fn>(tape.constant(input)).value();
  plain = layer.layer();
  CHECK(output(std::as_const(layer), input) == output(plain, rounded));
  CHECK(layer.weight_format() == std::nullopt);
  CHECK(layer.activation_format() == std::size_t{3});
}

TEST_CASE("in a frozen range what is larger is clipped, and its gradient is zero if the policy says so") {
  Clipped layer(dense_layer(12, 5).layer());
  layer.set_formats(1, 1);
  layer.freeze_range(0.5F);
  CHECK(layer.frozen_range() == 0.5F);
  auto input = random_parameter<float>("x", 12, 6, 3);
  train::Tape<float> tape;
  tape.backward(weighted_mean(layer.forward(tape, tape.parameter(input))));
  for (Eigen::Index i = 0; i < 72; ++i)
    CHECK((input.gradient.data()[i] != 0) == (std::abs(input.value.data()[i]) <= 0.5F));
  layer.thaw_range();
  CHECK(layer.frozen_range() == std::nullopt);
  input.gradient.setZero();
  tape.backward(weighted_mean(layer.forward(tape, tape.parameter(input))));
  CHECK((input.gradient.array() != 0).all());
}

TEST_CASE("a model is given formats layer by layer, and keeps its numbers and its names") {
  const auto plain = small_model();
  auto model = train::with_formats<Formats>(plain);
  static_assert(std::same_as<decltype(model), Model>);
  const auto input = random_matrix<float>(72, 3, 5);
  CHECK(model.predict(input) == plain.predict(input));
  REQUIRE(model.parameters().size() == plain.parameters().size());
  for (std::size_t i = 0; i < plain.parameters().size(); ++i)
    CHECK(model.parameters()[i]->name == plain.parameters()[i]->name);
  CHECK(model.buffers()[1]->name == plain.buffers()[1]->name);

  std::size_t count = 0;
  train::for_each_format_layer(model, [&](auto& layer) { layer.set_formats(count++, 1); });
  CHECK(count == 3);
  CHECK(std::get<Conv>(model.layers()[4]).weight_format() == std::size_t{1});
  CHECK(std::get<Dense>(model.layers()[6]).weight_format() == std::size_t{2});
  CHECK(model.predict(input) != plain.predict(input));
  CHECK(model.predict(input, bitloom::core::Threads(2)) == model.predict(input));
}

TEST_CASE("frozen ranges are the largest magnitudes that come in, in models within models as well") {
  using Block = train::Residual<float, Model>;
  train::Sequential<float, Block, Dense> model({3});
  Model body({3});
  body.add(dense_layer(3, 3)).relu();
  model.add(Block(body)).add(dense_layer(3, 2));
  train::for_each_format_layer(model, [](auto& layer) { layer.set_formats(1, 1); });
  const train::Matrix<float> items = random_matrix<float>(3, 300, 6);
  train::freeze_ranges(model, items);
  std::vector<float> ranges;
  train::for_each_format_layer(std::as_const(model),
                               [&](const auto& layer) { ranges.push_back(layer.frozen_range().value()); });
  REQUIRE(ranges.size() == 2);
  CHECK(ranges[0] == items.cwiseAbs().maxCoeff());
  auto thawed = model;
  train::for_each_format_layer(thawed, [](auto& layer) { layer.thaw_range(); });
  float largest = 0;
  for (const auto& [begin, count] : {std::pair{0, 256}, {256, 44}})
    thawed.forward_each(items.middleCols(begin, count),
                        [&](std::size_t index, const train::Matrix<float>& seen) {
                          if (index == 0) largest = std::max(largest, seen.cwiseAbs().maxCoeff());
                        });
  CHECK(ranges[1] == largest);
  // what an item gives no longer depends on its batch
  CHECK(model.predict(items).col(7) == model.predict(items.col(7)));
  CHECK(thawed.predict(items).col(7) != thawed.predict(items.col(7)));
}

TEST_CASE("a layer in formats as wide as float predicts what it computes in training") {
  using Wide = bitloom::core::TypeList<format::Bfloat16, format::Int<8>, format::E5m2>;
  train::Sequential<float> plain({6});
  plain.dense(5).relu().dense(4).initialize(2);
  auto model = train::with_formats<Wide>(plain);
  const train::Matrix<float> items = random_matrix<float>(6, 9, 3);
  for (std::size_t weight = 0; weight < 3; ++weight)
    for (std::size_t activation = 0; activation < 3; ++activation) {
      train::for_each_format_layer(model, [&](auto& layer) { layer.set_formats(weight, activation); });
      train::Tape<float> tape;
      const train::Matrix<float> trained = model.forward(tape, tape.constant(items)).value();
      CAPTURE(weight);
      CAPTURE(activation);
      CHECK((model.predict(items) - trained).cwiseAbs().maxCoeff() < 1e-5F);
    }
}

TEST_CASE("ranges are frozen where items come in, and nowhere after an error") {
  using Body = train::Sequential<float, Dense>;
  using Block = train::Skippable<float, Body>;
  train::Sequential<float, Block, Dense> model({3});
  Body body({3});
  body.add(dense_layer(3, 3));
  model.add(Block(body)).add(dense_layer(3, 2));
  train::for_each_format_layer(model, [](auto& layer) { layer.set_formats(1, 1); });
  train::for_each_layer<Block>(model, [](Block& block) { block.set_active(false); });
  const train::Matrix<float> items = random_matrix<float>(3, 5, 6);
  const auto ranges = [&] {
    std::vector<std::optional<float>> all;
    train::for_each_format_layer(std::as_const(model),
                                 [&](const auto& layer) { all.push_back(layer.frozen_range()); });
    return all;
  };
  train::freeze_ranges(model, items);
  const std::vector<std::optional<float>> skipped{std::nullopt, items.cwiseAbs().maxCoeff()};
  CHECK(ranges() == skipped);
  CHECK_THROWS_WITH_AS(train::freeze_ranges(model, train::Matrix<float>(3, 0)),
                       doctest::Contains("freeze_ranges: items"), bitloom::ShapeError);
  CHECK(ranges() == skipped);
  auto broken = items;
  broken(0, 4) = NAN;
  CHECK_THROWS_AS(train::freeze_ranges(model, broken), bitloom::RangeError);
  train::for_each_format_layer(model, [](auto& layer) {
    CHECK(layer.frozen_range() == std::nullopt);
    CHECK_THROWS_AS(layer.freeze_seen_range(), bitloom::RangeError);  // no longer watched
  });
}

TEST_CASE("places, ranges and numbers that make no sense are refused") {
  auto layer = dense_layer(4, 3);
  CHECK_THROWS_WITH_AS(layer.set_formats(4, 0), doctest::Contains("weight format"), bitloom::RangeError);
  CHECK_THROWS_WITH_AS(layer.set_formats(0, std::numeric_limits<std::size_t>::max()),
                       doctest::Contains("activation format"), bitloom::RangeError);
  CHECK(layer.weight_format() == std::nullopt);
  for (const float bound : {-1.0F, NAN, INFINITY})
    CHECK_THROWS_AS(layer.freeze_range(bound), bitloom::RangeError);
  CHECK_THROWS_AS(static_cast<void>(layer.weight_scale()), bitloom::RangeError);
  CHECK_THROWS_AS(static_cast<void>(layer.weight_values()), bitloom::RangeError);
  CHECK_THROWS_AS(static_cast<void>(layer.input_scale()), bitloom::RangeError);
  CHECK_THROWS_AS(layer.freeze_seen_range(), bitloom::RangeError);
  layer.freeze_range(1.0F);
  CHECK_THROWS_AS(static_cast<void>(layer.input_scale()), bitloom::RangeError);
  layer.set_formats(0, 0);
  auto broken = random_matrix<float>(4, 2, 1);
  broken(1, 1) = NAN;
  CHECK_THROWS_AS(output(layer, broken), bitloom::RangeError);
  CHECK_THROWS_AS(output(std::as_const(layer), broken), bitloom::RangeError);
  CHECK_THROWS_AS(output(layer, random_matrix<float>(5, 2, 1)), bitloom::ShapeError);
  CHECK_THROWS_AS(output(std::as_const(layer), random_matrix<float>(5, 2, 1)), bitloom::ShapeError);
  CHECK_THROWS_AS(static_cast<void>(layer.output({5})), bitloom::ShapeError);
}

TEST_CASE("a masked weight is that weight with the cut elements zero, and they get no gradient") {
  auto layer = dense_layer(6, 3);
  train::Matrix<float> mask = train::Matrix<float>::Ones(3, 6);
  mask.leftCols(2).setZero();
  train::Dense<float> cut(6, 3);
  cut.weight.value = layer.layer().weight.value.cwiseProduct(mask);
  cut.bias.value = layer.layer().bias.value;
  Dense expected(cut);
  const auto items = random_matrix<float>(6, 4, 5);
  for (const std::size_t place : {0U, 3U}) {
    layer.set_weight_mask(mask);
    layer.set_formats(place, place);
    expected.set_formats(place, place);
    CHECK(layer.weight_values() == expected.weight_values());
    CHECK(layer.weight_scale() == expected.weight_scale());
    train::Tape<float> tape;
    const auto input = tape.constant(items);
    CHECK(std::as_const(layer).forward(tape, input).value() ==
          std::as_const(expected).forward(tape, input).value());
    const auto output = layer.forward(tape, input);
    CHECK(output.value() == expected.forward(tape, input).value());
    auto& gradient = layer.parameters()[0]->gradient;
    gradient.setZero(3, 6);
    tape.backward(train::sum(output));
    CHECK(gradient.leftCols(2).isZero(0));
    CHECK_FALSE(gradient.rightCols(4).isZero(0));
    layer.set_weight_mask(std::nullopt);
    CHECK(layer.weight_values() != expected.weight_values());
  }
  CHECK_THROWS_AS(layer.set_weight_mask(train::Matrix<float>::Ones(6, 3)), bitloom::ShapeError);
}

TEST_CASE("a training whose numbers leave float stops with the step and the layer, before they are rounded") {
  train::Sequential<float> plain({4});
  plain.dense(8).relu().dense(2).initialize(1);
  auto model = train::with_formats<Formats>(plain);
  train::for_each_format_layer(model, [](auto& layer) { layer.set_formats(0, 1); });
  train::Dataset data{.images = random_matrix<float>(4, 8, 1),
                      .labels = {0, 1, 0, 1, 1, 0, 1, 0},
                      .shape = {4},
                      .class_count = 2};
  train::Sgd<float> sgd;
  CHECK_THROWS_WITH_AS(train::fit(model, data, {.epochs = 9, .batch_size = 8, .learning_rate = 1e38}, sgd),
                       doctest::Contains("step 1, but has to be finite; first in "), bitloom::Error);
  data.images(2, 5) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH_AS(train::fit(model, data, {.batch_size = 8}, sgd),
                       doctest::Contains("first in the images"), bitloom::Error);
}
