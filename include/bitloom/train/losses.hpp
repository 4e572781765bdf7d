// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/train/reductions.hpp>
#include <bitloom/train/softmax.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

namespace detail {

/// log(1 + exp(x)) without overflow.
template <Scalar S>
S softplus(const S& x) {
  using std::exp;
  using std::log;
  return x > S(0) ? x + log(S(1) + exp(-x)) : log(S(1) + exp(x));
}

/// 1 / (1 + exp(-x)) without overflow.
template <Scalar S>
S logistic(const S& x) {
  using std::exp;
  if (x < S(0)) {
    const S power = exp(x);
    return power / (S(1) + power);
  }
  return S(1) / (S(1) + exp(-x));
}

}  // namespace detail

/// Mean of (prediction - target)² over all elements, 1x1.
/// @throws ShapeError  the shapes differ, or there is no element
template <Scalar S>
Value<S> mean_squared_error(Value<S> prediction, Value<S> target) {
  detail::check_same_shape("mean_squared_error: prediction", prediction.value(), "target", target.value());
  const auto count = detail::count_of<S>("mean_squared_error: elements", prediction.value().size());
  auto& tape = prediction.tape();
  auto difference = tape.matrix(prediction.rows(), prediction.columns());
  difference = prediction.value() - target.value();
  S sum(0);
  for (Eigen::Index i = 0; i < difference.size(); ++i) sum += difference.data()[i] * difference.data()[i];
  const auto kept = tape.constant(std::move(difference));
  return tape.record(Matrix<S>::Constant(1, 1, sum / count), {prediction, target}, [=](Value<S> result) {
    const S factor = S(2) * result.gradient()(0, 0) / count;
    prediction.add_gradient(kept.value() * factor);
    target.add_gradient(kept.value() * -factor);
  });
}

/// Options of `softmax_cross_entropy`.
struct CrossEntropyOptions {
  double label_smoothing =
      0;  ///< share of the wanted distribution that is spread evenly over all classes, 0..1
};

/// Mean over the batch of -Σ wanted · log softmax(logits), 1x1; does not overflow for large logits.
///
/// Wanted is 1 at the label, or with label smoothing ε: 1 - ε at the label and ε / classes everywhere in addition.
///
/// @param logits  [classes × batch]
/// @param labels  one per column, 0..classes - 1
/// @throws ShapeError  the number of labels is not the batch size, or there is none
/// @throws RangeError  a label is no class, or the smoothing is outside 0..1
/// Source: label smoothing: Szegedy et al., "Rethinking the inception architecture", CVPR 2016, section 7.
template <Scalar S>
Value<S> softmax_cross_entropy(Value<S> logits, std::span<const int> labels,
                               const CrossEntropyOptions& options = {}) {
  using std::exp;
  using std::log;
  const auto& x = logits.value();
  core::check_positive("softmax_cross_entropy: classes", x.rows());
  const auto count = detail::count_of<S>("softmax_cross_entropy: batch", x.cols());
  if (std::ssize(labels) != x.cols())
    throw ShapeError("softmax_cross_entropy: " + std::to_string(labels.size()) +
                     " labels, but the logits are " + detail::shape_text(x));
  for (const int label : labels) core::check_range("softmax_cross_entropy label", label, 0, x.rows() - 1);
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
    throw RangeError("softmax_cross_entropy: label_smoothing " + std::to_string(options.label_smoothing) +
                     " is outside 0..1");
  const auto even = S(options.label_smoothing / static_cast<double>(x.rows())),
             sharp = S(1 - options.label_smoothing);

  auto& tape = logits.tape();
  auto excess = tape.matrix(x.rows(), x.cols());  // softmax minus the wanted distribution
  S loss(0);
  for (Eigen::Index item = 0; item < x.cols(); ++item) {
    const auto label = labels[static_cast<std::size_t>(item)];
    const S largest = detail::largest_element<S>(x.col(item));
    S sum(0), total(0);
    for (Eigen::Index i = 0; i < x.rows(); ++i) {
      sum += excess(i, item) = exp(x(i, item) - largest);
      total += x(i, item) - largest;
    }
    excess.col(item) /= sum;
    if (options.label_smoothing > 0) {  // apart: an infinite logit of another class does not count without it
      excess.col(item).array() -= even;
      loss -= even * total;
    }
    excess(label, item) -= sharp;
    loss += log(sum) - sharp * (x(label, item) - largest);
  }
  const auto kept = tape.constant(std::move(excess));
  return tape.record(Matrix<S>::Constant(1, 1, loss / count), {logits}, [=](Value<S> result) {
    logits.add_gradient(kept.value() * (result.gradient()(0, 0) / count));
  });
}

