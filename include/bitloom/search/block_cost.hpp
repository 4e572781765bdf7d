// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <bitloom/accel/block_array.hpp>
#include <bitloom/accel/network_cost.hpp>
#include <bitloom/accel/overlay.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/padded.hpp>
#include <bitloom/search/cost.hpp>

namespace bitloom::search {

/// The operands that two integer formats make.
/// @throws RangeError  one of them is a minifloat
[[nodiscard]] inline fabric::Operands operands_of(const FormatFacts& weight, const FormatFacts& activation) {
  for (const auto* format : {&weight, &activation})
    if (!format->is_integer())
      throw RangeError("format: the block computes with integers, not with " + std::string(format->name));
  return {.weight_bits = weight.bits,
          .signed_weights = weight.is_signed,
          .activation_bits = activation.bits,
          .signed_activations = activation.is_signed};
}

/// Clock cycles of a layer on an array of blocks, such as BRAMAC or DSP slices, which takes the layers one after the
/// other. Widths that the block lacks are padded to the next that it has.
///
/// Waiting for weights is not counted: that depends on the layers before and after; see accel::weight_stalls.
template <fabric::Block B>
struct BlockCycles {
  static constexpr std::string_view name = B::name;
  static constexpr std::string_view unit = "cycles";
  std::int64_t blocks = 1;

  /// @throws RangeError  minifloats, operands too wide for the block, sums beyond 32 bits, or less than one block
  [[nodiscard]] double cost(const net::LayerShape& layer, const FormatFacts& weight,
                            const FormatFacts& activation) const {
    return static_cast<double>(network(layer, weight, activation).cycles);
  }

  /// The cost of the layer alone, with its mapping and the memory that it takes.
  /// @throws RangeError  as `cost`
  [[nodiscard]] accel::NetworkCost network(const net::LayerShape& layer, const FormatFacts& weight,
                                           const FormatFacts& activation) const {
    using Array = accel::BlockArray<fabric::Padded<B>>;
    const auto products = accel::layer_products(net::LayerList{{layer}});
    return accel::network_cost<fabric::Padded<B>>(products, Array(blocks, operands_of(weight, activation)));
  }

  [[nodiscard]] static std::vector<core::Constant> constants() { return {B::clock(), B::area()}; }
};

/// Clock cycles of a layer on a tiled overlay, whose operands have one width: the wider of both, padded to 2, 4 or 8
/// bits.
template <accel::Overlay O>
struct OverlayCycles {
  static constexpr std::string_view name = O::name;
  static constexpr std::string_view unit = "cycles";
  accel::Tile tile;

  /// @throws RangeError  minifloats, more than 8 bits, or a tile that the overlay lacks
  [[nodiscard]] double cost(const net::LayerShape& layer, const FormatFacts& weight,
                            const FormatFacts& activation) const {
    const auto operands = operands_of(weight, activation);
    const int widest = std::max(operands.weight_bits, operands.activation_bits);
    core::check_range("operand bits", widest, 1, 8);
    const int bits = widest <= 2 ? 2 : widest <= 4 ? 4 : 8;
    return static_cast<double>(
        std::visit([&](const auto& shape) { return O::cycles(shape, tile, bits); }, layer));
  }

  [[nodiscard]] static std::vector<core::Constant> constants() { return {O::clock()}; }
};

}  // namespace bitloom::search
