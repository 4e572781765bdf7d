// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <utility>
#include <variant>

#include <bitloom/core/error.hpp>
#include <bitloom/train/layer_names.hpp>
#include <bitloom/train/layers.hpp>
#include <bitloom/train/sequential.hpp>

namespace bitloom::train {

/// Puts a trained batch normalization into the weights and biases of the dense layer or convolution before it, which
/// then computes what both did with the running statistics: weight · factor and (bias - mean) · factor + shift with
/// factor = scale / √(variance + epsilon), channel by channel.
///
/// @param layer  a `Dense` or `Conv2d`; one row of its weight per channel
/// @throws ShapeError  the normalization does not have one channel per output channel
template <class L, Scalar S>
  requires(std::same_as<L, Dense<S>> || std::same_as<L, Conv2d<S>>)
void fold_batch_norm(L& layer, const BatchNorm<S>& norm) {
  using std::sqrt;
  core::check_equal("fold_batch_norm: channels of the normalization", norm.shape.channels,
                    "those of the layer", layer.weight.value.rows());
  for (Eigen::Index k = 0; k < layer.weight.value.rows(); ++k) {
    const S factor = norm.scale.value(k, 0) / sqrt(norm.running_variance.value(k, 0) + S(norm.epsilon));
    layer.weight.value.row(k) *= factor;
    auto& bias = layer.bias.value(k, 0);
    bias = (bias - norm.running_mean.value(k, 0)) * factor + norm.shift.value(k, 0);
  }
}

/// The model with every batch normalization that directly follows a dense layer or a convolution folded into it; others
/// stay. What it predicts is the same up to rounding.
template <Scalar S, class... Extra>
[[nodiscard]] Sequential<S, Extra...> fold_batch_norms(const Sequential<S, Extra...>& model) {
  Sequential<S, Extra...> folded(model.input_shape());
  const auto& layers = model.layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto* norm = i + 1 < layers.size() ? std::get_if<BatchNorm<S>>(&layers[i + 1]) : nullptr;
    std::visit(
        [&]<class L>(const L& original) {
          auto layer = detail::without_index<S>(original);
          if constexpr (std::same_as<L, Dense<S>> || std::same_as<L, Conv2d<S>>)
            if (norm != nullptr) {
              fold_batch_norm(layer, *norm);
              ++i;
            }
          folded.add(std::move(layer));
        },
        layers[i]);
  }
  return folded;
}

}  // namespace bitloom::train
