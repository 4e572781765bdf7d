// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/quantize_model.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/train/digits_csv.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/trainer.hpp>

namespace train = bitloom::train;
namespace quant = bitloom::quant;

namespace {

using Recipe = train::UniformRecipe<2, 2>;
using Trainable = train::UniformRecipe<2, 2, train::TrainableGradients>;
using Split = train::SplitRecipe<4, 2, 2, quant::WorstFirst>;
static_assert(train::QuantizationRecipe<Recipe> && train::QuantizationRecipe<Split> &&
              !train::QuantizationRecipe<int>);
template <class R>
using ModelOf = decltype(train::quantize_model(train::Sequential<float>({1}), R{}));
static_assert(train::Model<ModelOf<Recipe>> && train::Model<ModelOf<Split>>);

train::Split digits() {
  return train::split(train::read_digits_csv(BITLOOM_SOURCE_DIR "/examples/data/digits8x8.csv"), 1437);
}

train::Sequential<float> network() {
  train::Sequential<float> model({1, 8, 8});
  model.conv2d(8, {.kernel = 3, .padding = 1}).relu().max_pool({.kernel = 2, .stride = 2});
  model.conv2d(16, {.kernel = 3, .padding = 1}).relu().max_pool({.kernel = 2, .stride = 2}).dense(10);
  return model;
}

train::Sequential<float> trained(const train::Split& data, std::uint64_t seed) {
  auto model = network();
  model.initialize(seed);
  train::Adam<float> adam;
  train::fit(
      model, data.train,
      {.epochs = 8, .batch_size = 32, .learning_rate = 5e-3, .seed = seed, .schedule = train::Cosine{}},
      adam);
  return model;
}

template <class M>
void show(M& model, const train::Split& data) {
  train::Tape<float> tape;
  model.forward(tape, tape.constant(data.train.images.leftCols(64)));
}

template <class M>
void train_on(M& model, const train::Split& data) {
  train::Adam<float> adam;
  train::fit(model, data.train,
             {.epochs = 4, .batch_size = 32, .learning_rate = 2e-3, .schedule = train::Cosine{}}, adam);
}

/// Bits of weights and activations of every layer with weights, and whether the weights learn.
template <class M>
std::vector<std::string> widths(const M& model) {
  std::vector<std::string> result;
  for (const auto& any : model.layers())
    std::visit(
        [&]<class L>(const L& layer) {
          if constexpr (requires { layer.activations(); }) {
            using A = typename std::remove_cvref_t<decltype(layer.activations())>::format_type;
            std::string text;
            if constexpr (requires { layer.weights().mix(); })
              text = std::to_string(layer.weights().mix().high_bits) + '-' +
                     std::to_string(layer.weights().mix().low_bits);
            else
              text = std::to_string(std::remove_cvref_t<decltype(layer.weights())>::format_type::bits);
            result.push_back(text + '/' + (A::is_signed ? "" : "u") + std::to_string(A::bits) +
                             (L::Gradient::learns ? " learns" : ""));
          }
        },
        any);
  return result;
}

}  // namespace

TEST_CASE("the first convolution and the last dense layer have 8 bits, the others what the recipe says") {
  auto model = network();
  model.relu().dense(10);
  using Names = std::vector<std::string>;
  CHECK(widths(quantize_model(model, Recipe{})) == Names{"8/8", "2/u2", "2/u2", "8/u8"});
  CHECK(widths(quantize_model(model, Trainable{})) ==
        Names{"8/8 learns", "2/u2 learns", "2/u2 learns", "8/u8 learns"});
  CHECK(widths(quantize_model(model, Split{})) == Names{"8/8", "4-2/u2 learns", "4-2/u2 learns", "8/u8"});
  // the types of a recipe that is 8 bits throughout coincide
  CHECK(widths(quantize_model(model, train::UniformRecipe<8, 8>{})) == Names{"8/8", "8/u8", "8/u8", "8/u8"});
}

TEST_CASE("a quantized network has the trained one's layers, shapes, names and parameters") {
  auto model = network();
  model.initialize(3);
  auto quantized = quantize_model(model, Trainable{});
  REQUIRE(quantized.layers().size() == model.layers().size());
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    CHECK(quantized.output_shape(i) == model.output_shape(i));
  const auto before = model.parameters();
  const auto after = quantized.parameters();
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(after[i]->name == before[i]->name);
    CHECK(after[i]->value == before[i]->value);
  }
}

TEST_CASE("training on improves what quantization to two bits after training left") {
  const auto data = digits();
  double after_training = 0;
  double in_training = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    auto quantized = quantize_model(trained(data, seed), Trainable{});
    show(quantized, data);
    after_training += train::accuracy(quantized, data.test) / 3;
    train_on(quantized, data);
    in_training += train::accuracy(quantized, data.test) / 3;
  }
  MESSAGE("mean test accuracy, 2-bit inner layer: " << after_training << ", trained on: " << in_training);
  CHECK(in_training > after_training + 0.02);
  CHECK(in_training > 0.8);
}

TEST_CASE(
    "by the released rule, weights of one width stay and biases move; split ones learn but for the edges") {
  const auto data = digits();
  const auto start = trained(data, 1);
  const auto moved = [&](auto model) {
    show(model, data);
    train_on(model, data);
    std::vector<bool> weights;
    std::size_t index = 0;
    for (const auto& any : model.layers()) {
      std::visit(
          [&]<class L>(const L& layer) {
            if constexpr (requires { layer.activations(); }) {
              std::visit(
                  [&]<class Old>(const Old& old) {
                    if constexpr (requires { old.weight; }) {
                      weights.push_back(layer.layer().weight.value != old.weight.value);
                      CHECK(layer.layer().bias.value != old.bias.value);
                    }
                  },
                  start.layers()[index]);
            }
          },
          any);
      ++index;
    }
    return weights;
  };
  CHECK(moved(quantize_model(start, Recipe{})) == std::vector<bool>{false, false, false});
  CHECK(moved(quantize_model(start, Split{.high_ratio = 0.25})) == std::vector<bool>{false, true, false});
}

TEST_CASE("a quantized network that has seen no batch does not predict") {
  const auto quantized = quantize_model(network(), Recipe{});
  CHECK_THROWS_WITH_AS(static_cast<void>(quantized.predict(train::Matrix<float>::Ones(64, 2))),
                       "share: no values have been observed", bitloom::RangeError);
}

TEST_CASE("all that a quantized network has learned has a name of its own, the weights that stay as well") {
  train::Sequential<float> plain({1, 8, 8});
  plain.conv2d(2, {3, 1, 1}).batch_norm().relu().dense(3).dense(2).initialize(1);
  const auto quantized = quantize_model(plain, Recipe{});
  std::vector<std::string> names;
  for (const auto* parameter : quantized.parameters()) names.push_back(parameter->name);
  for (const auto* buffer : quantized.buffers()) names.push_back(buffer->name);
  CHECK(names == std::vector<std::string>{"0.bias", "1.scale", "1.shift", "3.bias", "4.bias", "0.weight",
                                          "1.running_mean", "1.running_variance", "3.weight", "4.weight"});
}
