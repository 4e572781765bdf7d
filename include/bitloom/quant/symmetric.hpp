// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/quant/packed_tensor.hpp>

namespace bitloom::quant {

/// One scale for the whole tensor.
struct PerTensor {
  static std::vector<std::int64_t> ends(const Shape& shape) { return {element_count(shape)}; }
};

/// One scale for each index of the outermost axis: the output channel of a weight tensor.
struct PerChannel {
  static std::vector<std::int64_t> ends(const Shape& shape) {
    const auto channels = shape.empty() ? 1 : std::max<std::int64_t>(shape[0], 1);
    std::vector<std::int64_t> result;
    for (std::int64_t c = 1; c <= channels; ++c) result.push_back(element_count(shape) / channels * c);
    return result;
  }
};

/// One scale for every `Length` neighbours along the innermost axis; the last group of a row may be shorter.
template <int Length>
  requires(Length >= 1)
struct PerGroup {
  static std::vector<std::int64_t> ends(const Shape& shape) {
    const auto count = element_count(shape);
    const auto row = shape.empty() ? 1 : shape.back();
    if (count == 0) return {0};
    std::vector<std::int64_t> result;
    for (std::int64_t first = 0; first < count; first += row)
      for (std::int64_t i = 0; i < row; i += Length)
        result.push_back(first + std::min<std::int64_t>(i + Length, row));
    return result;
  }
};

template <class G>
concept Granularity = requires(const Shape& shape) {
  // contiguous parts, each with a scale: the index behind the last element of every part, ascending
  { G::ends(shape) } -> std::same_as<std::vector<std::int64_t>>;
};

/// x / scale as a real number, rounded to double: no tie is missed or made up for quotients below 2^27.
struct ExactQuotient {
  static double quotient(float x, float scale) noexcept { return static_cast<double>(x) / scale; }
};
/// x / scale in float.
struct FloatQuotient {
  static double quotient(float x, float scale) noexcept { return static_cast<double>(x / scale); }
};
/// x · (1 / scale) in float, as most frameworks compute it; the reciprocal is rounded first.
struct FloatReciprocal {
  static double quotient(float x, float scale) noexcept { return static_cast<double>(x * (1.0F / scale)); }
};

template <class E>
concept EvaluationOrder = requires(float x) {
  { E::quotient(x, x) } -> std::same_as<double>;
};

/// Finds the scale of a group of values.
template <class C>
concept Calibration = requires(std::span<const float> values, float widest, double (*restore)(float, float)) {
  // widest: the scale that maps the largest magnitude to the largest code, positive
  // restore(x, scale): what is left of x after quantizing with a scale
  { C::scale(values, widest, restore) } -> std::same_as<float>;
};

/// Scale = largest magnitude / largest value of the format, rounded to float. Nothing is clipped, except by a rounding
/// that matters: in formats of more than 24 bits, and where the scale is subnormal.
struct AbsMax {
  template <class Restore>
  static float scale(std::span<const float>, float widest, Restore&&) {
    return widest;
  }
};

/// The scale, of 100 equal steps down from AbsMax, with the least sum of squared errors; the largest on a tie.
struct LeastSquares {
  template <class Restore>
  static float scale(std::span<const float> values, float widest, Restore&& restore) {
    float best = widest;
    double least = std::numeric_limits<double>::infinity();
    for (int step = 100; step >= 1; --step) {
      const auto candidate = static_cast<float>(double{widest} * step / 100);  // 100 gives `widest`
      if (!(candidate > 0.0F)) break;
      double error = 0;
      for (const float x : values) {
        const double difference = x - restore(x, candidate);
        error += difference * difference;
      }
      if (error < least) {
        least = error;
        best = candidate;
      }
    }
    return best;
  }
};

/// A tensor of codes with its scales: value = code's value · scale of its group.
template <format::Format F>
struct Quantized {
  PackedTensor<F> codes;
  std::vector<float> scales;       ///< one a group, in order
  std::vector<std::int64_t> ends;  ///< of the groups, see Granularity
};

/// Symmetric quantizer: code = encode(x / scale), zero maps to zero.
///
/// The quotient is computed as `E` says; the exact one is exact below 2^27, and larger ones saturate in formats of up to
/// 27 bits. A group of zeros gets the scale 1. For unsigned formats negative numbers become zero.
template <format::IntegerFormat F, Granularity G = PerTensor, Calibration C = AbsMax,
          format::Rounding R = format::NearestEven, EvaluationOrder E = ExactQuotient>
  requires(F::bits <= 27 && (!F::is_signed || F::bits >= 2))
struct Symmetric {
  using format_type = F;

