// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <concepts>
#include <string>

#include <bitloom/core/error.hpp>
#include <bitloom/quant/calibration.hpp>

namespace bitloom::quant {

/// The exponential moving average of what batches of activations need: of a bound, or of both ends of a Range.
///
/// m = what the first batch needs, then m = decay · m + (1 - decay) · what the next one needs, each operation in float.
template <class B>
  requires(std::same_as<B, float> || std::same_as<B, Range>)
class Running {
 public:
  /// @throws RangeError  the decay is outside [0, 1)
  explicit Running(float decay = 0.99F) : decay_(decay) {
    if (!(decay >= 0.0F && decay < 1.0F))
      throw RangeError("decay: " + std::to_string(decay) + " is outside [0, 1)");
  }

  /// Takes a batch's bound or range; nothing changes while frozen.
  /// @throws RangeError  it is NaN or infinite
  void observe(const B& needed) {
    check(needed);
    if (frozen_) return;
    mean_ = observed_ ? blend(mean_, needed) : needed;
    observed_ = true;
  }

  /// Stops the average, for evaluation, or lets it move again.
  void freeze(bool frozen = true) noexcept { frozen_ = frozen; }
  [[nodiscard]] bool is_frozen() const noexcept { return frozen_; }

  /// The average.
  /// @throws RangeError  no batch has been observed
  [[nodiscard]] B bound() const {
    if (!observed_) throw RangeError("running range: no batch has been observed");
    return mean_;
  }

 private:
  static void check(float x) {
    if (!std::isfinite(x)) throw RangeError("running range: a batch needs NaN or infinity");
  }
  static void check(const Range& range) {
    check(range.lowest);
    check(range.max);
  }
  [[nodiscard]] float blend(float mean, float needed) const noexcept {
    return decay_ * mean + (1.0F - decay_) * needed;
  }
  [[nodiscard]] Range blend(const Range& mean, const Range& needed) const noexcept {
    return {blend(mean.lowest, needed.lowest), blend(mean.max, needed.max)};
  }

  float decay_;
  bool frozen_ = false;
  bool observed_ = false;
  B mean_{};
};

/// For Symmetric: observe(Symmetric<…>::absmax(batch)), then scale_of(bound()).
using RunningAbsMax = Running<float>;
/// For Asymmetric: observe(Asymmetric<…>::range_of(batch)), then scale_of(bound()).
using RunningRange = Running<Range>;

}  // namespace bitloom::quant
