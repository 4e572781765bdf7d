// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <bitloom/accel/m4bram_explore.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/core/error.hpp>

#include "check.hpp"
#include "dla_reference.hpp"
#include "m4bram_dse_row.hpp"
#include "m4bram_published_reference.hpp"

namespace bitloom::examples {

/// dse_baseline_dla.csv: the best baselines. Networks are built in, or in networks.json beside the file.
inline void check_m4bram_baselines(const core::Csv& file, CaseCounter& counter) {
  detail::NeighbourNetworks networks(file.name());
  detail::check_study_rows(file, counter, [&](detail::StudyRow& row) {
    using C = detail::AnyComparison;
    const auto workload = detail::study_network(networks, row, row.text("network"));
    const auto found = accel::search_baseline<C>(workload, row.widths(), row.budgets());
    row.check("feasible", found.feasibility.within);
    row.check("ties", found.ties);
    row.check_ratio("best_qf", found.best ? found.best->quality : 0);
    if (!found.best) return;
    const auto listed =
        detail::score_baseline<C>(workload, detail::listed_baseline(row, workload.net.rvec), row.widths());
    detail::check_listed(row, C::baseline_space(row.widths(), workload.net.rvec), found, listed,
                         row.budgets(), accel::BestQuality{});
    row.check("num_dsp", listed.resources.dsp);
    row.check("fcache_bram", listed.resources.filter_bram);
    row.check("streambuf_bram", listed.resources.stream_bram);
    row.check_ratio("area", listed.resources.area);
    row.check("total_cycles", listed.cycles);
  });
}

/// dse_m4bram.csv: the best designs with M4BRAM, with and without slices. Their baselines are the listed ones of
/// dse_baseline_dla.csv beside the file; one that is not there is any of the best ones that make a row right.
inline void check_m4bram_designs(const core::Csv& file, CaseCounter& counter) {
  detail::NeighbourNetworks networks(file.name());
  const auto baselines = detail::neighbour_table(file, "dse_baseline_dla.csv");
  const auto check_row = [&]<class C>(std::type_identity<C>, detail::StudyRow& row,
                                      const accel::M4bramWorkload& workload,
                                      const accel::Candidate& baseline) {
    using B = typename C::Enhanced;
    const auto most = static_cast<int>(std::clamp<std::int64_t>(row.integer("max_dup"), 0, 8));
    const auto reference = accel::enhanced_reference<C>(baseline);
    const auto tile = detail::listed_tile<typename B::tile_type>(row, workload.net.rvec);
    const auto listed = detail::score_tile<B>(C::task(workload), tile, row.widths(), reference);
    detail::visit_objective(row, [&](auto objective) {
      const auto found =
          accel::search_enhanced<C>(workload, row.widths(), row.budgets(), baseline, objective, most);
      row.check("feasible", found.feasibility.within);
      row.check("ties", found.ties);
      row.check_ratio("best_obj", found.best ? objective.value(*found.best) : 0);
      detail::check_listed(row, C::space(row.widths(), workload.net.rvec, most), found, listed, row.budgets(),
                           objective);
    });
    row.check("num_dsp", listed.resources.dsp);
    row.check("fcache_bram", listed.resources.filter_bram);
    row.check("streambuf_bram", listed.resources.stream_bram);
    row.check_ratio("area", listed.resources.area);
    row.check("total_cycles", listed.cycles);
    row.check_ratio("speedup", listed.speedup);
    row.check_ratio("area_ratio", listed.area_ratio);
    row.check_ratio("qf", listed.quality);
  };
  detail::check_study_rows(file, counter, [&](detail::StudyRow& row) {
    const auto workload = detail::study_network(networks, row, row.text("network"));
    if (row.integer("dsp_qvec") == 0 && (row.integer("dsp_cvec") != 0 || row.integer("dsp_kvec") != 0))
      return row.differ("a design without slices has channels of slices");
    std::vector<accel::Candidate> candidates;
    if (const auto listed = detail::find_case(baselines, row.text("baseline"))) {
      candidates.push_back(detail::score_baseline<detail::AnyComparison>(
          workload, detail::listed_baseline(*listed, workload.net.rvec), listed->widths()));
    } else {
      candidates = detail::tied_baselines<detail::AnyComparison>(workload, row.widths(), row.budgets());
      if (candidates.empty()) row.differ("no baseline is feasible");
    }
    std::optional<detail::StudyRow> first;
    for (const auto& candidate : candidates) {
      auto attempt = row;
      detail::visit_m4bram(row.text("mode") + row.text("variant"), row.integer("dsp_qvec") == 0, row.where(),
                           [&](auto comparison) { check_row(comparison, attempt, workload, candidate); });
      if (!first || attempt.difference().empty()) first = attempt;
      if (attempt.difference().empty()) break;
    }
    if (first) row = *first;
  });
}

/// dse_layer_cycles.csv: cycles of each layer of the designs that the two files above, beside it, list.
inline void check_m4bram_layers(const core::Csv& file, CaseCounter& counter) {
  detail::NeighbourNetworks networks(file.name());
  const auto baselines = detail::neighbour_table(file, "dse_baseline_dla.csv");
  const auto designs = detail::neighbour_table(file, "dse_m4bram.csv");
  if (!baselines && !designs)
    throw ParseError(
        file.name() +
        ": the designs of its cases are in dse_baseline_dla.csv and dse_m4bram.csv, which have to "
        "be beside it");
  std::map<std::string, std::vector<std::int64_t>> known;
  std::set<std::pair<std::string, std::int64_t>> seen;
  const auto find = [&](const detail::StudyRow& row, const std::string& name) {
    if (const auto baseline = detail::find_case(baselines, name)) {
      using B = accel::BufferedBaseline<detail::ReleasedStudy>;
      const auto workload = detail::study_network(networks, *baseline, baseline->text("network"));
      return B::layer_cycles(accel::baseline_task(workload),
                             detail::listed_baseline(*baseline, workload.net.rvec), baseline->widths());
    }
    const auto design = detail::find_case(designs, name);
    if (!design)
      throw ParseError(row.where() + ": case '" + name +
                       "' is neither in dse_baseline_dla.csv nor in dse_m4bram.csv beside it");
    const auto workload = detail::study_network(networks, *design, design->text("network"));
    std::vector<std::int64_t> cycles;
    detail::visit_m4bram(design->text("mode") + design->text("variant"), design->integer("dsp_qvec") == 0,
                         design->where(), [&]<class C>(std::type_identity<C>) {
                           using B = typename C::Enhanced;
                           cycles = B::layer_cycles(
                               C::task(workload),
                               detail::listed_tile<typename B::tile_type>(*design, workload.net.rvec),
                               design->widths());
                         });
    return cycles;
  };
  detail::check_study_rows(file, counter, [&](detail::StudyRow& row) {
    const auto& name = row.text("case");
    if (!known.contains(name)) known[name] = find(row, name);
    const auto& cycles = known.at(name);
    const auto layer = row.integer("layer");
    if (layer < 1 || layer > std::ssize(cycles))
      return row.differ(fmt::format("{} has {} layers, not {}", name, cycles.size(), layer));
    if (!seen.emplace(name, layer).second) return row.differ("the layer is there twice");
    row.check("cycles", cycles[static_cast<std::size_t>(layer - 1)]);
  });
}

/// dse_mixed_weight.csv: ResNet-34 with a share of 8-bit filters among 4-bit ones, 6-bit activations, synchronous
/// M4BRAM-L on the small device.
inline void check_m4bram_mixed(const core::Csv& file, CaseCounter& counter) {
  using C = accel::MixedM4bramComparison<detail::ReleasedStudy, fabric::Large, fabric::Synchronous>;
  detail::NeighbourNetworks networks(file.name());
  detail::check_study_rows(file, counter, [&](detail::StudyRow& row) {
    const auto workload = detail::study_network(networks, row, "resnet34");
    const auto budgets = accel::m4bram_small_device;
    const auto r = workload.net.rvec;
    const accel::MixedWidths widths{{8, 4, row.real("high_ratio")}, 6};
    const auto baselines = accel::search_baseline<C>(workload, widths, budgets);
    row.check("base_feasible", baselines.feasibility.within);
    row.check("base_ties", baselines.ties);
    row.check_ratio("base_qf", baselines.best ? baselines.best->quality : 0);
    const auto baseline = detail::score_baseline<C>(
        workload, row.tile("base_pvec", "base_qvec", "base_cvec", "base_kvec", r), widths);
    detail::check_listed(row, C::baseline_space(widths, r), baselines, baseline, budgets,
                         accel::BestQuality{});
    row.check("base_dsp", baseline.resources.dsp);
    row.check("base_total_cycles", baseline.cycles);
    const accel::HybridTile tile{.dsp = row.tile("pvec", "dsp_qvec", "dsp_cvec", "dsp_kvec", r),
                                 .bram = row.tile("pvec", "m4bram_qvec", "m4bram_cvec", "m4bram_kvec", r)};
    const auto listed = detail::score_tile<C::Enhanced>(C::task(workload), tile, widths,
                                                        accel::enhanced_reference<C>(baseline));
    detail::visit_objective(row, [&](auto objective) {
      const auto found = accel::search_enhanced<C>(workload, widths, budgets, baseline, objective);
      row.check("feasible", found.feasibility.within);
      detail::check_listed(row, C::space(widths, r, 4), found, listed, budgets, objective);
    });
    const auto fastest = accel::search_enhanced<C>(workload, widths, budgets, baseline, accel::BestSpeedup{});
    row.check_ratio("max_speedup_in_space", fastest.best ? fastest.best->speedup : 0);
    row.check("num_dsp", listed.resources.dsp);
    row.check("fcache_bram", listed.resources.filter_bram);
    row.check("streambuf_bram", listed.resources.stream_bram);
    row.check("total_cycles", listed.cycles);
    row.check_ratio("speedup", listed.speedup);
    row.check_ratio("area_ratio", listed.area_ratio);
  });
}

/// dse_bramac.csv: the best designs with BRAMAC, and their own baselines.
inline void check_m4bram_bramac(const core::Csv& file, CaseCounter& counter) {
  detail::NeighbourNetworks networks(file.name());
  detail::check_study_rows(file, counter, [&](detail::StudyRow& row) {
    const auto workload = detail::study_network(networks, row, row.text("network"));
    const auto r = workload.net.rvec;
    const accel::Widths widths{row.bits("precision")};
    detail::visit_bramac_comparison(row.text("bramac"), row.where(), [&]<class C>(std::type_identity<C>) {
      const auto baselines = accel::search_baseline<C>(workload, widths, row.budgets());
      row.check("base_feasible", baselines.feasibility.within);
      const auto baseline = detail::score_baseline<C>(
          workload, row.tile("base_pvec", "base_qvec", "base_cvec", "base_kvec", r), widths);
      detail::check_listed(row, C::baseline_space(widths, r), baselines, baseline, row.budgets(),
                           accel::BestQuality{});
      row.check("base_total_cycles", baseline.cycles);
      const auto found = accel::search_enhanced<C>(workload, widths, row.budgets(), baseline);
      row.check("feasible", found.feasibility.within);
      row.check("ties", found.ties);
      auto tile = row.tile("", "dsp_qvec", "dsp_cvec", "dsp_kvec", r);
      const auto listed = detail::score_tile<typename C::Enhanced>(
          C::task(workload), C::tile(tile, widths), widths, accel::enhanced_reference<C>(baseline));
      detail::check_listed(row, C::space(widths, r, 4), found, listed, row.budgets(), accel::BestQuality{});
      row.check("num_dsp", listed.resources.dsp);
      row.check("num_fcache_bram", listed.resources.filter_bram);
      row.check("num_streambuf_bram", listed.resources.stream_bram);
      row.check("total_cycles", listed.cycles);
      row.check_ratio("speedup", listed.speedup);
      row.check_ratio("area_ratio", listed.area_ratio);
      row.check_ratio("qf", listed.quality);
    });
  });
}

/// Checks a file of the searches of the study of M4BRAM, whose kind its columns tell.
/// @return false if it is none of them
/// @throws ParseError  a row cannot be read, or what it needs is not beside the file
inline bool check_m4bram_dse(const core::Csv& file, CaseCounter& counter) {
  const auto has = [&](const char* column) { return file.has_column(column); };
  if (has("best_qf"))
    check_m4bram_baselines(file, counter);
  else if (has("best_obj"))
    check_m4bram_designs(file, counter);
  else if (has("case") && has("layer") && has("cycles"))
    check_m4bram_layers(file, counter);
  else if (has("high_ratio") && has("base_qf"))
    check_m4bram_mixed(file, counter);
  else if (has("bramac") && has("base_feasible"))
    check_m4bram_bramac(file, counter);
  else if (has("figure") && has("reproduced"))
    check_m4bram_published(file, counter);
  else
    return false;
  return true;
}

}  // namespace bitloom::examples
