// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <bitloom/train/concepts.hpp>

namespace bitloom::train {

namespace detail {

/// Progress is a rounded quotient, after a warm-up of rounded differences: a step at a border must not end up before
/// it. Far less than one step of any training.
inline constexpr double progress_slack = 0x1p-40;

}  // namespace detail

/// The same learning rate throughout.
struct Constant {
  constexpr double operator()(double) const noexcept { return 1; }
};

/// Falls from 1 along half a cosine.
///
/// Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, equation 5.
struct Cosine {
  double last = 0;  ///< factor at the end

  double operator()(double progress) const noexcept {
    return last + (1 - last) * ((1 + std::cos(std::numbers::pi * progress)) / 2);
  }
};

/// Goes from 1 along a straight line.
struct LinearDecay {
  double last = 0;  ///< factor at the end

  constexpr double operator()(double progress) const noexcept { return 1 + (last - 1) * progress; }
};

/// Goes from 1 by the same ratio in equal times.
struct ExponentialDecay {
  double last = 0.01;  ///< factor at the end, above 0

  double operator()(double progress) const noexcept { return std::pow(last, progress); }
};

/// Cuts the training into equal parts and multiplies by the same factor from each one to the next.
struct StepDecay {
  int parts = 3;
  double factor = 0.1;

  double operator()(double progress) const noexcept {
    return std::pow(factor, std::floor((progress + detail::progress_slack) * parts));
  }
};

/// Multiplies by the same factor at each milestone.
struct MultiStepDecay {
  std::vector<double> milestones;  ///< progress, 0..1, e.g. {0.5, 0.75}
  double factor = 0.1;

  double operator()(double progress) const {
    const auto reached = std::ranges::count_if(
        milestones, [=](double milestone) { return progress + detail::progress_slack >= milestone; });
    return std::pow(factor, static_cast<double>(reached));
  }
};

/// Rises along a straight line to where the next schedule starts, which then has the rest of the training as its whole.
///
///     .schedule = train::WarmUp<train::Cosine>{.share = 0.05}
template <Schedule Next>
struct WarmUp {
  double share = 0.05;  ///< of the training
  double first = 0;     ///< share of the next schedule's start that the first step has
  Next next{};

  double operator()(double progress) const {
    if (progress < share) return next(0) * (first + (1 - first) * (progress / share));
    return next(share < 1 ? (progress - share) / (1 - share) : 0);
  }
};

}  // namespace bitloom::train
