// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/search/controller.hpp>
#include <bitloom/search/cost.hpp>
#include <bitloom/search/cost_table.hpp>
#include <bitloom/search/format_space.hpp>
#include <bitloom/search/layer_table.hpp>
#include <bitloom/search/layer_zoo.hpp>
#include <bitloom/search/reward.hpp>

#include "check.hpp"
#include "json_fields.hpp"

namespace bitloom::examples {

/// layers/NETWORK.csv: every row agrees with itself, and with the library's own table if it has that network.
inline void check_layer_table(const core::Csv& file, CaseCounter& counter) {
  const auto rows = search::parse_layer_table(file);
  const auto own = search::find_layers(std::filesystem::path(file.name()).stem().string());
  if (own && own->size() != rows.size())
    counter.add(false, fmt::format("{}: {} layers, not {}", file.name(), own->size(), rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    counter.add(!own || (i < own->size() && (*own)[i] == rows[i]),
                file.where(i) + ": the layer is another one");
}

namespace detail {

inline bool is_close(double ours, double theirs, double relative) {
  return std::abs(ours - theirs) <= relative * std::max(std::abs(ours), std::abs(theirs));
}

using SearchIntegers = search::IntegerFormats<1, 16>;

inline const search::FormatFacts& integer_of(std::int64_t bits) {
  core::check_range("bits", bits, 1, std::ssize(SearchIntegers::facts));
  return SearchIntegers::facts[static_cast<std::size_t>(bits - 1)];
}

/// A network of the library, or else the table `layers/NAME.csv` beside a file.
inline std::vector<search::LayerRow> layers_beside(const std::string& path, const std::string& name) {
  if (auto own = search::find_layers(name)) return *own;
  return search::read_layer_table(
      (std::filesystem::path(path).parent_path() / "layers" / (name + ".csv")).string());
}

}  // namespace detail

/// mixed_cost.json: what assignments of widths cost, in five ways.
inline void check_mixed_costs(const nlohmann::json& networks, const std::string& path, CaseCounter& counter) {
  for (const auto& [name, entry] : networks.items()) {
    const auto layers = search::layers_of(detail::layers_beside(path, name));
    const auto weight_bits = whole_list(entry.at("w_bits"), std::ssize(layers), name + ".w_bits");
    const auto activation_bits = whole_list(entry.at("a_bits"), std::ssize(layers), name + ".a_bits");
    std::vector<search::AssignedLayer> assigned;
    for (std::size_t i = 0; i < layers.size(); ++i)
      assigned.push_back(
          {layers[i], detail::integer_of(weight_bits[i]), detail::integer_of(activation_bits[i])});
    const auto add = [&, &id = name](const char* key, double ours, bool ok) {
      counter.add(ok, fmt::format("{}.{}: {} by our count", id, key, ours));
    };
    const auto exact = [&](const char* key, double ours) {
      add(key, ours, whole(entry.at(key), key) == static_cast<std::int64_t>(ours));
    };
    const auto close = [&](const char* key, double ours) {
      add(key, ours, detail::is_close(ours, real(entry.at(key), key), 1e-9));
    };
    exact("macs", static_cast<double>(search::macs(layers)));
    exact("bops", search::total_cost(search::Bops{}, assigned));
    exact("linear_cost", search::total_cost(search::LinearCost{}, assigned));
    exact("weight_bits_total", search::total_cost(search::WeightBits<>{}, assigned));
    close("authors_open_source_compute_cost",
          search::total_cost(search::AuthorsOpenSourceCompute<>{}, assigned));
    close("authors_open_source_memory_MiB", search::total_cost(search::WeightMebibytes<>{}, assigned));
  }
}

namespace detail {

/// A run of the open-source controller, as a file tells it.
struct Trajectory {
  search::Space space;
  search::CostTable costs;
  search::ControllerOptions options;
  double beta, target;
  double (*reward)(double quality, double cost, double target, double beta);

  static Trajectory parse(const nlohmann::json& config) {
    const auto bits = whole_list(config.at("options_bits"), "options_bits");
    std::vector<std::size_t> places;
    for (const auto each : bits) {
      static_cast<void>(integer_of(each));
      places.push_back(static_cast<std::size_t>(each - 1));
    }
    std::vector<search::WeightLayer> layers;
    for (const auto& shape : config.at("layer_shapes_out_in")) {
      const auto extents = whole_list(shape, 2, "layer_shapes_out_in");
      layers.push_back(
          {"layer" + std::to_string(layers.size()), net::FcShape{.c = extents[1], .k = extents[0]}});
    }
    core::check_equal("layers", whole(config.at("layers"), "layers"), "layer_shapes_out_in",
                      std::ssize(layers));
    auto space = search::format_space(SearchIntegers::facts, layers, search::EachLayer{}, places);
    const auto cost_type = config.at("cost_type").get<std::string>();
    if (cost_type != "memory" && cost_type != "compute")
      throw ParseError("cost_type: '" + cost_type.substr(0, 40) + "' is neither memory nor compute");
    auto costs = cost_type == "memory" ? search::CostTable(space, search::WeightMebibytes<>{})
                                       : search::CostTable(space, search::AuthorsOpenSourceCompute<>{});
    const auto adam = real_list(config.at("adam"), "adam");
    core::check_equal("adam", std::ssize(adam), "its numbers", 3);
    const auto number = [&](const char* key) { return real(config.at(key), key); };
    return {.space = std::move(space),
            .costs = std::move(costs),
            .options = {.total_steps = whole(config.at("total_steps"), "total_steps"),
                        .delay_steps = whole(config.at("delay_steps"), "delay_steps"),
                        .learning_rate = number("rl_learning_rate"),
                        .average_decay = number("ema_alpha"),
                        .initial_logit = number("initial_logit"),
                        .temperature = number("temperature"),
                        .max_entropy = number("max_entropy_beta"),
                        .first_decay = adam[0],
                        .second_decay = adam[1],
                        .epsilon = adam[2]},
            .beta = number("cost_beta"),
            .target = number("cost_target"),
            .reward = find_reward(config.at("cost_function").get<std::string>())};
  }

 private:
  static decltype(reward) find_reward(const std::string& name) {
    using Formula = search::AllowMisuse;  // what the files hold
    if (name == "tunas_abs") return search::reward<search::AbsoluteReward>;
    if (name == "one_sided_tunas_abs") return search::reward<search::OneSidedReward>;
    if (name == "soft_exponential") return search::reward<search::SoftExponentialReward<Formula>>;
    if (name == "hard_exponential") return search::reward<search::HardExponentialReward<Formula>>;
    throw ParseError("cost_function: '" + name.substr(0, 40) + "' is not known");
  }
};

template <search::EntropySchedule E>
struct OpenCodeWith : search::OpenCode {
  using Entropy = E;
};

template <search::EntropySchedule E>
void check_trajectory(const nlohmann::json& run, const std::string& name, CaseCounter& counter) {
  const auto given = Trajectory::parse(run.at("config"));
  search::Controller<double, OpenCodeWith<E>> controller(given.space.option_counts(), given.options);
  const auto& steps = run.at("steps");
  if (!steps.is_array() || steps.empty()) throw ParseError(name + ": there is no step");
  for (const auto& step : steps) {
    const auto where = fmt::format("{}, step {}", name, controller.step());
    const auto number = [&](const char* key) { return real(step.at(key), where + ", " + key); };
    if (whole(step.at("step"), where) != controller.step() || controller.step() == given.options.total_steps)
      throw ParseError(where + ": the steps are not 0, 1, … up to total_steps");
    const auto indices = whole_list(step.at("indices"), std::ssize(given.space.decisions()), where);
    search::Choice choice;
    for (const auto index : indices) {
      core::check_range("index", index, 0, INT32_MAX);
      choice.push_back(static_cast<std::size_t>(index));
    }
    const double cost = given.costs.cost(choice);
    const auto record =
        controller.update(choice, given.reward(-number("loss"), cost, given.target, given.beta));
    std::string wrong;
    const auto expect = [&](const char* key, bool ok) {
      if (!ok && wrong.empty()) wrong = key;
    };
    expect("cost", is_close(cost, number("cost"), 1e-12));
    expect("reward", is_close(record.reward, number("reward"), 1e-9));
    expect("ema", is_close(record.average, number("ema"), 1e-9));
    expect("advantage", std::abs(record.advantage - number("advantage")) <= 1e-9);
    expect("entropy_beta", is_close(record.entropy_coefficient, number("entropy_beta"), 1e-9));
    const auto& logits = step.at("logits");
    expect("logits", logits.is_array() && logits.size() == choice.size());
    for (std::size_t d = 0; wrong.empty() && d < choice.size(); ++d) {
      const auto ours = controller.logits(d);
      const auto theirs = real_list(logits[d], where + ", logits");
      expect("logits", std::ranges::equal(ours, theirs, [](double a, double b) {
               return std::abs(a - b) <= 2e-5;  // theirs are float32
             }));
    }
    counter.add(wrong.empty(), where + ": " + wrong + " differs");
  }
}

}  // namespace detail

/// policy_trajectory.json: runs of the open-source controller with prescribed samples and losses.
inline void check_policy_trajectories(const nlohmann::json& runs, CaseCounter& counter) {
  using Schedules = core::TypeList<search::CosineEntropy, search::LinearEntropy, search::ConstantEntropy,
                                   search::HeavisideEntropy>;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto schedule = runs[i].at("config").at("entropy_schedule").get<std::string>();
    bool known = false;
    core::for_each_type(Schedules{}, [&]<class E>(std::type_identity<E>) {
      if (schedule != E::name) return;
      known = true;
      detail::check_trajectory<E>(runs[i], fmt::format("run {}", i + 1), counter);
    });
    if (!known) throw ParseError("entropy_schedule: '" + schedule.substr(0, 40) + "' is not known");
  }
}

namespace detail {

/// A network of a figure, at a point of its series; the costs of uniform formats are those of its multiply-accumulates.
struct PublishedNetwork {
  std::vector<search::LayerRow> rows;
  double tolerance{};  ///< relative
};

/// Nothing if the library does not have that network.
inline std::optional<PublishedNetwork> published_network(const std::string& model, const std::string& series,
                                                         std::size_t point) {
  const auto at = [&](const auto& list) {
    return point < list.size() ? std::optional(list[point]) : std::nullopt;
  };
  if (model == "ResNet-18" || model == "ResNet-50") {
    constexpr std::array<double, 6> widths{0.5, 0.75, 1, 1.25, 1.5, 2};
    const auto width = at(widths);
    if (!width) return std::nullopt;
    return PublishedNetwork{
        model == "ResNet-18" ? search::resnet18_layers(*width) : search::resnet50_layers(*width), 0.0006};
  }
  if (model == "MobileNetV2") {
    constexpr std::array<double, 5> widths{0.25, 0.5, 1, 1.4, 2};
    const auto first = series == "E2M1" ? 1U : 0U;  // whose narrowest network is missing
    const auto width = at(std::span(widths).subspan(first, 4));
    if (!width) return std::nullopt;
    return PublishedNetwork{search::mobilenetv2_layers(*width), 0.003};  // published figures are cut
  }
  if (model == "EfficientNet" && point < 5)
    return PublishedNetwork{search::efficientnet_layers(static_cast<int>(point)), 0.0006};
  if (model == "DeiT") {
    constexpr std::array<std::int64_t, 5> widths{288, 384, 576, 672, 768};
    const auto width = at(widths);
    if (!width) return std::nullopt;
    return PublishedNetwork{search::deit_layers(*width), 0.0025};  // own count is 0.2 % low
  }
  return std::nullopt;
}

inline double decimal_field(const core::Csv& file, std::size_t row, const char* column) {
  const auto& text = file.text(row, column);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    throw ParseError(fmt::format("{}, {}: '{}' is not a number", file.where(row), column, text));
  return value;
}

/// Bits of a uniform series, named `E2M1`, `INT4` or `Float (BF16)`; nothing of a searched one.
/// @throws ParseError  the series is none of these
inline std::optional<int> uniform_bits(std::string_view series) {
  if (series == "FLIQS-S" || series == "FLIQS-L") return std::nullopt;
  if (series == "Float (BF16)") return 16;
  const auto is_digit = [&](std::size_t i) {
    return i < series.size() && '1' <= series[i] && series[i] <= '9';
  };
  if (series.starts_with("INT") && series.size() == 4 && is_digit(3)) return series[3] - '0';
  if (series.size() == 4 && series[0] == 'E' && is_digit(1) && series[2] == 'M' && is_digit(3))
    return 1 + (series[1] - '0') + (series[3] - '0');
  throw ParseError("series '" + std::string(series.substr(0, 40)) + "' is not known");
}

}  // namespace detail

/// published_pareto.csv: the bit operations of every point. Uniform formats have their exact cost, searched ones lie
/// between 4 and 8 bits. Of a network that the library lacks, uniform series have to agree with each other. Accuracies
/// need ImageNet; they only have to be percentages.
inline void check_published_pareto(const core::Csv& file, CaseCounter& counter) {
  using Point = std::pair<std::string, std::size_t>;
  struct Uniform {
    double gmacs = 0;
    int rows = 0;
  };
  const auto point_of = [&](std::size_t row) {
    return Point{file.text(row, "model"),
                 static_cast<std::size_t>(file.integer(row, "point_index", 0, 1000))};
  };
  std::map<Point, Uniform> uniform;  // by the first row of a point
  for (std::size_t i = 0; i < file.row_count(); ++i)
    if (const auto bits = detail::uniform_bits(file.text(i, "series"))) {
      auto& entry = uniform[point_of(i)];
      if (entry.rows++ == 0) entry.gmacs = detail::decimal_field(file, i, "gbops") / (*bits * *bits);
    }
  std::map<std::string, double> seen;
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto point = point_of(i);
    const auto& series = file.text(i, "series");
    const auto& family = file.text(i, "family");
    const auto& figure = file.text(i, "figure");
    if ((family != "FP" && family != "INT") || (figure != "fp" && figure != "fp_vs_int"))
      throw ParseError(file.where(i) +
                       ": the family is neither FP nor INT, or the figure neither fp nor fp_vs_int");
    const double gbops = detail::decimal_field(file, i, "gbops");
    double tolerance = 0.003;
    double gmacs = 0;
    if (const auto network = detail::published_network(point.first, series, point.second)) {
      tolerance = network->tolerance;
      gmacs = static_cast<double>(search::macs(search::layers_of(network->rows))) / 1e9;
    } else if (const auto found = uniform.find(point); found != uniform.end() && found->second.rows > 1) {
      gmacs = found->second.gmacs;
    } else {
      throw ParseError(file.where(i) + ": nothing is known of '" + point.first + "' at this point");
    }
    const auto bits = detail::uniform_bits(series);
    const double low = gmacs * (bits ? *bits * *bits : 16) * (1 - tolerance);
    const double high = gmacs * (bits ? *bits * *bits : 64) * (1 + tolerance);
    const double top1 = detail::decimal_field(file, i, "imagenet_top1");
    const auto again =
        seen.try_emplace(fmt::format("{}/{}/{}/{}", point.first, family, series, point.second), gbops);
    counter.add(low <= gbops && gbops <= high && 0 < top1 && top1 < 100 && again.first->second == gbops,
                fmt::format("{}: {} GBOPs are not in {:.6g}..{:.6g}, or differ from another row of the point",
                            file.where(i), gbops, low, high));
  }
}

}  // namespace bitloom::examples
