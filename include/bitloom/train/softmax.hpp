// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/op/lanes.hpp>
#include <bitloom/train/reductions.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

namespace detail {

template <Scalar S, class Column>
S largest_element(const Column& column) {
  S largest = column(0);
  for (Eigen::Index i = 1; i < column.size(); ++i)
    if (column(i) > largest) largest = column(i);
  return largest;
}

}  // namespace detail

/// exp(input) divided by its sum over the features of every item; does not overflow.
/// @throws ShapeError  there is no feature
template <Scalar S>
Value<S> softmax(Value<S> input) {
  core::check_positive("softmax: features", input.rows());
  auto output = input.tape().matrix(input.rows(), input.columns());
  Matrix<S> powers(input.rows(),
                   1);  // at an address of its own: a vector loop's exp does not have the bits of exp
  for (Eigen::Index item = 0; item < output.cols(); ++item) {
    const auto x = input.value().col(item);
    powers = (x.array() - detail::largest_element<S>(x)).exp().matrix();
    output.col(item) = powers / op::sum_in_lanes(powers.data(), powers.rows());
  }
  return input.tape().record(std::move(output), {input}, [=](Value<S> result) {
    const auto& y = result.value();
    const auto& g = result.gradient();
    const Matrix<S> dot = y.cwiseProduct(g).colwise().sum();
    input.add_gradient(y.cwiseProduct(g - dot.replicate(y.rows(), 1)));
  });
}

/// Logarithm of `softmax`; does not overflow and loses no small shares.
/// @throws ShapeError  there is no feature
template <Scalar S>
Value<S> log_softmax(Value<S> input) {
  using std::log;
  core::check_positive("log_softmax: features", input.rows());
  auto output = input.tape().matrix(input.rows(), input.columns());
  for (Eigen::Index item = 0; item < output.cols(); ++item) {
    const auto x = input.value().col(item);
    const S largest = detail::largest_element<S>(x);
    output.col(item) = (x.array() - largest).matrix();
    const S total = log(output.col(item).array().exp().sum());
    output.col(item).array() -= total;
  }
  return input.tape().record(std::move(output), {input}, [=](Value<S> result) {
    const auto& g = result.gradient();
    const Matrix<S> total = detail::column_sums(g);
    input.add_gradient(g - result.value().array().exp().matrix().cwiseProduct(total.replicate(g.rows(), 1)));
  });
}

}  // namespace bitloom::train
