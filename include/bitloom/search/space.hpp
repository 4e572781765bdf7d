// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <bitloom/core/error.hpp>
#include <bitloom/search/decision.hpp>
#include <bitloom/search/format_set.hpp>
#include <bitloom/search/layer.hpp>

namespace bitloom::search {

/// A layer of a search space: where its formats come from, and its shape in every architecture.
struct SpaceLayer {
  std::string name;
  FormatSource weight;
  FormatSource activation;
  std::vector<std::size_t> reads;  ///< the architecture decisions that shape it
  /// For the options of `reads`, the last of which changes fastest; nothing where the layer is absent.
  std::vector<std::optional<net::LayerShape>> shapes;
};

/// The loops of a layer in an architecture, or nothing if it is absent there: f(values of the decisions that it reads).
template <class F>
concept ShapeFunction = std::is_invocable_r_v<std::optional<net::LayerShape>, F&, std::span<const double>>;

/// What a search may choose: decisions over formats and over the architecture, and the layers that they are about.
///
/// Decisions are numbered 0, 1, … as they are added; a decision can depend on earlier ones only. `format_space` builds
/// the usual spaces of a network whose architecture is given.
class Space {
 public:
  /// @param formats  what decisions choose among; kept by reference, as FormatSet::facts lives for ever
  /// @throws ShapeError  there is no format
  explicit Space(std::span<const FormatFacts> formats) : formats_(formats) {
    core::check_positive("formats", std::ssize(formats));
  }

  /// Adds a decision among formats.
  /// @param places      of the options among the formats of the space; all of them if it is empty
  /// @param conditions  all of which have to hold for the decision to matter
  /// @return its number
  /// @throws RangeError  the name is empty or taken, an option or a condition is impossible or twice there
  std::size_t add_formats(std::string name, std::vector<std::size_t> places = {},
                          std::vector<Condition> conditions = {}) {
    if (places.empty())
      for (std::size_t place = 0; place < formats_.size(); ++place) places.push_back(place);
    for (const auto place : places) check_index("place of a format", place, formats_.size());
    check_distinct(name, places);
    return add({std::move(name), FormatOptions{std::move(places)}, std::move(conditions)});
  }

  /// Adds a decision about the architecture, such as a width, a kernel or a depth.
  /// @param conditions  all of which have to hold for the decision to matter
  /// @return its number
  /// @throws ShapeError  there is no option
  /// @throws RangeError  the name is empty or taken, an option is not finite or twice there, a condition is impossible
  std::size_t add_values(std::string name, std::vector<double> values,
                         std::vector<Condition> conditions = {}) {
    core::check_positive("options of a decision", std::ssize(values));
    for (const double value : values)
      if (!std::isfinite(value)) throw RangeError("decision '" + name + "': an option is not finite");
    check_distinct(name, values);
    return add({std::move(name), ValueOptions{std::move(values)}, std::move(conditions)});
  }

  /// Adds a layer that every architecture has.
  /// @throws RangeError  the name is empty or taken, or a source is impossible
  void add_layer(WeightLayer layer, const FormatSource& weight, const FormatSource& activation) {
    add_layer({std::move(layer.name), weight, activation, {}, {std::move(layer.shape)}});
  }

  /// Adds a layer whose shape depends on decisions about the architecture.
  /// @param reads     those decisions
  /// @param shape_of  its shape for their values, in this order, or nothing where the layer is absent
  /// @throws RangeError  the name is empty or taken, a source or a decision is impossible, or there are more than 2^16
  ///                     architectures of the layer
  template <ShapeFunction F>
  void add_layer(std::string name, std::vector<std::size_t> reads, F&& shape_of, const FormatSource& weight,
                 const FormatSource& activation) {
    std::size_t count = 1;
    for (const auto decision : reads) {
      check_index("decision", decision, decisions_.size());
      if (decisions_[decision].is_format())
        throw RangeError("layer '" + name + "': '" + decisions_[decision].name + "' is about formats");
      count *= decisions_[decision].size();
      core::check_range("architectures of a layer", static_cast<std::int64_t>(count), 1, 1 << 16);
    }
    SpaceLayer layer{std::move(name), weight, activation, std::move(reads), {}};
    std::vector<double> values(layer.reads.size());
    for (std::size_t i = 0; i < count; ++i) {
      auto rest = i;
      for (auto d = values.size(); d-- > 0;) {
        const auto& options = std::get<ValueOptions>(decisions_[layer.reads[d]].options).values;
        values[d] = options[rest % options.size()];
        rest /= options.size();
      }
      layer.shapes.push_back(shape_of(std::span<const double>(values)));
    }
    add_layer(std::move(layer));
  }

