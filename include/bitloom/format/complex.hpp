// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include <bitloom/format/number.hpp>

namespace bitloom::format {

/// A complex number whose parts are scalars: Number, FixedNumber, float or double. Only signed parts can be multiplied.
///
/// Sums and products are computed part by part with the operators of T, so with T = Number every operation rounds, and
/// with T = FixedNumber nothing does and the parts grow. multiply_once rounds each part once.
template <class T>
struct Complex {
  T real{};
  T imaginary{};

  friend constexpr bool operator==(const Complex&, const Complex&) = default;

  [[nodiscard]] constexpr auto operator-() const { return make(-real, -imaginary); }
  /// A complex number of two parts of a type U.
  template <class U>
  [[nodiscard]] static constexpr Complex<U> make(const U& real, const U& imaginary) {
    return {real, imaginary};
  }
};

template <class T>
[[nodiscard]] constexpr auto conjugate(const Complex<T>& x) {
  const auto imaginary = -x.imaginary;
  return Complex<T>::make(static_cast<std::remove_const_t<decltype(imaginary)>>(x.real), imaginary);
}

template <class T, class U>
[[nodiscard]] constexpr auto operator+(const Complex<T>& a, const Complex<U>& b) {
  return Complex<T>::make(a.real + b.real, a.imaginary + b.imaginary);
}
template <class T, class U>
[[nodiscard]] constexpr auto operator-(const Complex<T>& a, const Complex<U>& b) {
  return Complex<T>::make(a.real - b.real, a.imaginary - b.imaginary);
}
template <class T, class U>
  requires requires(T x, U y) { static_cast<decltype(x * y - x * y)>(x * y + x * y); }
[[nodiscard]] constexpr auto operator*(const Complex<T>& a, const Complex<U>& b) {
  // the sum has the type of the difference, which in fixed point is always signed
  const auto real = a.real * b.real - a.imaginary * b.imaginary;
  const auto imaginary = a.real * b.imaginary + a.imaginary * b.real;
  return Complex<T>::make(real, static_cast<std::remove_const_t<decltype(real)>>(imaginary));
}

/// The product with one rounding of each part, as a unit that adds exact products gives it.
template <ExactFormat F, Convention C>
[[nodiscard]] constexpr Complex<Number<F, C>> multiply_once(const Complex<Number<F, C>>& a,
                                                            const Complex<Number<F, C>>& b) {
  using N = Number<F, C>;
  return {N::difference_of_products(a.real, b.real, a.imaginary, b.imaginary),
          N::sum_of_products(a.real, b.imaginary, a.imaginary, b.real)};
}

}  // namespace bitloom::format
