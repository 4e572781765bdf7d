// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <span>

#include <bitloom/core/error.hpp>
#include <bitloom/kernel/magnitudes.hpp>
#include <bitloom/kernel/round_array.hpp>
#include <bitloom/quant/convert.hpp>
#include <bitloom/quant/evaluation.hpp>
#include <bitloom/quant/scaling.hpp>
#include <bitloom/quant/symmetric.hpp>

namespace bitloom::quant {

/// The quantizer that `round_array` is the fast path of: scale = max(bound, 1e-8) / largest value, value nearest to
/// x · (1 / scale), ties to even, saturating.
///
/// Source: for integers the rule of the FLIQS authors' open-source code.
template <ScalableFormat F>
using FlooredSymmetric = Symmetric<F, FlooredScaling, FloatReciprocal>;

/// A format that arrays of floats are rounded to at once.
template <class F>
concept RoundableFormat = HasFastArrays<F> && requires {
  typename FlooredSymmetric<F>;
};

namespace detail {

/// The kernel's view of a format.
template <RoundableFormat F>
inline constexpr auto value_bits = [] {
  if constexpr (format::IntegerFormat<F>)
    return integer_bits<F>;
  else
    return minifloat_bits<F>;
}();

}  // namespace detail

/// The largest magnitude of an array; NaN, or infinity, if one of the values is that.
[[nodiscard]] inline float absmax_array(std::span<const float> values) {
  return std::bit_cast<float>(kernel::largest_magnitude(values.data(), values.size()));
}

/// What FlooredSymmetric<F> leaves of values: its `restore` with a given scale. But integers that are zero have the sign of
/// the value, as a quotient that is kept in float.
///
/// @param values   finite
/// @param scale    positive, with a reciprocal in float
/// @param rounded  may be the values themselves
/// @throws ShapeError  the spans have different lengths
template <RoundableFormat F>
void round_array(std::span<const float> values, float scale, std::span<float> rounded) {
  core::check_equal("rounded", std::ssize(rounded), "values", std::ssize(values));
  kernel::round_floats<detail::value_bits<F>>(values.data(), values.size(), scale, rounded.data());
}

/// The same with a scale for each value.
/// @throws ShapeError  the spans have different lengths
template <RoundableFormat F>
void round_array(std::span<const float> values, std::span<const float> scales, std::span<float> rounded) {
  core::check_equal("rounded", std::ssize(rounded), "values", std::ssize(values));
  core::check_equal("scales", std::ssize(scales), "values", std::ssize(values));
  kernel::round_floats<detail::value_bits<F>>(values.data(), scales.data(), values.size(), rounded.data());
}

/// The values of the codes, without the scale.
/// @throws ShapeError  the spans have different lengths
template <RoundableFormat F>
void round_quotients(std::span<const float> values, float scale, std::span<float> rounded) {
  core::check_equal("rounded", std::ssize(rounded), "values", std::ssize(values));
  kernel::round_quotients<detail::value_bits<F>>(values.data(), values.size(), scale, rounded.data());
}

}  // namespace bitloom::quant
