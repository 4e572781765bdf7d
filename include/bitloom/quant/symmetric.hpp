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
  static std::int64_t groups(const Shape&) { return 1; }
};

/// One scale for each index of the outermost axis: the output channel of a weight tensor.
struct PerChannel {
  static std::int64_t groups(const Shape& shape) {
    return shape.empty() ? 1 : std::max<std::int64_t>(shape[0], 1);
  }
};

template <class G>
concept Granularity = requires(const Shape& shape) {
  { G::groups(shape) } -> std::same_as<std::int64_t>;  // equal, contiguous parts, each with a scale
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
  std::vector<float> scales;  ///< one a group, in order

  [[nodiscard]] std::int64_t group_size() const {
    return codes.size() / static_cast<std::int64_t>(scales.size());
  }
};

/// Symmetric quantizer: code = encode(x / scale), zero maps to zero.
///
/// x / scale is taken in double and rounded once, which is exact for quotients below 2^27; larger ones saturate in
/// formats of up to 27 bits. A group of zeros gets the scale 1. For unsigned formats negative numbers become zero.
template <format::IntegerFormat F, Granularity G = PerTensor, Calibration C = AbsMax,
          format::Rounding R = format::NearestEven>
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
    const double quotient = std::clamp(static_cast<double>(x) / scale, F::lowest() - 1.0, F::max() + 1.0);
    return F::template encode<R>(quotient);
  }

  static double dequantize_one(typename F::code_type code, float scale) { return F::decode(code) * scale; }

  /// One scale a group.
  /// @throws ShapeError  the values do not fit the shape
  static std::vector<float> scales(std::span<const float> values, const Shape& shape) {
    core::check_equal("values", std::ssize(values), "the tensor's shape", element_count(shape));
    const auto groups = G::groups(shape);
    const auto size = static_cast<std::size_t>(std::ssize(values) / groups);
    std::vector<float> result;
    for (std::size_t g = 0; g < static_cast<std::size_t>(groups); ++g) {
      const auto group = values.subspan(g * size, size);
      result.push_back(C::scale(group, scale_of(absmax(group)), [](float x, float scale) {
        return dequantize_one(quantize_one(x, scale), scale);
      }));
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
    core::check_equal("scales", std::ssize(scales), "the groups of the tensor", G::groups(shape));
    for (const float scale : scales)
      if (!(scale > 0.0F) || !std::isfinite(scale))
        throw RangeError("scale: " + std::to_string(scale) + " has to be positive and finite");
    absmax(values);  // rejects NaN and infinities
    Quantized<F> result{PackedTensor<F>(shape), std::move(scales)};
    const auto size = result.group_size();
    for (std::int64_t i = 0; i < result.codes.size(); ++i)
      result.codes.set_code(i, quantize_one(values[static_cast<std::size_t>(i)],
                                            result.scales[static_cast<std::size_t>(i / size)]));
    return result;
  }

  /// The reals that the codes stand for, rounded to float.
  /// @throws ShapeError  the scales do not fit the shape
  static std::vector<float> dequantize(const Quantized<F>& tensor) {
    core::check_equal("scales", std::ssize(tensor.scales), "the groups of the tensor",
                      G::groups(tensor.codes.shape()));
    std::vector<float> values;
    values.reserve(static_cast<std::size_t>(tensor.codes.size()));
    const auto size = tensor.group_size();
    for (std::int64_t i = 0; i < tensor.codes.size(); ++i)
      values.push_back(static_cast<float>(
          dequantize_one(tensor.codes.code(i), tensor.scales[static_cast<std::size_t>(i / size)])));
    return values;
  }
};

}  // namespace bitloom::quant
