// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <bitloom/core/checked.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/net/tensor_shape.hpp>

namespace bitloom::net {

/// Shapes of a layer's inputs, in the order of its arguments.
using InputShapes = std::span<const TensorShape>;

/// A kind of layer: its hyperparameters as data, its shape rule as a function.
///
/// A kind with weights also has `macs(inputs)` (multiply-accumulate operations for one image) and
/// `parameters(inputs)` (trained values, biases included), both `std::int64_t`; without them they are 0. A
/// kind of your own becomes a layer when it is added to the list of `Layer`: nothing else names the kinds.
template <class L>
concept LayerKind = std::equality_comparable<L> && requires(const L& layer, InputShapes inputs) {
  { L::kind } -> std::convertible_to<std::string_view>;   // the word that error messages use
  { layer.output(inputs) } -> std::same_as<TensorShape>;  // throws ShapeError for an impossible shape
};

namespace detail {

/// The input of a layer that has exactly one.
constexpr const TensorShape& only(InputShapes inputs) {
  if (inputs.size() != 1) throw ShapeError("it takes 1 input, but has " + std::to_string(inputs.size()));
  return inputs[0];
}

constexpr void check_at_least_two(InputShapes inputs) {
  if (inputs.size() < 2)
    throw ShapeError("it takes 2 or more inputs, but has " + std::to_string(inputs.size()));
}

/// Positions of a window that slides over an axis: floor((extent + 2 padding - kernel) / stride) + 1.
constexpr std::int64_t window_count(const char* axis, std::int64_t extent, std::int64_t kernel,
                                    std::int64_t stride, std::int64_t padding) {
  const auto check_at_least = [axis](const char* what, std::int64_t value, std::int64_t low) {
    if (value < low)
      throw ShapeError(std::string(what) + " " + axis + ": " + std::to_string(value) +
                       " has to be at least " + std::to_string(low));
  };
  check_at_least("kernel", kernel, 1);
  check_at_least("stride", stride, 1);
  check_at_least("padding", padding, 0);
  const auto padded =
      core::checked_sum("padded input", extent, core::checked_sum("padding", padding, padding));
  if (kernel > padded)
    throw ShapeError(std::string("kernel ") + axis + " " + std::to_string(kernel) +
                     " is larger than the padded input " + axis + " " + std::to_string(padded) + " (" +
                     std::to_string(extent) + " + 2 * " + std::to_string(padding) + ")");
  return (padded - kernel) / stride + 1;
}

constexpr TensorShape slide(const TensorShape& input, std::int64_t out_channels, Extent2d kernel,
                            Extent2d stride, Extent2d padding) {
  return {out_channels, window_count("height", input.height, kernel.height, stride.height, padding.height),
          window_count("width", input.width, kernel.width, stride.width, padding.width)};
}

constexpr TensorShape pool(InputShapes inputs, Extent2d kernel, Extent2d stride, Extent2d padding) {
  const auto& input = only(inputs);
  const auto result = slide(input, input.channels, kernel, stride, padding);
  if (padding.height >= kernel.height || padding.width >= kernel.width)  // some window would hold no pixel
    throw ShapeError("padding " + std::to_string(padding.height) + "x" + std::to_string(padding.width) +
                     " has to be smaller than the kernel " + std::to_string(kernel.height) + "x" +
                     std::to_string(kernel.width));
  return result;
}

}  // namespace detail

/// Where an image or a vector enters the network.
struct Input {
  static constexpr std::string_view kind = "input";
  TensorShape shape;

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const {
    if (!inputs.empty()) throw ShapeError("it takes no input, but has " + std::to_string(inputs.size()));
    return shape;
  }
  friend constexpr bool operator==(const Input&, const Input&) = default;
};

/// Convolution with weights [out_channels × channels / groups × kernel.height × kernel.width].
///
/// A depthwise convolution has as many groups as channels; a kernel of 1 is a dense layer at every position,
/// which is also how a sequence of tokens, [features × tokens × 1], passes through one.
struct Conv2d {
  static constexpr std::string_view kind = "conv2d";
  std::int64_t out_channels;
  Extent2d kernel;
  Extent2d stride{1};
  Extent2d padding{0};
  std::int64_t groups{1};
  bool bias{true};

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const {
    const auto& input = detail::only(inputs);
    core::check_positive("out_channels", out_channels);
    core::check_positive("groups", groups);
    check_divisible("input channels", input.channels);
    check_divisible("out_channels", out_channels);
    return detail::slide(input, out_channels, kernel, stride, padding);
  }

