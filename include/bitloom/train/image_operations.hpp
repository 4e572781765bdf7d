// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/op/im2col.hpp>
#include <bitloom/op/pool.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

namespace detail {

template <Scalar S>
std::span<const S> column_span(const Matrix<S>& matrix, Eigen::Index column) {
  return {matrix.data() + column * matrix.rows(), static_cast<std::size_t>(matrix.rows())};
}

template <Scalar S>
std::span<S> column_span(Matrix<S>& matrix, Eigen::Index column) {
  return {matrix.data() + column * matrix.rows(), static_cast<std::size_t>(matrix.rows())};
}

template <Scalar S>
void check_matrix(const char* name, const Matrix<S>& matrix, std::int64_t rows, std::int64_t columns) {
  if (matrix.rows() != rows || matrix.cols() != columns)
    throw ShapeError(std::string(name) + " is " + shape_text(matrix) + ", but the geometry needs " +
                     std::to_string(rows) + 'x' + std::to_string(columns));
}

}  // namespace detail

/// Convolution of every image with a bias per output channel.
///
/// The images are unrolled and multiplied one after the other, in the order of the batch.
///
/// @param input   [channels · height · width × batch]
/// @param weight  [out_channels × channels · kernel · kernel]
/// @param bias    [out_channels × 1]
/// @return        [out_channels · out_height · out_width × batch]
/// @throws ShapeError  a shape does not fit the geometry
template <Scalar S>
Value<S> conv2d(Value<S> input, Value<S> weight, Value<S> bias, const op::ConvGeometry& geometry) {
  core::check_positive("conv2d: out_channels", geometry.out_channels);
  const auto out = geometry.output();
  const auto batch = input.columns();
  const auto patch = geometry.patch();
  const auto positions = out.height * out.width;
  detail::check_matrix("conv2d: input", input.value(), geometry.input.size(), batch);
  detail::check_matrix("conv2d: weight", weight.value(), out.channels, patch);
  detail::check_matrix("conv2d: bias", bias.value(), out.channels, 1);

  // An unrolled image is row-major [patch × positions], which is column-major [positions × patch].
  using Map = Eigen::Map<Matrix<S>>;
  using ConstMap = Eigen::Map<const Matrix<S>>;
  Matrix<S> unrolled(patch * positions, batch);
  Matrix<S> output(out.size(), batch);
  for (Eigen::Index item = 0; item < batch; ++item) {
    op::im2col<S>(geometry, detail::column_span(input.value(), item), detail::column_span(unrolled, item),
                  positions);
    Map result(output.col(item).data(), positions, out.channels);
    result.noalias() = ConstMap(unrolled.col(item).data(), positions, patch) * weight.value().transpose();
    result.rowwise() += bias.value().col(0).transpose();
  }
  return input.tape().record(
      std::move(output), {input, weight, bias}, [=, unrolled = std::move(unrolled)](Value<S> result) {
        Matrix<S> scratch(positions, patch);
        for (Eigen::Index item = 0; item < batch; ++item) {
          const ConstMap gradient(result.gradient().col(item).data(), positions, out.channels);
          const ConstMap columns(unrolled.col(item).data(), positions, patch);
          if (weight.needs_gradient()) weight.gradient_sum().noalias() += gradient.transpose() * columns;
          if (bias.needs_gradient()) bias.gradient_sum() += gradient.colwise().sum().transpose();
          if (!input.needs_gradient()) continue;
          scratch.noalias() = gradient * weight.value();
          op::col2im_add<S>(geometry, {scratch.data(), static_cast<std::size_t>(scratch.size())}, positions,
                            detail::column_span(input.gradient_sum(), item));
        }
      });
}

/// The largest element under each window; the gradient goes to the first of equals.
///
/// @param input   [channels · height · width × batch]
/// @return        [channels · out_height · out_width × batch]
/// @throws ShapeError  the input does not fit the geometry
template <Scalar S>
Value<S> max_pool(Value<S> input, const op::PoolGeometry& geometry) {
  const auto size = geometry.output().size();
  const auto batch = input.columns();
  detail::check_matrix("max_pool: input", input.value(), geometry.input.size(), batch);
  std::vector<std::int64_t> source(static_cast<std::size_t>(size * batch));
  Matrix<S> output(size, batch);
  for (Eigen::Index item = 0; item < batch; ++item) {
    const auto sources =
        std::span(source).subspan(static_cast<std::size_t>(item * size), static_cast<std::size_t>(size));
    op::max_pool_source<S>(geometry, detail::column_span(input.value(), item), sources);
    for (Eigen::Index i = 0; i < size; ++i)
      output(i, item) = input.value()(sources[static_cast<std::size_t>(i)], item);
  }
  return input.tape().record(std::move(output), {input}, [=, source = std::move(source)](Value<S> result) {
    auto& sum = input.gradient_sum();
    for (Eigen::Index item = 0; item < batch; ++item)
      for (Eigen::Index i = 0; i < size; ++i)
        sum(source[static_cast<std::size_t>(item * size + i)], item) += result.gradient()(i, item);
  });
}

/// The mean under each window, padding counted as zero.
///
/// @param input   [channels · height · width × batch]
/// @return        [channels · out_height · out_width × batch]
/// @throws ShapeError  the input does not fit the geometry
template <Scalar S>
Value<S> average_pool(Value<S> input, const op::PoolGeometry& geometry) {
  const auto batch = input.columns();
  const auto area = S(static_cast<double>(geometry.window.kernel * geometry.window.kernel));
  detail::check_matrix("average_pool: input", input.value(), geometry.input.size(), batch);
  Matrix<S> output(geometry.output().size(), batch);
  for (Eigen::Index item = 0; item < batch; ++item)
    op::sum_pool<S, S>(geometry, detail::column_span(input.value(), item), detail::column_span(output, item));
  output /= area;
  return input.tape().record(std::move(output), {input}, [=](Value<S> result) {
    auto& sum = input.gradient_sum();
    for (Eigen::Index item = 0; item < batch; ++item)
      op::detail::for_each_pooled_element(geometry, [&](std::int64_t to, std::int64_t from) {
        sum(from, item) += result.gradient()(to, item) / area;
      });
  });
}

}  // namespace bitloom::train
