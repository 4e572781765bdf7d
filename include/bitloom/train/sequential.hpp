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

namespace detail {

template <class L, class Variant>
inline constexpr bool is_alternative = false;
template <class L, class... Ls>
inline constexpr bool is_alternative<L, std::variant<Ls...>> = (std::same_as<L, Ls> || ...);

}  // namespace detail

/// Layers one after the other; each takes the output of the one before.
///
///     Sequential<float> model({.channels = 1, .height = 8, .width = 8});
///     model.conv2d(8, {.kernel = 3, .padding = 1}).relu().max_pool({.kernel = 2, .stride = 2}).dense(10);
///     model.initialize(seed);
///
/// `layers()` is a vector of variants, to be walked with `std::visit`. Further layer types, the library's or a user's
/// own, are named as `Extra` and appended with `add`. It is a `Model`, and a `LearningLayer` of other models. A `Relu`
/// is computed together with the dense layer, convolution or normalization before it, which changes no bit.
template <Scalar S, class... Extra>
  requires(Layer<Extra, S>&&...)
class Sequential {
 public:
  using scalar_type = S;
  using AnyLayer = std::variant<Dense<S>, Conv2d<S>, BatchNorm<S>, Relu, MaxPool, AveragePool,
                                GlobalAveragePool, Extra...>;

  /// No layer yet: the identity on items of the given shape.
  /// @throws ShapeError  an extent is not positive
  explicit Sequential(const op::TensorShape& input) : shapes_{input} {
    core::check_positive("input channels", input.channels);
    core::check_positive("input height", input.height);
    core::check_positive("input width", input.width);
  }

  /// Appends a layer; its parameters and buffers are named index and name, e.g. `2.weight`.
  /// @throws ShapeError  the layer does not take the present output
  template <class L>
    requires(detail::is_alternative<L, AnyLayer>)
  Sequential& add(L layer) {
    const auto output = layer.output(output_shape());
    const auto prefix = std::to_string(layers_.size()) + '.';
    if constexpr (LearningLayer<L, S>)
      for (auto* parameter : layer.parameters()) parameter->name = prefix + parameter->name;
    if constexpr (StatefulLayer<L, S>)
      for (auto* buffer : layer.buffers()) buffer->name = prefix + buffer->name;
    layers_.emplace_back(std::move(layer));
    shapes_.push_back(output);
    return *this;
  }

  /// Appends a dense layer with `out` outputs. @throws ShapeError  `out` is not positive
  Sequential& dense(std::int64_t out) { return add(Dense<S>(output_shape().size(), out)); }

  /// Appends a convolution. @throws ShapeError  `out_channels` is not positive, the window does not fit, or the groups
  ///                                            do not divide the channels
  Sequential& conv2d(std::int64_t out_channels, const op::Window& window, std::int64_t groups = 1) {
    return add(Conv2d<S>({.input = output_shape(), .out_channels = out_channels, .window = window}, groups));
  }

  /// Appends a batch normalization.
  Sequential& batch_norm() { return add(BatchNorm<S>(output_shape())); }

  /// Appends max(x, 0).
  Sequential& relu() { return add(Relu{}); }

  /// Appends a maximum pooling. @throws ShapeError  the window does not fit
  Sequential& max_pool(const op::Window& window) {
    return add(MaxPool{{.input = output_shape(), .window = window}});
  }

  /// Appends a mean pooling. @throws ShapeError  the window does not fit
  Sequential& average_pool(const op::Window& window) {
    return add(AveragePool{{.input = output_shape(), .window = window}});
  }

  /// Appends the mean of every channel.
  Sequential& global_average_pool() { return add(GlobalAveragePool{output_shape()}); }

  /// Draws the weights from N(0, 2 / fan_in) and sets biases to zero; a `SelfInitializing` layer does as it likes. Each
  /// layer has a random stream of its own.
  ///
  /// Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", ICCV 2015, section 2.2.
  void initialize(std::uint64_t seed) {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      std::visit(
          [&]<class L>(L& layer) {
            core::Random random(seed, i);
            if constexpr (SelfInitializing<L>) {
              layer.initialize(random);
            } else if constexpr (LearningLayer<L, S>) {
              const auto deviation = std::sqrt(2.0 / static_cast<double>(layer.fan_in()));
              for (auto* parameter : layer.parameters()) parameter->value.setZero();
              auto& weight = (*layer.parameters().begin())->value;
              for (Eigen::Index k = 0; k < weight.size(); ++k)
                weight.data()[k] = S(random.normal() * deviation);
            }
          },
          layers_[i]);
  }

  /// The same with a seed that is drawn, for a model within a model.
  void initialize(core::Random& random) { initialize(random()); }

  /// The layers, in order.
  [[nodiscard]] const std::vector<AnyLayer>& layers() const noexcept { return layers_; }

  /// Calls `visit` with every layer, in order, and after a layer that has layers within with those: what is left of a
  /// layer must have the shapes that it had.
  template <class Visit>
  void visit_layers(Visit&& visit) {
    visit_each(layers_, visit);
  }
  template <class Visit>
  void visit_layers(Visit&& visit) const {
    visit_each(layers_, visit);
  }

  /// Shape of one item that comes in.
  [[nodiscard]] const op::TensorShape& input_shape() const noexcept { return shapes_.front(); }

  /// Shape of one item that comes out, or of what layer `index` puts out.
  [[nodiscard]] const op::TensorShape& output_shape() const noexcept { return shapes_.back(); }
  [[nodiscard]] const op::TensorShape& output_shape(std::size_t index) const { return shapes_.at(index + 1); }

