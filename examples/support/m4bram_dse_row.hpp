// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include <bitloom/accel/m4bram_search.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/core/file.hpp>

#include "check.hpp"
#include "dla_reference.hpp"
#include "m4bram_kinds.hpp"

namespace bitloom::examples {

namespace detail {

/// A row of a file of the study of M4BRAM, and the first of its columns that is not ours.
class StudyRow {
 public:
  StudyRow(const core::Csv& file, std::size_t row) : file_(&file), row_(row) {}

  [[nodiscard]] std::string where() const { return file_->where(row_); }
  [[nodiscard]] const std::string& text(const char* column) const { return file_->text(row_, column); }
  [[nodiscard]] std::int64_t integer(const char* column) const { return file_->integer(row_, column); }
  [[nodiscard]] int bits(const char* column, int low = 2) const {
    return file_->integer(row_, column, low, 8);
  }
  [[nodiscard]] accel::Widths widths() const { return {bits("pw"), bits("pi")}; }
  [[nodiscard]] double real(const char* column) const {
    return parse_double(text(column), where() + ", " + column);
  }
  [[nodiscard]] accel::Budgets budgets() const {
    return {.dsp = integer("num_dsp_avail"), .bram = integer("num_bram_avail")};
  }
  [[nodiscard]] accel::Tile tile(const char* p, const char* q, const char* c, const char* k,
                                 std::int64_t r) const {
    return {.q = integer(q), .c = integer(c), .k = integer(k), .r = r, .p = *p != 0 ? integer(p) : 1};
  }

  /// Counts that the released script prints as a whole number or with a decimal point.
  void check(const char* column, std::int64_t ours) {
    if (real(column) != static_cast<double>(ours))
      differ(fmt::format("{} is {}, not {}", column, ours, text(column)));
  }
  void check_ratio(const char* column, double ours) {
    if (!is_close(ours, real(column), 1e-9))
      differ(fmt::format("{} is {}, not {}", column, ours, text(column)));
  }
  void differ(const std::string& difference) {
    if (difference_.empty()) difference_ = where() + ": " + difference;
  }
  [[nodiscard]] const std::string& difference() const noexcept { return difference_; }

 private:
  const core::Csv* file_;
  std::size_t row_;
  std::string difference_;
};

/// f(row) for every row, each a case; what f throws, other than a ParseError, is a difference.
template <class F>
void check_study_rows(const core::Csv& file, CaseCounter& counter, F f) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    StudyRow row(file, i);
    try {
      f(row);
    } catch (const ParseError&) {
      throw;
    } catch (const Error& error) {
      row.differ(error.what());
    }
    counter.add(row.difference().empty(), row.difference());
  }
}

inline accel::M4bramWorkload study_network(NeighbourNetworks& networks, const StudyRow& row,
                                           const std::string& name) {
  if (auto workload = networks.find_m4bram(name)) return std::move(*workload);
  throw ParseError(row.where() + ": network '" + name +
                   "' is neither built in nor in networks.json beside it");
}

/// Calls f with BestQuality{} or BestSpeedup{}.
template <class F>
decltype(auto) visit_objective(const StudyRow& row, F&& f) {
  const auto& text = row.text("objective");
  if (text != accel::BestQuality::name && text != accel::BestSpeedup::name)
    throw ParseError(row.where() + ": objective '" + text + "' is neither qf nor speedup");
  return visit_objective(text, f);
}

using ReleasedStudy = accel::ReleasedM4bramStudy;

/// Calls f(std::type_identity<Comparison>{}) for a clock mode and size, as in `dS`, with or without slices.
template <class F>
decltype(auto) visit_m4bram(const std::string& config, bool alone, const std::string& where, F&& f) {
  if (config != "sS" && config != "dS" && config != "sL" && config != "dL")
    throw ParseError(where + ": '" + config + "' is not s or d for the clock and S or L for the size");
  return visit_m4bram_kind(
      config[1] == 'L' ? "l" : "s", config[0] == 'd' ? "dp" : "sync",
      [&]<class Size, class Clocking>(std::type_identity<Size>,
                                      std::type_identity<Clocking>) -> decltype(auto) {
        if (alone)
          return f(std::type_identity<accel::M4bramAloneComparison<ReleasedStudy, Size, Clocking>>{});
        return f(std::type_identity<accel::M4bramComparison<ReleasedStudy, Size, Clocking>>{});
      });
}

