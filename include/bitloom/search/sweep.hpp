// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/core/executor.hpp>
#include <bitloom/core/pareto.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/search/cost_table.hpp>
#include <bitloom/search/space.hpp>

namespace bitloom::search {

/// The quality of a choice, the larger the better: an accuracy, or minus a loss. Called by several threads at a time if
/// the executor has several.
template <class E>
concept Evaluator = std::is_invocable_r_v<double, E&, std::span<const std::size_t>>;

/// A choice with what it is worth.
struct SearchPoint {
  std::string method;  ///< how it was found
  Choice choice;
  double quality{};
  double cost{};
};

/// What a search method works on.
template <Evaluator E, core::Executor Executor = core::Serial>
class SearchProblem {
 public:
  /// Space, costs and evaluator are kept by reference.
  /// @throws ShapeError  the table is of another space
  SearchProblem(const Space& space, const CostTable& costs, E& evaluate, Executor executor = {})
      : space_(space), costs_(costs), evaluate_(evaluate), executor_(std::move(executor)) {
    static_cast<void>(costs.cost(Choice(space.decisions().size())));
  }

  [[nodiscard]] const Space& space() const noexcept { return space_; }
  [[nodiscard]] double cost(std::span<const std::size_t> choice) const { return costs_.cost(choice); }

  /// @throws RangeError  the quality is NaN
  [[nodiscard]] double quality(std::span<const std::size_t> choice) const {
    const double quality = evaluate_(choice);
    if (quality != quality) throw RangeError("quality: the evaluator gave NaN");
    return quality;
  }

  /// The points of choices, in their order, whatever the executor.
  [[nodiscard]] std::vector<SearchPoint> points(const std::string& method,
                                                std::span<const Choice> choices) const {
    std::vector<SearchPoint> points(choices.size());
    executor_.for_each_index(std::ssize(choices), [&](std::int64_t i) {
      const auto& choice = choices[static_cast<std::size_t>(i)];
      points[static_cast<std::size_t>(i)] = {method, choice, quality(choice), cost(choice)};
    });
    return points;
  }

 private:
  const Space& space_;
  const CostTable& costs_;
  E& evaluate_;
  Executor executor_;
};

/// A way to search: gives the points that it found.
template <class M, class Problem>
concept SearchMethod = requires(const M& method, const Problem& problem) {
  { method.run(problem) } -> std::same_as<std::vector<SearchPoint>>;
};

/// Every format for all layers at once, the baseline of mixed precision.
struct UniformFormats {
  Choice architecture{};  ///< its options in decisions about the architecture; empty for the last of each

  /// @throws RangeError  no format is an option of all decisions
  template <class Problem>
  [[nodiscard]] std::vector<SearchPoint> run(const Problem& problem) const {
    const auto& space = problem.space();
    std::vector<SearchPoint> result;
    for (std::size_t place = 0; place < space.formats().size(); ++place) {
      if (!space.offers_everywhere(place)) continue;
      const std::array<Choice, 1> only{space.canonical(space.uniform(place, architecture))};
      auto points = problem.points("uniform " + std::string(space.formats()[place].name), only);
      result.push_back(std::move(points.front()));
    }
    if (result.empty()) throw RangeError("uniform formats: no format is an option of all decisions");
    return result;
  }
};

/// Choices at random, all options alike.
struct RandomSearch {
  std::int64_t samples = 1;
  std::uint64_t seed = 1;

  /// @throws RangeError  less than one sample
  template <class Problem>
  [[nodiscard]] std::vector<SearchPoint> run(const Problem& problem) const {
    core::check_range("samples", samples, 1, std::int64_t{1} << 32);
    std::vector<Choice> choices;
    for (std::int64_t i = 0; i < samples; ++i) {
      core::Random random(seed, static_cast<std::uint64_t>(i));
      Choice choice;
      for (const auto count : problem.space().option_counts())
        choice.push_back(static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(count) - 1)));
      choices.push_back(problem.space().canonical(choice));
    }
    return problem.points("random", choices);
  }
};

/// Points of one or more methods, and which of them no other beats.
struct Sweep {
  std::vector<SearchPoint> points;
  std::vector<std::size_t> front;  ///< places of points that none other dominates in cost and quality
};

/// Runs methods one after the other on the same space, costs and evaluator, and finds the front of all their points.
/// @throws whatever a method or the evaluator throws
template <class Problem, SearchMethod<Problem>... Methods>
  requires(sizeof...(Methods) > 0)
[[nodiscard]] Sweep sweep(const Problem& problem, const Methods&... methods) {
  Sweep result;
  const auto append = [&](std::vector<SearchPoint> points) {
    for (auto& point : points) result.points.push_back(std::move(point));
  };
  (append(methods.run(problem)), ...);
  std::vector<std::array<double, 2>> objectives;
  for (const auto& point : result.points) objectives.push_back({point.cost, -point.quality});
  result.front = core::pareto_front<2>(objectives);
  return result;
}

}  // namespace bitloom::search
