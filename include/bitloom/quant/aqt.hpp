// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/format/aqt.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/quant/quantized.hpp>

namespace bitloom::quant {

// The quantizers of the Google library AQT multiply by a factor, then restore by dividing: all of it in float.
// Source: google-research/google-research, aqt, quantization and primitives.

/// What values are multiplied by.
struct AqtFactor {
  float factor = 1.0F;

  friend constexpr bool operator==(const AqtFactor&, const AqtFactor&) = default;
};

namespace detail {

/// AQT adds float's epsilon to every bound, so that zero is one too.
inline float aqt_bound(float bound) {
  if (!(bound >= 0.0F) || !std::isfinite(bound))
    throw RangeError("bound: " + std::to_string(bound) + " has to be finite and at least 0");
  return bound + 0x1p-23F;
}

inline void check_factor(const AqtFactor& f) {
  if (!(f.factor > 0.0F) || !std::isfinite(f.factor))
    throw RangeError("factor: " + std::to_string(f.factor) + " has to be positive and finite");
}

inline float absmax(std::span<const float> values) {
  float largest = 0;
  for (const float x : values) largest = std::max(largest, std::abs(x));
  return largest;
}

}  // namespace detail

/// AQT's integers: factor = (2^(bits-1) - 1) / (bound + 2^-23), code = floor(x · factor + 1/2) in the narrow range.
/// Unsigned: factor = 2^bits / (bound + 2^-23), code = floor(x · factor), clipped.
template <format::IntegerFormat F, Granularity G = PerTensor>
  requires(F::bits <= 24 && (!F::is_signed || F::bits >= 2))
struct AqtInteger {
  /// The factor for magnitudes up to `bound`.
  /// @throws RangeError  the bound is negative, NaN or infinite
  static AqtFactor factor_of(float bound) {
    return {static_cast<float>(F::range.max + (F::is_signed ? 0 : 1)) / detail::aqt_bound(bound)};
  }

  /// @throws RangeError  the product is NaN
  static typename F::code_type quantize_one(float x, const AqtFactor& f) {
    const float product = x * f.factor;
    if (std::isnan(product)) throw RangeError("quantizer input: a value is NaN");
    const auto lowest = static_cast<float>(F::is_signed ? -F::range.max : 0);
    // clipped first, so that the product is an integer's before it becomes one
    const float clipped = std::clamp(std::floor(F::is_signed ? product + 0.5F : product), lowest,
                                     static_cast<float>(F::range.max));
    return F::code(static_cast<std::int64_t>(clipped));
  }

  static float dequantize_one(typename F::code_type code, const AqtFactor& f) {
    return static_cast<float>(F::integer(code)) / f.factor;
  }

  /// One factor a group, for its largest magnitude (unsigned: its largest number).
  /// @throws ShapeError  the values do not fit the shape
  /// @throws RangeError  a value is NaN or infinite
  static std::vector<AqtFactor> factors(std::span<const float> values, const Shape& shape,
                                        const G& granularity = G{}) {
    const auto groups = detail::groups_of(values, shape, granularity);
    detail::check_finite(values);
    return detail::scales_of_groups<AqtFactor>(values, groups, [](std::span<const float> group) {
      float largest = 0;
      for (const float x : group) largest = std::max(largest, F::is_signed ? std::abs(x) : x);
      return factor_of(largest);
    });
  }

  /// Quantizes with given factors, one a group.
  /// @throws ShapeError  the values or the factors do not fit the shape
  /// @throws RangeError  a factor is not a positive number, or a value is NaN or infinite
  static Quantized<F, AqtFactor> quantize(std::span<const float> values, const Shape& shape,
                                          std::vector<AqtFactor> factors, const G& granularity = G{}) {
    const auto groups = detail::groups_of(values, shape, granularity);
    for (const auto& f : factors) detail::check_factor(f);
    return detail::encode_groups<F>(values, shape, std::move(factors), groups, quantize_one);
  }
  /// Quantizes with factors found on the values themselves.
  static Quantized<F, AqtFactor> quantize(std::span<const float> values, const Shape& shape) {
    return quantize(values, shape, factors(values, shape));
  }

  /// The reals that the codes stand for.
  /// @throws ShapeError  the factors do not fit the shape
  static std::vector<float> dequantize(const Quantized<F, AqtFactor>& tensor) {
    return detail::decode_groups(tensor, dequantize_one);
  }
};

/// AQT's scaled floats: the largest magnitude of a group is moved into [1, 2) by a power of two, the format's highest
/// exponent is 0, and the result is moved back.
template <format::AqtFormat Format, Granularity G = PerTensor>
  requires(Format.max_exponent == 0 && Format.min_exponent <= 0 && 0 <= Format.fraction_bits &&
           Format.fraction_bits <= 23)
struct AqtUnitBinade {
  /// 2^-floor(log2(bound + 2^-23)), the sum in float, the logarithm exact.
  /// @throws RangeError  the bound is negative, NaN or infinite
  static AqtFactor factor_of(float bound) {
    const int top = format::to_dyadic(detail::aqt_bound(bound)).top_exponent();
    return {static_cast<float>(format::to_double({.significand = 1, .exponent = -top}))};
  }

  /// The number that is left of `x`, finite if `x` is.
  static float restore_one(float x, const AqtFactor& f) {
    constexpr float largest = std::numeric_limits<float>::max();
    return Format.downcast(std::clamp(x * f.factor, -largest, largest)) / f.factor;
  }

  /// One factor a group, for its largest magnitude.
  /// @throws ShapeError  the values do not fit the shape
  /// @throws RangeError  a value is NaN or infinite
  static std::vector<AqtFactor> factors(std::span<const float> values, const Shape& shape,
                                        const G& granularity = G{}) {
    const auto groups = detail::groups_of(values, shape, granularity);
    detail::check_finite(values);
    return detail::scales_of_groups<AqtFactor>(
        values, groups, [](std::span<const float> group) { return factor_of(detail::absmax(group)); });
  }

  /// What is left of the values, with given factors, one a group.
  /// @throws ShapeError  the values or the factors do not fit the shape
  /// @throws RangeError  a factor is not a positive number, or a value is NaN or infinite
  static std::vector<float> restore(std::span<const float> values, const Shape& shape,
                                    std::span<const AqtFactor> factors, const G& granularity = G{}) {
    const auto groups = detail::groups_of(values, shape, granularity);
    core::check_equal("factors", std::ssize(factors), "the groups of the tensor", groups.count());
    detail::check_finite(values);
    for (const auto& f : factors) detail::check_factor(f);
    std::vector<float> restored(values.begin(), values.end());
    groups.for_each_run([&](std::int64_t group, std::int64_t first, std::int64_t size) {
      for (auto& x :
           std::span(restored).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size)))
        x = restore_one(x, factors[static_cast<std::size_t>(group)]);
    });
    return restored;
  }
  /// What is left of the values, with factors found on themselves.
  static std::vector<float> restore(std::span<const float> values, const Shape& shape) {
    return restore(values, shape, factors(values, shape));
  }
};

}  // namespace bitloom::quant
