// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <bitloom/accel/dla_m4bram.hpp>
#include <bitloom/accel/hybrid.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/m4bram.hpp>
#include <bitloom/search/block_cost.hpp>
#include <bitloom/search/cost.hpp>
#include <bitloom/search/energy_cost.hpp>
#include <bitloom/search/format_space.hpp>
#include <bitloom/search/mac_cost.hpp>

#include "mixed_precision/study.hpp"
#include "support/names.hpp"

namespace bitloom::examples {

namespace {

template <class Set>
std::vector<std::size_t> places_of() {
  std::vector<std::size_t> places;
  for (const auto& facts : Set::facts) places.push_back(search::find_format(MixedFormats::facts, facts.name));
  return places;
}

std::vector<std::size_t> places_of_space(std::string_view name) {
  using M4bramWidths = search::FormatSet<format::Int<2>, format::Int<4>, format::Int<8>>;
  switch (place_of(space_names, name, "space")) {
    case 0: return places_of<search::FliqsSmallIntegers>();
    case 1: return places_of<search::FliqsLargeIntegers>();
    case 2: return places_of<search::FliqsSmallFloats>();
    case 3: return places_of<search::FliqsLargeFloats>();
    case 4: return places_of<search::IntegerFormats<2, 8>>();
    case 5: return places_of<M4bramWidths>();
    default: return places_of<search::JoinedFormats<search::FliqsSmallIntegers, search::FliqsSmallFloats>>();
  }
}

template <class G>
search::Space space_of(const StudyOptions& options, std::span<const search::WeightLayer> layers,
                       const G& grouping) {
  const auto places = places_of_space(options.space);
  const auto& formats = MixedFormats::facts;
  switch (place_of(operand_names, options.operands, "operands")) {
    case 0: return search::format_space<search::Tied>(formats, layers, grouping, places);
    case 1: return search::format_space<search::Free>(formats, layers, grouping, places);
    default:
      if (formats[places.front()].is_integer())
        return search::format_space<search::WeightOnly<format::Int<8>>>(formats, layers, grouping, places);
      return search::format_space<search::WeightOnly<format::E4m3fn>>(formats, layers, grouping, places);
  }
}

/// Cycles on an overlay whose filter caches are M4BRAM and that has no DSP slices: as many output channels side by side as
/// the blocks have lanes for weights of that width.
struct M4bramOverlayCycles {
  static constexpr std::string_view name = "m4bram_overlay";
  static constexpr std::string_view unit = "cycles";
  using Block = fabric::M4bram<fabric::Large, fabric::DoublePumped>;
  using Engine = accel::M4bramEngine<fabric::Large, fabric::DoublePumped>;
  using Overlay = accel::BramOverlay<Engine>;

  std::int64_t blocks;

  [[nodiscard]] double cost(const net::LayerShape& layer, const search::FormatFacts& weight,
                            const search::FormatFacts& activation) const {
    const auto operands = search::operands_of(weight, activation);
    core::check_range("weight bits", operands.weight_bits, 1, 8);
    const accel::Widths widths(operands.weight_bits <= 2   ? 2
                               : operands.weight_bits <= 4 ? 4
                                                           : 8,
                               operands.activation_bits);
    constexpr std::int64_t pairs = 4;  // of input channels, each in a block of its own
    accel::Tile tile{.q = 2, .c = 2 * pairs, .k = 1};
    tile.k = Engine::lanes(tile, widths) * std::max<std::int64_t>(blocks / pairs, 1);
    if (const auto* conv = std::get_if<net::ConvShape>(&layer))
      return static_cast<double>(Overlay::cycles(*conv, tile, widths));
    return static_cast<double>(
        Overlay::cycles(std::get<net::FcShape>(layer), Overlay::compute_bram(tile, widths), tile, widths));
  }
  [[nodiscard]] static std::vector<core::Constant> constants() { return {Block::clock()}; }
};

}  // namespace

search::Space make_space(const StudyOptions& options, std::span<const search::WeightLayer> layers) {
  switch (place_of(grouping_names, options.grouping, "grouping")) {
    case 0: return space_of(options, layers, search::EachLayer{});
    case 1: return space_of(options, layers, search::BlockType{});
    default: return space_of(options, layers, search::WholeNetwork{});
  }
}

search::CostTable make_costs(const search::Space& space, std::string_view model, std::int64_t blocks) {
  using search::CostTable;
  using M4bram = fabric::M4bram<fabric::Large, fabric::DoublePumped>;
  switch (place_of(cost_names, model, "cost")) {
    case 0: return CostTable(space, search::Bops{});
    case 1: return CostTable(space, search::LinearCost{});
    case 2: return CostTable(space, search::WeightBits<>{});
    case 3: return CostTable(space, search::Energy45nm<>{});
    case 4: return CostTable(space, search::MacCells{});
    case 5: return CostTable(space, search::BlockCycles<fabric::Bramac2sa>{blocks});
    case 6: return CostTable(space, search::BlockCycles<M4bram>{blocks});
    default: return CostTable(space, M4bramOverlayCycles{blocks});
  }
}

}  // namespace bitloom::examples