  [[nodiscard]] constexpr std::int64_t macs(InputShapes inputs) const {
    const auto out = output(inputs);
    return core::checked_product("macs", {out.channels, out.height, out.width, inputs[0].channels / groups,
                                          kernel.height, kernel.width});
  }

  [[nodiscard]] constexpr std::int64_t parameters(InputShapes inputs) const {
    const auto out = output(inputs);
    const auto weights = core::checked_product(
        "parameters", {out.channels, inputs[0].channels / groups, kernel.height, kernel.width});
    return core::checked_sum("parameters", weights, bias ? out_channels : 0);
  }

  friend constexpr bool operator==(const Conv2d&, const Conv2d&) = default;

 private:
  constexpr void check_divisible(const char* what, std::int64_t channels) const {
    if (channels % groups != 0)
      throw ShapeError(std::string(what) + ": " + std::to_string(channels) + " is not divisible by groups " +
                       std::to_string(groups));
  }
};

/// Fully connected layer on a vector, weights [out_features × features].
struct Dense {
  static constexpr std::string_view kind = "dense";
  std::int64_t out_features;
  bool bias{true};

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const {
    const auto& input = detail::only(inputs);
    core::check_positive("out_features", out_features);
    if (input.height != 1 || input.width != 1)
      throw ShapeError("it takes a vector, nx1x1, but the input is " + to_string(input) +
                       "; put Flatten before it");
    return {out_features, 1, 1};
  }

  [[nodiscard]] constexpr std::int64_t macs(InputShapes inputs) const {
    return core::checked_product("macs", {output(inputs).channels, inputs[0].channels});
  }

  [[nodiscard]] constexpr std::int64_t parameters(InputShapes inputs) const {
    return core::checked_sum("parameters", macs(inputs), bias ? out_features : 0);
  }

