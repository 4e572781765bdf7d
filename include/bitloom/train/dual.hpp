// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <numbers>

#include <Eigen/Core>

namespace bitloom::train {

/// A number and its derivative along one direction: a + b ε with ε² = 0. Computing with it is forward-mode
/// differentiation; comparisons look at the value alone.
template <std::floating_point T>
struct Dual {
  T value{};
  T derivative{};

  constexpr Dual() = default;
  /// A constant.
  constexpr Dual(double constant) : value(static_cast<T>(constant)) {}  // implicit: formulas mix both
  constexpr Dual(T at, T along) : value(at), derivative(along) {}

  constexpr Dual operator-() const { return {-value, -derivative}; }
  constexpr Dual& operator+=(const Dual& other) { return *this = *this + other; }
  constexpr Dual& operator-=(const Dual& other) { return *this = *this - other; }
  constexpr Dual& operator*=(const Dual& other) { return *this = *this * other; }
  constexpr Dual& operator/=(const Dual& other) { return *this = *this / other; }

  friend constexpr Dual operator+(const Dual& a, const Dual& b) {
    return {a.value + b.value, a.derivative + b.derivative};
  }
  friend constexpr Dual operator-(const Dual& a, const Dual& b) {
    return {a.value - b.value, a.derivative - b.derivative};
  }
  friend constexpr Dual operator*(const Dual& a, const Dual& b) {
    return {a.value * b.value, a.derivative * b.value + a.value * b.derivative};
  }
  friend constexpr Dual operator/(const Dual& a, const Dual& b) {
    const T quotient = a.value / b.value;
    return {quotient, (a.derivative - quotient * b.derivative) / b.value};
  }
  friend constexpr bool operator==(const Dual& a, const Dual& b) { return a.value == b.value; }
  friend constexpr auto operator<=>(const Dual& a, const Dual& b) { return a.value <=> b.value; }
  explicit constexpr operator double() const { return static_cast<double>(value); }

  friend Dual exp(const Dual& x) {
    const T e = std::exp(x.value);
    return {e, e * x.derivative};
  }
  friend Dual log(const Dual& x) { return {std::log(x.value), x.derivative / x.value}; }
  friend Dual sqrt(const Dual& x) {
    const T root = std::sqrt(x.value);
    return {root, x.derivative / (2 * root)};
  }
  friend Dual tanh(const Dual& x) {
    const T t = std::tanh(x.value);
    return {t, (1 - t * t) * x.derivative};
  }
  friend Dual erf(const Dual& x) {
    const T slope = 2 * std::numbers::inv_sqrtpi_v<T> * std::exp(-x.value * x.value);
    return {std::erf(x.value), slope * x.derivative};
  }
  friend Dual abs(const Dual& x) { return x.value < 0 ? -x : x; }
  friend bool isfinite(const Dual& x) { return std::isfinite(x.value) && std::isfinite(x.derivative); }
  friend bool isnan(const Dual& x) { return std::isnan(x.value) || std::isnan(x.derivative); }
};

}  // namespace bitloom::train

namespace Eigen {

/// What Eigen has to know of a dual number.
template <class T>
struct NumTraits<bitloom::train::Dual<T>> : NumTraits<T> {
  using Real = bitloom::train::Dual<T>;
  using NonInteger = bitloom::train::Dual<T>;
  using Nested = bitloom::train::Dual<T>;
  using Literal = T;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 1,
    ReadCost = 2,
    AddCost = 2,
    MulCost = 5
  };
};

}  // namespace Eigen
