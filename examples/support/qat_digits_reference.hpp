// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/error.hpp>

#include "check.hpp"
#include "json_fields.hpp"
#include "reference_file.hpp"

namespace bitloom::examples {

/// Bits of the operands of every layer.
struct QatWidths {
  std::int64_t weight{}, activation{};
};

/// A network that a search found.
struct FoundNetwork {
  double accuracy_percent{};
  std::vector<std::int64_t> bits{};  ///< of weights and activations, for each layer
};

/// Trains the networks that a file of results names, each with one seed after another, 20 or more. May be empty.
struct QatTrainer {
  /// Accuracies on the test split in percent, one a seed; in float where there are no widths.
  /// @param sizes  numbers of units: inputs, hidden layers, classes
  using Uniform = std::function<std::vector<double>(std::span<const std::int64_t> sizes,
                                                    std::optional<QatWidths> widths)>;
  /// Networks found by a one-shot search, one a seed.
  /// @param options  bits that each layer may have
  /// @param target   bit operations in units of those of 8 bits everywhere
  using Search = std::function<std::vector<FoundNetwork>(
      std::span<const std::int64_t> sizes, std::span<const std::int64_t> options, double target)>;

  Uniform uniform{};
  Search search{};
};

namespace detail {

/// The number in front of a text, which is cut off.
template <class T>
T cut_number(std::string_view& text, const std::string& what) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{})
    throw ParseError(fmt::format("{}: there is no number before '{}'", what, text.substr(0, 40)));
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

inline bool cut_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Sizes of `64-32-10 and any words`.
inline std::vector<std::int64_t> network_sizes(std::string_view text) {
  std::vector<std::int64_t> sizes;
  do {
    sizes.push_back(cut_number<std::int64_t>(text, "network"));
    core::check_range("network", sizes.back(), 1, 1 << 20);
  } while (cut_prefix(text, "-"));
  core::check_range("sizes of the network", std::ssize(sizes), 2, 1000);
  return sizes;
}

/// Widths of `w8a8`; none of `float`.
inline std::optional<QatWidths> setting_widths(const std::string& name) {
  if (name == "float") return std::nullopt;
  std::string_view text = name;
  QatWidths widths;
  if (cut_prefix(text, "w")) widths.weight = cut_number<std::int64_t>(text, name);
  if (cut_prefix(text, "a")) widths.activation = cut_number<std::int64_t>(text, name);
  if (widths.weight < 1 || widths.activation < 1 || !text.empty())
    throw ParseError("setting '" + name.substr(0, 40) + "' is not known");
  return widths;
}

struct SearchSetting {
  std::vector<std::int64_t> options{};
  double target{};
};

/// Options and target of `search_{4,8}_target0.4`.
inline SearchSetting search_setting(const std::string& name) {
  std::string_view text = name;
  SearchSetting setting;
  bool ok = cut_prefix(text, "search_{");
  do setting.options.push_back(ok ? cut_number<std::int64_t>(text, name) : 0);
  while (cut_prefix(text, ","));
  ok = ok && cut_prefix(text, "}_target");
  if (ok) setting.target = cut_number<double>(text, name);
  if (!ok || !text.empty()) throw ParseError("search '" + name.substr(0, 40) + "' is not known");
  return setting;
}

/// Bit operations of a network of dense layers in units of those of 8 bits everywhere.
inline double relative_bit_operations(std::span<const std::int64_t> sizes,
                                      std::span<const std::int64_t> bits) {
  core::check_equal("bits", std::ssize(bits), "layers", std::ssize(sizes) - 1);
  std::int64_t given = 0, full = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    core::check_range("bits", bits[i], 1, 32);
    given += sizes[i] * sizes[i + 1] * bits[i] * bits[i];
    full += sizes[i] * sizes[i + 1] * 64;
  }
  return static_cast<double>(given) / static_cast<double>(full);
}

