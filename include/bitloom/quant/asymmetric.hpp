// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/format/dyadic.hpp>
#include <bitloom/format/int.hpp>
#include <bitloom/format/named.hpp>
#include <bitloom/quant/policies.hpp>
#include <bitloom/quant/quantized.hpp>

namespace bitloom::quant {

/// The scale of an asymmetric quantizer: value = (code's value - zero point) · scale.
struct AffineScale {
  float scale = 1.0F;
  std::int32_t zero_point = 0;  ///< a value of the format: what zero maps to

  friend constexpr bool operator==(const AffineScale&, const AffineScale&) = default;
};

/// (max - lowest) / steps of a finite range, rounded to float once; float's largest where it would overflow.
///
/// @param steps  1..2^24
[[nodiscard]] constexpr float step_of(const Range& range, std::int64_t steps) {
  const auto up = format::to_dyadic(range.max);
  const auto down = format::to_dyadic(range.lowest);
  const auto& large = range.max >= -range.lowest ? up : down;
  const auto& small = range.max >= -range.lowest ? down : up;
  if (large.significand == 0) return 0.0F;
  // the sum in units of the larger one's last place when its highest bit is bit 62; bits of the other below stick
  const int lift = std::countl_zero(large.significand) - 1;
  const int drop = large.exponent - lift - small.exponent;
  std::uint64_t addend = 0;
  bool sticky = false;
  if (drop <= 0) {
    addend = small.significand << -drop;
  } else {
    addend = drop < 64 ? small.significand >> drop : 0;
    sticky = drop < 64 ? (addend << drop) != small.significand : small.significand != 0;
  }
  const auto sum = (large.significand << lift) + addend;
  const auto divisor = static_cast<std::uint64_t>(steps);
  // what sticks is less than a unit, so it does not change the whole quotient, which keeps more bits than a float has
  const format::Dyadic quotient{.significand = sum / divisor,
                                .exponent = large.exponent - lift,
                                .sticky = sticky || sum % divisor != 0};
  return std::bit_cast<float>(format::Float32::encode<format::NearestEven>(quotient));
}

using AsymmetricKinds = PolicyKinds<GranularityKind, CalibrationKind, RoundingKind, EvaluationKind>;

/// Asymmetric quantizer: code = clamp(round(x / scale) + zero point), value = (code's value - zero point) · scale.
///
/// The range always holds zero. Scale = its width / (number of codes - 1), the exact quotient rounded once; zero point =
/// lowest + (-lowest of the range / scale), that quotient exact and to nearest even, clamped: zero maps to it exactly.
/// A range without width, or one whose scale underflows, has the scale 1 and the zero point 0; so has one whose scale
/// the order of evaluation cannot divide by.
///
/// @tparam Policies  at most one of a kind, in any order: Granularity (PerTensor), Calibration (AbsMax: the whole range),
///                   format::Rounding of x / scale (NearestEven), EvaluationOrder of x / scale (ExactQuotient)
template <format::IntegerFormat F, class... Policies>
  requires(F::bits <= 24 && AsymmetricKinds::cover<Policies...> && AsymmetricKinds::distinguish<Policies...>)
struct Asymmetric {
  using format_type = F;
  using Code = typename F::code_type;
  using Group = Chosen<GranularityKind, Policies...>;
  using Order = Chosen<EvaluationKind, Policies...>;

  /// The range of the values, widened to hold zero.
  /// @throws RangeError  a number is NaN or infinite
  static Range range_of(std::span<const float> values) {
    detail::check_finite(values);
    Range range;
    for (const float x : values) range = {std::min(range.lowest, x), std::max(range.max, x)};
    return range;
  }

  /// The scale of a group that has to hold a range.
  /// @throws RangeError  zero is not in the range, or an end is not finite
  static AffineScale scale_of(const Range& range) {
    if (!(range.lowest <= 0.0F && range.max >= 0.0F) || !std::isfinite(range.lowest) ||
        !std::isfinite(range.max))
      throw RangeError("range: " + std::to_string(range.lowest) + " to " + std::to_string(range.max) +
                       " has to hold zero and be finite");
    const float scale = step_of(range, F::range.max - F::range.lowest);
    if (!(scale > 0.0F) || !can_divide_by<Order>(scale)) return {};
    return {scale, static_cast<std::int32_t>(
                       clamped(F::range.lowest +
                               rounded<format::NearestEven>(ExactQuotient::quotient(-range.lowest, scale))))};
  }

  static Code quantize_one(float x, const AffineScale& scale) {
    return F::code(clamped(rounded<Chosen<RoundingKind, Policies...>>(Order::quotient(x, scale.scale)) +
                           scale.zero_point));
  }

  static double dequantize_one(Code code, const AffineScale& scale) {
    return static_cast<double>(std::int64_t{F::integer(code)} - scale.zero_point) *
           static_cast<double>(scale.scale);
  }

  /// One scale a group.
  /// @throws ShapeError  the values do not fit the shape
  /// @throws RangeError  a value is NaN or infinite
  static std::vector<AffineScale> scales(std::span<const float> values, const Shape& shape,
                                         const Group& granularity = Group{}) {
    const auto groups = detail::groups_of(values, shape, granularity);
    return detail::scales_of_groups<AffineScale>(values, groups, [&](std::span<const float> group) {
      return scale_of(
          Chosen<CalibrationKind, Policies...>::bound(group, range_of(group), [&](const Range& range) {
            const auto scale = scale_of(range);
            return detail::squared_error(
                group, [&](float x) { return dequantize_one(quantize_one(x, scale), scale); });
          }));
    });
  }

  /// Quantizes with scales found on the values themselves.
  static Quantized<F, AffineScale> quantize(std::span<const float> values, const Shape& shape) {
    return quantize(values, shape, Group{});
  }
  template <std::same_as<Group> G>
  static Quantized<F, AffineScale> quantize(std::span<const float> values, const Shape& shape,
                                            const G& granularity) {
    return quantize(values, shape, scales(values, shape, granularity), granularity);
  }

  /// Quantizes with given scales, one a group.
  /// @throws ShapeError  the values or the scales do not fit the shape
  /// @throws RangeError  a scale is not a positive number or none that the order of evaluation can divide by, a zero
  ///                     point is no value of the format, or a value is NaN or infinite
  static Quantized<F, AffineScale> quantize(std::span<const float> values, const Shape& shape,
                                            std::vector<AffineScale> scales,
                                            const Group& granularity = Group{}) {
    const auto groups = detail::groups_of(values, shape, granularity);
    for (const auto& scale : scales) {
      detail::check_scale<Order>(scale.scale);
      core::check_range("zero point", scale.zero_point, F::range.lowest, F::range.max);
    }
    return detail::encode_groups<F>(values, shape, std::move(scales), groups, quantize_one);
  }

  /// The reals that the codes stand for, rounded to float.
  /// @throws ShapeError  the scales do not fit the shape
  static std::vector<float> dequantize(const Quantized<F, AffineScale>& tensor) {
    return detail::decode_groups(tensor, dequantize_one);
  }

 private:
  /// A quotient as an integer; beyond 30 bits all codes are clamped anyway.
  template <format::Rounding R>
  static std::int64_t rounded(double quotient) {
    using Wide = format::Int<32>;
    return Wide::integer(Wide::encode<R>(std::clamp(quotient, -0x1p30, 0x1p30)));
  }

  static std::int64_t clamped(std::int64_t value) { return std::clamp(value, F::range.lowest, F::range.max); }
};

}  // namespace bitloom::quant
