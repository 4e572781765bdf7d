// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include <bitloom/accel/overlay.hpp>
#include <bitloom/net/layer_list.hpp>

namespace bitloom::accel {

/// The different layers of a list, and how often each occurs: networks repeat most of theirs.
struct LayerWork {
  template <class Shape>
  struct Repeated {
    Shape shape{};
    std::int64_t count{};
  };
  std::vector<Repeated<net::ConvShape>> convs;
  std::vector<Repeated<net::FcShape>> fcs;

  explicit LayerWork(const net::LayerList& list) {
    for (const auto& layer : list.layers) {
      if (const auto* conv = std::get_if<net::ConvShape>(&layer))
        add(convs, *conv);
      else
        add(fcs, std::get<net::FcShape>(layer));
    }
  }

 private:
  template <class Shape>
  static void add(std::vector<Repeated<Shape>>& list, const Shape& shape) {
    const auto found = std::ranges::find(list, shape, &Repeated<Shape>::shape);
    if (found != list.end())
      ++found->count;
    else
      list.push_back({shape, 1});
  }
};

/// The convolution with most weights, of equals the first.
/// @throws ShapeError  there is none, or a count needs more than 63 bits
[[nodiscard]] inline net::ConvShape largest_filters(const net::LayerList& list) {
  const net::ConvShape* largest = nullptr;
  for (const auto& layer : list.layers)
    if (const auto* conv = std::get_if<net::ConvShape>(&layer))
      if (largest == nullptr || conv->weights() > largest->weights()) largest = conv;
  if (largest == nullptr)
    throw ShapeError("layers: there is no convolution, whose filters size the filter caches");
  return *largest;
}

/// The pair of feature maps with most elements, of equals the first.
/// @throws ShapeError  there is none, or a count needs more than 63 bits
[[nodiscard]] inline net::FeatureMap largest_maps(std::span<const net::FeatureMap> maps) {
  const auto elements = [](const net::FeatureMap& map) {
    return core::checked_sum("feature maps", map.input_elements(), map.output_elements());
  };
  const net::FeatureMap* largest = nullptr;
  for (const auto& map : maps)
    if (largest == nullptr || elements(map) > elements(*largest)) largest = &map;
  if (largest == nullptr) throw ShapeError("feature maps: there is none, to size the stream buffers");
  return *largest;
}

/// Clock cycles of each layer for one image.
/// @throws RangeError  an impossible tile or width
/// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
template <Overlay O>
[[nodiscard]] std::vector<std::int64_t> layer_cycles(const net::LayerList& list, const Tile& tile,
                                                     Widths bits) {
  std::vector<std::int64_t> cycles;
  for (const auto& layer : list.layers)
    cycles.push_back(std::visit([&](const auto& shape) { return O::cycles(shape, tile, bits); }, layer));
  return cycles;
}

/// Clock cycles of all layers for one image.
/// @throws RangeError  an impossible tile or width
/// @throws ShapeError  an extent is below 1, or a count needs more than 63 bits
template <Overlay O>
[[nodiscard]] std::int64_t total_cycles(const net::LayerList& list, const Tile& tile, Widths bits) {
  std::int64_t sum = 0;
  for (const auto cycles : layer_cycles<O>(list, tile, bits)) sum = core::checked_sum("cycles", sum, cycles);
  return sum;
}

}  // namespace bitloom::accel
