// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/train/dual.hpp>
#include <bitloom/train/parameter.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// Copies values between the parameters of two models of the same structure, whose scalars may differ.
/// @throws ShapeError  the numbers of parameters or their shapes differ
template <Scalar From, Scalar To>
void copy_values(std::span<const Parameter<From>* const> from, std::span<Parameter<To>* const> to) {
  core::check_equal("copy_values: parameters", std::ssize(from), "those of the target", std::ssize(to));
  for (std::size_t i = 0; i < from.size(); ++i) {
    detail::check_same_shape("copy_values: parameter", from[i]->value, "that of the target", to[i]->value);
    to[i]->value = from[i]->value.unaryExpr([](const From& x) { return static_cast<To>(x); });
  }
}

/// Hessian of a loss times a direction, without the Hessian: the derivative of the gradient along the direction, by
/// dual numbers through reverse mode, exact up to rounding. It costs about as much as three gradients.
///
/// @param loss        called as `loss(tape)`, returns a 1x1 value on that tape; e.g. of a `Sequential<Dual<double>>`
/// @param parameters  what the loss depends on; values are left as they were, gradients hold the gradient and, as
///                    derivatives, the result
/// @param direction   one matrix per parameter, of its shape
/// @return            one matrix per parameter
/// @throws ShapeError  the direction does not fit the parameters
/// Source: Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6 (1994).
template <std::floating_point T, std::invocable<Tape<Dual<T>>&> Loss>
  requires std::same_as < std::invoke_result_t < Loss&, Tape<Dual<T>>
& >, Value < Dual < T >>> [[nodiscard]] std::vector<Matrix<T>> hessian_vector_product(
                              Loss&& loss, std::span<Parameter<Dual<T>>* const> parameters,
                              std::span<const std::type_identity_t<Matrix<T>>> direction) {
  core::check_equal("hessian_vector_product: direction", std::ssize(direction), "the number of parameters",
                    std::ssize(parameters));
  for (std::size_t i = 0; i < parameters.size(); ++i)
    detail::check_same_shape("hessian_vector_product: direction", direction[i], "its parameter",
                             parameters[i]->value);
  const auto set_derivatives = [&](auto&& derivative) {
    for (std::size_t i = 0; i < parameters.size(); ++i)
      for (Eigen::Index k = 0; k < parameters[i]->value.size(); ++k)
        parameters[i]->value.data()[k].derivative = derivative(i, k);
  };
  set_derivatives([&](std::size_t i, Eigen::Index k) { return direction[i].data()[k]; });
  Tape<Dual<T>> tape;
  zero_gradients(parameters);
  tape.backward(loss(tape));
  set_derivatives([](std::size_t, Eigen::Index) { return T(0); });

  std::vector<Matrix<T>> product;
  for (const auto* parameter : parameters)
    product.push_back(parameter->gradient.unaryExpr([](const Dual<T>& x) { return x.derivative; }));
  return product;
}

}  // namespace bitloom::train
