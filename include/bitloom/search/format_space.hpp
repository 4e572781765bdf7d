// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/search/space.hpp>

namespace bitloom::search {

// Grouping: which layers share their decisions.

/// The key of a layer; layers with the same key decide together.
template <class G>
concept Grouping = requires(const G& grouping, const std::string& layer) {
  { grouping.key(layer) } -> std::convertible_to<std::string>;
};

/// Every layer decides for itself.
struct EachLayer {
  static std::string key(const std::string& layer) { return layer; }
};

/// One decision for the whole network.
struct WholeNetwork {
  static std::string key(const std::string&) { return "network"; }
};

/// Layers of the same role in their blocks decide together: the part of the name behind the last point, `conv1` of
/// `layer2.0.conv1`.
struct BlockType {
  static std::string key(const std::string& layer) { return layer.substr(layer.rfind('.') + 1); }
};

/// Layers whose names start alike decide together. Every layer has exactly one of the prefixes.
struct Prefixes {
  std::vector<std::string> prefixes;

  /// @throws RangeError  the name has none of the prefixes, or several
  [[nodiscard]] std::string key(const std::string& layer) const {
    const auto starts = [&](const std::string& prefix) { return layer.starts_with(prefix); };
    const auto count = std::ranges::count_if(prefixes, starts);
    if (count != 1)
      throw RangeError("layer '" + layer + "': its name starts with " + std::to_string(count) +
                       " of the prefixes, not with one");
    return *std::ranges::find_if(prefixes, starts);
  }
};

// Operand formats: what is decided for weights and activations of a layer.

/// One format for both.
struct Tied {
  static std::pair<FormatSource, FormatSource> sources(Space& space, const std::string& key,
                                                       std::span<const std::size_t> places) {
    const ByDecision both{space.add_formats(key, {places.begin(), places.end()})};
    return {both, both};
  }
};

/// A decision for each.
struct Free {
  static std::pair<FormatSource, FormatSource> sources(Space& space, const std::string& key,
                                                       std::span<const std::size_t> places) {
    const ByDecision weight{space.add_formats(key + ":weight", {places.begin(), places.end()})};
    return {weight, ByDecision{space.add_formats(key + ":activation", {places.begin(), places.end()})}};
  }
};

/// Only weights are decided; activations have a given format of the space.
template <SearchFormat Activation>
struct WeightOnly {
  /// @throws ParseError  the space does not have that format
  static std::pair<FormatSource, FormatSource> sources(Space& space, const std::string& key,
                                                       std::span<const std::size_t> places) {
    const auto activation = find_format(space.formats(), format_facts<Activation>.name);
    return {ByDecision{space.add_formats(key + ":weight", {places.begin(), places.end()})},
            FixedFormat{activation}};
  }
};

template <class O>
concept OperandFormats = requires(Space& space, const std::string& key, std::span<const std::size_t> places) {
  { O::sources(space, key, places) } -> std::same_as<std::pair<FormatSource, FormatSource>>;
};

/// The search space of a network whose architecture is given.
///
/// @param formats   of the space, e.g. `FliqsSmallIntegers::facts`; they have to outlive it
/// @param options   places of those that decisions choose among; all if it is empty
/// @throws RangeError  two layers of one name, or an impossible option
template <OperandFormats Operands = Tied, Grouping G = EachLayer>
[[nodiscard]] Space format_space(std::span<const FormatFacts> formats, std::span<const WeightLayer> layers,
                                 const G& grouping = {}, std::span<const std::size_t> options = {}) {
  Space space(formats);
  std::map<std::string, std::pair<FormatSource, FormatSource>> groups;
  for (const auto& layer : layers) {
    const std::string key = grouping.key(layer.name);
    auto found = groups.find(key);
    if (found == groups.end()) found = groups.emplace(key, Operands::sources(space, key, options)).first;
    space.add_layer(layer, found->second.first, found->second.second);
  }
  return space;
}

}  // namespace bitloom::search
