// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <bitloom/core/random.hpp>
#include <bitloom/search/controller.hpp>
#include <bitloom/search/reward.hpp>
#include <bitloom/search/sweep.hpp>
#include <bitloom/search/trace.hpp>

namespace bitloom::search {

/// The controller on an evaluator that is given, once for every cost target. In a one-shot search the evaluator trains
/// as well; here it need not.
///
/// The result for a target is the likeliest choice at the end, evaluated once more.
/// @tparam R         the reward
/// @tparam Policies  of the controller
template <Reward R = AbsoluteReward, ControllerPolicies Policies = OpenCode, train::Scalar S = double>
struct PolicySearch {
  std::vector<double> targets;  ///< costs, in the unit of the table
  ControllerOptions options{};
  double beta = 1;                                                ///< how much costs weigh
  std::uint64_t seed = 1;                                         ///< the same search for the same seed
  std::function<void(double target, const TraceRow&)> observe{};  ///< sees every step, if it is set

  /// @throws ShapeError  there is no target
  /// @throws RangeError  as Controller and reward
  template <class Problem>
  [[nodiscard]] std::vector<SearchPoint> run(const Problem& problem) const {
    core::check_positive("targets", std::ssize(targets));
    std::vector<Choice> found;
    for (std::size_t t = 0; t < targets.size(); ++t) {
      Controller<S, Policies> controller(problem.space().option_counts(), options);
      core::Random random(seed, t);
      while (controller.step() < options.total_steps) {
        const auto choice = controller.sample(random);
        TraceRow row{.record = {}, .quality = problem.quality(choice), .cost = problem.cost(choice)};
        row.record = controller.update(choice, reward<R>(row.quality, row.cost, targets[t], beta),
                                       problem.space().active(choice));
        if (observe) observe(targets[t], row);
      }
      found.push_back(problem.space().canonical(controller.best()));
    }
    return problem.points("policy", found);
  }
};

}  // namespace bitloom::search
