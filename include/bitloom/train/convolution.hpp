// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/train/activation.hpp>
#include <bitloom/train/tape.hpp>
#include <bitloom/train/unroll.hpp>
#include <bitloom/train/window_shape.hpp>

namespace bitloom::train {

namespace detail {

/// Items that one block takes: at most 32 blocks, none with less than a quarter of a million steps of work.
inline Eigen::Index block_items(Eigen::Index batch, std::int64_t steps_per_item) {
  constexpr std::int64_t most_blocks = 32, least_steps = 1 << 18;
  return std::max((batch + most_blocks - 1) / most_blocks,
                  (least_steps + steps_per_item - 1) / std::max<std::int64_t>(steps_per_item, 1));
}

/// Views of a convolution's matrices, group by group.
///
/// An unrolled image is row-major [patch × positions], which is column-major [positions × patch].
template <Scalar S>
struct ConvViews {
  using Map = Eigen::Map<Matrix<S>>;
  using ConstMap = Eigen::Map<const Matrix<S>>;

  Conv2dShape shape;
  op::TensorShape out = shape.output();
  Eigen::Index positions = out.height * out.width;
  Eigen::Index patch = shape.patch();
  Eigen::Index channels = shape.out_channels / shape.groups;  ///< output channels of a group
  std::int64_t plane = shape.input.size() / shape.groups;     ///< elements of a group's input

  /// [positions × patch] of an item's group: the image itself, or unrolled into the scratch memory.
  ConstMap unrolled(const Matrix<S>& input, Eigen::Index item, std::int64_t group, Matrix<S>& scratch) const {
    const S* image = input.data() + item * input.rows() + group * plane;
    if (is_pointwise(shape)) return {image, positions, patch};
    scratch.resize(positions, patch);
    unroll(shape, image, scratch.data());
    return {scratch.data(), positions, patch};
  }

  /// [positions × channels] of an item's group.
  Map output(Matrix<S>& output, Eigen::Index item, std::int64_t group) const {
    return {output.data() + item * output.rows() + group * channels * positions, positions, channels};
  }
  ConstMap output(const Matrix<S>& output, Eigen::Index item, std::int64_t group) const {
    return {output.data() + item * output.rows() + group * channels * positions, positions, channels};
  }

  [[nodiscard]] std::int64_t steps() const { return out.size() * patch; }
};

}  // namespace detail

/// activation(convolution of every image with a bias per output channel).
///
/// @param input   [channels · height · width × batch]
/// @param weight  [out_channels × channels of a group · kernel height · kernel width]
/// @param bias    [out_channels × 1]
/// @return        [out_channels · out_height · out_width × batch]
/// @throws ShapeError  a shape does not fit
template <class A = Linear, Scalar S>
  requires Activation<A, S> Value<S> conv2d(Value<S> input, Value<S> weight, Value<S> bias,
                                            const Conv2dShape& shape) {
    using Eigen::Index;
    check_conv2d(shape);
    const detail::ConvViews<S> views{shape};
    const auto batch = input.columns();
    const auto block = detail::block_items(batch, views.steps());
    detail::check_shape("conv2d", "input", input.value(), shape.input.size(), batch);
    detail::check_shape("conv2d", "weight", weight.value(), shape.out_channels, views.patch);
    detail::check_shape("conv2d", "bias", bias.value(), shape.out_channels, 1);

    auto& tape = input.tape();
    auto output = tape.matrix(views.out.size(), batch);
    tape.for_each_block(batch, block, [&](Index begin, Index count) {
      Matrix<S> scratch;
      for (Index item = begin; item < begin + count; ++item)
        for (std::int64_t group = 0; group < shape.groups; ++group) {
          const auto first = group * views.channels;
          auto result = views.output(output, item, group);
          for (Index k = 0; k < views.channels; ++k) result.col(k).setConstant(bias.value()(first + k, 0));
          result.noalias() += views.unrolled(input.value(), item, group, scratch) *
                              weight.value().middleRows(first, views.channels).transpose();
          if constexpr (!std::same_as<A, Linear>)
            result = result.unaryExpr([](const S& x) { return A::apply(x); });
        }
    });
    return tape.record(std::move(output), {input, weight, bias}, [=](Value<S> result) {
      auto& own = result.tape();
      const auto blocks = (batch + block - 1) / block;
      // each block of items has sums of its own, which are added in the order of the blocks
      auto weight_sums = own.matrix(weight.value().size(), weight.needs_gradient() ? blocks : 0);
      auto bias_sums = own.matrix(shape.out_channels, bias.needs_gradient() ? blocks : 0);
      weight_sums.setZero();
      bias_sums.setZero();
      Matrix<S>* input_sum = nullptr;
      bool fresh = false;
      if (input.needs_gradient()) {
        const auto target = input.gradient_target();
        input_sum = &target.sum;
        fresh = target.fresh;
      }
      own.for_each_block(batch, block, [&](Index begin, Index count) {
        const auto number = begin / block;
        Matrix<S> scratch, masked;
        for (Index item = begin; item < begin + count; ++item) {
          if (fresh) input_sum->col(item).setZero();
          for (std::int64_t group = 0; group < shape.groups; ++group) {
            const auto first = group * views.channels;
            const auto given = views.output(result.gradient(), item, group);
            const S* gradient_data = given.data();
            if constexpr (!std::same_as<A, Linear>) {
              masked = given.cwiseProduct(views.output(result.value(), item, group).unaryExpr([](const S& x) {
                return A::derivative(x);
              }));
              gradient_data = masked.data();
            }
            const typename detail::ConvViews<S>::ConstMap gradient(gradient_data, views.positions,
                                                                   views.channels);
            if (bias_sums.cols() > 0)
              bias_sums.col(number).segment(first, views.channels) += gradient.colwise().sum().transpose();
            if (weight_sums.cols() > 0)
              Eigen::Map<Matrix<S>>(weight_sums.col(number).data(), shape.out_channels, views.patch)
                  .middleRows(first, views.channels)
                  .noalias() += gradient.transpose() * views.unrolled(input.value(), item, group, scratch);
            if (input_sum == nullptr) continue;
            scratch.noalias() = gradient * weight.value().middleRows(first, views.channels);
            detail::fold_add(shape, scratch.data(),
                             input_sum->data() + item * input_sum->rows() + group * views.plane);
          }
        }
      });
      for (Index number = 0; number < blocks; ++number) {
        if (weight_sums.cols() > 0)
          weight.add_gradient(
              Eigen::Map<const Matrix<S>>(weight_sums.col(number).data(), weight.rows(), weight.columns()));
        if (bias_sums.cols() > 0) bias.add_gradient(bias_sums.col(number));
      }
    });
  }

/// The same with a square window.
template <class A = Linear, Scalar S>
  requires Activation<A, S> Value<S> conv2d(Value<S> input, Value<S> weight, Value<S> bias,
                                            const op::ConvGeometry& geometry, std::int64_t groups = 1) {
    return conv2d<A>(input, weight, bias, conv2d_shape(geometry, groups));
  }

}  // namespace bitloom::train
