// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <bitloom/train/blocks.hpp>
#include <bitloom/train/tape.hpp>

namespace bitloom::train {

namespace detail {

/// results = function(elements), sixteen at a time and the last of them padded: a vector loop's exp does not have the
/// bits of a single exp, so no element may depend on its place for which of them it gets.
template <Scalar S, class Function>
void map_in_lanes(const S* elements, Eigen::Index count, const Function& function, S* results) {
  constexpr Eigen::Index width = 16;
  using Lanes = Eigen::Array<S, width, 1>;
  Eigen::Index i = 0;
  for (; i + width <= count; i += width)
    Eigen::Map<Lanes>(results + i) = function(Eigen::Map<const Lanes>(elements + i));
  if (i == count) return;
  Lanes last = Lanes::Ones();
  std::copy(elements + i, elements + count, last.data());
  last = function(last).eval();
  std::copy_n(last.data(), count - i, results + i);
}

/// Records a function of every element.
///
/// @param function    from an array to an array
/// @param derivative  `derivative(x, y)` from the arrays of arguments and results
template <Scalar S, class Function, class Derivative>
Value<S> map_elements(Value<S> input, Function function, Derivative derivative) {
  using Eigen::Index;
  auto& tape = input.tape();
  const auto width = block_columns(input.rows());
  auto output = tape.matrix(input.rows(), input.columns());
  tape.for_each_block(input.columns(), width, [&](Index begin, Index count) {
    map_in_lanes(input.value().col(begin).data(), count * input.rows(), function, output.col(begin).data());
  });
  return tape.record(std::move(output), {input}, [=](Value<S> result) {
    input.add_gradient_columns(width, [&](Index begin, Index count) {
      return (result.gradient().middleCols(begin, count).array() *
              derivative(input.value().middleCols(begin, count).array(),
                         result.value().middleCols(begin, count).array()))
          .matrix();
    });
  });
}

}  // namespace detail

/// e to the input, element by element.
template <Scalar S>
Value<S> exp(Value<S> input) {
  return detail::map_elements(
      input, [](const auto& x) { return x.exp(); }, [](const auto&, const auto& y) { return y; });
}

/// Natural logarithm, element by element; of a negative number it is NaN.
template <Scalar S>
Value<S> log(Value<S> input) {
  return detail::map_elements(
      input, [](const auto& x) { return x.log(); }, [](const auto& x, const auto&) { return x.inverse(); });
}

/// Square root, element by element; the derivative at 0 is infinite.
template <Scalar S>
Value<S> sqrt(Value<S> input) {
  return detail::map_elements(
      input, [](const auto& x) { return x.sqrt(); },
      [](const auto&, const auto& y) { return (y * S(2)).inverse(); });
}

/// Hyperbolic tangent, element by element.
template <Scalar S>
Value<S> tanh(Value<S> input) {
  return detail::map_elements(
      input, [](const auto& x) { return x.tanh(); }, [](const auto&, const auto& y) { return S(1) - y * y; });
}

/// 1 / (1 + exp(-input)), element by element.
template <Scalar S>
Value<S> sigmoid(Value<S> input) {
  return detail::map_elements(
      input, [](const auto& x) { return x.logistic(); },
      [](const auto&, const auto& y) { return y * (S(1) - y); });
}

/// The GELU x · Φ(x) with the normal distribution's Φ by the error function.
struct ErfForm {
  template <Scalar S>
  static S value(const S& x) {
    return x * distribution(x);
  }
  template <Scalar S>
  static S derivative(const S& x) {
    using std::exp;
    constexpr double density_at_zero = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    return distribution(x) + x * S(density_at_zero) * exp(x * x * S(-0.5));
  }

 private:
  template <Scalar S>
  static S distribution(const S& x) {
    using std::erf;
    return S(0.5) * (S(1) + erf(x * S(1 / std::numbers::sqrt2)));
  }
};

/// The approximation of the GELU x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
struct TanhForm {
  template <Scalar S>
  static S value(const S& x) {
    return S(0.5) * x * (S(1) + slope(x));
  }
  template <Scalar S>
  static S derivative(const S& x) {
    const S t = slope(x);
    const S inner = S(root) * (S(1) + S(3 * cubic) * x * x);
    return S(0.5) * (S(1) + t) + S(0.5) * x * (S(1) - t * t) * inner;
  }

 private:
  static constexpr double root = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  static constexpr double cubic = 0.044715;

  template <Scalar S>
  static S slope(const S& x) {
    using std::tanh;
    return tanh(S(root) * (x + S(cubic) * x * x * x));
  }
};

/// Gaussian error linear unit, element by element: `gelu(x)` exact, `gelu<TanhForm>(x)` the approximation.
///
/// Source: Hendrycks, Gimpel, "Gaussian error linear units", arXiv 1606.08415, section 2.
template <class Form = ErfForm, Scalar S>
Value<S> gelu(Value<S> input) {
  return detail::map_elements(
      input, [](const auto& x) { return x.unaryExpr([](const S& e) { return Form::value(e); }); },
      [](const auto& x, const auto&) { return x.unaryExpr([](const S& e) { return Form::derivative(e); }); });
}

}  // namespace bitloom::train
