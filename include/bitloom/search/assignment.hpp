// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/search/space.hpp>

namespace bitloom::search {

/// The formats of a layer, by name.
struct LayerFormats {
  std::string layer;
  std::string weight;
  std::string activation;

  friend bool operator==(const LayerFormats&, const LayerFormats&) = default;
};

/// What a decision about the architecture chose.
struct ArchitectureValue {
  std::string decision;
  double value{};

  friend bool operator==(const ArchitectureValue&, const ArchitectureValue&) = default;
};

/// The result of a search as plain data, free of its space: to be stored, and read by who builds the network.
struct Assignment {
  std::vector<LayerFormats> layers;             ///< those that are there, in the order of the space
  std::vector<ArchitectureValue> architecture;  ///< of the decisions that matter

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// A choice as an assignment.
/// @throws ShapeError, RangeError  as Space::check
[[nodiscard]] inline Assignment assignment_of(const Space& space, std::span<const std::size_t> choice) {
  const auto active = space.active(choice);
  Assignment result;
  const auto name = [&](const FormatSource& source) {
    return std::string(space.formats()[space.place(source, choice)].name);
  };
  for (const auto& layer : space.layers())
    if (space.shape(layer, choice))
      result.layers.push_back({layer.name, name(layer.weight), name(layer.activation)});
  for (std::size_t d = 0; d < choice.size(); ++d)
    if (const auto* options = std::get_if<ValueOptions>(&space.decisions()[d].options); options && active[d])
      result.architecture.push_back({space.decisions()[d].name, options->values[choice[d]]});
  return result;
}

namespace detail {

/// Collects the options of decisions and refuses two for one.
class ChoiceBuilder {
 public:
  explicit ChoiceBuilder(const Space& space) : space_(space), options_(space.decisions().size()) {}

  void set_value(const ArchitectureValue& given) {
    const auto& decisions = space_.decisions();
    const auto found = std::ranges::find(decisions, given.decision, &Decision::name);
    const auto* options = found == decisions.end() ? nullptr : std::get_if<ValueOptions>(&found->options);
    if (options == nullptr)
      throw ParseError("assignment: the space has no decision '" + given.decision +
                       "' about the architecture");
    const auto option = std::ranges::find(options->values, given.value);
    if (option == options->values.end())
      throw ParseError("assignment: decision '" + given.decision + "' has no option " +
                       number_text(given.value));
    set(static_cast<std::size_t>(found - decisions.begin()),
        static_cast<std::size_t>(option - options->values.begin()));
  }

  void set_formats(const LayerFormats& given) {
    const auto& layers = space_.layers();
    const auto layer = std::ranges::find(layers, given.layer, &SpaceLayer::name);
    if (layer == layers.end()) throw ParseError("assignment: the space has no layer '" + given.layer + "'");
    set_format(given.layer, layer->weight, given.weight);
    set_format(given.layer, layer->activation, given.activation);
  }

  /// The first option where none was set.
  [[nodiscard]] Choice choice() const {
    Choice result;
    for (const auto& option : options_) result.push_back(option.value_or(0));
    return result;
  }

 private:
  void set_format(const std::string& layer, const FormatSource& source, const std::string& name) {
    const auto place = find_format(space_.formats(), name);
    if (const auto* fixed = std::get_if<FixedFormat>(&source)) {
      if (fixed->place != place)
        throw ParseError("assignment: layer '" + layer + "' has " +
                         std::string(space_.formats()[fixed->place].name) + " fixed, not " + name);
      return;
    }
    const auto decision = std::get<ByDecision>(source).decision;
    const auto& places = std::get<FormatOptions>(space_.decisions()[decision].options).places;
    const auto option = std::ranges::find(places, place);
    if (option == places.end()) throw ParseError("assignment: layer '" + layer + "' cannot have " + name);
    set(decision, static_cast<std::size_t>(option - places.begin()));
  }

  void set(std::size_t decision, std::size_t option) {
    auto& slot = options_[decision];
    if (slot && *slot != option)
      throw ParseError("assignment: decision '" + space_.decisions()[decision].name + "' would be both " +
                       space_.option_name(decision, *slot) + " and " + space_.option_name(decision, option));
    slot = option;
  }

  const Space& space_;
  std::vector<std::optional<std::size_t>> options_;
};

}  // namespace detail

/// The choice that an assignment is in a space; the first option of decisions that do not matter.
/// @throws ParseError  the assignment is none of the space: a layer or decision is missing, unknown or not there, or a
///                     format is not among its options
[[nodiscard]] inline Choice choice_of(const Space& space, const Assignment& assignment) {
  detail::ChoiceBuilder builder(space);
  for (const auto& value : assignment.architecture) builder.set_value(value);
  for (const auto& layer : assignment.layers) builder.set_formats(layer);
  auto choice = space.canonical(builder.choice());
  const auto whole = assignment_of(space, choice);
  const auto check = [](const auto& given, const auto& expected, const char* what, auto name) {
    for (const auto& item : expected)
      if (std::ranges::count(given, item) != 1)
        throw ParseError(std::string("assignment: ") + what + " '" + item.*name +
                         "' is missing, or given twice");
    if (given.size() != expected.size())
      throw ParseError(std::string("assignment: it has ") + std::to_string(given.size()) + ' ' + what +
                       "s, but in its architecture there are " + std::to_string(expected.size()));
  };
  check(assignment.architecture, whole.architecture, "decision", &ArchitectureValue::decision);
  check(assignment.layers, whole.layers, "layer", &LayerFormats::layer);
  return choice;
}

}  // namespace bitloom::search
