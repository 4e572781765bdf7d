// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <bitloom/core/error.hpp>

namespace bitloom::quant {

/// Running statistics of batches of activations, from which AQT takes the bound of a quantizer.
///
/// Each is a number of the batch, averaged over batches: mean += share · (batch's - mean), in float, from 0 on. The
/// share is 1 / batches for a plain mean. A batch's own means are summed in double, in order, and rounded once.
/// Source: google-research/google-research, aqt, stats.
class AqtStatistics {
 public:
  struct Options {
    std::optional<float> share{};  ///< of the newest batch in a moving average, (0, 1]; none: a plain mean
    bool exclude_zeros = false;    ///< zeros count for nothing
  };

  AqtStatistics() = default;
  /// @throws RangeError  the share is outside (0, 1]
  explicit AqtStatistics(const Options& options) : options_(options) {
    if (options.share && !(*options.share > 0.0F && *options.share <= 1.0F))
      throw RangeError("share: " + std::to_string(*options.share) + " is outside (0, 1]");
  }

  /// Takes a batch. One without a number that counts is counted, but changes no mean.
  /// @throws RangeError  a value is NaN or infinite
  void observe(std::span<const float> batch) {
    double sum = 0;
    double magnitudes = 0;
    double squares = 0;
    float lowest = 0;
    float largest = 0;
    std::int64_t count = 0;
    for (const float x : batch) {
      if (!std::isfinite(x)) throw RangeError("statistics: a value is NaN or infinite");
      if (options_.exclude_zeros && x == 0.0F) continue;
      sum += static_cast<double>(x);
      magnitudes += std::abs(static_cast<double>(x));
      squares += static_cast<double>(x) * static_cast<double>(x);
      lowest = count == 0 ? x : std::min(lowest, x);
      largest = count == 0 ? x : std::max(largest, x);
      ++count;
    }
    ++batches_;
    if (count == 0) return;
    const auto items = static_cast<double>(count);
    average(mean_, static_cast<float>(sum / items));
    average(mean_magnitude_, static_cast<float>(magnitudes / items));
    average(mean_square_, static_cast<float>(squares / items));
    average(mean_lowest_, lowest);
    average(mean_largest_, largest);
  }

  [[nodiscard]] std::int64_t batches() const noexcept { return batches_; }
  [[nodiscard]] float mean() const noexcept { return mean_; }
  [[nodiscard]] float mean_magnitude() const noexcept { return mean_magnitude_; }
  [[nodiscard]] float mean_square() const noexcept { return mean_square_; }
  [[nodiscard]] float mean_lowest() const noexcept { return mean_lowest_; }    ///< of each batch's lowest
  [[nodiscard]] float mean_largest() const noexcept { return mean_largest_; }  ///< of each batch's largest

 private:
  void average(float& mean, float batch) const {
    const float share = options_.share ? *options_.share : 1.0F / static_cast<float>(batches_);
    mean += share * (batch - mean);
  }

  Options options_;
  std::int64_t batches_ = 0;
  float mean_ = 0;
  float mean_magnitude_ = 0;
  float mean_square_ = 0;
  float mean_lowest_ = 0;
  float mean_largest_ = 0;
};

/// A bound from statistics.
template <class B>
concept AqtBound = requires(const B& rule, const AqtStatistics& statistics) {
  { rule.bound(statistics) } -> std::same_as<float>;
};

/// mix · deviation · sqrt(E[x²]) + (1 - mix) · magnitude · E|x|
struct MixedBound {
  double deviation = 0;  ///< coefficient of the root mean square
  double magnitude = 0;  ///< coefficient of the mean magnitude
  double mix = 0;        ///< 1: only the first, 0: only the second
  [[nodiscard]] float bound(const AqtStatistics& s) const {
    return static_cast<float>(mix * deviation) * std::sqrt(s.mean_square()) +
           static_cast<float>((1 - mix) * magnitude) * s.mean_magnitude();
  }
};

/// |E[x]| + deviation · sqrt(E[x²] - E[x]²), a difference that rounding makes negative counted as zero.
struct CenteredBound {
  double deviation = 0;
  [[nodiscard]] float bound(const AqtStatistics& s) const {
    const float variance = std::max(s.mean_square() - s.mean() * s.mean(), 0.0F);
    return std::abs(s.mean()) + static_cast<float>(deviation) * std::sqrt(variance);
  }
};

/// The larger magnitude of the batches' mean largest and mean lowest value.
struct MeanOfMaxima {
  [[nodiscard]] static float bound(const AqtStatistics& s) {
    return std::max(std::abs(s.mean_largest()), std::abs(s.mean_lowest()));
  }
};

/// The rule's bound, or a start value until a batch has been observed.
template <AqtBound B>
[[nodiscard]] float bound_or(const AqtStatistics& statistics, const B& rule, float start) {
  return statistics.batches() == 0 ? start : rule.bound(statistics);
}

}  // namespace bitloom::quant
