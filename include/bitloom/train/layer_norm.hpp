// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/op/lanes.hpp>
#include <bitloom/train/batch_norm.hpp>
#include <bitloom/train/blocks.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// scale · normalized + shift, where every piece of `features` consecutive elements of a column is normalized by its
/// own mean and variance: each token of a sequence [tokens × features], or a whole item.
///
/// @param input    [pieces · features × batch]
/// @param scale    [features × 1]
/// @param shift    [features × 1]
/// @param epsilon  is added to the variance, above 0
/// @throws ShapeError  a shape does not fit
/// @throws RangeError  epsilon is not positive
/// Source: Ba, Kiros, Hinton, "Layer normalization", arXiv 1607.06450, equation 3.
template <Scalar S>
Value<S> layer_norm(Value<S> input, Value<S> scale, Value<S> shift, double epsilon) {
  using Eigen::Index;
  using std::sqrt;
  using Map = Eigen::Map<Matrix<S>>;
  using ConstMap = Eigen::Map<const Matrix<S>>;
  const auto features = scale.rows();
  core::check_positive("layer_norm: features", features);
  detail::check_normalization("layer_norm", scale, shift, features, epsilon);
  if (input.rows() % features != 0)
    throw ShapeError("layer_norm: input is " + detail::shape_text(input.value()) + ", but " +
                     std::to_string(features) + " features have to divide its rows");
  const auto pieces = input.value().size() / features;
  const auto width = detail::block_columns(features);
  const auto count = S(static_cast<double>(features));
  auto& tape = input.tape();
  auto output = tape.matrix(input.rows(), input.columns());
  auto kept = tape.matrix(features, pieces);  // normalized
  auto inverse = tape.matrix(1, pieces);
  tape.for_each_block(pieces, width, [&](Index begin, Index number) {
    for (auto i = begin; i < begin + number; ++i) {
      const ConstMap x(input.value().data() + i * features, features, 1);
      const S mean = op::sum_in_lanes(x.data(), features) / count;
      kept.col(i) = (x.array() - mean).matrix();
      inverse(0, i) = S(1) / sqrt(kept.col(i).squaredNorm() / count + S(epsilon));
      kept.col(i) *= inverse(0, i);
      Map(output.data() + i * features, features, 1) =
          kept.col(i).cwiseProduct(scale.value().col(0)) + shift.value().col(0);
    }
  });
  const auto normalized = tape.constant(std::move(kept)), deviation = tape.constant(std::move(inverse));
  return tape.record(std::move(output), {input, scale, shift}, [=](Value<S> result) {
    const ConstMap gradient(result.gradient().data(), features, pieces);
    shift.add_gradient(gradient.rowwise().sum());
    scale.add_gradient(gradient.cwiseProduct(normalized.value()).rowwise().sum());
    if (!input.needs_gradient()) return;
    const auto target = input.gradient_target();
    result.tape().for_each_block(pieces, width, [&](Index begin, Index number) {
      Matrix<S> scaled(features, 1);
      for (auto i = begin; i < begin + number; ++i) {
        const auto unit = normalized.value().col(i);
        scaled = gradient.col(i).cwiseProduct(scale.value().col(0));
        const S common = scaled.sum() / count, slope = unit.cwiseProduct(scaled.col(0)).sum() / count;
        Map sum(target.sum.data() + i * features, features, 1);
        scaled.array() -= common + unit.array() * slope;
        scaled *= deviation.value()(0, i);
        if (target.fresh)
          sum = scaled;
        else
          sum += scaled;
      }
    });
  });
}

}  // namespace bitloom::train
