// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/core/checked.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/search/format_set.hpp>
#include <bitloom/search/layer.hpp>

namespace bitloom::search {

/// What a layer costs for one image when its weights and its input have given formats. Costs of layers add up.
template <class M>
concept CostModel = requires(const M& model, const net::LayerShape& layer, const FormatFacts& weight,
                             const FormatFacts& activation) {
  { model.name } -> std::convertible_to<std::string_view>;
  { model.unit } -> std::convertible_to<std::string_view>;
  { model.cost(layer, weight, activation) } -> std::same_as<double>;  // not negative, finite
};

/// A cost model that rests on numbers from outside.
template <class M>
concept ConstantCostModel = CostModel<M> && requires(const M& model) {
  { model.constants() } -> std::same_as<std::vector<core::Constant>>;
};

/// The constants of a model; none if it has none.
template <CostModel M>
[[nodiscard]] std::vector<core::Constant> constants_of(const M& model) {
  if constexpr (ConstantCostModel<M>)
    return model.constants();
  else
    return {};
}

/// A layer with the formats of its weights and its input.
struct AssignedLayer {
  WeightLayer layer;
  FormatFacts weight;
  FormatFacts activation;
};

/// The cost of layers, added in their order.
/// @throws RangeError  a layer has formats that the model does not cover
/// @throws ShapeError  an impossible layer, or a count needs more than 63 bits
template <CostModel M>
[[nodiscard]] double total_cost(const M& model, std::span<const AssignedLayer> layers) {
  double sum = 0;
  for (const auto& [layer, weight, activation] : layers) sum += model.cost(layer.shape, weight, activation);
  return sum;
}

/// Bit operations: multiply-accumulates times the bits of both operands.
///
/// Source: FLIQS, arXiv 2308.03290; its published costs count a minifloat by its total bits, as this does.
struct Bops {
  static constexpr std::string_view name = "bops";
  static constexpr std::string_view unit = "bit operations";

  [[nodiscard]] static double cost(const net::LayerShape& layer, const FormatFacts& weight,
                                   const FormatFacts& activation) {
    return static_cast<double>(
        core::checked_product("bit operations", {net::macs(layer), weight.bits, activation.bits}));
  }
};

/// Multiply-accumulates times the width of hardware that has 4, 8 and 16 bits only, for the wider operand.
///
/// Source: the linear cost of the quantization library AQT.
struct LinearCost {
  static constexpr std::string_view name = "linear";
  static constexpr std::string_view unit = "MAC bits";

  /// @throws RangeError  an operand has more than 16 bits
  [[nodiscard]] static double cost(const net::LayerShape& layer, const FormatFacts& weight,
                                   const FormatFacts& activation) {
    const int bits = std::max(weight.bits, activation.bits);
    core::check_range("operand bits", bits, 1, 16);
    const int built = bits <= 4 ? 4 : bits <= 8 ? 8 : 16;
    return static_cast<double>(core::checked_product("linear cost", {net::macs(layer), built}));
  }
};

// Bias: whether costs of memory and of the authors' code count biases.

/// Weights only.
struct WithoutBias {
  static constexpr std::int64_t count(const net::LayerShape&) noexcept { return 0; }
};
/// A bias of 16 bits for every output.
struct WideBias {
  static constexpr std::int64_t bits = 16;
  static constexpr std::int64_t count(const net::LayerShape& layer) { return outputs(layer); }
};

template <class B>
concept BiasPolicy = requires(const net::LayerShape& layer) {
  { B::count(layer) } -> std::same_as<std::int64_t>;  // biases of a layer that are charged, 16 bits each
};

/// Bits of the weights.
template <BiasPolicy Bias = WithoutBias>
struct WeightBits {
  static constexpr std::string_view name = "weight_bits";
  static constexpr std::string_view unit = "bits";

  [[nodiscard]] static double cost(const net::LayerShape& layer, const FormatFacts& weight,
                                   const FormatFacts&) {
    return static_cast<double>(
        core::checked_sum("weight bits", core::checked_product("weight bits", {weights(layer), weight.bits}),
                          WideBias::bits * Bias::count(layer)));
  }
};

/// Memory of the weights in MiB, 2^20 bytes.
///
/// Source: the FLIQS authors' open-source code, its cost `memory`.
template <BiasPolicy Bias = WithoutBias>
struct WeightMebibytes {
  static constexpr std::string_view name = "weight_mebibytes";
  static constexpr std::string_view unit = "MiB";

  [[nodiscard]] static double cost(const net::LayerShape& layer, const FormatFacts& weight,
                                   const FormatFacts& activation) {
    return WeightBits<Bias>::cost(layer, weight, activation) / 8 / 1048576;
  }
};

/// Weights times the square of the mean width, in millions: per weight, not per operation, so no bit operations.
///
/// Source: the FLIQS authors' open-source code, its cost `compute`, which calls it so all the same.
template <BiasPolicy Bias = WithoutBias>
struct AuthorsOpenSourceCompute {
  static constexpr std::string_view name = "authors_open_source_compute";
  static constexpr std::string_view unit = "10^6 weight bits^2";

  [[nodiscard]] static double cost(const net::LayerShape& layer, const FormatFacts& weight,
                                   const FormatFacts& activation) {
    const double mean = (weight.bits + activation.bits) / 2.0;
    const auto bias = static_cast<double>(Bias::count(layer) * WideBias::bits * WideBias::bits);
    return (static_cast<double>(weights(layer)) * (mean * mean) + bias) / 1e6;
  }
};

/// A cost of the user's own: `f(layer shape, weight facts, activation facts)`.
template <class F>
  requires std::is_invocable_r_v<double, const F&, const net::LayerShape&, const FormatFacts&,
                                 const FormatFacts&>
struct UserCost {
  std::string name;
  std::string unit;
  F f;

  [[nodiscard]] double cost(const net::LayerShape& layer, const FormatFacts& weight,
                            const FormatFacts& activation) const {
    return f(layer, weight, activation);
  }
};

template <class F>
UserCost(std::string, std::string, F) -> UserCost<F>;
template <class F>
UserCost(const char*, const char*, F) -> UserCost<F>;

}  // namespace bitloom::search
