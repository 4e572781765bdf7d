// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// left + right, element by element.
/// @throws ShapeError  the shapes differ
template <Scalar S>
Value<S> add(Value<S> left, Value<S> right) {
  detail::check_same_shape("add: left", left.value(), "right", right.value());
  return left.tape().record(left.value() + right.value(), {left, right}, [=](Value<S> result) {
    left.add_gradient(result.gradient());
    right.add_gradient(result.gradient());
  });
}

/// Adds a bias [features × 1] to every column of the input [features × batch].
/// @throws ShapeError  the bias does not have one row per feature and one column
template <Scalar S>
Value<S> add_bias(Value<S> input, Value<S> bias) {
  if (bias.rows() != input.rows() || bias.columns() != 1)
    throw ShapeError("add_bias: bias is " + detail::shape_text(bias.value()) + ", but the input is " +
                     detail::shape_text(input.value()));
  return input.tape().record(input.value().colwise() + bias.value().col(0), {input, bias},
                             [=](Value<S> result) {
                               input.add_gradient(result.gradient());
                               bias.add_gradient(result.gradient().rowwise().sum());
                             });
}

/// left · right, element by element.
/// @throws ShapeError  the shapes differ
template <Scalar S>
Value<S> multiply(Value<S> left, Value<S> right) {
  detail::check_same_shape("multiply: left", left.value(), "right", right.value());
  return left.tape().record(left.value().cwiseProduct(right.value()), {left, right}, [=](Value<S> result) {
    left.add_gradient(result.gradient().cwiseProduct(right.value()));
    right.add_gradient(result.gradient().cwiseProduct(left.value()));
  });
}

/// Matrix product [rows × inner] · [inner × columns].
/// @throws ShapeError  the inner extents differ
template <Scalar S>
Value<S> matmul(Value<S> left, Value<S> right) {
  if (left.columns() != right.rows())
    throw ShapeError("matmul: left is " + detail::shape_text(left.value()) + ", but right is " +
                     detail::shape_text(right.value()));
  return left.tape().record(left.value() * right.value(), {left, right}, [=](Value<S> result) {
    left.add_gradient(result.gradient() * right.value().transpose());
    right.add_gradient(left.value().transpose() * result.gradient());
  });
}

/// weight · input + bias, the bias on every column.
///
/// @param input   [in × batch]
/// @param weight  [out × in]
/// @param bias    [out × 1]
/// @throws ShapeError  the shapes do not fit together
template <Scalar S>
Value<S> dense(Value<S> input, Value<S> weight, Value<S> bias) {
  if (weight.columns() != input.rows())
    throw ShapeError("dense: weight is " + detail::shape_text(weight.value()) + ", but the input is " +
                     detail::shape_text(input.value()));
  if (bias.rows() != weight.rows() || bias.columns() != 1)
    throw ShapeError("dense: bias is " + detail::shape_text(bias.value()) + ", but the weight is " +
                     detail::shape_text(weight.value()));
  Matrix<S> output = weight.value() * input.value();
  output.colwise() += bias.value().col(0);
  return input.tape().record(std::move(output), {input, weight, bias}, [=](Value<S> result) {
    input.add_gradient(weight.value().transpose() * result.gradient());
    weight.add_gradient(result.gradient() * input.value().transpose());
    bias.add_gradient(result.gradient().rowwise().sum());
  });
}

/// max(input, 0), element by element; the derivative at 0 is 0. A NaN stays a NaN.
template <Scalar S>
Value<S> relu(Value<S> input) {
  Matrix<S> output = input.value().unaryExpr([](const S& x) { return S(0) > x ? S(0) : x; });
  return input.tape().record(std::move(output), {input}, [=](Value<S> result) {
    const auto positive =
        (input.value().array() > S(0)).template cast<S>();  // a product: no branch to mispredict
    input.add_gradient(result.gradient().cwiseProduct(positive.matrix()));
  });
}

/// Mean of all elements, 1x1, summed column by column.
/// @throws ShapeError  there is no element
template <Scalar S>
Value<S> mean(Value<S> input) {
  const auto& elements = input.value();
  core::check_positive("mean: elements", elements.size());
  const auto count = S(static_cast<double>(elements.size()));
  S sum(0);
  for (Eigen::Index i = 0; i < elements.size(); ++i) sum += elements.data()[i];
  return input.tape().record(Matrix<S>::Constant(1, 1, sum / count), {input}, [=](Value<S> result) {
    input.add_gradient(Matrix<S>::Constant(input.rows(), input.columns(), result.gradient()(0, 0) / count));
  });
}

/// Mean of (prediction - target)² over all elements, 1x1.
/// @throws ShapeError  the shapes differ, or there is no element
template <Scalar S>
Value<S> mean_squared_error(Value<S> prediction, Value<S> target) {
  detail::check_same_shape("mean_squared_error: prediction", prediction.value(), "target", target.value());
  core::check_positive("mean_squared_error: elements", prediction.value().size());
  Matrix<S> difference = prediction.value() - target.value();
  const auto count = S(static_cast<double>(difference.size()));
  S sum(0);
  for (Eigen::Index i = 0; i < difference.size(); ++i) sum += difference.data()[i] * difference.data()[i];
  return prediction.tape().record(Matrix<S>::Constant(1, 1, sum / count), {prediction, target},
                                  [=, difference = std::move(difference)](Value<S> result) {
                                    const S factor = S(2) * result.gradient()(0, 0) / count;
                                    prediction.add_gradient(difference * factor);
                                    target.add_gradient(difference * -factor);
                                  });
}

/// Mean over the batch of -log softmax(logits)[label], 1x1; does not overflow for large logits.
///
/// @param logits  [classes × batch]
/// @param labels  one per column, 0..classes - 1
/// @throws ShapeError  the number of labels is not the batch size, or there is none
/// @throws RangeError  a label is no class
template <Scalar S>
Value<S> softmax_cross_entropy(Value<S> logits, std::span<const int> labels) {
  using std::exp;
  using std::log;
  const auto& x = logits.value();
  core::check_positive("softmax_cross_entropy: classes", x.rows());
  core::check_positive("softmax_cross_entropy: batch", x.cols());
  if (std::ssize(labels) != x.cols())
    throw ShapeError("softmax_cross_entropy: " + std::to_string(labels.size()) +
                     " labels, but the logits are " + detail::shape_text(x));
  for (const int label : labels) core::check_range("softmax_cross_entropy label", label, 0, x.rows() - 1);

  Matrix<S> excess(x.rows(), x.cols());  // softmax minus the wanted distribution
  S loss(0);
  for (Eigen::Index item = 0; item < x.cols(); ++item) {
    const auto label = labels[static_cast<std::size_t>(item)];
    const S largest = x.col(item).maxCoeff();
    S sum(0);
    for (Eigen::Index i = 0; i < x.rows(); ++i) sum += excess(i, item) = exp(x(i, item) - largest);
    excess.col(item) /= sum;
    excess(label, item) -= S(1);
    loss += log(sum) - (x(label, item) - largest);
  }
  const auto count = S(static_cast<double>(x.cols()));
  return logits.tape().record(Matrix<S>::Constant(1, 1, loss / count), {logits},
                              [=, excess = std::move(excess)](Value<S> result) {
                                logits.add_gradient(excess * (result.gradient()(0, 0) / count));
                              });
}

}  // namespace bitloom::train
