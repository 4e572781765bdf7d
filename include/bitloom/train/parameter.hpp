// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/train/concepts.hpp>

namespace bitloom::train {

/// A trained matrix and the sum of its gradients since the last `zero_gradients`.
template <Scalar S>
struct Parameter {
  std::string name;
  Matrix<S> value;
  Matrix<S> gradient;  ///< shape of `value`; empty counts as zero
};

/// Forgets the gradients, as before every step.
template <Scalar S>
void zero_gradients(std::span<Parameter<S>* const> parameters) {
  for (auto* parameter : parameters)
    parameter->gradient.setZero(parameter->value.rows(), parameter->value.cols());
}

namespace detail {

/// For messages, e.g. `3x4`.
template <class Derived>
std::string shape_text(const Eigen::EigenBase<Derived>& matrix) {
  return std::to_string(matrix.rows()) + 'x' + std::to_string(matrix.cols());
}

/// Throws ShapeError, naming both, unless the two matrices have the same shape.
template <class Left, class Right>
void check_same_shape(const char* left_name, const Eigen::EigenBase<Left>& left, const char* right_name,
                      const Eigen::EigenBase<Right>& right) {
  if (left.rows() != right.rows() || left.cols() != right.cols())
    throw ShapeError(std::string(left_name) + " is " + shape_text(left) + ", but " + right_name + " is " +
                     shape_text(right));
}

/// Throws ShapeError, naming the operand, unless the matrix has the shape that an operation needs.
template <class Derived>
void check_shape(const char* operation, const char* operand, const Eigen::EigenBase<Derived>& matrix,
                 Eigen::Index rows, Eigen::Index columns) {
  if (matrix.rows() != rows || matrix.cols() != columns)
    throw ShapeError(std::string(operation) + ": " + operand + " is " + shape_text(matrix) +
                     ", but has to be " + std::to_string(rows) + 'x' + std::to_string(columns));
}

}  // namespace detail
}  // namespace bitloom::train
