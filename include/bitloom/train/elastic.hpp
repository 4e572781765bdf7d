// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/op/shape.hpp>
#include <bitloom/train/convolution.hpp>
#include <bitloom/train/elementwise.hpp>
#include <bitloom/train/sequential.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

// Parts of a network whose width, depth and kernel can be chosen at run time, so that one set of weights serves them all:
// the super-network of an architecture search.

/// Keeps the first channels of an image and sets the others to zero, with a gradient of zero.
class ElasticChannels {
 public:
  /// All channels are active.
  explicit ElasticChannels(const op::TensorShape& shape) : shape_(shape), active_(shape.channels) {}

  /// @throws RangeError  `channels` is outside 1..those of the shape
  void set_active(std::int64_t channels) {
    core::check_range("elastic channels: active", channels, 1, shape_.channels);
    active_ = channels;
  }
  [[nodiscard]] std::int64_t active() const noexcept { return active_; }

  /// Shape of one item that comes out: all channels. @throws ShapeError  the layer does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const {
    detail::check_layer_input("elastic_channels", input, shape_);
    return input;
  }

  /// Records the layer.
  template <Scalar S>
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    if (active_ == shape_.channels) return input;
    const auto kept = active_ * shape_.height * shape_.width, cut = input.rows() - kept;
    auto output = tape.matrix(input.rows(), input.columns());
    output.topRows(kept) = input.value().topRows(kept);
    output.bottomRows(cut).setZero();
    return tape.record(std::move(output), {input}, [=](Value<S> result) {
      Matrix<S> term = result.gradient();
      term.bottomRows(cut).setZero();
      input.add_gradient(term);
    });
  }

 private:
  op::TensorShape shape_;
  std::int64_t active_;
};

/// A body that can be left out: then it is the identity, and its parameters get no gradient. A `LearningLayer` and a
/// `StatefulLayer`.
///
/// @tparam Body  a `Sequential` whose output has the shape of its input
template <Scalar S, class Body = Sequential<S>>
class Skippable {
 public:
  /// The body is active.
  /// @throws ShapeError  the body changes the shape
  explicit Skippable(Body body) : body_(std::move(body)) {
    detail::check_layer_input("skippable", body_.output_shape(), body_.input_shape());
    for (auto* parameter : body_.parameters()) parameter->name = "body." + parameter->name;
    for (auto* buffer : body_.buffers()) buffer->name = "body." + buffer->name;
  }

  void set_active(bool active) noexcept { active_ = active; }
  [[nodiscard]] bool active() const noexcept { return active_; }
  [[nodiscard]] const Body& body() const noexcept { return body_; }
  [[nodiscard]] Body& body() noexcept { return body_; }

  /// Shape of one item that comes out. @throws ShapeError  the body does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const { return body_.output(input); }

  /// Records the body if it is active; if it is const, with frozen layers.
  Value<S> forward(Tape<S>& tape, Value<S> input) { return active_ ? body_.forward(tape, input) : input; }
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return active_ ? body_.forward(tape, input) : input;
  }

  /// Those of the body, active or not.
  [[nodiscard]] auto parameters() { return body_.parameters(); }
  [[nodiscard]] auto parameters() const { return body_.parameters(); }
  [[nodiscard]] auto buffers() { return body_.buffers(); }
  [[nodiscard]] auto buffers() const { return body_.buffers(); }

  /// Calls `visit` with the layers of the body, active or not.
  template <class Visit>
  void visit_layers(Visit&& visit) {
    body_.visit_layers(visit);
  }
  template <class Visit>
  void visit_layers(Visit&& visit) const {
    body_.visit_layers(visit);
  }

  /// Starts the body with a seed that is drawn.
  void initialize(core::Random& random) { body_.initialize(random); }

 private:
  Body body_;
  bool active_ = true;
};

template <Scalar S, class... Extra>
Skippable(Sequential<S, Extra...>) -> Skippable<S, Sequential<S, Extra...>>;

/// 1 where a smaller window, in the middle of the convolution's, has a weight, else 0: [out_channels × patch], the shape
/// of its weight. A weight multiplied by it computes the convolution with the smaller window and a padding that is as
/// much smaller.
///
/// @throws RangeError  `kernel` is not 1..that of the convolution, or does not lie in its middle
/// @throws ShapeError  the window does not fit, or the groups do not divide the channels
template <Scalar S>
[[nodiscard]] Matrix<S> kernel_mask(const op::ConvGeometry& conv, std::int64_t groups, std::int64_t kernel) {
  const auto whole = conv.window.kernel;
  core::check_range("kernel_mask: kernel", kernel, 1, whole);
  if ((whole - kernel) % 2 != 0)
    throw RangeError("kernel_mask: a kernel of " + std::to_string(kernel) +
                     " does not lie in the middle of one of " + std::to_string(whole));
  const auto margin = (whole - kernel) / 2, patch = conv2d_shape(conv, groups).patch();
  Matrix<S> mask(conv.out_channels, patch);
  for (std::int64_t i = 0; i < patch; ++i) {
    const auto row = i / whole % whole, column = i % whole;
    const auto inside = [=](std::int64_t place) { return place >= margin && place < margin + kernel; };
    mask.col(i).setConstant(S(inside(row) && inside(column) ? 1 : 0));
  }
  return mask;
}

}  // namespace bitloom::train
