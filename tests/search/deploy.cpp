// SPDX-License-Identifier: Apache-2.0
#include <bitloom/search/deploy.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/core/threads.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/bramac_machine.hpp>
#include <bitloom/fabric/bramac_product.hpp>
#include <bitloom/fabric/bramac_value.hpp>
#include <bitloom/fabric/dsp.hpp>
#include <bitloom/fabric/dsp_value.hpp>
#include <bitloom/fabric/m4bram.hpp>
#include <bitloom/fabric/m4bram_machine.hpp>
#include <bitloom/fabric/m4bram_product.hpp>
#include <bitloom/fabric/m4bram_value.hpp>
#include <bitloom/quant/symmetric.hpp>
#include <bitloom/train/digits_csv.hpp>
#include <bitloom/train/fold.hpp>
#include <bitloom/train/optimizer.hpp>
#include <bitloom/train/trainer.hpp>

using namespace bitloom;

namespace {

using Set =
    search::JoinedFormats<search::FliqsSmallIntegers, search::FliqsSmallFloats, search::IntegerFormats<5, 5>>;
using Formats = Set::types;
enum : std::size_t { int4, int8, e2m1fn, e4m3fn, int5 };
using Block = fabric::M4bram<fabric::Small, fabric::Synchronous>;
using Model = decltype(train::with_formats<Formats>(std::declval<train::Sequential<float>>()));
using Places =
    std::vector<std::pair<std::size_t, std::size_t>>;  // of weights and activations, layer by layer

train::Dataset digits() { return train::read_digits_csv(BITLOOM_SOURCE_DIR "/examples/data/digits8x8.csv"); }

/// Gives every layer its formats, and freezes ranges on some of the items.
Model quantized(const train::Sequential<float>& plain, const Places& places,
                const train::Matrix<float>& items) {
  auto model = train::with_formats<Formats>(plain);
  std::size_t index = 0;
  train::for_each_format_layer(model, [&](auto& layer) {
    const auto [weight, activation] = places.at(index++);
    layer.set_formats(weight, activation);
  });
  train::freeze_ranges(model, items);
  return model;
}

/// A network whose layers are all kinds that a chain holds, trained for a while.
train::Sequential<float> trained_cnn(const train::Dataset& data) {
  train::Sequential<float> model(data.shape);
  model.conv2d(6, {.kernel = 3, .padding = 1}).batch_norm().relu().max_pool({.kernel = 2, .stride = 2});
  model.conv2d(6, {.kernel = 3, .padding = 1}, 6)
      .relu()
      .average_pool({.kernel = 2, .stride = 1, .padding = 1});
  model.conv2d(12, {}, 2).batch_norm().relu().global_average_pool();
  model.dense(10).batch_norm();  // not quantized again: its last bit is seen
  model.initialize(3);
  train::Adam<float> adam;
  train::fit(model, data, {.epochs = 3, .learning_rate = 0.01}, adam);
  return model;
}

train::Sequential<float> trained_mlp(const train::Dataset& data) {
  train::Sequential<float> model(data.shape);
  model.dense(64).relu().dense(32).relu().dense(10);
  model.initialize(2);
  train::Adam<float> adam;
  train::fit(model, data, {.epochs = 5, .learning_rate = 0.002}, adam);
  return model;
}

std::span<const float> values_of(const train::Matrix<float>& matrix) {
  return {matrix.data(), static_cast<std::size_t>(matrix.size())};
}

std::int64_t different_bits(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  std::int64_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    count += std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i]) ? 1 : 0;
  return count;
}

/// The inputs of every layer with formats as codes, by the quantizer of definitions, from a walk through the model.
std::vector<std::vector<std::uint16_t>> codes_of(const Model& model, const train::Matrix<float>& items) {
  std::vector<std::vector<std::uint16_t>> all;
  train::Matrix<float> input = items;
  model.forward_each(items, [&](std::size_t index, const train::Matrix<float>& output) {
    std::visit(
        [&]<class L>(const L& layer) {
          if constexpr (requires { layer.activation_format(); })
            core::visit_at(Formats{}, *layer.activation_format(), [&]<class F>(std::type_identity<F>) {
              using Quantizer = quant::Symmetric<F, quant::FlooredScaling, quant::FloatReciprocal>;
              auto& codes = all.emplace_back();
              for (const float x : values_of(input))
                codes.push_back(Quantizer::quantize_one(x, Quantizer::scale_of(*layer.frozen_range())));
            });
        },
        model.layers()[index]);
    input = output;
  });
  return all;
}

