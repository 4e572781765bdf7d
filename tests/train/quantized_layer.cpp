// SPDX-License-Identifier: Apache-2.0
#include <bitloom/train/quantized_layer.hpp>

#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/quant/m4bram.hpp>
#include <train/random_parameter.hpp>

namespace train = bitloom::train;
namespace quant = bitloom::quant;
namespace op = bitloom::op;

namespace {

using S = double;
using Weights = quant::FrozenShare<quant::M4bramQuantizer<2>>;
using Activations = quant::FrozenShare<quant::M4bramQuantizer<4, bitloom::format::Unsigned>>;
using Split = quant::SplitFilters<quant::M4bramQuantizer<4>, quant::M4bramQuantizer<2>>;
template <class L, class W, class G>
using Layer = train::QuantizedLayer<L, W, Activations, G>;
static_assert(train::LearningLayer<Layer<train::Dense<S>, Weights, train::ReleasedGradients>, S> &&
              train::LearningLayer<Layer<train::Conv2d<S>, Split, train::TrainableGradients>, S>);

constexpr op::ConvGeometry geometry{.input = {2, 4, 3}, .out_channels = 3, .window = {3, 2, 1}};

template <class L>
L filled(L layer) {
  layer.weight.value = random_matrix<S>(layer.weight.value.rows(), layer.weight.value.cols(), 1);
  layer.bias.value = random_matrix<S>(layer.bias.value.rows(), 1, 2);
  return layer;
}

/// What a layer computes, with the gradients of weight, bias and input.
struct Pass {
  train::Matrix<S> output, weight, bias, input;
};

/// The twin: the plain layer on matrices that were rounded before.
template <class L>
Pass plain(L layer, const train::Matrix<S>& input) {
  train::Parameter<S> images{"input", input, {}};
  train::Tape<S> tape;
  const auto output = layer.forward(tape, tape.parameter(images));
  tape.backward(weighted_mean(output));
  return {output.value(), layer.weight.gradient, layer.bias.gradient, images.gradient};
}

template <class W>
W quantizer_of(const train::Matrix<S>& weight) {
  const auto values = train::detail::row_major(weight);
  if constexpr (std::is_same_v<W, Split>)
    return Split(values, weight.rows(), 0.4);
  else
    return W(std::span<const float>(values));
}

template <class W, class G, class L>
void check_layer(const L& layer, std::int64_t features) {
  const train::Matrix<S> input = random_matrix<S>(features, 5, 3).cwiseAbs();
  const auto weights = quantizer_of<W>(layer.weight.value);
  Layer<L, W, G> quantized(layer, weights);
  CHECK_FALSE(quantized.activations().is_known());

  train::Parameter<S> images{"input", input, {}};
  train::Tape<S> tape;
  const auto output = quantized.forward(tape, tape.parameter(images));
  tape.backward(weighted_mean(output));
  REQUIRE(quantized.activations().is_known());

  auto rounded = layer;
  train::Tape<S> rounding;
  rounded.weight.value = fake_quantize(rounding.constant(layer.weight.value), weights).value();
  const auto expected =
      plain(rounded, fake_quantize(rounding.constant(input), quantized.activations()).value());
  CHECK(rounded.weight.value != layer.weight.value);
  CHECK(output.value() == expected.output);
  CHECK(images.gradient == expected.input);
  CHECK(quantized.layer().bias.gradient == expected.bias);
  if constexpr (G::template Of<W>::learns) {
    CHECK(quantized.parameters().size() == 2);
    CHECK(quantized.layer().weight.gradient == expected.weight);
  } else {
    CHECK(quantized.parameters().size() == 1);
    CHECK(quantized.layer().weight.gradient.isZero(0));
  }
  CHECK(quantized.parameters().back()->name == "bias");
  CHECK(quantized.fan_in() == layer.fan_in());

  // frozen: the same numbers, no gradient, and nothing is observed
  train::Tape<S> other;
  const auto frozen = std::as_const(quantized).forward(other, other.constant(input));
  CHECK(frozen.value() == expected.output);
  CHECK_FALSE(frozen.needs_gradient());
}

}  // namespace

TEST_CASE(
    "a quantized layer is the layer on rounded matrices, and its gradients are those of the rounded layer") {
  const auto dense = filled(train::Dense<S>(24, 5));
  const auto conv = filled(train::Conv2d<S>(geometry));
  check_layer<Weights, train::ReleasedGradients>(dense, 24);
  check_layer<Weights, train::TrainableGradients>(dense, 24);
  check_layer<Split, train::ReleasedGradients>(dense, 24);
  check_layer<Weights, train::ReleasedGradients>(conv, 24);
  check_layer<Split, train::ReleasedGradients>(conv, 24);
}

TEST_CASE("a frozen layer that has seen no batch says so, and a layer without quantizers is the plain one") {
  const auto dense = filled(train::Dense<S>(4, 3));
  const Layer<train::Dense<S>, Weights, train::ReleasedGradients> quantized(
      dense, quantizer_of<Weights>(dense.weight.value));
  train::Tape<S> tape;
  const auto input = tape.constant(random_matrix<S>(4, 2, 1));
  CHECK_THROWS_WITH_AS(quantized.forward(tape, input), "share: no values have been observed",
                       bitloom::RangeError);
  CHECK(quantized.output({4}) == op::TensorShape{3});
  CHECK_THROWS_AS(static_cast<void>(quantized.output({5})), bitloom::ShapeError);

  using Floats = train::QuantizedLayer<train::Dense<float>, train::Unquantized>;
  train::Dense<float> single(4, 3);
  single.weight.value = random_matrix<float>(3, 4, 1);
  train::Tape<float> floats;
  const auto x = floats.constant(random_matrix<float>(4, 2, 2));
  CHECK(Floats(single, {}).forward(floats, x).value() == single.forward(floats, x).value());
}
