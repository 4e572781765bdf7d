// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/quant/policies.hpp>
#include <bitloom/quant/quantized.hpp>

namespace bitloom::quant {

/// A format that a quotient of floats can be rounded to by way of double: integers and fixed point of up to 27 bits, and
/// minifloats, whose significands have up to 24. It has a zero.
template <class F>
concept ScalableFormat = format::Format<F> &&(F::lowest() <= 0.0) &&
                         (F::bits <= 27 || requires { F::layout.exponent_bits; });

/// The format's encode takes that rounding and that overflow rule: minifloats have other rules than integers.
template <class F, class R, class O>
concept EncodesWith = requires(double x) {
  { F::template encode<R, O>(x) } -> std::same_as<typename F::code_type>;
};

using SymmetricKinds = PolicyKinds<GranularityKind, CalibrationKind, MagnitudeKind, ScalingKind, RoundingKind,
                                   EvaluationKind, OverflowKind>;

/// Symmetric quantizer of any format: code = encode(x / scale), value = code's value · scale, zero maps to zero.
///
/// @tparam Policies  at most one of a kind, in any order:
///   Granularity (PerTensor), Calibration (AbsMax), Magnitude (KeptMagnitude), Scaling (RealScaling),
///   format::Rounding (NearestEven), EvaluationOrder (ExactQuotient),
///   format::Overflow or FloatOverflow (Saturate; SaturateSymmetric is the narrow range)
///
/// For unsigned formats negative numbers become zero. A scale that the order of evaluation cannot divide by, so that
/// the whole group is below 2^-128 or so of the largest code, becomes 1, as that of zeros does.
template <ScalableFormat F, class... Policies>
  requires((!F::is_signed || F::bits >= 2) && SymmetricKinds::cover<Policies...> &&
           SymmetricKinds::distinguish<Policies...> &&
           EncodesWith<F, Chosen<RoundingKind, Policies...>, Chosen<OverflowKind, Policies...>>)
struct Symmetric {
  using format_type = F;
  using Code = typename F::code_type;
  using Group = Chosen<GranularityKind, Policies...>;
  using Calibrator = Chosen<CalibrationKind, Policies...>;
  using Order = Chosen<EvaluationKind, Policies...>;

  /// Largest magnitude that the format has to hold: for an unsigned format, the largest number, unless the Magnitude
  /// policy says something else.
  /// @throws RangeError  a number is NaN or infinite
  static float absmax(std::span<const float> values) {
    detail::check_finite(values);
    float largest = 0;
    for (const float x : values)
      largest = std::max(largest, Chosen<MagnitudeKind, Policies...>::of(x, kept(x)));
    return largest;
  }

  /// The share of their largest magnitude that values of one group keep.
  /// @throws RangeError  a value is NaN or infinite
  static float share(std::span<const float> values) requires ShareCalibration<Calibrator> {
    std::vector<float> clipped;
    return calibrated(values, clipped,
                      [](auto, float widest, const auto& error) { return Calibrator::share(widest, error); });
  }

  /// The scale of a group that has to hold magnitudes up to `bound`.
  static float scale_of(float bound) {
    const float scale = Chosen<ScalingKind, Policies...>::scale(bound, F::max());
    return can_divide_by<Order>(scale) ? scale : 1.0F;
  }

  static Code quantize_one(float x, float scale) {
    // a quotient that overflows is a large number, and none that the format has to take for an infinity
    constexpr double largest = std::numeric_limits<double>::max();
    const double quotient = std::clamp(Order::quotient(x, scale), -largest, largest);
    return F::template encode<Chosen<RoundingKind, Policies...>, Chosen<OverflowKind, Policies...>>(quotient);
  }

  static double dequantize_one(Code code, float scale) {
    return F::decode(code) * static_cast<double>(scale);
  }

