// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/accel/network_cost.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/executor.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/fabric/padded.hpp>
#include <bitloom/net/code_network.hpp>
#include <bitloom/search/block_cost.hpp>
#include <bitloom/search/format_set.hpp>
#include <bitloom/search/model_formats.hpp>
#include <bitloom/train/format_layer.hpp>
#include <bitloom/train/layers.hpp>
#include <bitloom/train/sequential.hpp>

namespace bitloom::search {

namespace detail {

/// What a batch normalization with its running statistics does, computed as train::frozen_batch_norm does.
inline net::AffineStep affine_step(const train::BatchNorm<float>& norm) {
  net::AffineStep step;
  for (Eigen::Index k = 0; k < norm.scale.value.rows(); ++k) {
    const float root = std::sqrt(norm.running_variance.value(k, 0) + static_cast<float>(norm.epsilon));
    const float factor = norm.scale.value(k, 0) * (1.0F / root);
    step.factor.push_back(factor);
    step.offset.push_back(norm.shift.value(k, 0) - factor * norm.running_mean.value(k, 0));
  }
  return step;
}

inline net::CodeStep code_step(const train::BatchNorm<float>& layer) { return affine_step(layer); }
inline net::CodeStep code_step(const train::Relu&) { return net::ReluStep{}; }
inline net::CodeStep code_step(const train::MaxPool& layer) {
  return net::MaxPoolStep{layer.geometry.window};
}
inline net::CodeStep code_step(const train::AveragePool& layer) {
  return net::AveragePoolStep{layer.geometry.window};
}
inline net::CodeStep code_step(const train::GlobalAveragePool&) { return net::ChannelMeanStep{}; }

/// The stage that a quantized layer is.
template <class Formats, class L, class Gradient>
net::CodeStage code_stage(const std::string& name, const train::FormatLayer<L, Formats, Gradient>& layer) {
  const auto weight = layer.weight_format(), activation = layer.activation_format();
  if (!weight) throw RangeError(name + ": its weights are not quantized");
  if (!activation) throw RangeError(name + ": its inputs are not quantized");
  if (!layer.frozen_range()) throw RangeError(name + ": the range of its inputs is not frozen");
  net::CodeStage stage{.name = name,
                       .geometry = geometry_of(layer.layer()),
                       .groups = groups_of(layer.layer()),
                       .weight_format = *weight,
                       .activation_format = *activation,
                       .weights{},
                       .weight_scales = {layer.weight_scale()},
                       .input_scale = layer.input_scale(),
                       .bias{}};
  core::visit_at(Formats{}, *weight, [&]<class F>(std::type_identity<F>) {
    for (const auto value : layer.weight_values())
      stage.weights.push_back(F::template encode<format::NearestEven>(static_cast<double>(value)));
  });
  const auto& bias = layer.layer().bias.value;
  stage.bias.assign(bias.data(), bias.data() + bias.size());
  return stage;
}

}  // namespace detail

/// The chain of codes that a trained model is: every train::FormatLayer begins a stage, named `0.conv2d` by its place
/// and kind; normalizations, ReLU and poolings are steps of the stage before. Its outputs have the same bits as the
/// model's `predict`.
///
/// @tparam Formats  the core::TypeList of the layers
/// @throws ShapeError  a layer that a chain does not hold, by its place: one without formats, or a step before the
///                     first layer with formats
/// @throws RangeError  a layer whose weights or inputs are not quantized, or whose range is not frozen; or as
///                     net::CodeNetwork
template <class Formats, class... Extra>
[[nodiscard]] net::CodeNetwork<Formats> code_network(const train::Sequential<float, Extra...>& model) {
  std::vector<net::CodeStage> stages;
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    std::visit(
        [&]<class L>(const L& layer) {
          const auto number = std::to_string(i);
          if constexpr (requires { detail::code_stage<Formats>(number, layer); }) {
            stages.push_back(detail::code_stage<Formats>(detail::layer_name(i, layer.layer()), layer));
          } else if constexpr (requires { detail::code_step(layer); }) {
            if (stages.empty())
              throw ShapeError("layer " + number +
                               ": a chain of codes begins with a dense layer or a convolution");
            stages.back().steps.push_back(detail::code_step(layer));
          } else {
            throw ShapeError("layer " + number +
                             ": a chain of codes does not hold it; it has to be a layer with "
                             "formats, a normalization, a ReLU or a pooling");
          }
        },
        model.layers()[i]);
  return net::CodeNetwork<Formats>(std::move(stages));
}

/// The operands of a stage, as a block of integers sees them.
/// @throws RangeError  one of them is a minifloat
template <class... Formats>
[[nodiscard]] fabric::Operands stage_operands(const net::CodeNetwork<core::TypeList<Formats...>>& network,
                                              std::size_t stage) {
  core::check_range("stage", static_cast<std::int64_t>(stage), 0, std::ssize(network.stages()) - 1);
  const auto& s = network.stages()[stage];
  constexpr auto& facts = FormatSet<Formats...>::facts;
  return operands_of(facts[s.weight_format], facts[s.activation_format]);
}

/// `count` blocks for each stage of integers, with the stage's operands, padded to the next that the block has; none for
/// stages with minifloats.
/// @throws RangeError  operands too wide for the block, or count < 1
template <fabric::Block B, class Formats>
[[nodiscard]] std::vector<std::optional<accel::BlockArray<fabric::Padded<B>>>> stage_arrays(
    const net::CodeNetwork<Formats>& network, std::int64_t count) {
  std::vector<std::optional<accel::BlockArray<fabric::Padded<B>>>> arrays(network.stages().size());
  for (std::size_t i = 0; i < arrays.size(); ++i)
    if (network.is_integer(i)) arrays[i].emplace(count, stage_operands(network, i));
  return arrays;
}

/// An engine for CodeNetwork::run that multiplies by the value view of blocks.
/// @throws RangeError  as stage_arrays
template <fabric::Block B, class Formats>
[[nodiscard]] net::StageGemms<accel::ValueEngine<fabric::Padded<B>>> value_engine(
    const net::CodeNetwork<Formats>& network, std::int64_t count) {
  net::StageGemms<accel::ValueEngine<fabric::Padded<B>>> engine;
  for (const auto& array : stage_arrays<B>(network, count)) {
    auto& gemm = engine.gemms.emplace_back();
    if (array) gemm.emplace(*array);
  }
  return engine;
}

/// The same by the cycle view: clock by clock, with the cycles of every stage in `gemms[stage]->cycles`.
/// @param executor  runs the blocks of a stage
/// @throws RangeError  as stage_arrays
template <fabric::Block B, core::Executor Executor = core::Serial, class Formats>
[[nodiscard]] net::StageGemms<accel::MachineEngine<fabric::Padded<B>, Executor>> machine_engine(
    const net::CodeNetwork<Formats>& network, std::int64_t count, const Executor& executor = {}) {
  net::StageGemms<accel::MachineEngine<fabric::Padded<B>, Executor>> engine;
  for (const auto& array : stage_arrays<B>(network, count)) {
    auto& gemm = engine.gemms.emplace_back();
    if (array) gemm.emplace(*array, executor);
  }
  return engine;
}

/// What each stage of integers costs for one image, alone on `count` blocks; none for stages with minifloats. Its
/// `layers` are the groups.
/// @throws RangeError  as stage_arrays, or a sum of products might not fit 32 bits
template <fabric::Block B, class Formats>
[[nodiscard]] std::vector<std::optional<accel::NetworkCost>> stage_costs(
    const net::CodeNetwork<Formats>& network, std::int64_t count) {
  std::vector<std::optional<accel::NetworkCost>> costs;
  for (const auto& array : stage_arrays<B>(network, count)) {
    const auto& stage = network.stages()[costs.size()];
    auto& cost = costs.emplace_back();
    if (!array) continue;
    const std::vector<accel::LayerProduct> products(static_cast<std::size_t>(stage.groups),
                                                    {stage.name, stage.product()});
    cost = accel::network_cost(std::span<const accel::LayerProduct>(products), *array);
  }
  return costs;
}

}  // namespace bitloom::search
