// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/search/cost.hpp>
#include <bitloom/search/space.hpp>

namespace bitloom::search {

/// The layers of a choice with their formats, absent ones left out: what cost and hardware models take.
/// @throws ShapeError, RangeError  as Space::check
[[nodiscard]] inline std::vector<AssignedLayer> assigned_layers(const Space& space,
                                                                std::span<const std::size_t> choice) {
  space.check(choice);
  std::vector<AssignedLayer> layers;
  for (const auto& layer : space.layers())
    if (const auto& shape = space.shape(layer, choice))
      layers.push_back({{layer.name, *shape},
                        space.formats()[space.place(layer.weight, choice)],
                        space.formats()[space.place(layer.activation, choice)]});
  return layers;
}

/// The costs of every layer in every option of the decisions that it depends on, so that the cost of a choice is a sum
/// of look-ups, one a layer.
class CostTable {
 public:
  /// @throws RangeError  the model does not cover some option, gives a negative or infinite cost, or a layer has more
  ///                     than 2^20 options
  /// @throws ShapeError  an impossible layer
  template <CostModel M>
  CostTable(const Space& space, const M& model)
      : name_(std::string(model.name)),
        unit_(std::string(model.unit)),
        constants_(constants_of(model)),
        counts_(space.option_counts()) {
    Choice choice(counts_.size());
    for (const auto& layer : space.layers()) {
      Row row{.first = values_.size(), .decisions = decisions_of(layer)};
      std::int64_t count = 1;
      for (const auto decision : row.decisions)
        core::check_range("options of a layer", count *= static_cast<std::int64_t>(counts_[decision]), 1,
                          1 << 20);
      for (std::int64_t i = 0; i < count; ++i) {
        auto rest = static_cast<std::size_t>(i);
        for (auto d = row.decisions.size(); d-- > 0;) {
          choice[row.decisions[d]] = rest % counts_[row.decisions[d]];
          rest /= counts_[row.decisions[d]];
        }
        values_.push_back(layer_cost(space, layer, model, choice));
      }
      rows_.push_back(std::move(row));
    }
  }

  /// The cost of a choice: those of its layers, added in their order.
  /// @throws ShapeError  another number of decisions
  /// @throws RangeError  an option that its decision lacks
  [[nodiscard]] double cost(std::span<const std::size_t> choice) const {
    check(choice);
    double sum = 0;
    for (const auto& row : rows_) sum += value(row, choice);
    return sum;
  }

  /// The cost of every layer of the space, 0 if it is absent.
  /// @throws ShapeError, RangeError  as `cost`
  [[nodiscard]] std::vector<double> layer_costs(std::span<const std::size_t> choice) const {
    check(choice);
    std::vector<double> costs;
    for (const auto& row : rows_) costs.push_back(value(row, choice));
    return costs;
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& unit() const noexcept { return unit_; }
  /// What came from outside, with its standing.
  [[nodiscard]] const std::vector<core::Constant>& constants() const noexcept { return constants_; }

 private:
  struct Row {
    std::size_t first{};                 ///< among the values
    std::vector<std::size_t> decisions;  ///< the last changes fastest
  };

  static std::vector<std::size_t> decisions_of(const SpaceLayer& layer) {
    auto decisions = layer.reads;
    for (const auto* source : {&layer.weight, &layer.activation})
      if (const auto* by = std::get_if<ByDecision>(source))
        if (std::ranges::find(decisions, by->decision) == decisions.end()) decisions.push_back(by->decision);
    return decisions;
  }

  template <CostModel M>
  static double layer_cost(const Space& space, const SpaceLayer& layer, const M& model,
                           std::span<const std::size_t> choice) {
    const auto& shape = space.shape(layer, choice);
    if (!shape) return 0;
    const auto& weight = space.formats()[space.place(layer.weight, choice)];
    const auto& activation = space.formats()[space.place(layer.activation, choice)];
    const double cost = model.cost(*shape, weight, activation);
    if (!(cost >= 0) || !std::isfinite(cost))
      throw RangeError("layer '" + layer.name + "': its cost of " + std::to_string(cost) + " with " +
                       std::string(weight.name) + " and " + std::string(activation.name) +
                       " is not a number from 0");
    return cost;
  }

  void check(std::span<const std::size_t> choice) const {
    core::check_equal("choice", std::ssize(choice), "decisions", std::ssize(counts_));
    for (std::size_t d = 0; d < choice.size(); ++d)
      if (choice[d] >= counts_[d])
        core::detail::throw_out_of_range("option", static_cast<std::int64_t>(choice[d]), 0,
                                         static_cast<std::int64_t>(counts_[d]) - 1);
  }

  [[nodiscard]] double value(const Row& row, std::span<const std::size_t> choice) const {
    std::size_t index = 0;
    for (const auto decision : row.decisions) index = index * counts_[decision] + choice[decision];
    return values_[row.first + index];
  }

  std::string name_;
  std::string unit_;
  std::vector<core::Constant> constants_;
  std::vector<std::size_t> counts_;
  std::vector<Row> rows_;
  std::vector<double> values_;
};

}  // namespace bitloom::search