  /// One scale a group.
  /// @throws ShapeError  the values do not fit the shape
  /// @throws RangeError  a value is NaN or infinite
  static std::vector<float> scales(std::span<const float> values, const Shape& shape,
                                   const Group& granularity = Group{}) {
    const auto groups = detail::groups_of(values, shape, granularity);
    std::vector<float> clipped;
    return detail::scales_of_groups<float>(values, groups, [&](std::span<const float> group) {
      return scale_of(calibrated(group, clipped, [](auto kept_values, float widest, const auto& error) {
        return Calibrator::bound(kept_values, widest, error);
      }));
    });
  }

  /// One scale a group, from the share of its largest magnitude, of 0.1, 0.2, …, 0.9, with the least sum of squared
  /// errors over the whole tensor; the smallest on a tie. BestShare gives each group a share of its own.
  ///
  /// Source: the search of the FLIQS authors' open-source code, which has FlooredScaling and FloatReciprocal.
  /// @throws ShapeError  the values do not fit the shape
  /// @throws RangeError  a value is NaN or infinite
  static std::vector<float> scales_of_common_share(std::span<const float> values, const Shape& shape,
                                                   const Group& granularity = Group{}) {
    const auto groups = detail::groups_of(values, shape, granularity);
    auto bounds = detail::scales_of_groups<float>(values, groups, absmax);
    std::vector<float> buffer;
    const float share = detail::best_factor(1.0F, 1, 9, 10, [&](float factor) {
      double sum = 0;
      for (std::int64_t g = 0; g < groups.count(); ++g)
        sum += squared_error(groups.collect(values, g, buffer),
                             scale_of(bounds[static_cast<std::size_t>(g)] * factor));
      return sum;
    });
    for (auto& bound : bounds) bound = scale_of(bound * share);
    return bounds;
  }

  /// Quantizes with scales found on the values themselves.
  static Quantized<F> quantize(std::span<const float> values, const Shape& shape) {
    return quantize(values, shape, Group{});
  }
  template <std::same_as<Group> G>
  static Quantized<F> quantize(std::span<const float> values, const Shape& shape, const G& granularity) {
    return quantize(values, shape, scales(values, shape, granularity), granularity);
  }

  /// Quantizes with given scales, one a group.
  /// @throws ShapeError  the values or the scales do not fit the shape
  /// @throws RangeError  a scale is not a positive number or none that the order of evaluation can divide by, or a
  ///                     value is NaN or infinite
  static Quantized<F> quantize(std::span<const float> values, const Shape& shape, std::vector<float> scales,
                               const Group& granularity = Group{}) {
    const auto groups = detail::groups_of(values, shape, granularity);
    for (const float scale : scales) detail::check_scale<Order>(scale);
    return detail::encode_groups<F>(values, shape, std::move(scales), groups, quantize_one);
  }

  /// What quantization leaves of the values: dequantize(quantize(values, shape)).
  static std::vector<float> restore(std::span<const float> values, const Shape& shape) {
    return dequantize(quantize(values, shape));
  }

  /// The reals that the codes stand for, rounded to float.
  /// @throws ShapeError  the scales do not fit the shape
  static std::vector<float> dequantize(const Quantized<F>& tensor) {
    return detail::decode_groups(tensor, dequantize_one);
  }

 private:
  /// A number without what the format cuts to zero.
  static float kept(float x) { return F::is_signed ? x : std::max(x, 0.0F); }

  /// calibrate(kept values, largest magnitude, error of a bound) of one group.
  template <class Calibrate>
  static float calibrated(std::span<const float> group, std::vector<float>& clipped, Calibrate&& calibrate) {
    const float widest = absmax(group);
    if constexpr (!F::is_signed) {
      clipped.assign(group.begin(), group.end());
      for (auto& x : clipped) x = kept(x);
      group = clipped;
    }
    return calibrate(group, widest, [&](float bound) { return squared_error(group, scale_of(bound)); });
  }

  static double squared_error(std::span<const float> values, float scale) {
    return detail::squared_error(values,
                                 [&](float x) { return dequantize_one(quantize_one(x, scale), scale); });
  }
};

}  // namespace bitloom::quant
