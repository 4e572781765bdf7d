// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/net/layer_list.hpp>
#include <bitloom/op/conv2d.hpp>
#include <bitloom/search/format_set.hpp>
#include <bitloom/search/layer.hpp>
#include <bitloom/search/space.hpp>
#include <bitloom/train/format_layer.hpp>
#include <bitloom/train/layers.hpp>
#include <bitloom/train/sequential.hpp>

namespace bitloom::search {

namespace detail {

template <class Types>
struct SetOf;
template <class... Formats>
struct SetOf<core::TypeList<Formats...>> {
  using type = FormatSet<Formats...>;
};

template <train::Scalar S>
op::ConvGeometry geometry_of(const train::Dense<S>& layer) {
  return op::dense_geometry(layer.weight.value.cols(), layer.weight.value.rows());
}
template <train::Scalar S>
op::ConvGeometry geometry_of(const train::Conv2d<S>& layer) {
  return layer.geometry;
}

template <train::Scalar S>
std::int64_t groups_of(const train::Dense<S>&) {
  return 1;
}
template <train::Scalar S>
std::int64_t groups_of(const train::Conv2d<S>& layer) {
  return layer.groups;
}

/// The name of a layer with weights by its place in the model and its kind: `0.conv2d`.
template <train::Scalar S>
std::string layer_name(std::size_t index, const train::Dense<S>&) {
  return std::to_string(index) + ".dense";
}
template <train::Scalar S>
std::string layer_name(std::size_t index, const train::Conv2d<S>&) {
  return std::to_string(index) + ".conv2d";
}

template <train::Scalar S>
net::LayerShape layer_shape(const train::Dense<S>& layer) {
  return net::FcShape{.c = layer.weight.value.cols(), .k = layer.weight.value.rows()};
}
template <train::Scalar S>
net::LayerShape layer_shape(const train::Conv2d<S>& layer) {
  const auto& geometry = layer.geometry;
  const auto output = geometry.output();
  return net::ConvShape{.r = geometry.window.kernel,
                        .s = geometry.window.kernel,
                        .c = geometry.input.channels / layer.groups,
                        .p = output.height,
                        .q = output.width,
                        .k = output.channels};
}

/// The layer with weights behind a layer of any format, or the layer itself.
template <class L>
const L& bare(const L& layer) {
  return layer;
}
template <class L, class Types, class Gradient>
const L& bare(const train::FormatLayer<L, Types, Gradient>& layer) {
  return layer.layer();
}

}  // namespace detail

/// The dense layers and convolutions of a model, those of any format as well, named by their place and kind:
/// `0.conv2d`, `7.dense`. Those within other layers, such as bodies of residuals, are left out.
template <train::Scalar S, class... Extra>
[[nodiscard]] std::vector<WeightLayer> layers_of(const train::Sequential<S, Extra...>& model) {
  std::vector<WeightLayer> layers;
  for (std::size_t i = 0; i < model.layers().size(); ++i)
    std::visit(
        [&](const auto& layer) {
          const auto& bare = detail::bare(layer);
          if constexpr (requires { detail::layer_name(i, bare); })
            layers.push_back({detail::layer_name(i, bare), detail::layer_shape(bare)});
        },
        model.layers()[i]);
  return layers;
}

namespace detail {

/// Throws ShapeError unless the space has as many layers as the model has layers of any format.
template <class Model>
void check_layer_count(const Model& model, const Space& space) {
  std::int64_t count = 0;
  train::for_each_format_layer(model, [&](const auto&) { ++count; });
  core::check_equal("layers of the space", std::ssize(space.layers()), "those of the model", count);
}

}  // namespace detail

/// Sets the formats that a choice gives to every layer of any format of the model, the first layer of the space to the
/// first of the model and so on.
///
/// @throws ShapeError  the space has another number of layers, or other formats than the model's layers
/// @throws RangeError  as Space::check
template <train::Scalar S, class... Extra>
void set_formats(train::Sequential<S, Extra...>& model, const Space& space,
                 std::span<const std::size_t> choice) {
  space.check(choice);
  detail::check_layer_count(std::as_const(model), space);
  std::size_t index = 0;
  train::for_each_format_layer(
      model, [&]<class L, class Types, class Gradient>(train::FormatLayer<L, Types, Gradient>& layer) {
        using Set = typename detail::SetOf<Types>::type;
        core::check_equal("formats of the space", std::ssize(space.formats()), "those of the model's layers",
                          static_cast<std::int64_t>(Set::size));
        for (std::size_t place = 0; place < Set::size; ++place)
          if (space.formats()[place] != Set::facts[place])
            throw ShapeError("format " + std::to_string(place) + " of the space is " +
                             std::string(space.formats()[place].name) + ", but of the model's layers it is " +
                             std::string(Set::facts[place].name));
        const auto& source = space.layers()[index++];
        layer.set_formats(space.place(source.weight, choice), space.place(source.activation, choice));
      });
}

}  // namespace bitloom::search
