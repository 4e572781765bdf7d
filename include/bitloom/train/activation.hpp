// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>

#include <bitloom/train/concepts.hpp>

namespace bitloom::train {

/// What an operation applies to its result before it stores it. The derivative is known from the result alone.
template <class A, class S>
concept Activation = requires(const S& x) {
  { A::apply(x) } -> std::same_as<S>;       // of an element
  { A::derivative(x) } -> std::same_as<S>;  // where the result is x
};

/// Nothing.
struct Linear {
  template <Scalar S>
  static S apply(const S& x) {
    return x;
  }
  template <Scalar S>
  static S derivative(const S&) {
    return S(1);
  }
};

/// max(x, 0); the derivative at 0 is 0. A NaN stays a NaN.
struct Rectified {
  template <Scalar S>
  static S apply(const S& x) {
    return S(0) > x ? S(0) : x;
  }
  template <Scalar S>
  static S derivative(const S& result) {
    return result > S(0) ? S(1) : S(0);
  }
};

}  // namespace bitloom::train
