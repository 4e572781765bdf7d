// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/csv.hpp>
#include <bitloom/fabric/m4bram_area.hpp>

#include "check.hpp"

namespace bitloom::examples {

namespace detail {

/// A number of a report.
inline double printed(const core::Csv& file, std::size_t row, const std::string& column) {
  const auto& text = file.text(row, column);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    throw ParseError(file.where(row) + ", " + column + ": '" + text + "' is not a number");
  return value;
}

/// Whether a part prints so: in three digits, cells cut to whole µm². Totals have the errors of all their parts.
inline bool prints_as(double printed, double ours, std::string_view component) {
  if (component.starts_with("Memory cell")) return printed == std::floor(ours);
  const bool is_total = component.starts_with("TOTAL") || component.starts_with("RAM total");
  return std::abs(printed - ours) <= (is_total ? 0.0025 : 0.00051);
}

/// The part of that name, as the model has it; nothing if it is unknown.
template <class Size>
std::optional<fabric::TilePart> tile_part(std::string_view component, bool dummy) {
  using Tile = fabric::M4bramTile<Size>;
  std::vector<fabric::TilePart> parts;
  const auto add = [&](const auto& more) { parts.insert(parts.end(), more.begin(), more.end()); };
  if (dummy) {
    add(Tile::dummy_parts());
    parts.push_back({"TOTAL dummy array", Tile::dummy_area_um2()});
  } else {
    add(Tile::main_parts());
    add(Tile::routing_parts());
    parts.push_back({"RAM total incl. dummy", Tile::area_um2()});
  }
  const auto found = std::ranges::find(parts, component, &fabric::TilePart::name);
  return found == parts.end() ? std::nullopt : std::optional(*found);
}

}  // namespace detail

/// coffe_dummy_array.csv, coffe_main_bram.csv: the parts of a tile, for both sizes.
/// @return  false if the file is of another kind
inline bool check_m4bram_area(const core::Csv& file, CaseCounter& counter) {
  if (!file.has_column("component") || !file.has_column("area_um2_S")) return false;
  const bool dummy = file.has_column("delay_ps_S");
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto& component = file.text(i, "component");
    std::string difference;
    const auto check = [&]<class Size>(std::type_identity<Size>) {
      const auto ours = detail::tile_part<Size>(component, dummy);
      if (!ours) throw ParseError(file.where(i) + ": component '" + component + "' is unknown");
      const auto suffix = "_" + std::string(Size::name);
      if (!detail::prints_as(detail::printed(file, i, "area_um2" + suffix), ours->area_um2, component))
        difference = fmt::format("{}: area{} is {:.3f}", file.where(i), suffix, ours->area_um2);
      if (!dummy) return;
      const bool has_delay = !file.text(i, "delay_ps" + suffix).empty();
      if (has_delay != (ours->delay_ps > 0) ||
          (has_delay && detail::printed(file, i, "delay_ps" + suffix) != ours->delay_ps))
        difference = fmt::format("{}: delay{} is {:g}", file.where(i), suffix, ours->delay_ps);
    };
    check(std::type_identity<fabric::Small>{});
    check(std::type_identity<fabric::Large>{});
    counter.add(difference.empty(), difference);
  }
  return true;
}

}  // namespace bitloom::examples