  /// Largest magnitude that the format has to hold: for an unsigned format, the largest number.
  /// @throws RangeError  a number is NaN or infinite
  static float absmax(std::span<const float> values) {
    float largest = 0;
    for (const float x : values) {
      if (!std::isfinite(x)) throw RangeError("quantizer input: a value is NaN or infinite");
      largest = std::max(largest, F::is_signed ? std::abs(x) : x);
    }
    return largest;
  }

  /// The scale that maps `largest` to the largest code; 1 for zero or where the division would underflow.
  static float scale_of(float largest) {
    const auto scale = static_cast<float>(static_cast<double>(largest) / F::max());
    return scale > 0.0F ? scale : 1.0F;
  }

  static typename F::code_type quantize_one(float x, float scale) {
    // clipped first, so that a tiny scale cannot make an infinity
    const double quotient = std::clamp(E::quotient(x, scale), F::lowest() - 1.0, F::max() + 1.0);
    return F::template encode<R>(quotient);
  }

  static double dequantize_one(typename F::code_type code, float scale) { return F::decode(code) * scale; }

  /// One scale a group.
  /// @throws ShapeError  the values do not fit the shape
  static std::vector<float> scales(std::span<const float> values, const Shape& shape) {
    core::check_equal("values", std::ssize(values), "the tensor's shape", element_count(shape));
    std::vector<float> result;
    std::int64_t first = 0;
    for (const auto end : G::ends(shape)) {
      const auto group =
          values.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(end - first));
      result.push_back(C::scale(group, scale_of(absmax(group)), [](float x, float scale) {
        return dequantize_one(quantize_one(x, scale), scale);
      }));
      first = end;
    }
    return result;
  }

  /// Quantizes with scales found on the values themselves.
  static Quantized<F> quantize(std::span<const float> values, const Shape& shape) {
    return quantize(values, shape, scales(values, shape));
  }

  /// Quantizes with given scales, one a group.
  /// @throws ShapeError  the values or the scales do not fit the shape
  /// @throws RangeError  a scale is not a positive number, or a value is NaN or infinite
  static Quantized<F> quantize(std::span<const float> values, const Shape& shape, std::vector<float> scales) {
    core::check_equal("values", std::ssize(values), "the tensor's shape", element_count(shape));
    auto ends = G::ends(shape);
    core::check_equal("scales", std::ssize(scales), "the groups of the tensor", std::ssize(ends));
    for (const float scale : scales)
      if (!(scale > 0.0F) || !std::isfinite(scale))
        throw RangeError("scale: " + std::to_string(scale) + " has to be positive and finite");
    absmax(values);  // rejects NaN and infinities
    Quantized<F> result{PackedTensor<F>(shape), std::move(scales), std::move(ends)};
    for_each_element(result, [&](std::int64_t i, float scale) {
      result.codes.set_code(i, quantize_one(values[static_cast<std::size_t>(i)], scale));
    });
    return result;
  }

  /// The reals that the codes stand for, rounded to float.
  /// @throws ShapeError  the scales do not fit the shape
  static std::vector<float> dequantize(const Quantized<F>& tensor) {
    core::check_equal("scales", std::ssize(tensor.scales), "the groups", std::ssize(tensor.ends));
    core::check_equal("groups", tensor.ends.empty() ? 0 : tensor.ends.back(), "the codes",
                      tensor.codes.size());
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(tensor.codes.size()));
    for_each_element(tensor, [&](std::int64_t i, float scale) {
      values.push_back(static_cast<float>(dequantize_one(tensor.codes.code(i), scale)));
    });
    return values;
  }

 private:
  /// Calls visit(index, scale of its group) in order.
  template <class Visit>
  static void for_each_element(const Quantized<F>& tensor, Visit&& visit) {
    std::int64_t i = 0;
    for (std::size_t g = 0; g < tensor.ends.size(); ++g)
      for (; i < tensor.ends[g]; ++i) visit(i, tensor.scales[g]);
  }
};

}  // namespace bitloom::quant
