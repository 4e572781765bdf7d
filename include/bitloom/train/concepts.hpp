// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <bitloom/core/random.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::train {

/// A number that training computes with: float, double, or a user's own field such as dual numbers, for which
/// Eigen knows `NumTraits` and argument-dependent lookup finds `exp`, `log`, `sqrt` and `isfinite`.
template <class S>
concept Scalar =
    std::copyable<S> && !std::integral<S> && std::constructible_from<S, double> && requires(S x, S y) {
  { x + y } -> std::convertible_to<S>;
  { x - y } -> std::convertible_to<S>;
  { x* y } -> std::convertible_to<S>;
  { x / y } -> std::convertible_to<S>;
  { x < y } -> std::convertible_to<bool>;
};

/// Column-major [features × batch]: each column is one item; an image's column is [channels × height × width].
template <Scalar S>
using Matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;

template <Scalar S>
struct Parameter;
template <Scalar S>
class Value;
template <Scalar S>
class Tape;

/// One step of a model, from items to items.
///
/// A layer that is const is frozen: its forward pass records no gradient. Both calls may be the same function
/// when there is nothing to train.
template <class L, class S>
concept Layer = Scalar<S> && std::copyable<L> &&
    requires(L& layer, const L& frozen, Tape<S>& tape, Value<S> input, op::TensorShape shape) {
  { frozen.output(shape) } -> std::same_as<op::TensorShape>;  // of one item; ShapeError if unfit
  { layer.forward(tape, input) } -> std::same_as<Value<S>>;   // [output × batch]
  { frozen.forward(tape, input) } -> std::same_as<Value<S>>;
};

/// A layer that draws or sets its own start.
template <class L>
concept SelfInitializing = requires(L& layer, core::Random& random) {
  { layer.initialize(random) } -> std::same_as<void>;
};

/// A layer that learns. `parameters()` is a range of pointers, in the same order on every call. It is
/// `SelfInitializing`, or else its first parameter is a weight that is drawn for its `fan_in`, and the others start at
/// zero.
template <class L, class S>
concept LearningLayer = Layer<L, S> && requires(L& layer, const L& frozen) {
  { *layer.parameters().begin() } -> std::convertible_to<Parameter<S>*>;
  { *frozen.parameters().begin() } -> std::convertible_to<const Parameter<S>*>;
} &&(SelfInitializing<L> || requires(const L& frozen) {
  { frozen.fan_in() } -> std::convertible_to<double>;  // inputs that one output adds up
});

/// A layer with a state that is no parameter but has to be saved with them, e.g. running means. `buffers()` is a range
/// of pointers, in the same order on every call.
template <class L, class S>
concept StatefulLayer = Layer<L, S> && requires(L& layer, const L& frozen) {
  { *layer.buffers().begin() } -> std::convertible_to<Parameter<S>*>;
  { *frozen.buffers().begin() } -> std::convertible_to<const Parameter<S>*>;
};

/// What `fit` and `accuracy` need: a function from items to outputs that knows its parameters.
template <class M>
concept Model = Scalar<typename M::scalar_type> &&
    requires(M& model, const M& frozen, Tape<typename M::scalar_type>& tape,
             Value<typename M::scalar_type> input, const Matrix<typename M::scalar_type>& items) {
  { model.forward(tape, input) } -> std::same_as<Value<typename M::scalar_type>>;  // recorded
  { frozen.predict(items) } -> std::same_as<Matrix<typename M::scalar_type>>;      // nothing recorded
  { model.parameters() } -> std::same_as<std::vector<Parameter<typename M::scalar_type>*>>;
};

/// Moves parameters against their gradients. It may keep state for each parameter, by position, so one optimizer
/// serves one model.
template <class O, class S>
concept Optimizer = Scalar<S> &&
    requires(O& optimizer, std::span<Parameter<S>* const> parameters, double learning_rate) {
  { optimizer.step(parameters, learning_rate) } -> std::same_as<void>;  // reads gradients, changes values
};

/// Scales the learning rate in the course of the training.
template <class R>
concept Schedule = requires(const R& schedule, double progress) {
  { schedule(progress) } -> std::convertible_to<double>;  // factor at progress 0 (first step) up to below 1
};

}  // namespace bitloom::train