inline double mean(std::span<const double> values) {
  if (values.empty()) throw RangeError("accuracies: there are none");
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// An accuracy on the 360 images of the test split, in percent with two decimals.
inline bool is_test_accuracy(double percent) {
  const double right = percent * 3.6;
  return 0 <= percent && percent <= 100 && std::abs(right - std::round(right)) <= 0.0181;
}

/// Our mean may be this much lower than a published one, in points.
inline constexpr double accuracy_margin = 1.5;
/// Where the published mean is below this, training failed, and ours need not be better.
inline constexpr double failed_accuracy = 60;
/// How far the cost of a network that is found may be from the target, in units of 8 bits everywhere.
inline constexpr double cost_margin = 0.13;

inline void compare_accuracy(const std::string& name, double ours, double theirs, CaseCounter& counter) {
  const bool failed = theirs < failed_accuracy;
  counter.add(failed ? ours < failed_accuracy : ours >= theirs - accuracy_margin,
              fmt::format("{}: {:.2f} % by our training, {:.2f} % published", name, ours, theirs));
}

}  // namespace detail

/// qat_digits.json: what small networks reach in quantized training and by one-shot search. Accuracies have to be ones of
/// the test split, and costs those of the widths found; what the trainer reaches is compared with them.
inline void check_qat_digits(const nlohmann::json& results, const QatTrainer& trainer, CaseCounter& counter) {
  const auto sizes = detail::network_sizes(results.at("network").get<std::string>());
  for (const auto& [name, list] : results.at("test_accuracy_percent").items()) {
    const auto widths = detail::setting_widths(name);
    const auto published = real_list(list, name);
    for (const double percent : published)
      counter.add(detail::is_test_accuracy(percent),
                  fmt::format("{}: {} % is no share of 360", name, percent));
    if (trainer.uniform)
      detail::compare_accuracy(name, detail::mean(trainer.uniform(sizes, widths)), detail::mean(published),
                               counter);
  }
  for (const auto& [name, list] : results.at("one_shot_search").items()) {
    const auto [options, target] = detail::search_setting(name);
    const auto add_found = [&, &id = name, &allowed = options, &wanted = target](const FoundNetwork& found) {
      const double cost = detail::relative_bit_operations(sizes, found.bits);
      const bool offered = std::ranges::all_of(
          found.bits, [&](std::int64_t bits) { return std::ranges::find(allowed, bits) != allowed.end(); });
      counter.add(offered && std::abs(cost - wanted) <= detail::cost_margin,
                  fmt::format("{}: widths that are no options, or cost {:.4f}", id, cost));
      return cost;
    };
    std::vector<double> published;
    for (const auto& entry : list) {
      const FoundNetwork found{real(entry.at("acc"), name), whole_list(entry.at("bits_per_layer"), name)};
      const double cost = add_found(found), stated = real(entry.at("bops_over_all8"), name);
      counter.add(detail::is_test_accuracy(found.accuracy_percent) && std::abs(cost - stated) <= 1e-12,
                  fmt::format("{}: {} % is no share of 360, or the cost is not {:.16g}", name,
                              found.accuracy_percent, stated));
      published.push_back(found.accuracy_percent);
    }
    if (!trainer.search) continue;
    std::vector<double> ours;
    for (const auto& found : trainer.search(sizes, options, target)) {
      add_found(found);
      ours.push_back(found.accuracy_percent);
    }
    detail::compare_accuracy(name, detail::mean(ours), detail::mean(published), counter);
  }
}

/// Files of results such as qat_digits.json. Without a trainer only what needs no training is checked.
inline ReferenceKind qat_digits_kind(QatTrainer trainer = {}) {
  return ReferenceKind::json(
      {"test_accuracy_percent", "one_shot_search"},
      [trainer = std::move(trainer)](const nlohmann::json& results, const std::string&,
                                     CaseCounter& counter) { check_qat_digits(results, trainer, counter); });
}

}  // namespace bitloom::examples
