// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/train/concepts.hpp>
#include <bitloom/train/parameter.hpp>

namespace bitloom::train {

/// Mean and standard deviation of every feature, to be taken from the training part and applied to every part.
///
///     const auto standard = standardization(parts.train.images);
///     standard.apply(parts.train.images);
///     standard.apply(parts.test.images);
struct Standardization {
  Matrix<float> mean;       ///< [features × 1]
  Matrix<float> deviation;  ///< [features × 1], above 0

  /// Replaces every feature x by (x - mean) / deviation.
  /// @param items  [features × count]
  /// @throws ShapeError  the items have another number of features
  void apply(Matrix<float>& items) const {
    core::check_equal("standardization: features", items.rows(), "those of the mean", mean.rows());
    detail::check_same_shape("standardization: mean", mean, "deviation", deviation);
    for (Eigen::Index item = 0; item < items.cols(); ++item)
      items.col(item) = (items.col(item) - mean.col(0)).cwiseQuotient(deviation.col(0));
  }
};

/// The standardization that gives every feature of the items mean 0 and variance 1, with the divisor count, up to
/// rounding. A feature that is the same in all items gets the deviation 1, so that it becomes 0; so does one whose
/// deviation is too small for a float.
///
/// @param items  [features × count]; sums are in double, item by item
/// @throws ShapeError  there is no item
/// @throws RangeError  a feature is not finite
[[nodiscard]] inline Standardization standardization(const Matrix<float>& items) {
  core::check_positive("standardization: items", items.cols());
  const auto count = static_cast<double>(items.cols());
  Matrix<double> sum = Matrix<double>::Zero(items.rows(), 1), squares = sum;
  for (Eigen::Index item = 0; item < items.cols(); ++item) sum += items.col(item).cast<double>();
  sum /= count;
  for (Eigen::Index item = 0; item < items.cols(); ++item)
    squares += (items.col(item).cast<double>() - sum).cwiseAbs2();
  Standardization result{.mean = sum.cast<float>(), .deviation = Matrix<float>::Ones(items.rows(), 1)};
  for (Eigen::Index i = 0; i < items.rows(); ++i) {
    if (!std::isfinite(squares(i, 0)))
      throw RangeError("standardization: feature " + std::to_string(i) + " is not finite in all items");
    const auto deviation = static_cast<float>(std::sqrt(squares(i, 0) / count));
    if ((items.row(i).array() == items(i, 0)).all())
      result.mean(i, 0) = items(i, 0);  // the sum may have rounded
    else if (deviation > 0)
      result.deviation(i, 0) = deviation;
  }
  return result;
}

}  // namespace bitloom::train
