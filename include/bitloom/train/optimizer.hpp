// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <bitloom/train/optimizer_state.hpp>
#include <bitloom/train/parameter.hpp>

namespace bitloom::train {

/// For `Sgd`: moves along the velocity.
struct HeavyBall {
  template <class Gradient, class Velocity, Scalar S>
  static auto direction(const Gradient&, const Velocity& velocity, const S&) {
    return velocity;
  }
};

/// For `Sgd`: moves along the gradient and the velocity that it gave.
///
/// Source: Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning", ICML
/// 2013, in the form that needs no gradient at another point, as PyTorch has it.
struct Nesterov {
  template <class Gradient, class Velocity, Scalar S>
  static auto direction(const Gradient& gradient, const Velocity& velocity, const S& momentum) {
    return gradient + momentum * velocity;
  }
};

/// Stochastic gradient descent with momentum: v = momentum · v + g + weight_decay · w, w = w - rate · v.
///
/// @tparam Momentum  `HeavyBall`, or `Nesterov`: w = w - rate · (g + weight_decay · w + momentum · v)
template <Scalar S, class Momentum = HeavyBall>
class Sgd : public detail::OptimizerMemory<S> {
 public:
  struct Options {
    double momentum = 0.9;    ///< 0 up to below 1
    double weight_decay = 0;  ///< on every parameter, biases too
  };

  Sgd() : Sgd(Options{}) {}
  /// @throws RangeError  an option is outside
  explicit Sgd(const Options& options) : detail::OptimizerMemory<S>({{"velocity", 0}}), options_(options) {
    detail::check_below("sgd: momentum", options.momentum, 1);
    detail::check_below("sgd: weight_decay", options.weight_decay, detail::unbounded);
  }

  /// Moves every parameter against its gradient.
  /// @throws ShapeError  the parameters are not those of the first step
  void step(std::span<Parameter<S>* const> parameters, double learning_rate) {
    this->begin_step(parameters);
    const auto momentum = S(options_.momentum), decay = S(options_.weight_decay), rate = S(learning_rate);
    for (std::size_t i = 0; i < parameters.size(); ++i)
      detail::for_each_chunk<S>(
          [&](auto w, auto g, auto v) {
            v = momentum * v + g + decay * w;
            w -= rate * Momentum::direction(g + decay * w, v, momentum);
          },
          parameters[i]->value, parameters[i]->gradient, this->slot(0, i));
  }

 private:
  Options options_;
};

/// For `Adam`: the decay is a part of the gradient, as with a penalty on the squares of the weights.
struct GradientDecay {
  static constexpr double usual = 0;

  template <class Gradient, class Weight, Scalar S>
  static auto gradient(const Gradient& g, const Weight& w, const S& decay) {
    return g + decay * w;
  }
  static constexpr double shrink(double, double) { return 1; }
};

/// For `Adam`: the decay shrinks the weights and is kept out of the moments.
///
/// Source: Loshchilov, Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
struct DecoupledDecay {
  static constexpr double usual = 0.01;

  template <class Gradient, class Weight, Scalar S>
  static auto gradient(const Gradient& g, const Weight&, const S&) {
    return g;
  }
  static constexpr double shrink(double rate, double decay) { return 1 - rate * decay; }
};

/// Adam: steps of the mean of the gradient, divided by the root of the mean of its square.
///
/// @tparam Decay  what weight decay means: `GradientDecay` or `DecoupledDecay`
/// Source: Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1.
template <Scalar S, class Decay = GradientDecay>
class Adam : public detail::OptimizerMemory<S> {
 public:
  struct Options {
    double first_decay = 0.9;     ///< β₁, of the mean of the gradient, 0 up to below 1
    double second_decay = 0.999;  ///< β₂, of the mean of its square, 0 up to below 1
    double epsilon = 1e-8;        ///< above 0 as an S: an element whose gradients are all 0 stays where it is
    double weight_decay = Decay::usual;  ///< on every parameter, biases too
  };

  Adam() : Adam(Options{}) {}
  /// @throws RangeError  an option is outside
  explicit Adam(const Options& options)
      : detail::OptimizerMemory<S>({{"mean", 0}, {"square", 0}}), options_(options) {
    detail::check_below("adam: first_decay", options.first_decay, 1);
    detail::check_below("adam: second_decay", options.second_decay, 1);
    detail::check_above_zero<S>("adam: epsilon", options.epsilon);
    detail::check_below("adam: weight_decay", options.weight_decay, detail::unbounded);
  }

