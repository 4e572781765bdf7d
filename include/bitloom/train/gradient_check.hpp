// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <span>
#include <string>
#include <type_traits>

#include <bitloom/core/error.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// Where the recorded and the numeric derivative differ most.
struct GradientCheck {
  double error = 0;  ///< |recorded - numeric| / max(1, |recorded|, |numeric|)
  std::string parameter;
  Eigen::Index row = 0, column = 0;
  double recorded = 0, numeric = 0;
};

/// Compares the derivatives that `loss` records with central differences, for every element of every parameter.
///
/// The error of a right derivative is about step² and 1e-16 / step, so below 1e-8 for smooth losses of size 1; at
/// a kink (relu at 0, equal maxima) the two differ.
///
/// @param parameters  what the loss depends on; values are restored, gradients overwritten
/// @param loss        called as `loss(tape)`, returns a 1x1 value on that tape; the same for the same parameters
/// @param step        of the differences
/// @throws RangeError  `step` is not positive
template <std::invocable<Tape<double>&> Loss>
  requires std::same_as < std::invoke_result_t < Loss&, Tape<double>
& >, Value < double >>
         [[nodiscard]] GradientCheck check_gradients(std::span<Parameter<double>* const> parameters,
                                                     Loss&& loss, double step = 1e-5) {
  if (!(step > 0)) throw RangeError("check_gradients: step " + std::to_string(step) + " has to be above 0");
  Tape<double> tape;
  zero_gradients(parameters);
  tape.backward(loss(tape));

  const auto evaluate = [&] {
    tape.clear();
    return loss(tape).value()(0, 0);
  };
  GradientCheck worst;
  for (auto* parameter : parameters)
    for (Eigen::Index column = 0; column < parameter->value.cols(); ++column)
      for (Eigen::Index row = 0; row < parameter->value.rows(); ++row) {
        auto& element = parameter->value(row, column);
        const double middle = element;
        element = middle + step;
        const double above = evaluate();
        element = middle - step;
        const double below = evaluate();
        element = middle;
        const double numeric = (above - below) / (2 * step);
        const double recorded = parameter->gradient(row, column);
        const double error =
            std::abs(recorded - numeric) / std::max({1.0, std::abs(recorded), std::abs(numeric)});
        if (!(error <= worst.error))
          worst = {error, parameter->name, row, column, recorded, numeric};  // a NaN too
      }
  return worst;
}

}  // namespace bitloom::train
