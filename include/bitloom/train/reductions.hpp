// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitloom/core/error.hpp>
#include <bitloom/op/lanes.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// An axis of a matrix [features × batch].
struct Features {};
/// An axis of a matrix [features × batch].
struct Batch {};

namespace detail {

template <Scalar S>
S sum_in_order(const Matrix<S>& elements) {
  S sum(0);
  for (Eigen::Index i = 0; i < elements.size(); ++i) sum += elements.data()[i];
  return sum;
}

/// Sum of every column, 1 x columns, with the same bits wherever the column stands.
template <Scalar S>
Matrix<S> column_sums(const Matrix<S>& elements) {
  Matrix<S> sums(1, elements.cols());
  for (Eigen::Index i = 0; i < elements.cols(); ++i)
    sums(0, i) = op::sum_in_lanes(elements.col(i).data(), elements.rows());
  return sums;
}

template <Scalar S>
S count_of(const char* name, Eigen::Index count) {
  core::check_positive(name, count);
  return S(static_cast<double>(count));
}

}  // namespace detail

/// Sum of all elements, 1x1, column by column.
template <Scalar S>
Value<S> sum(Value<S> input) {
  return input.tape().record(
      Matrix<S>::Constant(1, 1, detail::sum_in_order(input.value())), {input}, [=](Value<S> result) {
        input.add_gradient(Matrix<S>::Constant(input.rows(), input.columns(), result.gradient()(0, 0)));
      });
}

/// Sum over the features of every item in the order of op::sum_in_lanes, [1 × batch].
template <Scalar S>
Value<S> sum(Value<S> input, Features) {
  return input.tape().record(detail::column_sums(input.value()), {input}, [=](Value<S> result) {
    input.add_gradient(result.gradient().replicate(input.rows(), 1));
  });
}

/// Sum over the batch of every feature, [features × 1].
template <Scalar S>
Value<S> sum(Value<S> input, Batch) {
  return input.tape().record(input.value().rowwise().sum(), {input}, [=](Value<S> result) {
    input.add_gradient(result.gradient().replicate(1, input.columns()));
  });
}

/// Mean of all elements, 1x1, summed column by column.
/// @throws ShapeError  there is no element
template <Scalar S>
Value<S> mean(Value<S> input) {
  const auto count = detail::count_of<S>("mean: elements", input.value().size());
  return input.tape().record(
      Matrix<S>::Constant(1, 1, detail::sum_in_order(input.value()) / count), {input}, [=](Value<S> result) {
        input.add_gradient(
            Matrix<S>::Constant(input.rows(), input.columns(), result.gradient()(0, 0) / count));
      });
}

/// Mean of the features of every item, summed as by `sum`, [1 × batch].
/// @throws ShapeError  there is no feature
template <Scalar S>
Value<S> mean(Value<S> input, Features) {
  const auto count = detail::count_of<S>("mean: features", input.rows());
  return input.tape().record(detail::column_sums(input.value()) / count, {input}, [=](Value<S> result) {
    input.add_gradient((result.gradient() / count).replicate(input.rows(), 1));
  });
}

/// Mean over the batch of every feature, [features × 1].
/// @throws ShapeError  the batch is empty
template <Scalar S>
Value<S> mean(Value<S> input, Batch) {
  const auto count = detail::count_of<S>("mean: batch", input.columns());
  return input.tape().record(input.value().rowwise().sum() / count, {input}, [=](Value<S> result) {
    input.add_gradient((result.gradient() / count).replicate(1, input.columns()));
  });
}

}  // namespace bitloom::train