  /// Moves every parameter against its gradient.
  /// @throws ShapeError  the parameters are not those of the first step
  void step(std::span<Parameter<S>* const> parameters, double learning_rate) {
    const auto steps = static_cast<double>(this->begin_step(parameters));
    const auto beta1 = S(options_.first_decay), rest1 = S(1 - options_.first_decay),
               beta2 = S(options_.second_decay), rest2 = S(1 - options_.second_decay),
               epsilon = S(options_.epsilon), decay = S(options_.weight_decay);
    const auto rate = S(learning_rate / (1 - std::pow(options_.first_decay, steps))),
               scale = S(1 / (1 - std::pow(options_.second_decay, steps))),
               shrink = S(Decay::shrink(learning_rate, options_.weight_decay));
    for (std::size_t i = 0; i < parameters.size(); ++i)
      detail::for_each_chunk<S>(
          [&](auto w, auto g, auto mean, auto square) {
            const auto gradient = Decay::gradient(g, w, decay);
            mean = beta1 * mean + rest1 * gradient;
            square = beta2 * square + rest2 * gradient.abs2();
            w = shrink * w - rate * mean / ((square * scale).sqrt() + epsilon);
          },
          parameters[i]->value, parameters[i]->gradient, this->slot(0, i), this->slot(1, i));
  }

 private:
  Options options_;
};

/// Adam with decoupled weight decay.
template <Scalar S>
using AdamW = Adam<S, DecoupledDecay>;

/// For `RmsProp`: v = momentum · v + g / (√square + ε), w = w - rate · v, with squares that start at 0.
struct EpsilonOutside {
  static constexpr double first_square = 0;

  template <class Weight, class Gradient, class Square, class Velocity, Scalar S>
  static void move(Weight& w, const Gradient& g, const Square& square, Velocity& v, const S& momentum,
                   const S& rate, const S& epsilon) {
    v = momentum * v + g / (square.sqrt() + epsilon);
    w -= rate * v;
  }
};

/// For `RmsProp`: v = momentum · v + rate · g / √(square + ε), w = w - v, with squares that start at 1, as
/// TensorFlow's first version has it.
struct EpsilonInside {
  static constexpr double first_square = 1;

  template <class Weight, class Gradient, class Square, class Velocity, Scalar S>
  static void move(Weight& w, const Gradient& g, const Square& square, Velocity& v, const S& momentum,
                   const S& rate, const S& epsilon) {
    v = momentum * v + rate * g / (square + epsilon).sqrt();
    w -= v;
  }
};

/// Gradient descent with momentum, each step divided by the root of the mean of the squared gradient.
///
/// @tparam Root  `EpsilonOutside` (PyTorch) or `EpsilonInside` (TensorFlow)
/// Source: Tieleman, Hinton, "Lecture 6.5: RMSProp", Coursera, 2012.
template <Scalar S, class Root = EpsilonOutside>
class RmsProp : public detail::OptimizerMemory<S> {
 public:
  struct Options {
    double decay = 0.9;  ///< of the mean of the squared gradient, 0 up to below 1
    double momentum = 0.9;
    double epsilon = 1e-3;    ///< above 0 as an S: an element whose gradients are all 0 stays where it is
    double weight_decay = 0;  ///< g = g + weight_decay · w, on every parameter, biases too
  };

  RmsProp() : RmsProp(Options{}) {}
  /// @throws RangeError  an option is outside
  explicit RmsProp(const Options& options)
      : detail::OptimizerMemory<S>({{"square", Root::first_square}, {"velocity", 0}}), options_(options) {
    detail::check_below("rms_prop: decay", options.decay, 1);
    detail::check_below("rms_prop: momentum", options.momentum, 1);
    detail::check_above_zero<S>("rms_prop: epsilon", options.epsilon);
    detail::check_below("rms_prop: weight_decay", options.weight_decay, detail::unbounded);
  }

  /// Moves every parameter against its gradient.
  /// @throws ShapeError  the parameters are not those of the first step
  void step(std::span<Parameter<S>* const> parameters, double learning_rate) {
    this->begin_step(parameters);
    const auto keep = S(options_.decay), rest = S(1 - options_.decay), momentum = S(options_.momentum),
               epsilon = S(options_.epsilon), decay = S(options_.weight_decay), rate = S(learning_rate);
    for (std::size_t i = 0; i < parameters.size(); ++i)
      detail::for_each_chunk<S>(
          [&](auto w, auto g, auto square, auto v) {
            const auto gradient = g + decay * w;
            square = keep * square + rest * gradient.abs2();
            Root::move(w, gradient, square, v, momentum, rate, epsilon);
          },
          parameters[i]->value, parameters[i]->gradient, this->slot(0, i), this->slot(1, i));
  }

 private:
  Options options_;
};

}  // namespace bitloom::train
