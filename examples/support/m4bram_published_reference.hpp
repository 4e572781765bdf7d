// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/core.h>

#include <bitloom/accel/m4bram_explore.hpp>
#include <bitloom/core/csv.hpp>

#include "check.hpp"
#include "dla_reference.hpp"
#include "m4bram_dse_row.hpp"

namespace bitloom::examples {

namespace detail {

/// A bar of the published figures.
struct StudyBar {
  int figure{};  ///< 9 to 12
  std::string network, config;
  accel::Widths widths{};
  int max_duplication = 4;

  explicit StudyBar(const StudyRow& row)
      : network(row.text("network")), config(row.text("config")), widths(row.widths()) {
    const std::string_view text = row.text("figure");
    for (const int number : {9, 10, 11, 12})
      if (const auto name = fmt::format("Fig{}", number); text == name || text.starts_with(name + "("))
        figure = number;
    if (figure == 0)
      throw ParseError(row.where() + ": figure '" + row.text("figure") + "' is none of Fig9 to Fig12");
    if (!row.text("max_dup").empty()) max_duplication = row.bits("max_dup", 1);
  }

  [[nodiscard]] bool is_bramac() const { return config.starts_with("BRAMAC-"); }

  /// One that the released simulator itself does not give: it finds 1.33.
  [[nodiscard]] bool is_known_misprint() const {
    return figure == 10 && config == "BRAMAC-1DA" && network == "resnet34" && widths == accel::Widths{4};
  }

  [[nodiscard]] accel::Budgets device() const {
    return accel::m4bram_figure_device(figure, network, widths.weight);
  }

  /// Speed-ups over the baseline of the best designs: one, or several that are equally good.
  template <class C, class Objective>
  std::vector<double> speedups(const accel::M4bramWorkload& workload, Objective objective) const {
    std::vector<double> result;
    const auto r = workload.net.rvec;
    for (const auto& baseline : tied_baselines<C>(workload, widths, device())) {
      const auto found =
          accel::search_enhanced<C>(workload, widths, device(), baseline, objective, max_duplication);
      if (!found.best) continue;
      result.push_back(found.best->speedup);
      if (found.ties > 1)
        for (const auto& other :
             tied<typename C::Enhanced>(C::task(workload), C::space(widths, r, max_duplication), widths,
                                        device(), accel::enhanced_reference<C>(baseline), objective))
          result.push_back(other.speedup);
    }
    return result;
  }

  [[nodiscard]] std::vector<double> speedups(const accel::M4bramWorkload& workload,
                                             const std::string& where) const {
    std::vector<double> result;
    if (is_bramac())
      visit_bramac_comparison(config.substr(7), where, [&]<class C>(std::type_identity<C>) {
        result = speedups<C>(workload, accel::BestQuality{});
      });
    else
      visit_m4bram(config, figure == 12, where, [&]<class C>(std::type_identity<C>) {
        result = figure == 9 || figure == 12 ? speedups<C>(workload, accel::BestSpeedup{})
                                             : speedups<C>(workload, accel::BestQuality{});
      });
    return result;
  }
};

}  // namespace detail

/// published_speedups.csv: bars of the published figures, and what the released simulator gives for them.
inline void check_m4bram_published(const core::Csv& file, CaseCounter& counter) {
  detail::NeighbourNetworks networks(file.name());
  detail::check_study_rows(file, counter, [&](detail::StudyRow& row) {
    const detail::StudyBar bar(row);
    const auto speedups = bar.speedups(detail::study_network(networks, row, bar.network), row.where());
    if (speedups.empty()) return row.differ("no configuration is feasible");
    if (bar.is_bramac() != (row.text("system") == "BRAMAC"))
      return row.differ("system '" + row.text("system") + "' does not go with " + bar.config);
    const auto is_ours = [&](double ours) {
      const auto& reproduced = row.text("reproduced");
      const bool same = rounds_to(ours, reproduced) || detail::is_close(ours, row.real("reproduced"), 1e-9);
      const auto off = std::abs(std::round(ours * 100) / 100 - row.real("published"));
      return same && off < (bar.is_known_misprint() ? 0.01 + 1e-9 : 1e-9);
    };
    if (std::ranges::none_of(speedups, is_ours))
      row.differ(fmt::format("the speed-up is {:.4f}, not {} and published {}", speedups[0],
                             row.text("reproduced"), row.text("published")));
  });
}

}  // namespace bitloom::examples