/// Compares codes and outputs of chain and model on all items.
void check_chain(const Model& model, const train::Dataset& data) {
  const auto network = search::code_network<Formats>(model);
  const auto images = values_of(data.images);
  const auto predicted = model.predict(data.images);
  CHECK(different_bits(network.run(images), values_of(predicted)) == 0);
  CHECK(different_bits(network.run(images, core::Threads(2)), values_of(predicted)) == 0);
  std::vector<std::vector<std::uint16_t>> codes(network.stages().size());
  network.for_each_code(images, [&](std::size_t stage, std::span<const std::uint16_t> part) {
    codes[stage].insert(codes[stage].end(), part.begin(), part.end());
  });
  const auto wanted = codes_of(model, data.images);
  REQUIRE(wanted.size() == codes.size());
  for (std::size_t stage = 0; stage < codes.size(); ++stage) {
    CAPTURE(stage);
    CHECK(codes[stage] == wanted[stage]);
  }
  const auto right = train::accuracy(model, data);
  MESSAGE("accuracy " << right);
  CHECK(right > 0.4);
}

}  // namespace

TEST_CASE(
    "codes of every stage and outputs of a dense network on 1797 digits are those of the model, to the bit") {
  const auto data = digits();
  const auto plain = trained_mlp(data);
  for (const auto& places :
       {Places{{int8, int8}, {int8, int8}, {int8, int8}}, Places{{int4, int4}, {int4, int4}, {int4, int4}},
        Places{{int8, int8}, {int4, int5}, {int5, int8}},
        Places{{e4m3fn, e4m3fn}, {e4m3fn, e4m3fn}, {e4m3fn, e4m3fn}},
        Places{{e2m1fn, e2m1fn}, {e2m1fn, e2m1fn}, {e2m1fn, e2m1fn}},
        Places{{int4, e4m3fn}, {e2m1fn, int8}, {e4m3fn, e2m1fn}}})
    check_chain(quantized(plain, places, data.images.leftCols(500)), data);
}

TEST_CASE("the same holds of convolutions, in groups and depthwise, with normalizations and every pooling") {
  const auto data = digits();
  const auto plain = trained_cnn(data);
  for (const auto& places : {Places{{int8, int8}, {int8, int8}, {int8, int8}, {int8, int8}},
                             Places{{int8, int8}, {int5, int8}, {e4m3fn, e4m3fn}, {e4m3fn, int8}}})
    check_chain(quantized(plain, places, data.images.leftCols(300)), data);
  const auto folded = train::fold_batch_norms(plain);
  check_chain(quantized(folded, Places(4, {int8, int8}), data.images.leftCols(300)), data);
}

TEST_CASE("a stage has the name, formats, scales and bias of its layer, and the steps behind it") {
  const auto data = digits();
  const auto model =
      quantized(trained_cnn(data), {{int8, int8}, {int4, int8}, {int8, e4m3fn}, {int5, int4}}, data.images);
  const auto network = search::code_network<Formats>(model);
  std::vector<std::string> names;
  std::vector<std::size_t> steps;
  for (const auto& stage : network.stages()) {
    names.push_back(stage.name);
    steps.push_back(stage.steps.size());
  }
  CHECK(names == std::vector<std::string>{"0.conv2d", "4.conv2d", "7.conv2d", "11.dense"});
  CHECK(steps == std::vector<std::size_t>{3, 2, 3, 1});
  CHECK(network.stages()[1].groups == 6);
  CHECK(network.stages()[1].product() == op::MatrixShape{.rows = 1, .columns = 9, .vectors = 16});
  CHECK(network.stages()[3].product() == op::MatrixShape{.rows = 10, .columns = 12, .vectors = 1});
  CHECK(search::stage_operands(network, 3) ==
        fabric::Operands{.weight_bits = 5, .activation_bits = 4, .signed_activations = true});
  CHECK_THROWS_AS(static_cast<void>(search::stage_operands(network, 2)), RangeError);
  CHECK_THROWS_AS(static_cast<void>(search::stage_operands(network, 4)), RangeError);
  std::size_t index = 0;
  train::for_each_format_layer(model, [&](const auto& layer) {
    const auto& stage = network.stages()[index++];
    CHECK(stage.weight_format == layer.weight_format());
    CHECK(stage.activation_format == layer.activation_format());
    CHECK(stage.weight_scales == std::vector<float>{layer.weight_scale()});
    CHECK(stage.input_scale == layer.input_scale());
    const auto values = layer.weight_values();
    core::visit_at(Formats{}, stage.weight_format, [&]<class F>(std::type_identity<F>) {
      for (std::size_t i = 0; i < values.size(); ++i)
        CHECK(F::decode(static_cast<typename F::code_type>(stage.weights[i])) ==
              static_cast<double>(values[i]));
    });
  });
}

