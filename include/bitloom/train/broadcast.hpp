// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/train/reductions.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train::detail {

/// A matrix that is repeated along the axes in which it has extent 1.
template <Scalar S>
struct Repeated {
  const S* data;
  Eigen::Index row_step, column_step;

  explicit Repeated(const Matrix<S>& matrix)
      : data(matrix.data()),
        row_step(matrix.rows() == 1 ? 0 : 1),
        column_step(matrix.cols() == 1 ? 0 : matrix.rows()) {}

  const S& operator()(Eigen::Index row, Eigen::Index column) const {
    return data[row * row_step + column * column_step];
  }
};

/// Extent of two broadcast extents. @throws ShapeError  they differ and none is 1
template <Scalar S>
Eigen::Index broadcast_extent(const char* name, const Matrix<S>& left, const Matrix<S>& right,
                              Eigen::Index left_extent, Eigen::Index right_extent) {
  if (left_extent != right_extent && left_extent != 1 && right_extent != 1)
    check_same_shape((std::string(name) + ": left").c_str(), left, "right", right);
  return left_extent == 1 ? right_extent : left_extent;
}

/// Adds a term of the broadcast shape to the gradient of an operand, summed over the axes that were repeated.
template <Scalar S, class Derived>
void add_reduced_gradient(Value<S> operand, const Eigen::MatrixBase<Derived>& term) {
  if (operand.rows() == term.rows() && operand.columns() == term.cols())
    operand.add_gradient(term);
  else if (operand.rows() == term.rows())
    operand.add_gradient(term.rowwise().sum());
  else if (operand.columns() == term.cols())
    operand.add_gradient(column_sums<S>(term));
  else
    operand.add_gradient(Matrix<S>::Constant(1, 1, term.sum()));
}

/// Calls `consume` with the expression function(elements…) of the given shape, each matrix repeated to that shape.
template <Scalar S, class Consume, class Function, class... Matrices>
void zip(Eigen::Index rows, Eigen::Index columns, Consume&& consume, const Function& function,
         const Matrices&... matrices) {
  if (((matrices.size() == rows * columns) && ...))
    consume(function(matrices.array()...).matrix());
  else
    [&](auto... repeated) {
      consume(Matrix<S>::NullaryExpr(rows, columns, [=, &function](Eigen::Index i, Eigen::Index j) {
        return S(function(repeated(i, j)...));
      }));
    }(Repeated<S>(matrices)...);
}

/// Records function(left, right) with broadcasting.
///
/// @param left_term   `left_term(gradient, left, right)` is what the left operand's gradient gets, for an element
/// @param right_term  the same for the right operand
template <Scalar S, class Function, class LeftTerm, class RightTerm>
Value<S> broadcast(const char* name, Value<S> left, Value<S> right, const Function& function,
                   LeftTerm left_term, RightTerm right_term) {
  const auto rows = broadcast_extent(name, left.value(), right.value(), left.rows(), right.rows());
  const auto columns = broadcast_extent(name, left.value(), right.value(), left.columns(), right.columns());
  auto output = left.tape().matrix(rows, columns);
  const auto store = [&](const auto& expression) { output = expression; };
  zip<S>(rows, columns, store, function, left.value(), right.value());
  return left.tape().record(std::move(output), {left, right}, [=](Value<S> result) {
    const auto add_term = [&](Value<S> operand, const auto& term) {
      if (!operand.needs_gradient()) return;
      const auto add = [&](const auto& expression) { add_reduced_gradient(operand, expression); };
      zip<S>(rows, columns, add, term, result.gradient(), left.value(), right.value());
    };
    add_term(left, left_term);
    add_term(right, right_term);
  });
}

}  // namespace bitloom::train::detail
