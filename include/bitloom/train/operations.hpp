// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include <bitloom/core/error.hpp>
#include <bitloom/train/activation.hpp>
#include <bitloom/train/blocks.hpp>
#include <bitloom/train/broadcast.hpp>
#include <bitloom/train/reductions.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

/// left + right, element by element; an operand is repeated along an axis in which its extent is 1.
/// @throws ShapeError  extents differ and none of them is 1
template <Scalar S>
Value<S> add(Value<S> left, Value<S> right) {
  return detail::broadcast(
      "add", left, right, [](const auto& l, const auto& r) { return l + r; },
      [](const auto& g, const auto&, const auto&) { return g; },
      [](const auto& g, const auto&, const auto&) { return g; });
}

/// left - right, element by element; an operand is repeated along an axis in which its extent is 1.
/// @throws ShapeError  extents differ and none of them is 1
template <Scalar S>
Value<S> subtract(Value<S> left, Value<S> right) {
  return detail::broadcast(
      "subtract", left, right, [](const auto& l, const auto& r) { return l - r; },
      [](const auto& g, const auto&, const auto&) { return g; },
      [](const auto& g, const auto&, const auto&) { return -g; });
}

/// left · right, element by element; an operand is repeated along an axis in which its extent is 1.
/// @throws ShapeError  extents differ and none of them is 1
template <Scalar S>
Value<S> multiply(Value<S> left, Value<S> right) {
  return detail::broadcast(
      "multiply", left, right, [](const auto& l, const auto& r) { return l * r; },
      [](const auto& g, const auto&, const auto& r) { return g * r; },
      [](const auto& g, const auto& l, const auto&) { return g * l; });
}

/// left / right, element by element; an operand is repeated along an axis in which its extent is 1.
/// @throws ShapeError  extents differ and none of them is 1
template <Scalar S>
Value<S> divide(Value<S> left, Value<S> right) {
  return detail::broadcast(
      "divide", left, right, [](const auto& l, const auto& r) { return l / r; },
      [](const auto& g, const auto&, const auto& r) { return g / r; },
      [](const auto& g, const auto& l, const auto& r) { return -g * l / (r * r); });
}

/// factor · input.
template <Scalar S>
Value<S> scale(Value<S> input, const std::type_identity_t<S>& factor) {
  return input.tape().record(input.value() * factor, {input},
                             [=](Value<S> result) { input.add_gradient(result.gradient() * factor); });
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

/// An operand of `matmul` as it is.
struct Plain {
  template <class M>
  static const M& of(const M& matrix) {
    return matrix;
  }
};

/// An operand of `matmul`, transposed.
struct Transposed {
  template <class M>
  static auto of(const M& matrix) {
    return matrix.transpose();
  }
};

/// Matrix product [rows × inner] · [inner × columns], of the operands or their transposes:
/// `matmul<Transposed>(a, b)` is aᵀ · b, `matmul<Plain, Transposed>(a, b)` is a · bᵀ.
/// @throws ShapeError  the inner extents differ
template <class Left = Plain, class Right = Plain, Scalar S>
Value<S> matmul(Value<S> left, Value<S> right) {
  const auto& l = Left::of(left.value());
  const auto& r = Right::of(right.value());
  if (l.cols() != r.rows())
    throw ShapeError("matmul: left is " + detail::shape_text(l) + ", but right is " + detail::shape_text(r));
  auto output = left.tape().matrix(l.rows(), r.cols());
  detail::multiply_into(left.tape(), output, false, l, r);
  return left.tape().record(std::move(output), {left, right}, [=](Value<S> result) {
    const auto& g = result.gradient();
    const auto& a = Left::of(left.value());
    const auto& b = Right::of(right.value());
    if constexpr (std::same_as<Left, Plain>)
      detail::add_product(left, g, b.transpose());
    else
      detail::add_product(left, b, g.transpose());
    if constexpr (std::same_as<Right, Plain>)
      detail::add_product(right, a.transpose(), g);
    else
      detail::add_product(right, g.transpose(), a);
  });
}

/// activation(weight · input + bias), the bias on every column.
///
/// @param input   [in × batch]
/// @param weight  [out × in]
/// @param bias    [out × 1]
/// @throws ShapeError  the shapes do not fit together
template <class A = Linear, Scalar S>
  requires Activation<A, S> Value<S> dense(Value<S> input, Value<S> weight, Value<S> bias) {
    if (weight.columns() != input.rows())
      throw ShapeError("dense: weight is " + detail::shape_text(weight.value()) + ", but the input is " +
                       detail::shape_text(input.value()));
    if (bias.rows() != weight.rows() || bias.columns() != 1)
      throw ShapeError("dense: bias is " + detail::shape_text(bias.value()) + ", but the weight is " +
                       detail::shape_text(weight.value()));
    auto& tape = input.tape();
    auto output = tape.matrix(weight.rows(), input.columns());
    output.colwise() = bias.value().col(0);
    detail::multiply_into(tape, output, true, weight.value(), input.value());
    if constexpr (!std::same_as<A, Linear>) output = output.unaryExpr([](const S& x) { return A::apply(x); });
    return tape.record(std::move(output), {input, weight, bias}, [=](Value<S> result) {
      const auto add_terms = [&](const Matrix<S>& gradient) {
        detail::add_product(input, weight.value().transpose(), gradient);
        detail::add_product(weight, gradient, input.value().transpose());
        bias.add_gradient(gradient.rowwise().sum());
      };
      if constexpr (std::same_as<A, Linear>) {
        add_terms(result.gradient());
      } else {
        auto masked = result.tape().matrix(result.rows(), result.columns());
        masked = result.gradient().cwiseProduct(
            result.value().unaryExpr([](const S& x) { return A::derivative(x); }));
        add_terms(masked);
      }
    });
  }

/// max(input, 0), element by element; the derivative at 0 is 0. A NaN stays a NaN.
template <Scalar S>
Value<S> relu(Value<S> input) {
  auto& tape = input.tape();
  const auto width = detail::block_columns(input.rows());
  auto output = tape.matrix(input.rows(), input.columns());
  tape.for_each_block(input.columns(), width, [&](Eigen::Index begin, Eigen::Index count) {
    output.middleCols(begin, count) =
        input.value().middleCols(begin, count).unaryExpr([](const S& x) { return Rectified::apply(x); });
  });
  return tape.record(std::move(output), {input}, [=](Value<S> result) {
    input.add_gradient_columns(width, [&](Eigen::Index begin, Eigen::Index count) {
      const auto open = (input.value().middleCols(begin, count).array() > S(0)).template cast<S>();
      return result.gradient()
          .middleCols(begin, count)
          .cwiseProduct(open.matrix());  // no branch to mispredict
    });
  });
}

}  // namespace bitloom::train
