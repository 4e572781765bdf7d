// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>

#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/overflow.hpp>
#include <bitloom/format/rounding.hpp>

namespace bitloom::format {

/// What an N-bit code means: a stateless type that maps codes to values and back.
template <class F>
concept Format = requires(typename F::code_type code, double x) {
  requires std::unsigned_integral<typename F::code_type>;  // holds a code; bits above the code's are zero
  { F::bits } -> std::convertible_to<int>;                 // width of a code
  { F::is_signed } -> std::convertible_to<bool>;           // some code has a negative value
  { F::decode(code) } -> std::same_as<double>;             // the value, exactly
  { F::lowest() } -> std::same_as<double>;                 // the most negative finite value
  { F::max() } -> std::same_as<double>;                    // the largest finite value
  // the code of the rounded value; values out of range become what the format's overflow rule says
  { F::template encode<NearestEven>(x) } -> std::same_as<typename F::code_type>;
};

/// A format that gives and takes values exactly, however wide: what scalar arithmetic and accumulators stand on.
template <class F>
concept ExactFormat = requires(typename F::code_type code, const Dyadic& x) {
  requires std::unsigned_integral<typename F::code_type>;
  { F::bits } -> std::convertible_to<int>;
  { F::exact(code) } -> std::same_as<Dyadic>;
  { F::template encode<NearestEven>(x) } -> std::same_as<typename F::code_type>;
};

/// A format whose values are the integers of a range; what integer hardware computes with.
template <class F>
concept IntegerFormat = Format<F> && requires(typename F::code_type code, std::int64_t value) {
  { F::integer(code) } -> std::same_as<std::int32_t>;         // the value of a code
  { F::range } -> std::convertible_to<IntegerRange>;          // lowest and largest value
  { F::code(value) } -> std::same_as<typename F::code_type>;  // the low bits of an integer
  { F::template encode<NearestEven, Saturate>(0.0) } -> std::same_as<typename F::code_type>;
};

}  // namespace bitloom::format
