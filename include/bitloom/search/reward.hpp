// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

#include <bitloom/core/error.hpp>

namespace bitloom::search {

/// How quality and cost of a network become one number, the larger the better.
template <class R>
concept Reward = requires(double quality, double ratio, double beta) {
  { R::name } -> std::convertible_to<std::string_view>;
  // quality: the larger the better; ratio: cost / target, 0 or more; beta: how much costs weigh
  { R::reward(quality, ratio, beta) } -> std::same_as<double>;
};

/// quality - beta · |1 - ratio|: the cost is drawn to the target from both sides. TuNAS writes it with -beta.
struct AbsoluteReward {
  static constexpr std::string_view name = "absolute";
  static double reward(double quality, double ratio, double beta) noexcept {
    return quality - beta * std::abs(1 - ratio);
  }
};

/// quality - beta · |1 - max(1, ratio)|: costs below the target are free.
struct OneSidedReward {
  static constexpr std::string_view name = "one_sided";
  static double reward(double quality, double ratio, double beta) noexcept {
    return quality - beta * std::abs(1 - std::max(1.0, ratio));
  }
};

// The exponential forms press the cost down only if quality is not negative, as an accuracy is, and beta negative: with
// minus the loss for quality, higher costs are rewarded.

/// A quality or a beta with which costs would be rewarded is an error.
struct RefuseMisuse {
  /// @throws RangeError  the quality is negative, or beta is positive
  static void check(double quality, double beta) {
    if (!(quality >= 0))
      throw RangeError("quality: " + std::to_string(quality) +
                       " has to be 0 or more for an exponential reward, which otherwise rewards cost");
    if (beta > 0)
      throw RangeError("beta: " + std::to_string(beta) +
                       " has to be 0 or negative for an exponential reward, which otherwise rewards cost");
  }
};

/// The formula as it stands, as in the FLIQS authors' open-source code.
struct AllowMisuse {
  static constexpr void check(double, double) noexcept {}
};

template <class M>
concept MisusePolicy = requires(double quality, double beta) {
  M::check(quality, beta);
};

/// quality · ratio^beta, beta negative.
template <MisusePolicy Misuse = RefuseMisuse>
struct SoftExponentialReward {
  static constexpr std::string_view name = "soft_exponential";
  /// @throws RangeError  as the policy says
  static double reward(double quality, double ratio, double beta) {
    Misuse::check(quality, beta);
    return quality * std::pow(ratio, beta);
  }
};

/// quality · max(1, ratio)^beta, beta negative: costs below the target are free.
template <MisusePolicy Misuse = RefuseMisuse>
struct HardExponentialReward {
  static constexpr std::string_view name = "hard_exponential";
  /// @throws RangeError  as the policy says
  static double reward(double quality, double ratio, double beta) {
    Misuse::check(quality, beta);
    return quality * std::pow(std::max(1.0, ratio), beta);
  }
};

/// The reward of a network.
/// @throws RangeError  the target is not positive, the cost negative, a number is not finite, or as the reward says
template <Reward R>
[[nodiscard]] double reward(double quality, double cost, double target, double beta) {
  if (!(target > 0) || !std::isfinite(target))
    throw RangeError("cost target: " + std::to_string(target) + " has to be positive and finite");
  if (!(cost >= 0) || !std::isfinite(cost))
    throw RangeError("cost: " + std::to_string(cost) + " has to be 0 or more and finite");
  const double value = R::reward(quality, cost / target, beta);
  if (!std::isfinite(value))
    throw RangeError("reward: it is not finite, for quality " + std::to_string(quality) + ", cost " +
                     std::to_string(cost) + " and beta " + std::to_string(beta));
  return value;
}

}  // namespace bitloom::search