template <class F>
decltype(auto) visit_bramac_comparison(const std::string& variant, const std::string& where, F&& f) {
  return visit_overlay_variant(variant, where, [&]<class V>(std::type_identity<V>) -> decltype(auto) {
    return f(std::type_identity<accel::BramacComparison<ReleasedStudy, V>>{});
  });
}

/// A tile as the study costs it, against a reference.
template <class B>
accel::Scored<typename B::tile_type> score_tile(const accel::OverlayTask& task,
                                                const typename B::tile_type& tile,
                                                const typename B::widths_type& widths,
                                                const accel::Reference& reference) {
  return accel::score(tile, B::resources(task, tile, widths), B::cycles(task, tile, widths), reference);
}

template <accel::OverlayComparison C>
accel::Candidate score_baseline(const accel::M4bramWorkload& workload, const accel::Tile& tile,
                                const typename C::Widths& widths) {
  return score_tile<typename C::Baseline>(accel::baseline_task(workload), tile, widths,
                                          accel::baseline_reference<C>(workload, widths));
}

/// A listed tile is one of the space, as good as the best that was found, and fits.
template <class T, class Objective>
void check_listed(StudyRow& row, const accel::FactoredSpace<T>& space, const accel::FoundBest<T>& found,
                  const accel::Scored<T>& listed, const accel::Budgets& budgets, Objective) {
  const auto& tile = listed.tile;
  if (std::ranges::none_of(space.columns, [&](const T& c) { return accel::paired(c, tile) == tile; }) ||
      std::ranges::none_of(space.channels, [&](const T& c) { return accel::paired(tile, c) == tile; }))
    row.differ("the search does not try that configuration");
  if (!found.best)
    row.differ("no configuration is feasible: " + accel::limit_text(found.feasibility, budgets));
  else if (!is_close(Objective::value(listed), Objective::value(*found.best), 1e-9))
    row.differ(fmt::format("the best {} is {}, not {}", Objective::name, Objective::value(*found.best),
                           Objective::value(listed)));
  if (listed.resources.dsp > budgets.dsp || listed.resources.bram() > budgets.bram)
    row.differ("the configuration exceeds the budgets");
}

/// All tiles with exactly the best objective, which may differ in cycles and area.
template <class B, class Objective>
std::vector<accel::Scored<typename B::tile_type>> tied(
    const accel::OverlayTask& task, const accel::FactoredSpace<typename B::tile_type>& space,
    const typename B::widths_type& widths, const accel::Budgets& budgets, const accel::Reference& reference,
    Objective objective) {
  auto found = accel::search_exhaustively<B>(task, space, widths, budgets, reference, objective);
  std::erase_if(found.within, [&](const auto& c) {
    return !found.best || Objective::value(c) != Objective::value(*found.best);
  });
  return found.within;
}

template <accel::OverlayComparison C>
std::vector<accel::Candidate> tied_baselines(const accel::M4bramWorkload& workload,
                                             const typename C::Widths& widths,
                                             const accel::Budgets& budgets) {
  return tied<typename C::Baseline>(accel::baseline_task(workload),
                                    C::baseline_space(widths, workload.net.rvec), widths, budgets,
                                    accel::baseline_reference<C>(workload, widths), accel::BestQuality{});
}

/// A table in the folder of a file, if it is there.
inline std::optional<core::Csv> neighbour_table(const core::Csv& file, const char* name) {
  const auto path = std::filesystem::path(file.name()).parent_path() / name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return core::Csv::parse(core::read_file(path.string()), path.string());
}

inline std::optional<StudyRow> find_case(const std::optional<core::Csv>& file, const std::string& name) {
  if (file)
    for (std::size_t i = 0; i < file->row_count(); ++i)
      if (file->text(i, "case") == name) return StudyRow(*file, i);
  return std::nullopt;
}

/// The listed tile of a row of dse_baseline_dla.csv or dse_m4bram.csv.
template <class T>
T listed_tile(const StudyRow& row, std::int64_t r) {
  if constexpr (std::same_as<T, accel::HybridTile>)
    return {.dsp = row.tile("pvec", "dsp_qvec", "dsp_cvec", "dsp_kvec", r),
            .bram = row.tile("pvec", "m4_qvec", "m4_cvec", "m4_kvec", r)};
  else
    return row.tile("pvec", "m4_qvec", "m4_cvec", "m4_kvec", r);
}
inline accel::Tile listed_baseline(const StudyRow& row, std::int64_t r) {
  return row.tile("pvec", "qvec", "cvec", "kvec", r);
}
using AnyComparison = accel::M4bramComparison<ReleasedStudy, fabric::Large, fabric::Synchronous>;

}  // namespace detail

}  // namespace bitloom::examples