  [[nodiscard]] std::span<const FormatFacts> formats() const noexcept { return formats_; }
  [[nodiscard]] const std::vector<Decision>& decisions() const noexcept { return decisions_; }
  [[nodiscard]] const std::vector<SpaceLayer>& layers() const noexcept { return layers_; }

  /// Options of every decision.
  [[nodiscard]] std::vector<std::size_t> option_counts() const {
    std::vector<std::size_t> counts;
    for (const auto& decision : decisions_) counts.push_back(decision.size());
    return counts;
  }

  /// Number of choices, those that differ in decisions that do not matter included.
  [[nodiscard]] double size() const noexcept {
    double product = 1;
    for (const auto& decision : decisions_) product *= static_cast<double>(decision.size());
    return product;
  }

  /// @throws ShapeError  another number of decisions
  /// @throws RangeError  an option that its decision lacks
  void check(std::span<const std::size_t> choice) const {
    core::check_equal("choice", std::ssize(choice), "decisions", std::ssize(decisions_));
    for (std::size_t d = 0; d < choice.size(); ++d)
      if (choice[d] >= decisions_[d].size())
        throw RangeError("choice: decision '" + decisions_[d].name + "' has no option " +
                         std::to_string(choice[d]));
  }

  /// The shape of a layer, or nothing if it is absent.
  [[nodiscard]] const std::optional<net::LayerShape>& shape(const SpaceLayer& layer,
                                                            std::span<const std::size_t> choice) const {
    std::size_t index = 0;
    for (const auto decision : layer.reads) index = index * decisions_[decision].size() + choice[decision];
    return layer.shapes[index];
  }

  /// The place of the format that a choice gives.
  [[nodiscard]] std::size_t place(const FormatSource& source, std::span<const std::size_t> choice) const {
    if (const auto* fixed = std::get_if<FixedFormat>(&source)) return fixed->place;
    const auto decision = std::get<ByDecision>(source).decision;
    return std::get<FormatOptions>(decisions_[decision].options).places[choice[decision]];
  }

  /// The decisions that matter: all their conditions hold, and a format is used by a layer that is there.
  /// @throws ShapeError, RangeError  as `check`
  [[nodiscard]] std::vector<bool> active(std::span<const std::size_t> choice) const {
    check(choice);
    std::vector<bool> result;
    for (const auto& decision : decisions_)
      result.push_back(std::ranges::all_of(decision.conditions, [&](const Condition& condition) {
        return result[condition.decision] && condition.holds(choice[condition.decision]);
      }));
    std::vector<bool> bound(decisions_.size()), used(decisions_.size());
    for (const auto& layer : layers_)
      for (const auto* source : {&layer.weight, &layer.activation})
        if (const auto* by = std::get_if<ByDecision>(source)) {
          bound[by->decision] = true;
          if (shape(layer, choice)) used[by->decision] = true;
        }
    for (std::size_t d = 0; d < result.size(); ++d) result[d] = result[d] && (!bound[d] || used[d]);
    return result;
  }

  /// The choice with the first option in decisions that do not matter: equal for equal networks.
  /// @throws ShapeError, RangeError  as `check`
  [[nodiscard]] Choice canonical(std::span<const std::size_t> choice) const {
    const auto matters = active(choice);
    Choice result(choice.begin(), choice.end());
    for (std::size_t d = 0; d < result.size(); ++d)
      if (!matters[d]) result[d] = 0;
    return result;
  }

