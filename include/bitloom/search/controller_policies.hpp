// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <bitloom/core/error.hpp>
#include <bitloom/search/entropy_schedule.hpp>

namespace bitloom::search {

// What sources of the controller differ in. Each question is a policy; `OpenCode` and `TuNas` name all answers.

// Reduction: how log-probabilities and entropies of the decisions become one number. Adam takes no notice of a constant
// factor of the loss, so that the two differ only where the number of decisions that matter changes.

/// Their mean over the decisions that matter.
struct MeanOverDecisions {
  static constexpr double weight(std::size_t decisions) noexcept {
    return decisions == 0 ? 0 : 1 / static_cast<double>(decisions);
  }
};
/// Their sum.
struct SumOverDecisions {
  static constexpr double weight(std::size_t) noexcept { return 1; }
};

// Baseline: the average of the rewards that a reward is compared with, itself included.

/// Starts with the first reward: average = decay · average + (1 - decay) · reward.
class MovingAverage {
 public:
  double update(double reward, double decay) noexcept {
    value_ = started_ ? decay * value_ + (1 - decay) * reward : reward;
    started_ = true;
    return value_;
  }

  /// Two numbers that it goes on from.
  [[nodiscard]] std::array<double, 2> state() const noexcept { return {value_, started_ ? 1.0 : 0.0}; }
  void restore(const std::array<double, 2>& state) noexcept {
    value_ = state[0];
    started_ = state[1] != 0;
  }

 private:
  double value_ = 0;
  bool started_ = false;
};

/// Starts with zero weight: early rewards weigh alike.
class DebiasedAverage {
 public:
  double update(double reward, double decay) noexcept {
    sum_ = decay * sum_ + (1 - decay) * reward;
    weight_ = decay * weight_ + (1 - decay);
    return sum_ / weight_;
  }

  /// Two numbers that it goes on from.
  [[nodiscard]] std::array<double, 2> state() const noexcept { return {sum_, weight_}; }
  void restore(const std::array<double, 2>& state) noexcept {
    sum_ = state[0];
    weight_ = state[1];
  }

 private:
  double sum_ = 0;
  double weight_ = 0;
};

// RateSchedule: a factor of the learning rate in the course of a search.

/// 1 throughout.
struct ConstantRate {
  static constexpr double factor(const SearchProgress&) noexcept { return 1; }
};
/// From 1 at the end of the warm-up to 10 at the end of the search, exponentially.
struct TenfoldGrowth {
  static double factor(const SearchProgress& p) {
    const auto done = std::max<std::int64_t>(p.step - p.delay, 0);
    return std::pow(
        10.0, static_cast<double>(done) / static_cast<double>(std::max<std::int64_t>(p.total - p.delay, 1)));
  }
};

// Warmup: what the policy does in the warm-up.

/// Options are sampled evenly; the policy and its optimizer rest.
struct RestingWarmup {
  static constexpr bool samples_evenly = true;
  static constexpr bool optimizes = false;
};
/// Options are sampled from the policy; the optimizer runs at rate 0, so that its averages are warm in the end.
struct ZeroRateWarmup {
  static constexpr bool samples_evenly = false;
  static constexpr bool optimizes = true;
};

/// Numbers of a controller.
struct ControllerOptions {
  std::int64_t total_steps = 1;  ///< of the search, warm-up included
  std::int64_t delay_steps = 0;  ///< of the warm-up
  double learning_rate = 5e-3;
  double average_decay = 0.99;  ///< of the baseline
  double initial_logit = 0.5;   ///< of every option
  double temperature = 1;       ///< logits are divided by it
  /// Every option has at least this probability: what is left of 1 is shared by the softmax. Below 1 / options.
  double min_probability = 0;
  double max_entropy = 0.5;  ///< the largest entropy coefficient
  double first_decay = 0.9;  ///< of Adam
  double second_decay = 0.999;
  double epsilon = 1e-8;
};

/// The FLIQS authors' open-source code. To change one policy, derive:
///
///     struct Sudden : OpenCode { using Entropy = HeavisideEntropy; };
struct OpenCode {
  using Reduction = MeanOverDecisions;
  using Entropy = CosineEntropy;
  using Baseline = MovingAverage;
  using Rate = ConstantRate;
  using Warmup = RestingWarmup;

  static constexpr std::int64_t delay_steps = 2500;  ///< the usual warm-up

  /// Its numbers, with its warm-up or, in shorter searches, a quarter of the steps.
  static constexpr ControllerOptions options(std::int64_t total_steps) noexcept {
    return {.total_steps = total_steps, .delay_steps = std::min(delay_steps, total_steps / 4)};
  }
};

/// TuNAS: "Can weight sharing outperform random architecture search? An investigation with TuNAS", CVPR 2020, and its
/// released code. Its Adam adds epsilon before the correction of the bias: no difference unless gradients are as small.
struct TuNas {
  using Reduction = SumOverDecisions;
  using Entropy = ConstantEntropy;
  using Baseline = DebiasedAverage;
  using Rate = TenfoldGrowth;
  using Warmup = ZeroRateWarmup;

  /// Its numbers for a batch of so many images.
  static constexpr ControllerOptions options(std::int64_t total_steps,
                                             std::int64_t batch_size = 256) noexcept {
    return {.total_steps = total_steps,
            .delay_steps = total_steps / 4,
            .learning_rate = 3e-4 * static_cast<double>(batch_size) / 256,
            .average_decay = 0.95,
            .initial_logit = 0,
            .max_entropy = 0,
            .first_decay = 0};
  }
};

/// Answers to what sources of the controller differ in.
template <class P>
concept ControllerPolicies = EntropySchedule<typename P::Entropy> &&
    std::default_initializable<typename P::Baseline> &&
    requires(typename P::Baseline baseline, const SearchProgress& progress, double x, std::size_t count) {
  { P::Reduction::weight(count) } -> std::same_as<double>;  // of each of so many decisions
  { baseline.update(x, x) } -> std::same_as<double>;        // (reward, decay), the average afterwards
  { P::Rate::factor(progress) } -> std::same_as<double>;
  { P::Warmup::samples_evenly } -> std::convertible_to<bool>;
  { P::Warmup::optimizes } -> std::convertible_to<bool>;
};

}  // namespace bitloom::search
