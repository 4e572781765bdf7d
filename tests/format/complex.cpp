// SPDX-License-Identifier: Apache-2.0
#include <bitloom/format/complex.hpp>

#include <complex>
#include <cstdint>
#include <type_traits>

#include <doctest/doctest.h>

#include <bitloom/core/random.hpp>
#include <bitloom/format/fixed_number.hpp>
#include <bitloom/format/named.hpp>

namespace {

using namespace bitloom::format;

using Q = FixedNumber<8, 2>;
constexpr Complex<Q> twiddle{Q::from(0.5), Q::from(-0.75)};
static_assert(std::is_same_v<decltype((twiddle * twiddle).real), FixedNumber<17, 5>>);
static_assert((twiddle * twiddle).real.value() == -0.3125 && (twiddle * twiddle).imaginary.value() == -0.75);
static_assert(conjugate(twiddle).imaginary.value() == 0.75 && (-twiddle).real.value() == -0.5);
static_assert((twiddle + twiddle).imaginary.value() == -1.5 && (twiddle - twiddle).real.value() == 0);
static_assert((Complex<float>{1, 2} * Complex<float>{3, 4} == Complex<float>{-5, 10}));
static_assert(sizeof(Complex<Number<Half>>) == 4 && std::is_trivially_copyable_v<Complex<Number<Half>>>);

template <class T>
concept CanMultiply = requires(Complex<T> z) {
  z* z;
};
static_assert(CanMultiply<Q> && !CanMultiply<FixedNumber<8, 2, Unsigned>>);

}  // namespace

TEST_CASE("parts of a product are rounded after every operation, or once") {
  using N = Number<Half>;
  bitloom::core::Random random(5);
  int wrong = 0;
  int differ = 0;
  for (int i = 0; i < 10000; ++i) {
    const auto number = [&] { return N(random.uniform() * 4 - 2); };
    const Complex<N> a{number(), number()};
    const Complex<N> b{number(), number()};
    const auto stepwise = a * b;
    const auto once = multiply_once(a, b);
    // products of 11-bit significands and their sums are exact in double here
    const double real = a.real.value() * b.real.value() - a.imaginary.value() * b.imaginary.value();
    const double imaginary = a.real.value() * b.imaginary.value() + a.imaginary.value() * b.real.value();
    wrong += once.real != N(real) || once.imaginary != N(imaginary);
    wrong += stepwise.real != N(N(a.real.value() * b.real.value()).value() -
                                N(a.imaginary.value() * b.imaginary.value()).value());
    differ += stepwise == once ? 0 : 1;
    wrong += conjugate(conjugate(a)) != a || a + (-a) != Complex<N>{};
  }
  CHECK(wrong == 0);
  CHECK(differ > 1000);
}

TEST_CASE("a product rounded once follows the convention as the operators do") {
  struct Flush : Ieee754 {
    using subnormals = FlushInput;
  };
  using F = Number<Half, Flush>;
  const Complex<F> tiny{F::from_code(1), F()};
  const Complex<F> large{F(1024), F()};
  CHECK(multiply_once(tiny, large).real.value() == 0);
  struct IeeeDown : Ieee754 {
    using rounding = Down;
  };
  using D = Number<Half, IeeeDown>;
  const Complex<D> one{D(1), D(1)};
  CHECK(multiply_once(one, one).real.code() == (D(1) * D(1) - D(1) * D(1)).code());
}

TEST_CASE("complex fixed point of every pair of small numbers is exact") {
  using T = FixedNumber<3, 1>;
  int wrong = 0;
  for (unsigned i = 0; i < 4096; ++i) {
    const auto part = [&](unsigned place) { return T::from_code(i >> (3 * place)); };
    const Complex<T> a{part(0), part(1)};
    const Complex<T> b{part(2), part(3)};
    const auto exact =
        std::complex(a.real.value(), a.imaginary.value()) * std::complex(b.real.value(), b.imaginary.value());
    const auto ours = a * b;
    wrong += ours.real.value() != exact.real() || ours.imaginary.value() != exact.imag();
  }
  CHECK(wrong == 0);
}