  /// Shape of one item that comes out. @throws ShapeError  the model does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("sequential", input, input_shape());
    return output_shape();
  }

  /// All parameters, layer by layer. The pointers are good until a layer is added or the model moves.
  [[nodiscard]] std::vector<Parameter<S>*> parameters() {
    std::vector<Parameter<S>*> all;
    for (auto& layer : layers_) std::visit([&](auto& l) { append_parameters(l, all); }, layer);
    return all;
  }
  [[nodiscard]] std::vector<const Parameter<S>*> parameters() const {
    std::vector<const Parameter<S>*> all;
    for (const auto& layer : layers_) std::visit([&](const auto& l) { append_parameters(l, all); }, layer);
    return all;
  }

  /// What has to be saved beside the parameters, e.g. running statistics, layer by layer.
  [[nodiscard]] std::vector<Parameter<S>*> buffers() {
    std::vector<Parameter<S>*> all;
    for (auto& layer : layers_) std::visit([&](auto& l) { append_buffers(l, all); }, layer);
    return all;
  }
  [[nodiscard]] std::vector<const Parameter<S>*> buffers() const {
    std::vector<const Parameter<S>*> all;
    for (const auto& layer : layers_) std::visit([&](const auto& l) { append_buffers(l, all); }, layer);
    return all;
  }

  /// Records the layers on the input's tape.
  ///
  /// @param input  [features × batch]
  /// @return       [outputs × batch]
  /// @throws ShapeError  the input does not have the model's number of features
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    check_input(input.rows());
    for (std::size_t i = 0; i < layers_.size();) i = record(*this, i, tape, input);
    return input;
  }
  /// The same, and calls `visit(layer_index, output)` with each layer's result, a `Value<S>`; for a `Relu` that is
  /// computed together with the layer before it there is one call, with that layer's index.
  template <std::invocable<std::size_t, Value<S>> Visit>
  Value<S> forward(Tape<S>& tape, Value<S> input, Visit&& visit) {
    check_input(input.rows());
    for (std::size_t i = 0; i < layers_.size();) {
      const auto index = i;
      i = record(*this, index, tape, input);
      visit(index, input);
    }
    return input;
  }
  /// The same with frozen layers.
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    check_input(input.rows());
    for (std::size_t i = 0; i < layers_.size();) i = record(*this, i, tape, input);
    return input;
  }

  /// The outputs, [outputs × batch], without recording.
  /// @throws ShapeError  the input does not have the model's number of features
  [[nodiscard]] Matrix<S> predict(const Matrix<S>& input, AnyExecutor executor = {}) const {
    constexpr Eigen::Index chunk = 256;  // bounds the memory
    check_input(input.rows());
    Matrix<S> result(output_shape().size(), input.cols());
    Tape<S> tape(std::move(executor));
    for (Eigen::Index begin = 0; begin < input.cols(); begin += chunk) {
      const auto count = std::min(chunk, input.cols() - begin);
      Matrix<S> activation = input.middleCols(begin, count);
      for (std::size_t i = 0; i < layers_.size();) {
        auto value = tape.constant(std::move(activation));
        i = record(*this, i, tape, value);
        activation = tape.take(value);
        tape.clear();
      }
      result.middleCols(begin, count) = activation;
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
      activation = tape.take(value);
      tape.clear();
      visit(i, std::as_const(activation));
    }
  }

 private:
  template <class Layers, class Visit>
  static void visit_each(Layers& layers, Visit& visit) {
    for (auto& any : layers)
      std::visit(
          [&](auto& layer) {
            visit(layer);
            if constexpr (requires { layer.visit_layers(visit); }) layer.visit_layers(visit);
          },
          any);
  }

  template <class L, class Pointer>
  static void append_parameters(L& layer, std::vector<Pointer>& all) {
    if constexpr (LearningLayer<std::remove_const_t<L>, S>)
      for (Pointer parameter : layer.parameters()) all.push_back(parameter);
  }
  template <class L, class Pointer>
  static void append_buffers(L& layer, std::vector<Pointer>& all) {
    if constexpr (StatefulLayer<std::remove_const_t<L>, S>)
      for (Pointer buffer : layer.buffers()) all.push_back(buffer);
  }

  /// Records layer `index`, and the relu behind it if the layer can do both at once; returns the next layer's index.
  template <class Self>
  static std::size_t record(Self& self, std::size_t index, Tape<S>& tape, Value<S>& value) {
    const bool rectified =
        index + 1 < self.layers_.size() && std::holds_alternative<Relu>(self.layers_[index + 1]);
    return std::visit(
        [&](auto& layer) {
          if constexpr (requires { layer.template forward<Rectified>(tape, value); })
            if (rectified) {
              value = layer.template forward<Rectified>(tape, value);
              return index + 2;
            }
          value = layer.forward(tape, value);
          return index + 1;
        },
        self.layers_[index]);
  }

  void check_input(Eigen::Index rows) const {
    if (rows != input_shape().size())
      throw ShapeError("input has " + std::to_string(rows) + " features, but the model takes " +
                       op::to_string(input_shape()));
  }

  std::vector<AnyLayer> layers_;
  std::vector<op::TensorShape> shapes_;  // the input's, then each layer's output
};

/// Calls `f` with every layer of type L of a model, in order, those within other layers included.
template <class L, class Model, std::invocable<L&> F>
void for_each_layer(Model& model, F&& f) {
  model.visit_layers([&]<class Layer>(Layer& layer) {
    if constexpr (std::same_as<std::remove_const_t<Layer>, L>) f(layer);
  });
}

}  // namespace bitloom::train