  friend constexpr bool operator==(const Dense&, const Dense&) = default;
};

/// Largest value of a sliding window.
struct MaxPool2d {
  static constexpr std::string_view kind = "max_pool2d";
  Extent2d kernel;
  Extent2d stride;
  Extent2d padding{0};

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const {
    return detail::pool(inputs, kernel, stride, padding);
  }
  friend constexpr bool operator==(const MaxPool2d&, const MaxPool2d&) = default;
};

/// Mean of a sliding window.
struct AveragePool2d {
  static constexpr std::string_view kind = "average_pool2d";
  Extent2d kernel;
  Extent2d stride;
  Extent2d padding{0};

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const {
    return detail::pool(inputs, kernel, stride, padding);
  }
  friend constexpr bool operator==(const AveragePool2d&, const AveragePool2d&) = default;
};

/// Mean of each channel: [c × h × w] to [c × 1 × 1].
struct GlobalAveragePool {
  static constexpr std::string_view kind = "global_average_pool";

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const {
    return {detail::only(inputs).channels, 1, 1};
  }
  friend constexpr bool operator==(const GlobalAveragePool&, const GlobalAveragePool&) = default;
};

/// All elements as one vector: [c × h × w] to [c·h·w × 1 × 1].
struct Flatten {
  static constexpr std::string_view kind = "flatten";

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const {
    return {elements(detail::only(inputs)), 1, 1};
  }
  friend constexpr bool operator==(const Flatten&, const Flatten&) = default;
};

/// Elementwise sum of two or more tensors of one shape: a residual connection.
struct Add {
  static constexpr std::string_view kind = "add";

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const {
    detail::check_at_least_two(inputs);
    for (std::size_t i = 1; i < inputs.size(); ++i)
      if (inputs[i] != inputs[0])
        throw ShapeError("input 0 is " + to_string(inputs[0]) + ", but input " + std::to_string(i) + " is " +
                         to_string(inputs[i]));
    return inputs[0];
  }
  friend constexpr bool operator==(const Add&, const Add&) = default;
};

/// Channels of two or more tensors one after the other, in the order of the arguments.
struct Concatenate {
  static constexpr std::string_view kind = "concatenate";

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const {
    detail::check_at_least_two(inputs);
    TensorShape result = inputs[0];
    for (std::size_t i = 1; i < inputs.size(); ++i) {
      if (inputs[i].height != result.height || inputs[i].width != result.width)
        throw ShapeError("input 0 is " + to_string(inputs[0]) + ", but input " + std::to_string(i) + " is " +
                         to_string(inputs[i]) + "; height and width have to be equal");
      result.channels = core::checked_sum("channels", result.channels, inputs[i].channels);
    }
    return result;
  }
  friend constexpr bool operator==(const Concatenate&, const Concatenate&) = default;
};

/// max(x, 0), elementwise.
struct Relu {
  static constexpr std::string_view kind = "relu";

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const { return detail::only(inputs); }
  friend constexpr bool operator==(const Relu&, const Relu&) = default;
};

/// Scale and shift per channel: two trained values each. Counts no operations: inference folds it into the
/// convolution before it.
struct BatchNorm {
  static constexpr std::string_view kind = "batch_norm";

  [[nodiscard]] constexpr TensorShape output(InputShapes inputs) const { return detail::only(inputs); }
  [[nodiscard]] constexpr std::int64_t parameters(InputShapes inputs) const {
    return core::checked_product("parameters", {2, detail::only(inputs).channels});
  }
  friend constexpr bool operator==(const BatchNorm&, const BatchNorm&) = default;
};

/// One layer of a network, of any kind.
using Layer = std::variant<Input, Conv2d, Dense, MaxPool2d, AveragePool2d, GlobalAveragePool, Flatten, Add,
                           Concatenate, Relu, BatchNorm>;

/// The word for a layer's kind: `conv2d`.
[[nodiscard]] constexpr std::string_view kind(const Layer& layer) {
  return std::visit([]<LayerKind L>(const L&) { return std::string_view(L::kind); }, layer);
}

/// Shape of what a layer computes from inputs of the given shapes.
/// @throws ShapeError  the layer cannot take these inputs, an extent is below 1 or a tensor beyond 63 bits
[[nodiscard]] constexpr TensorShape output_shape(const Layer& layer, InputShapes inputs) {
  for (const auto& input : inputs) static_cast<void>(elements(input));
  const auto shape = std::visit([&]<LayerKind L>(const L& each) { return each.output(inputs); }, layer);
  static_cast<void>(elements(shape));
  return shape;
}

/// Multiply-accumulate operations for one image; 0 for a layer without a weight matrix.
/// @throws ShapeError  as `output_shape`, or the count needs more than 63 bits
[[nodiscard]] constexpr std::int64_t macs(const Layer& layer, InputShapes inputs) {
  return std::visit(
      [&]<LayerKind L>(const L& each) -> std::int64_t {
        if constexpr (requires { each.macs(inputs); }) return each.macs(inputs);
        return 0;
      },
      layer);
}

/// Trained values, biases included; 0 for a layer that learns nothing.
/// @throws ShapeError  as `output_shape`, or the count needs more than 63 bits
[[nodiscard]] constexpr std::int64_t parameters(const Layer& layer, InputShapes inputs) {
  return std::visit(
      [&]<LayerKind L>(const L& each) -> std::int64_t {
        if constexpr (requires { each.parameters(inputs); }) return each.parameters(inputs);
        return 0;
      },
      layer);
}

}  // namespace bitloom::net
