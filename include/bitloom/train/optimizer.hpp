// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/train/parameter.hpp>

namespace bitloom::train {

namespace detail {

/// Gives `state` one zero matrix per parameter at the first step, and holds the shapes from then on.
template <Scalar S>
void prepare_state(std::vector<Matrix<S>>& state, std::span<Parameter<S>* const> parameters) {
  if (state.empty())
    for (const auto* parameter : parameters)
      state.push_back(Matrix<S>::Zero(parameter->value.rows(), parameter->value.cols()));
  core::check_equal("parameters", std::ssize(parameters), "the optimizer's state", std::ssize(state));
  for (std::size_t i = 0; i < state.size(); ++i) {
    check_same_shape("parameter", parameters[i]->value, "its optimizer state", state[i]);
    check_same_shape("parameter", parameters[i]->value, "its gradient", parameters[i]->gradient);
  }
}

}  // namespace detail

/// Stochastic gradient descent with momentum: v = momentum · v + g + weight_decay · w, w = w - rate · v.
template <Scalar S>
class Sgd {
 public:
  struct Options {
    double momentum = 0.9;
    double weight_decay = 0;  ///< on every parameter, biases too
  };

  Sgd() = default;
  explicit Sgd(const Options& options) : options_(options) {}

  /// Moves every parameter against its gradient.
  /// @throws ShapeError  the parameters are not those of the first step
  void step(std::span<Parameter<S>* const> parameters, double learning_rate) {
    detail::prepare_state(velocity_, parameters);
    const auto momentum = S(options_.momentum), decay = S(options_.weight_decay), rate = S(learning_rate);
    for (std::size_t i = 0; i < velocity_.size(); ++i) {
      auto& parameter = *parameters[i];
      velocity_[i] = momentum * velocity_[i] + parameter.gradient + decay * parameter.value;
      parameter.value -= rate * velocity_[i];
    }
  }

 private:
  Options options_;
  std::vector<Matrix<S>> velocity_;
};

/// Adam, with the weight decay kept out of the moments (AdamW).
///
/// Source: Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, algorithm 1; Loshchilov, Hutter,
/// "Decoupled weight decay regularization", ICLR 2019, algorithm 2.
template <Scalar S>
class Adam {
 public:
  struct Options {
    double first_decay = 0.9;     ///< β₁, of the mean of the gradient
    double second_decay = 0.999;  ///< β₂, of the mean of its square
    double epsilon = 1e-8;
    double weight_decay = 0;  ///< w = w - rate · weight_decay · w, on every parameter, biases too
  };

  Adam() = default;
  explicit Adam(const Options& options) : options_(options) {}

  /// Moves every parameter against its gradient.
  /// @throws ShapeError  the parameters are not those of the first step
  void step(std::span<Parameter<S>* const> parameters, double learning_rate) {
    detail::prepare_state(first_, parameters);
    detail::prepare_state(second_, parameters);
    first_power_ *= options_.first_decay;
    second_power_ *= options_.second_decay;
    const auto beta1 = S(options_.first_decay), beta2 = S(options_.second_decay),
               epsilon = S(options_.epsilon);
    const auto rate = S(learning_rate / (1 - first_power_)), scale = S(1 / (1 - second_power_));
    const auto shrink = S(1 - learning_rate * options_.weight_decay);
    for (std::size_t i = 0; i < first_.size(); ++i) {
      auto& parameter = *parameters[i];
      first_[i] = beta1 * first_[i] + (S(1) - beta1) * parameter.gradient;
      second_[i] = beta2 * second_[i] + (S(1) - beta2) * parameter.gradient.cwiseAbs2();
      const auto spread = (second_[i].array() * scale).sqrt() + epsilon;
      parameter.value = (shrink * parameter.value.array() - rate * first_[i].array() / spread).matrix();
    }
  }

 private:
  Options options_;
  std::vector<Matrix<S>> first_, second_;
  double first_power_ = 1, second_power_ = 1;  // β₁ and β₂ to the number of steps
};

}  // namespace bitloom::train