/// Mean over all elements of -target · log p - (1 - target) · log(1 - p) with p = 1 / (1 + exp(-logit)), 1x1; does
/// not overflow for large logits.
///
/// @param logits  any shape
/// @param target  the same shape, probabilities; gets no gradient
/// @throws ShapeError  the shapes differ, or there is no element
template <Scalar S>
Value<S> binary_cross_entropy(Value<S> logits, Value<S> target) {
  detail::check_same_shape("binary_cross_entropy: logits", logits.value(), "target", target.value());
  const auto count = detail::count_of<S>("binary_cross_entropy: elements", logits.value().size());
  const auto& x = logits.value();
  const auto& t = target.value();
  S loss(0);
  for (Eigen::Index i = 0; i < x.size(); ++i)
    loss += detail::softplus(x.data()[i]) - t.data()[i] * x.data()[i];
  return logits.tape().record(Matrix<S>::Constant(1, 1, loss / count), {logits}, [=](Value<S> result) {
    const S factor = result.gradient()(0, 0) / count;
    const auto p = logits.value().unaryExpr([](const S& element) { return detail::logistic(element); });
    logits.add_gradient((p - target.value()) * factor);
  });
}

/// Mean of max(0, margin - (score of the better - score of the worse)) over all ordered pairs of items whose targets
/// differ, 1x1; zero if there is no such pair. For predictors that have to rank.
///
/// @param scores   [1 × batch]
/// @param targets  one per column; larger is better
/// @param margin   by how much the better item's score has to be above the other's
/// @throws ShapeError  the scores are not one row, or the number of targets is not the batch size
/// @throws RangeError  a target is not a number
template <Scalar S>
Value<S> pairwise_hinge(Value<S> scores, std::span<const double> targets, double margin) {
  if (scores.rows() != 1 || std::ssize(targets) != scores.columns())
    throw ShapeError("pairwise_hinge: scores are " + detail::shape_text(scores.value()) +
                     ", but have to be 1x" + std::to_string(targets.size()) + " for the targets");
  for (const double target : targets)
    if (std::isnan(target)) throw RangeError("pairwise_hinge: a target is not a number");
  const auto& x = scores.value();
  auto& tape = scores.tape();
  auto slope = tape.matrix(1, x.cols());
  slope.setZero();
  S loss(0);
  Eigen::Index pairs = 0;
  for (Eigen::Index better = 0; better < x.cols(); ++better)
    for (Eigen::Index worse = 0; worse < x.cols(); ++worse) {
      if (!(targets[static_cast<std::size_t>(better)] > targets[static_cast<std::size_t>(worse)])) continue;
      ++pairs;
      const S violation = S(margin) - (x(0, better) - x(0, worse));
      if (violation <= S(0)) continue;  // a NaN counts
      loss += violation;
      slope(0, better) -= S(1);
      slope(0, worse) += S(1);
    }
  const auto count = S(static_cast<double>(std::max<Eigen::Index>(pairs, 1)));
  const auto kept = tape.constant(std::move(slope));
  return tape.record(Matrix<S>::Constant(1, 1, loss / count), {scores}, [=](Value<S> result) {
    scores.add_gradient(kept.value() * (result.gradient()(0, 0) / count));
  });
}

}  // namespace bitloom::train