  /// The format is an option of every decision about formats.
  [[nodiscard]] bool offers_everywhere(std::size_t format) const {
    return std::ranges::all_of(decisions_, [&](const Decision& decision) {
      const auto* options = std::get_if<FormatOptions>(&decision.options);
      return options == nullptr || option_of(*options, format) < options->places.size();
    });
  }

  /// One format for all decisions about formats; the others as in `base`, or their last option if it is empty.
  /// @throws RangeError  a decision does not have it
  [[nodiscard]] Choice uniform(std::size_t format, Choice base = {}) const {
    check_index("place of a format", format, formats_.size());
    if (base.empty())
      for (const auto& decision : decisions_) base.push_back(decision.size() - 1);
    check(base);
    for (std::size_t d = 0; d < base.size(); ++d) {
      const auto* options = std::get_if<FormatOptions>(&decisions_[d].options);
      if (options == nullptr) continue;
      base[d] = option_of(*options, format);
      if (base[d] == options->places.size())
        throw RangeError("decision '" + decisions_[d].name + "': it does not have " +
                         std::string(formats_[format].name));
    }
    return base;
  }

  /// The name of an option: of a format, or a value as text.
  /// @throws RangeError  there is none
  [[nodiscard]] std::string option_name(std::size_t decision, std::size_t option) const {
    check_index("decision", decision, decisions_.size());
    check_index("option", option, decisions_[decision].size());
    const auto& options = decisions_[decision].options;
    if (const auto* formats = std::get_if<FormatOptions>(&options))
      return std::string(formats_[formats->places[option]].name);
    return detail::number_text(std::get<ValueOptions>(options).values[option]);
  }

 private:
  static void check_index(const char* what, std::size_t index, std::size_t count) {
    core::check_range(what, static_cast<std::int64_t>(index), 0, static_cast<std::int64_t>(count) - 1);
  }

  /// The option that is this format, or the number of options.
  static std::size_t option_of(const FormatOptions& options, std::size_t format) {
    return static_cast<std::size_t>(std::ranges::find(options.places, format) - options.places.begin());
  }

  template <class T>
  static void check_distinct(const std::string& name, const std::vector<T>& options) {
    if (std::set<T>(options.begin(), options.end()).size() != options.size())
      throw RangeError("decision '" + name + "': an option is there twice");
  }

  void check_name(const char* what, const std::string& name, std::set<std::string>& taken) const {
    if (name.empty()) throw RangeError(std::string(what) + ": its name is empty");
    if (!taken.insert(name).second)
      throw RangeError(std::string(what) + " '" + name + "': the name is taken");
  }

  std::size_t add(Decision decision) {
    for (const auto& condition : decision.conditions) {
      check_index("decision of a condition", condition.decision, decisions_.size());
      for (const auto option : condition.options)
        check_index("option of a condition", option, decisions_[condition.decision].size());
    }
    check_name("decision", decision.name, decision_names_);
    decisions_.push_back(std::move(decision));
    return decisions_.size() - 1;
  }

  void add_layer(SpaceLayer layer) {
    for (const auto* source : {&layer.weight, &layer.activation}) {
      if (const auto* fixed = std::get_if<FixedFormat>(source)) {
        check_index("place of a format", fixed->place, formats_.size());
        continue;
      }
      const auto decision = std::get<ByDecision>(*source).decision;
      check_index("decision", decision, decisions_.size());
      if (!decisions_[decision].is_format())
        throw RangeError("layer '" + layer.name + "': decision '" + decisions_[decision].name +
                         "' is not about formats");
    }
    check_name("layer", layer.name, layer_names_);
    layers_.push_back(std::move(layer));
  }

  std::span<const FormatFacts> formats_;
  std::vector<Decision> decisions_;
  std::vector<SpaceLayer> layers_;
  std::set<std::string> decision_names_, layer_names_;
};

}  // namespace bitloom::search
