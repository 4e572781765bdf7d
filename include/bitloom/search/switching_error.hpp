// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/quant/round_array.hpp>
#include <bitloom/quant/symmetric.hpp>
#include <bitloom/search/format_set.hpp>

namespace bitloom::search {

/// Quantizes weights and gives the reals back.
template <class Q, class F>
concept WeightQuantizer = requires(std::span<const float> weights) {
  { Q::template quantized<F>(weights) } -> std::same_as<std::vector<float>>;  // of the same length
};

/// One symmetric scale for all weights, from the largest magnitude to the largest value of the format, evaluated as a
/// train::FormatLayer does.
struct TensorQuantizer {
  template <quant::ScalableFormat F>
  static std::vector<float> quantized(std::span<const float> weights) {
    using Quantizer = quant::FlooredSymmetric<F>;
    return Quantizer::dequantize(Quantizer::quantize(weights, {std::ssize(weights)}));
  }
};

/// How much the quantized weights move when their format changes: the mean of |Q_to(w) - Q_from(w)|.
///
/// @param from, to  places in the set of formats
/// @throws ShapeError  there is no weight
/// @throws RangeError  no such place, or a weight is NaN or infinite
template <class Formats, class Quantizer = TensorQuantizer>
[[nodiscard]] double switching_error(std::span<const float> weights, std::size_t from, std::size_t to) {
  core::check_positive("weights", std::ssize(weights));
  const auto quantized = [&](std::size_t place) {
    return Formats::visit(
        place, [&]<class F>(std::type_identity<F>) requires WeightQuantizer<Quantizer, F> {
          return Quantizer::template quantized<F>(weights);
        });
  };
  if (from == to) {
    core::check_range("place of a format", static_cast<std::int64_t>(to), 0,
                      static_cast<std::int64_t>(Formats::size) - 1);
    return 0;
  }
  const auto before = quantized(from), after = quantized(to);
  double sum = 0;
  for (std::size_t i = 0; i < after.size(); ++i)
    sum += std::abs(static_cast<double>(after[i]) - static_cast<double>(before[i]));
  return sum / static_cast<double>(after.size());
}

/// Follows the formats of layers through a search and measures the error of every switch.
template <class Formats, class Quantizer = TensorQuantizer>
class SwitchingErrorMeter {
 public:
  /// @throws ShapeError  there is no layer
  explicit SwitchingErrorMeter(std::int64_t layers) {
    core::check_positive("layers", layers);
    last_.resize(static_cast<std::size_t>(layers));
  }

  /// The error of a layer whose weights are quantized to a format from now on; 0 at its first format.
  /// @throws RangeError  no such layer or place, or a weight is NaN or infinite
  /// @throws ShapeError  there is no weight
  double switched(std::int64_t layer, std::span<const float> weights, std::size_t place) {
    core::check_range("layer", layer, 0, std::ssize(last_) - 1);
    auto& last = last_[static_cast<std::size_t>(layer)];
    const double error = switching_error<Formats, Quantizer>(weights, last.value_or(place), place);
    last = place;
    return error;
  }

 private:
  std::vector<std::optional<std::size_t>> last_;
};

}  // namespace bitloom::search
