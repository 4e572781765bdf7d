// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/core/type_list.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/quant/frozen_share.hpp>
#include <bitloom/quant/layer_widths.hpp>
#include <bitloom/quant/m4bram.hpp>
#include <bitloom/quant/split_filters.hpp>
#include <bitloom/train/layer_names.hpp>
#include <bitloom/train/quantized_layer.hpp>
#include <bitloom/train/sequential.hpp>

namespace bitloom::train {

/// How the layers of a network are quantized, all but the first convolution and the last dense layer.
template <class R>
concept QuantizationRecipe = requires(const R& recipe, std::span<const float> weights, std::int64_t filters) {
  requires Restorer<typename R::Activations>;  // default-constructible; rounds the input
  requires WeightGradients<typename R::Gradients>;
  requires format::Signedness<typename R::Sign>;     // of the activations
  { recipe.weights(weights, filters) } -> Restorer;  // for a matrix [filters × size]
};

/// Weights and activations of one width each, by the M4BRAM authors' quantizer.
template <int WeightBits, int ActivationBits, WeightGradients G = ReleasedGradients,
          format::Signedness S = format::Unsigned>
struct UniformRecipe {
  using Sign = S;
  using Gradients = G;
  using Activations = quant::FrozenShare<quant::M4bramQuantizer<ActivationBits, S>>;
  using Weights = quant::FrozenShare<quant::M4bramQuantizer<WeightBits>>;
  Weights weights(std::span<const float> values, std::int64_t) const { return Weights(values); }
};

/// Weights of two widths, split over the filters.
template <int HighBits, int LowBits, int ActivationBits, class Order = quant::InOrder,
          WeightGradients G = ReleasedGradients, format::Signedness S = format::Unsigned>
struct SplitRecipe {
  using Sign = S;
  using Gradients = G;
  using Activations = quant::FrozenShare<quant::M4bramQuantizer<ActivationBits, S>>;
  using Weights =
      quant::SplitFilters<quant::M4bramQuantizer<HighBits>, quant::M4bramQuantizer<LowBits>, Order>;
  double high_ratio = 0.5;  ///< nominal share of the filters at the high width
  Weights weights(std::span<const float> values, std::int64_t filters) const {
    return Weights(values, filters, high_ratio);
  }
};

namespace detail {

/// Sequential with each of the types once.
template <Scalar S, class List, class... Types>
struct SequentialOf;
template <Scalar S, class... Kept>
struct SequentialOf<S, core::TypeList<Kept...>> {
  using type = Sequential<S, Kept...>;
};
template <Scalar S, class... Kept, class First, class... Rest>
struct SequentialOf<S, core::TypeList<Kept...>, First, Rest...>
    : std::conditional_t<(std::same_as<First, Kept> || ...),
                         SequentialOf<S, core::TypeList<Kept...>, Rest...>,
                         SequentialOf<S, core::TypeList<Kept..., First>, Rest...>> {};

/// The layer types that a recipe makes.
template <Scalar S, QuantizationRecipe R>
struct RecipeLayers {
  using Inner = decltype(std::declval<const R&>().weights({}, 0));
  using EdgeWeights = quant::FrozenShare<quant::M4bramQuantizer<8>>;
  using EdgeActivations = quant::FrozenShare<quant::M4bramQuantizer<8, typename R::Sign>>;
  using ImageActivations = quant::FrozenShare<quant::M4bramQuantizer<8>>;
  using InnerConv = QuantizedLayer<Conv2d<S>, Inner, typename R::Activations, typename R::Gradients>;
  using InnerDense = QuantizedLayer<Dense<S>, Inner, typename R::Activations, typename R::Gradients>;
  using FirstConv = QuantizedLayer<Conv2d<S>, EdgeWeights, ImageActivations, typename R::Gradients>;
  using LastDense = QuantizedLayer<Dense<S>, EdgeWeights, EdgeActivations, typename R::Gradients>;
  using Model = typename SequentialOf<S, core::TypeList<>, InnerConv, InnerDense, FirstConv, LastDense>::type;
};

}  // namespace detail

/// A trained network whose dense layers and convolutions compute on rounded weights and inputs: by the recipe, but in 8
/// bits in the first convolution, whose input is signed, and in the last dense layer.
///
/// To be shown a batch with `forward` before it predicts: activations get their shares from the first batch. Then `predict`
/// evaluates quantization after training, and `fit`, with Adam and a Cosine schedule, trains on. The scale of activations
/// is that of the batch at hand, in `predict` of 256 items.
///
/// Source: open-source code of M4BRAM (arXiv 2311.02758). Its accuracies on ImageNet are not reproduced here.
/// @throws RangeError  a weight is NaN or infinite
template <std::floating_point S, QuantizationRecipe R>
[[nodiscard]] typename detail::RecipeLayers<S, R>::Model quantize_model(const Sequential<S>& trained,
                                                                        const R& recipe = {}) {
  using Layers = detail::RecipeLayers<S, R>;
  std::vector<quant::WeightedLayer> kinds;
  for (const auto& layer : trained.layers()) {
    if (std::holds_alternative<Conv2d<S>>(layer)) kinds.push_back(quant::WeightedLayer::Convolution);
    if (std::holds_alternative<Dense<S>>(layer)) kinds.push_back(quant::WeightedLayer::Dense);
  }
  const auto edges = quant::edge_layers(kinds);
  typename Layers::Model model(trained.input_shape());
  std::size_t index = 0;  // among the layers with weights
  const auto add = [&]<class Edge, class Inner>(const auto& layer, bool is_edge) {
    const auto weights = detail::row_major(layer.weight.value);
    if (is_edge)
      model.add(Edge(layer, typename Layers::EdgeWeights(weights)));
    else
      model.add(Inner(layer, recipe.weights(weights, layer.weight.value.rows())));
  };
  for (const auto& any : trained.layers())
    std::visit(
        [&]<class L>(const L& layer) {
          if constexpr (std::same_as<L, Conv2d<S>>)
            add.template operator()<typename Layers::FirstConv, typename Layers::InnerConv>(
                layer, index++ == edges.first_convolution);
          else if constexpr (std::same_as<L, Dense<S>>)
            add.template operator()<typename Layers::LastDense, typename Layers::InnerDense>(
                layer, index++ == edges.last_dense);
          else
            model.add(detail::without_index<S>(layer));
        },
        any);
  return model;
}

}  // namespace bitloom::train
