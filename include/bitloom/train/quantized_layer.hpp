// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <utility>

#include <bitloom/op/shape.hpp>
#include <bitloom/train/fake_quant.hpp>
#include <bitloom/train/layer_product.hpp>
#include <bitloom/train/layers.hpp>

namespace bitloom::train {

/// A `LearningLayer`: Dense or Conv2d, computed on rounded weights and rounded input; bias and sums are not rounded.
///
/// Gradients pass both roundings as if they were not there. A quantizer of activations that has to observe does so in the
/// forward pass of a layer that is not const; a const one needs to have seen a batch.
///
/// @tparam L  `Dense<S>` or `Conv2d<S>`, S a floating-point type
/// @tparam W  rounds the weight [out × in]
/// @tparam A  rounds the input [features × batch]
/// @tparam G  whether the weight learns: ReleasedGradients or TrainableGradients
template <class L, Restorer W, Restorer A = Unquantized, WeightGradients G = TrainableGradients>
class QuantizedLayer {
 public:
  using scalar_type = typename decltype(L::weight.value)::Scalar;
  using Gradient = typename G::template Of<W>;

  /// @param layer  with its trained parameters
  QuantizedLayer(L layer, W weights, A activations = {})
      : layer_(std::move(layer)), weights_(std::move(weights)), activations_(std::move(activations)) {
    layer_.weight.name = "weight";
    layer_.bias.name = "bias";
  }

  [[nodiscard]] const L& layer() const noexcept { return layer_; }
  [[nodiscard]] const W& weights() const noexcept { return weights_; }
  [[nodiscard]] const A& activations() const noexcept { return activations_; }

  /// Shape of one item that comes out. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const { return layer_.output(input); }

  /// Records the layer; if it is const, without gradients for its parameters.
  /// @throws Error  what a quantizer throws
  Value<scalar_type> forward(Tape<scalar_type>& tape, Value<scalar_type> input) {
    if constexpr (ObservingRestorer<A>) activations_.observe(detail::row_major(input.value()));
    if constexpr (Gradient::learns)
      return apply(input, tape.parameter(layer_.weight), tape.parameter(layer_.bias));
    else
      return apply(input, tape.parameter(std::as_const(layer_.weight)), tape.parameter(layer_.bias));
  }
  Value<scalar_type> forward(Tape<scalar_type>& tape, Value<scalar_type> input) const {
    return apply(input, tape.parameter(layer_.weight), tape.parameter(layer_.bias));
  }

  /// The weight, if it learns, then the bias.
  [[nodiscard]] auto parameters() { return parameters_of(layer_); }
  [[nodiscard]] auto parameters() const { return parameters_of(layer_); }

  /// The weight, if it does not learn: it has to be saved all the same.
  [[nodiscard]] auto buffers() requires(!Gradient::learns) { return std::array{&layer_.weight}; }
  [[nodiscard]] auto buffers() const requires(!Gradient::learns) { return std::array{&layer_.weight}; }

  /// Inputs of one output.
  [[nodiscard]] std::int64_t fan_in() const { return layer_.fan_in(); }

 private:
  Value<scalar_type> apply(Value<scalar_type> input, Value<scalar_type> weight,
                           Value<scalar_type> bias) const {
    return detail::apply(layer_, fake_quantize(input, activations_), fake_quantize(weight, weights_), bias);
  }

  template <class Layer>
  static auto parameters_of(Layer& layer) {
    if constexpr (Gradient::learns)
      return std::array{&layer.weight, &layer.bias};
    else
      return std::array{&layer.bias};
  }

  L layer_;
  W weights_;
  A activations_;
};

}  // namespace bitloom::train
