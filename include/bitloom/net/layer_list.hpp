// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <bitloom/core/checked.hpp>

namespace bitloom::net {

/// A convolution as the loops of an accelerator see it.
struct ConvShape {
  std::int64_t r{};  ///< filter width
  std::int64_t s{};  ///< filter height
  std::int64_t c{};  ///< input channels that one output channel reads
  std::int64_t p{};  ///< output height
  std::int64_t q{};  ///< output width
  std::int64_t k{};  ///< output channels

  /// Multiply-accumulate operations for one image.
  /// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
  [[nodiscard]] constexpr std::int64_t macs() const {
    return core::checked_product("macs of a convolution", {r, s, c, p, q, k});
  }

  /// Weights of all filters.
  /// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
  [[nodiscard]] constexpr std::int64_t weights() const {
    return core::checked_product("weights of a convolution", {r, s, c, k});
  }

  friend constexpr bool operator==(const ConvShape&, const ConvShape&) = default;
};

/// A fully connected layer as the loops of an accelerator see it.
struct FcShape {
  std::int64_t c{};  ///< input features
  std::int64_t k{};  ///< output features

  /// Multiply-accumulate operations for one image.
  /// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
  [[nodiscard]] constexpr std::int64_t macs() const {
    return core::checked_product("macs of a fully connected layer", {c, k});
  }

  /// Weights; each is used once for one image.
  /// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
  [[nodiscard]] constexpr std::int64_t weights() const { return macs(); }

  friend constexpr bool operator==(const FcShape&, const FcShape&) = default;
};

/// One layer of work for an accelerator.
using LayerShape = std::variant<ConvShape, FcShape>;

/// Multiply-accumulate operations of a layer for one image.
/// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
[[nodiscard]] constexpr std::int64_t macs(const LayerShape& layer) {
  return std::visit([](const auto& shape) { return shape.macs(); }, layer);
}

/// What an accelerator runs, in this order.
struct LayerList {
  std::vector<LayerShape> layers;

  /// Multiply-accumulate operations of all layers for one image.
  /// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
  [[nodiscard]] std::int64_t macs() const {
    std::int64_t total = 0;
    for (const auto& layer : layers)
      total = core::checked_sum("macs of a layer list", total, net::macs(layer));
    return total;
  }

  friend bool operator==(const LayerList&, const LayerList&) = default;
};

/// The feature maps before and after a layer, which size the stream buffers of an accelerator.
struct FeatureMap {
  std::int64_t pin{};   ///< input height
  std::int64_t qin{};   ///< input width
  std::int64_t cin{};   ///< input channels
  std::int64_t pout{};  ///< output height
  std::int64_t qout{};  ///< output width
  std::int64_t cout{};  ///< output channels

  /// Elements of the input map.
  /// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
  [[nodiscard]] constexpr std::int64_t input_elements() const {
    return core::checked_product("input feature map", {pin, qin, cin});
  }

  /// Elements of the output map.
  /// @throws ShapeError  an extent is below 1, or the count needs more than 63 bits
  [[nodiscard]] constexpr std::int64_t output_elements() const {
    return core::checked_product("output feature map", {pout, qout, cout});
  }

  friend constexpr bool operator==(const FeatureMap&, const FeatureMap&) = default;
};

/// A network as an accelerator study runs it: layers folded to the machine's filter width.
///
/// Folding trades filter positions for channels, so that a machine that unrolls `rvec` filter columns wastes
/// little on a first layer with three channels or on a 1×1 filter: see `docs/net.md`. A layer may be folded
/// differently for the two machines that are compared.
struct Workload {
  std::string name;
  LayerList baseline;                    ///< layers for the accelerator without compute in memory
  LayerList enhanced;                    ///< layers for the accelerator with it
  std::vector<FeatureMap> feature_maps;  ///< empty when the source has none
  std::optional<bool> residual;  ///< a buffer keeps a second output map; empty when the source is silent
  std::int64_t rvec{3};          ///< filter columns that the machine unrolls

  friend bool operator==(const Workload&, const Workload&) = default;
};

}  // namespace bitloom::net
