// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/quant/granularity.hpp>
#include <bitloom/quant/packed_tensor.hpp>
#include <bitloom/quant/quantized.hpp>

namespace bitloom::quant {

/// A quantizer with one scale a tensor, whose calibration keeps a share of the largest magnitude: Symmetric of AbsMax,
/// AbsMaxShare, BestShareOf or LeastSquares.
template <class Q>
concept ShareQuantizer = std::same_as<typename Q::Group, PerTensor> &&
    requires(std::span<const float> values, const Shape& shape,
             const Quantized<typename Q::format_type>& tensor, float bound, float x, float scale) {
  { Q::share(values) } -> std::same_as<float>;  // above 0, at most 1
  { Q::absmax(values) } -> std::same_as<float>;
  { Q::scale_of(bound) } -> std::same_as<float>;
  { Q::quantize(values, shape, std::vector<float>{}) } -> std::same_as<Quantized<typename Q::format_type>>;
  { Q::quantize(values, shape) } -> std::same_as<Quantized<typename Q::format_type>>;
  { Q::dequantize(tensor) } -> std::same_as<std::vector<float>>;
  { Q::dequantize_one(Q::quantize_one(x, scale), scale) } -> std::convertible_to<double>;
};

/// A share of the largest magnitude that is found once, on the first values, and kept; the scale follows the largest
/// magnitude of the values at hand.
///
/// For activations the first values are the first batch, so what an item is rounded to depends on the batch it is in. For
/// weights in training they are the weights before the first step. Zeros alone have no error with any share: a search
/// keeps its first.
///
/// Source: open-source code of M4BRAM (arXiv 2311.02758).
template <ShareQuantizer Q>
class FrozenShare {
 public:
  using quantizer_type = Q;
  using format_type = typename Q::format_type;

  /// Waits for its first values.
  FrozenShare() = default;
  /// @throws RangeError  the share is outside (0, 1]
  explicit FrozenShare(float share) : share_(share) {
    if (!(share > 0.0F && share <= 1.0F))
      throw RangeError("share: " + std::to_string(share) + " is outside (0, 1]");
  }
  /// Of these values.
  /// @throws ShapeError  there is no value
  /// @throws RangeError  a value is NaN or infinite
  explicit FrozenShare(std::span<const float> values) { observe(values); }

  /// Finds the share, if it is not known yet.
  /// @throws ShapeError  there is no value
  /// @throws RangeError  a value is NaN or infinite
  void observe(std::span<const float> values) {
    if (share_) return;
    core::check_positive("values that show the share", std::ssize(values));
    share_ = Q::share(values);
  }

  [[nodiscard]] bool is_known() const noexcept { return share_.has_value(); }

  /// @throws RangeError  no values have been observed
  [[nodiscard]] float share() const {
    if (!share_) throw RangeError("share: no values have been observed");
    return *share_;
  }

  /// The scale of these values.
  /// @throws RangeError  no values have been observed, or a value is NaN or infinite
  [[nodiscard]] float scale(std::span<const float> values) const {
    return Q::scale_of(Q::absmax(values) * share());
  }

  /// Quantizes with the scale of these values.
  /// @throws ShapeError  the values do not fit the shape
  /// @throws RangeError  no values have been observed, or a value is NaN or infinite
  [[nodiscard]] Quantized<format_type> quantize(std::span<const float> values, const Shape& shape) const {
    return Q::quantize(values, shape, std::vector<float>{scale(values)});
  }

  /// What quantization leaves of the values.
  /// @throws ShapeError  the values do not fit the shape
  /// @throws RangeError  no values have been observed, or a value is NaN or infinite
  [[nodiscard]] std::vector<float> restore(std::span<const float> values, const Shape& shape) const {
    return Q::dequantize(quantize(values, shape));
  }

 private:
  std::optional<float> share_;
};

}  // namespace bitloom::quant
