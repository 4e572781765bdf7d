// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/train/operations.hpp>
#include <bitloom/train/sequential.hpp>

namespace bitloom::train {

/// body(input) + shortcut(input), a `LearningLayer` and a `StatefulLayer`.
///
///     Sequential<float, Residual<float>> model({16, 8, 8});
///     Sequential<float> body({16, 8, 8});
///     body.conv2d(16, {3, 1, 1}).batch_norm().relu().conv2d(16, {3, 1, 1}).batch_norm();
///     model.add(Residual(std::move(body))).relu();
///
/// @tparam Body      a `Sequential`, maybe with extra layers
/// @tparam Shortcut  a `Sequential`; without layers it is the identity
template <Scalar S, class Body = Sequential<S>, class Shortcut = Sequential<S>>
  requires(Layer<Body, S>&& Layer<Shortcut, S>)
class Residual {
 public:
  /// @throws ShapeError  the two do not take the same input or do not have the same output
  Residual(Body body, Shortcut shortcut) : body_(std::move(body)), shortcut_(std::move(shortcut)) {
    finish();
  }
  /// With the identity as the shortcut.
  /// @throws ShapeError  the body changes the shape
  explicit Residual(Body body) : body_(std::move(body)), shortcut_(body_.input_shape()) { finish(); }

  [[nodiscard]] const Body& body() const noexcept { return body_; }
  [[nodiscard]] const Shortcut& shortcut() const noexcept { return shortcut_; }

  /// Shape of one item that comes out. @throws ShapeError  the block does not take the input
  [[nodiscard]] op::TensorShape output(const op::TensorShape& input) const { return body_.output(input); }

  /// Records the block; if it is const, with frozen layers.
  Value<S> forward(Tape<S>& tape, Value<S> input) {
    return train::add(body_.forward(tape, input), shortcut_.forward(tape, input));
  }
  Value<S> forward(Tape<S>& tape, Value<S> input) const {
    return train::add(body_.forward(tape, input), shortcut_.forward(tape, input));
  }

  /// Those of the body, then those of the shortcut. The pointers are good until the block moves.
  [[nodiscard]] std::vector<Parameter<S>*> parameters() {
    return joined(body_.parameters(), shortcut_.parameters());
  }
  [[nodiscard]] std::vector<const Parameter<S>*> parameters() const {
    return joined(body_.parameters(), shortcut_.parameters());
  }
  [[nodiscard]] std::vector<Parameter<S>*> buffers() { return joined(body_.buffers(), shortcut_.buffers()); }
  [[nodiscard]] std::vector<const Parameter<S>*> buffers() const {
    return joined(body_.buffers(), shortcut_.buffers());
  }

  /// Calls `visit` with the layers of the body, then with those of the shortcut.
  template <class Visit>
  void visit_layers(Visit&& visit) {
    body_.visit_layers(visit);
    shortcut_.visit_layers(visit);
  }
  template <class Visit>
  void visit_layers(Visit&& visit) const {
    body_.visit_layers(visit);
    shortcut_.visit_layers(visit);
  }

  /// Starts both with seeds that are drawn.
  void initialize(core::Random& random) {
    body_.initialize(random);
    shortcut_.initialize(random);
  }

 private:
  static void check(const char* what, const op::TensorShape& body, const op::TensorShape& shortcut) {
    if (body != shortcut)
      throw ShapeError(std::string("residual: the body's ") + what + " is " + op::to_string(body) +
                       ", but the shortcut's is " + op::to_string(shortcut));
  }

  template <class Pointers>
  static Pointers joined(Pointers first, const Pointers& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
  }

  /// Checks that the two fit together, and names their parameters apart.
  void finish() {
    check("input", body_.input_shape(), shortcut_.input_shape());
    check("output", body_.output_shape(), shortcut_.output_shape());
    const auto prefix = [](const char* name, const auto& pointers) {
      for (auto* each : pointers) each->name = name + each->name;
    };
    prefix("body.", body_.parameters());
    prefix("body.", body_.buffers());
    prefix("shortcut.", shortcut_.parameters());
    prefix("shortcut.", shortcut_.buffers());
  }

  Body body_;
  Shortcut shortcut_;
};

template <Scalar S, class... Extra>
Residual(Sequential<S, Extra...>) -> Residual<S, Sequential<S, Extra...>>;
template <Scalar S, class... Extra, class... ShortcutExtra>
Residual(Sequential<S, Extra...>, Sequential<S, ShortcutExtra...>)
    -> Residual<S, Sequential<S, Extra...>, Sequential<S, ShortcutExtra...>>;

}  // namespace bitloom::train
