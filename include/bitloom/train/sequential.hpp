// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/train/layers.hpp>

namespace bitloom::train {

/// Layers one after the other; each takes the output of the one before.
///
///     Sequential<float> model({.channels = 1, .height = 8, .width = 8});
///     model.conv2d(8, {.kernel = 3, .padding = 1}).relu().max_pool({.kernel = 2, .stride = 2}).dense(10);
///     model.initialize(seed);
///
/// `layers()` is a vector of variants, to be walked with `std::visit`. A user's own layer types are named as
/// `Extra` and appended with `add`.
template <Scalar S, class... Extra>
  requires(Layer<Extra, S>&&...)
class Sequential {
 public:
  using scalar_type = S;
  using AnyLayer = std::variant<Dense<S>, Conv2d<S>, Relu, MaxPool, Extra...>;

  /// No layer yet: the identity on items of the given shape.
  /// @throws ShapeError  an extent is not positive
  explicit Sequential(const op::TensorShape& input) : shapes_{input} {
    core::check_positive("input channels", input.channels);
    core::check_positive("input height", input.height);
    core::check_positive("input width", input.width);
  }

  /// Appends a layer; its parameters are named index and name, e.g. `2.weight`.
  /// @throws ShapeError  the layer does not take the present output
  template <class L>
    requires(std::same_as<L, Dense<S>> || std::same_as<L, Conv2d<S>> || std::same_as<L, Relu> ||
             std::same_as<L, MaxPool> || (std::same_as<L, Extra> || ...))
  Sequential& add(L layer) {
    const auto output = layer.output(output_shape());
    if constexpr (LearningLayer<L, S>)
      for (auto* parameter : layer.parameters())
        parameter->name = std::to_string(layers_.size()) + '.' + parameter->name;
    layers_.emplace_back(std::move(layer));
    shapes_.push_back(output);
    return *this;
  }

  /// Appends a dense layer with `out` outputs. @throws ShapeError  `out` is not positive
  Sequential& dense(std::int64_t out) { return add(Dense<S>(output_shape().size(), out)); }

  /// Appends a convolution. @throws ShapeError  `out_channels` is not positive, or the window does not fit
  Sequential& conv2d(std::int64_t out_channels, const op::Window& window) {
    return add(Conv2d<S>({.input = output_shape(), .out_channels = out_channels, .window = window}));
  }

  /// Appends max(x, 0).
  Sequential& relu() { return add(Relu{}); }

  /// Appends a maximum pooling. @throws ShapeError  the window does not fit
  Sequential& max_pool(const op::Window& window) {
    return add(MaxPool{{.input = output_shape(), .window = window}});
  }

  /// Draws the weights from N(0, 2 / fan_in) and sets biases to zero. Each layer has a random stream of its own.
  ///
  /// In each learning layer the first parameter is the weight and the others start at zero.
  /// Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015, section 2.2.
  void initialize(std::uint64_t seed) {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      std::visit(
          [&]<class L>(L& layer) {
            if constexpr (LearningLayer<L, S>) {
              core::Random random(seed, i);
              const auto deviation = std::sqrt(2.0 / static_cast<double>(layer.fan_in()));
              for (auto* parameter : layer.parameters()) parameter->value.setZero();
              auto& weight = (*layer.parameters().begin())->value;
              for (Eigen::Index k = 0; k < weight.size(); ++k)
                weight.data()[k] = S(random.normal() * deviation);
            }
          },
          layers_[i]);
  }

  /// The layers, in order.
  [[nodiscard]] const std::vector<AnyLayer>& layers() const noexcept { return layers_; }

  /// Shape of one item that comes in.
  [[nodiscard]] const op::TensorShape& input_shape() const noexcept { return shapes_.front(); }

  /// Shape of one item that comes out, or of what layer `index` puts out.
  [[nodiscard]] const op::TensorShape& output_shape() const noexcept { return shapes_.back(); }
  [[nodiscard]] const op::TensorShape& output_shape(std::size_t index) const { return shapes_.at(index + 1); }

  /// All parameters, layer by layer. The pointers are good until a layer is added or the model moves.
  [[nodiscard]] std::vector<Parameter<S>*> parameters() { return collect<Parameter<S>*>(layers_); }
  [[nodiscard]] std::vector<const Parameter<S>*> parameters() const {
    return collect<const Parameter<S>*>(layers_);
  }

  /// Records the layers on the input's tape.
  ///
  /// @param input  [features × batch]
  /// @return       [outputs × batch]
  /// @throws ShapeError  the input does not have the model's number of features
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    check_input(input.rows());
    for (auto& layer : layers_) input = std::visit([&](auto& l) { return l.forward(tape, input); }, layer);
    return input;
  }

  /// The outputs, [outputs × batch], without recording.
  /// @throws ShapeError  the input does not have the model's number of features
  [[nodiscard]] Matrix<S> predict(const Matrix<S>& input) const {
    constexpr Eigen::Index chunk = 256;  // bounds the memory
    check_input(input.rows());
    if (layers_.empty()) return input;
    Matrix<S> result(output_shape().size(), input.cols());
    for (Eigen::Index begin = 0; begin < input.cols(); begin += chunk) {
      const auto count = std::min(chunk, input.cols() - begin);
      forward_each(Matrix<S>(input.middleCols(begin, count)),
                   [&](std::size_t index, const Matrix<S>& activation) {
                     if (index + 1 == layers_.size()) result.middleCols(begin, count) = activation;
                   });
    }
    return result;
  }

  /// Calls `visit(layer_index, activation)` with the output of every layer, [outputs × batch], without recording.
  /// @throws ShapeError  the input does not have the model's number of features
  template <std::invocable<std::size_t, const Matrix<S>&> Visit>
  void forward_each(const Matrix<S>& input, Visit&& visit) const {
    check_input(input.rows());
    Matrix<S> activation = input;
    Tape<S> tape;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      auto value = tape.constant(std::move(activation));
      value = std::visit([&](const auto& layer) { return layer.forward(tape, value); }, layers_[i]);
      activation = value.value();
      tape.clear();
      visit(i, std::as_const(activation));
    }
  }

 private:
  template <class Pointer, class Layers>
  static std::vector<Pointer> collect(Layers& layers) {
    std::vector<Pointer> all;
    for (auto& layer : layers)
      std::visit(
          [&]<class L>(L& l) {
            if constexpr (LearningLayer<std::remove_const_t<L>, S>)
              for (Pointer parameter : l.parameters()) all.push_back(parameter);
          },
          layer);
    return all;
  }

  void check_input(Eigen::Index rows) const {
    if (rows != input_shape().size())
      throw ShapeError("input has " + std::to_string(rows) + " features, but the model takes " +
                       op::to_string(input_shape()));
  }

  std::vector<AnyLayer> layers_;
  std::vector<op::TensorShape> shapes_;  // the input's, then each layer's output
};

}  // namespace bitloom::train
