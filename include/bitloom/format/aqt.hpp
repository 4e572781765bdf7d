// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/rounding.hpp>

namespace bitloom::format {

/// The float formats of the Google quantization library AQT: no subnormals, no exponent of its own for special values.
struct AqtFormat {
  int min_exponent{};   ///< results below 2^min_exponent become zero of their sign
  int max_exponent{};   ///< magnitudes are clipped to 2^max_exponent · (2 - 2^-fraction_bits)
  int fraction_bits{};  ///< 0..23

  /// The float nearest to x, ties to even; infinities and NaN pass through.
  ///
  /// Source: google-research/google-research, aqt, downcast_sat_ftz.
  [[nodiscard]] constexpr float downcast(float x) const noexcept {
    const auto d = to_dyadic(x);
    if (!d.is_finite() || d.is_zero()) return x;
    const int unit = d.top_exponent() - fraction_bits;
    Dyadic rounded{.significand = round_to_units<NearestEven>(d, unit).low_bits,
                   .exponent = unit,
                   .negative = d.negative};
    if (rounded.top_exponent() < min_exponent) rounded = {.negative = d.negative};
    if (!rounded.is_zero() && rounded.top_exponent() > max_exponent)
      rounded = {.significand = (std::uint64_t{2} << fraction_bits) - 1,
                 .exponent = max_exponent - fraction_bits,
                 .negative = d.negative};
    return static_cast<float>(to_double(rounded));
  }
};

}  // namespace bitloom::format