TEST_CASE(
    "networks of integers and mixed ones on M4BRAM, BRAMAC and DSP slices by their value views give the same "
    "bits") {
  const auto data = digits();
  const auto plain = trained_cnn(data);
  const auto images = values_of(data.images).first(static_cast<std::size_t>(64 * 100));
  for (const auto& places : {Places{{int4, int8}, {int8, int5}, {int5, int4}, {int8, int8}},
                             Places{{int4, int4}, {e2m1fn, e2m1fn}, {int8, int8}, {e4m3fn, int8}}}) {
    const auto network = search::code_network<Formats>(quantized(plain, places, data.images.leftCols(300)));
    const auto values = network.run(images);
    CHECK(different_bits(network.run(images, search::value_engine<Block>(network, 4)), values) == 0);
    CHECK(different_bits(network.run(images, search::value_engine<fabric::DspSlice>(network, 4)), values) ==
          0);
    CHECK(different_bits(network.run(images, search::value_engine<fabric::Bramac2sa>(network, 4)), values) ==
          0);
    CHECK(different_bits(network.run(images, search::value_engine<Block>(network, 2), core::Threads(2)),
                         values) == 0);
  }
}

TEST_CASE("M4BRAM clock by clock gives the same bits on an image, in the cycles of the formula") {
  const auto data = digits();
  train::Sequential<float> plain(data.shape);
  plain.conv2d(4, {.kernel = 3, .stride = 2}).relu().conv2d(4, {.kernel = 2}, 2).relu().dense(10);
  plain.initialize(5);
  const auto model = quantized(plain, {{int4, int8}, {int5, int4}, {int8, int5}}, data.images.leftCols(50));
  const auto network = search::code_network<Formats>(model);
  const auto image = values_of(data.images).first(64);
  auto engine = search::machine_engine<Block>(network, 3, core::Threads(2));
  CHECK(different_bits(network.run(image, engine), network.run(image)) == 0);
  const auto costs = search::stage_costs<Block>(network, 3);
  for (std::size_t stage = 0; stage < 3; ++stage) {
    CAPTURE(stage);
    REQUIRE(costs[stage].has_value());
    CHECK(engine.gemms[stage]->cycles == costs[stage]->cycles);
    CHECK(std::ssize(costs[stage]->layers) == network.stages()[stage].groups);
  }
}

TEST_CASE("stages with minifloats have no block and no cost") {
  const auto data = digits();
  const auto model =
      quantized(trained_mlp(data), {{int8, int8}, {int8, e4m3fn}, {e2m1fn, e2m1fn}}, data.images);
  const auto network = search::code_network<Formats>(model);
  const auto costs = search::stage_costs<Block>(network, 3);
  CHECK(costs[0].has_value());
  CHECK_FALSE(costs[1].has_value());
  CHECK_FALSE(costs[2].has_value());
  CHECK_THROWS_AS(static_cast<void>(search::stage_costs<Block>(network, 0)), RangeError);
}

TEST_CASE("a model that is no chain of codes is refused with the number of the layer") {
  train::Sequential<float> plain({4});
  plain.dense(3).relu().dense(2);
  const auto refused = [](const auto& model, const std::string& message) {
    CHECK_THROWS_WITH(static_cast<void>(search::code_network<Formats>(model)), message.c_str());
  };
  auto model = train::with_formats<Formats>(plain);
  refused(model, "0.dense: its weights are not quantized");
  train::for_each_format_layer(model, [](auto& layer) { layer.set_formats(int8, std::nullopt); });
  refused(model, "0.dense: its inputs are not quantized");
  train::for_each_format_layer(model, [](auto& layer) { layer.set_formats(int8, int4); });
  refused(model, "0.dense: the range of its inputs is not frozen");
  int count = 0;
  train::for_each_format_layer(model, [&](auto& layer) {
    if (count++ == 0) layer.freeze_range(1);
  });
  refused(model, "2.dense: the range of its inputs is not frozen");
  refused(plain,
          "layer 0: a chain of codes does not hold it; it has to be a layer with formats, a normalization, a "
          "ReLU "
          "or a pooling");
  train::Sequential<float> rectified({4});
  rectified.relu().dense(2);
  refused(train::with_formats<Formats>(rectified),
          "layer 0: a chain of codes begins with a dense layer or a convolution");
  refused(train::with_formats<Formats>(train::Sequential<float>({4})), "network: it has no stage");
}
