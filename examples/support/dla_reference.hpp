// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/core.h>

#include <bitloom/accel/explore.hpp>
#include <bitloom/accel/m4bram_workload.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/net/layer_list_json.hpp>

#include "check.hpp"
#include "workloads.hpp"

namespace bitloom::examples {

namespace detail {

/// The published study, with each network's own feature maps.
using OwnMapsReleased = accel::WithSource<accel::ReleasedStudy, accel::OwnMaps>;
using OverlayVariants = core::TypeList<fabric::TwoSync, fabric::OneDoublePumped>;

/// Calls f(std::type_identity<Variant>{}) with "2sa" or "1da", in any case.
/// @throws ParseError  it is another text
template <class F>
decltype(auto) visit_overlay_variant(const std::string& text, const std::string& where, F&& f) {
  if (text != "2sa" && text != "1da" && text != "2SA" && text != "1DA")
    throw ParseError(where + ": variant '" + text + "' is neither 2sa nor 1da");
  return core::visit_at(OverlayVariants{}, text[0] == '1' ? 1 : 0, f);
}

/// Whole numbers between separators, as in `3x3x48x55x55x96` or `2/16/96`.
/// @throws ParseError  there are fewer or more than `N`, or one is not a number
template <std::size_t N>
std::array<std::int64_t, N> separated(std::string_view text, char separator, const std::string& where) {
  std::array<std::int64_t, N> numbers{};
  if (std::ranges::count(text, separator) != static_cast<std::ptrdiff_t>(N) - 1)
    throw ParseError(where + ": '" + std::string(text) + "' does not have " + std::to_string(N) + " numbers");
  for (auto& number : numbers) {
    const auto end = std::min(text.find(separator), text.size());
    number = core::parse_integer(text.substr(0, end), where);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return numbers;
}

inline net::LayerShape parse_dimensions(const std::string& type, const std::string& text,
                                        const std::string& where) {
  if (type == "conv") {
    const auto [r, s, c, p, q, k] = separated<6>(text, 'x', where);
    return net::ConvShape{.r = r, .s = s, .c = c, .p = p, .q = q, .k = k};
  }
  if (type != "fc") throw ParseError(where + ": type '" + type + "' is neither conv nor fc");
  const auto [c, k] = separated<2>(text, 'x', where);
  return net::FcShape{.c = c, .k = k};
}

inline accel::Tile parse_tile(const std::string& text, const std::string& where) {
  const auto [q, c, k] = separated<3>(text, '/', where);
  return {.q = q, .c = c, .k = k};
}

/// @throws ParseError  it is no number
inline double parse_double(const std::string& text, const std::string& where) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    throw ParseError(where + ": '" + text + "' is not a number");
  return value;
}

inline bool is_close(double ours, double theirs, double tolerance) {
  return std::abs(ours - theirs) <= tolerance * std::abs(theirs);
}

/// Of a fully connected layer only the product counts: a released list has inputs and outputs swapped.
inline bool same_layer(const net::LayerShape& a, const net::LayerShape& b) {
  const auto* x = std::get_if<net::FcShape>(&a);
  const auto* y = std::get_if<net::FcShape>(&b);
  return x != nullptr && y != nullptr ? x->macs() == y->macs() : a == b;
}

inline bool same_layers(const net::LayerList& a, const net::LayerList& b) {
  return std::ranges::equal(a.layers, b.layers, same_layer);
}

/// The networks of networks.json in the folder of a file, and the built-in ones.
class NeighbourNetworks {
 public:
  explicit NeighbourNetworks(const std::string& path) {
    const auto file = std::filesystem::path(path).parent_path() / "networks.json";
    if (std::filesystem::exists(file)) workloads_ = net::read_workloads(file.string());
  }

  /// Null if it is unknown.
  const net::Workload* find(const std::string& name) {
    if (const auto* known = find_known(name)) return known;
    if (auto workload = built_in_workload(name)) workloads_.push_back(std::move(*workload));
    return find_known(name);
  }

  /// As the study of M4BRAM runs it; none if it is unknown.
  std::optional<accel::M4bramWorkload> find_m4bram(const std::string& name) {
    if (const auto* known = find_known(name)) return accel::m4bram_workload(*known);
    return accel::m4bram_workload(name);
  }

 private:
  const net::Workload* find_known(const std::string& name) const {
    const auto found = std::ranges::find(workloads_, name, &net::Workload::name);
    return found == workloads_.end() ? nullptr : &*found;
  }

  std::vector<net::Workload> workloads_;
};

/// Which of the study's explorations a row of a file tells of.
struct ExplorationKey {
  std::string network, variant;
  int bits{};
  accel::Budgets budgets{};

  ExplorationKey(const core::Csv& file, std::size_t row)
      : network(file.text(row, "network")),
        variant(file.text(row, "variant")),
        bits(file.integer(row, "precision", 2, 8)),
        budgets{.dsp = file.integer(row, "num_dsp_budget"), .bram = file.integer(row, "num_bram_budget")} {}

  [[nodiscard]] std::string text() const {
    return fmt::format("{} {} {} {} {}", network, variant, bits, budgets.dsp, budgets.bram);
  }

  template <accel::OverlayStudy Study>
  [[nodiscard]] accel::Exploration explore(const net::Workload& workload, const std::string& where) const {
    return visit_overlay_variant(variant, where, [&]<class Variant>(std::type_identity<Variant>) {
      return accel::explore<Variant, Study>(workload, bits, budgets);
    });
  }
};

}  // namespace detail

/// networks.json: layer lists. A file that reads back as it is written; a built-in network has our layers.
inline void check_networks(const std::string& path, CaseCounter& counter) {
  const auto workloads = net::read_workloads(path);
  for (const auto& workload : workloads) {
    const auto text = net::to_json(std::span(&workload, 1));
    std::string difference;
    if (net::parse_workloads(text) != std::vector{workload})
      difference = "it does not read back as it was written";
    auto ours = built_in_workload(workload.name);
    if (const auto m4bram = accel::m4bram_workload(workload.name); m4bram && !ours) ours = m4bram->net;
    if (ours) {
      // one list for both overlays is either of ours
      const auto ours_has = [&](const net::LayerList& list) {
        return detail::same_layers(list, ours->baseline) || detail::same_layers(list, ours->enhanced);
      };
      if (!ours_has(workload.baseline) || !ours_has(workload.enhanced))
        difference = "it has other layers than ours";
      if (!workload.feature_maps.empty() && workload.feature_maps != ours->feature_maps)
        difference = "it has other feature maps than ours";
      if (workload.residual && workload.residual != ours->residual)
        difference = "ours is of the other stream form";
      if (workload.rvec != ours->rvec)
        difference = fmt::format("ours has {} filter columns, not {}", ours->rvec, workload.rvec);
    }
    counter.add(difference.empty(), path + ", " + workload.name + ": " + difference);
  }
}

/// dla_unit_cases.csv: the primitive functions of the three models. A row may carry the rounding errors of the
/// released simulator, or none.
inline void check_unit_cases(const core::Csv& file, CaseCounter& counter) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto n = [&](const char* column) { return file.integer(i, column); };
    const int bits = file.integer(i, "precision", 2, 8);
    const accel::Tile tile{.q = n("qvec"), .c = n("cvec"), .k = n("kvec")};
    const net::ConvShape conv{.r = n("r"), .s = n("s"), .c = n("c"), .p = n("p"), .q = n("q"), .k = n("k")};
    const net::FcShape fc{.c = n("fc_c"), .k = n("fc_k")};
    const net::FeatureMap map{.pin = n("sb_pin"),
                              .qin = n("sb_qin"),
                              .cin = n("sb_cin"),
                              .pout = n("sb_pout"),
                              .qout = n("sb_qout"),
                              .cout = n("sb_cout")};
    const auto form = file.flag(i, "residual") ? accel::StreamForm::Residual : accel::StreamForm::Plain;
    std::string difference;
    const auto check = [&](const char* column, std::int64_t ours) {
      if (n(column) != ours && difference.empty())
        difference = fmt::format("{}: {} is {}, not {}", file.where(i), column, ours, n(column));
    };
    const auto check_model = [&]<class O>(std::type_identity<O>) {
      check("num_dsp", O::dsp(tile, bits));
      check("fc_cycles", O::cycles(fc, tile, bits));
      check("streambuf_bram", accel::stream_bram(map, form, tile, bits));
    };
    const auto& model = file.text(i, "model");
    if (model == "DLA") {
      using Exact = accel::Dla<>;
      check_model(std::type_identity<Exact>{});
      check("fcache_bram", Exact::filter_bram(conv, tile, bits));
      if (n("conv_cycles") != Exact::cycles(conv, tile, bits))
        check("conv_cycles", accel::Dla<accel::ReleasedArithmetic>::cycles(conv, tile, bits));
    } else if (model == "DLA_BRAMAC_2SA" || model == "DLA_BRAMAC_1DA") {
      detail::visit_overlay_variant(model.substr(11), file.where(i), [&]<class V>(std::type_identity<V>) {
        using Enhanced = accel::DlaBramac<V>;
        check_model(std::type_identity<Enhanced>{});
        check("fcache_bram", Enhanced::compute_bram(tile, bits));
        check("conv_cycles", Enhanced::cycles(conv, tile, bits));
      });
    } else {
      throw ParseError(file.where(i) + ": model '" + model + "' is unknown");
    }
    counter.add(difference.empty(), difference);
  }
}

/// dla_layer_cycles.csv: cycles of layers on the best configurations. Networks that are built in, or in networks.json
/// beside the file with their feature maps, are also explored: the tiles have to be the best ones.
inline void check_layer_cycles(const core::Csv& file, CaseCounter& counter) {
  detail::NeighbourNetworks networks(file.name());
  // tiles of an exploration: released and exact arithmetic, with its own and with AlexNet's feature maps
  std::map<std::string, std::array<std::string, 4>> best;
  const auto tiles = [](const accel::Exploration& found) {
    const auto& b = found.best_baseline().tile;
    const auto& e = found.best().tile;
    return fmt::format("{}/{}/{} {}/{}/{}", b.q, b.c, b.k, e.q, e.c, e.k);
  };
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto where = file.where(i);
    const detail::ExplorationKey key(file, i);
    const auto& type = file.text(i, "type");
    const auto baseline_layer =
        detail::parse_dimensions(type, file.text(i, "dla_dims"), where + ", dla_dims");
    const auto enhanced_layer =
        detail::parse_dimensions(type, file.text(i, "bramac_dims"), where + ", bramac_dims");
    const auto baseline = detail::parse_tile(file.text(i, "dla_qck"), where + ", dla_qck");
    const auto enhanced = detail::parse_tile(file.text(i, "br_qck"), where + ", br_qck");
    const auto cycles = [&]<class O>(std::type_identity<O>, const net::LayerShape& layer,
                                     const accel::Tile& tile) {
      return std::visit([&](const auto& shape) { return O::cycles(shape, tile, key.bits); }, layer);
    };
    std::string difference;
    const auto theirs = file.integer(i, "dla_cycles");
    if (theirs != cycles(std::type_identity<accel::Dla<>>{}, baseline_layer, baseline) &&
        theirs !=
            cycles(std::type_identity<accel::Dla<accel::ReleasedArithmetic>>{}, baseline_layer, baseline))
      difference = "dla_cycles differ";
    detail::visit_overlay_variant(key.variant, where, [&]<class V>(std::type_identity<V>) {
      if (file.integer(i, "bramac_cycles") !=
          cycles(std::type_identity<accel::DlaBramac<V>>{}, enhanced_layer, enhanced))
        difference = "bramac_cycles differ";
    });
    if (const auto* workload = networks.find(key.network);
        workload != nullptr && !workload->feature_maps.empty()) {
      const auto number = file.integer(i, "layer");
      const auto is_layer = [&](const net::LayerList& list, const net::LayerShape& layer) {
        return number >= 1 && number <= std::ssize(list.layers) &&
               detail::same_layer(list.layers[static_cast<std::size_t>(number - 1)], layer);
      };
      if (!is_layer(workload->baseline, baseline_layer) || !is_layer(workload->enhanced, enhanced_layer))
        difference = fmt::format("layer {} of {} has other extents", number, key.network);
      auto& found = best[key.text()];
      if (found[0].empty())
        found = {
            tiles(key.explore<detail::OwnMapsReleased>(*workload, where)),
            tiles(key.explore<accel::ExactStudy>(*workload, where)),
            tiles(key.explore<accel::ReleasedStudy>(*workload, where)),
            tiles(key.explore<accel::WithSource<accel::ExactStudy, accel::AlexNetMaps>>(*workload, where))};
      if (std::ranges::find(found, file.text(i, "dla_qck") + " " + file.text(i, "br_qck")) == found.end())
        difference = fmt::format("the best tiles are {}", found[0]);
    }
    counter.add(difference.empty(), where + ": " + difference);
  }
}

/// dla_dse_summary.csv: explorations. Networks are built in, or in networks.json beside the file.
inline void check_dse_summary(const core::Csv& file, CaseCounter& counter) {
  detail::NeighbourNetworks networks(file.name());
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto where = file.where(i);
    const detail::ExplorationKey key(file, i);
    const auto* workload = networks.find(key.network);
    if (workload == nullptr)
      throw ParseError(where + ": network '" + key.network +
                       "' is neither built in nor in networks.json beside it");
    const auto& source = file.text(i, "bramac_streambuf_uses");
    if (source != "own_network" && source != "alexnet(as released)")
      throw ParseError(where + ": bramac_streambuf_uses '" + source + "' is unknown");
    const auto difference = [&](const accel::Exploration& found) -> std::string {
      std::string first;
      const auto check = [&](const char* column, std::int64_t ours) {
        const auto theirs = file.integer(i, column);
        if (theirs != ours && first.empty())
          first = fmt::format("{}: {} is {}, not {}", where, column, ours, theirs);
      };
      const auto check_ratio = [&](const char* column, double ours) {
        const auto theirs = detail::parse_double(file.text(i, column), where + ", " + column);
        if (!detail::is_close(ours, theirs, 1e-9) && first.empty())
          first = fmt::format("{}: {} is {}, not {}", where, column, ours, theirs);
      };
      const auto& b = found.best_baseline();
      const auto& e = found.best();
      check("dla_qvec", b.tile.q);
      check("dla_cvec", b.tile.c);
      check("dla_kvec", b.tile.k);
      check("dla_num_dsp", b.resources.dsp);
      check("dla_streambuf_bram", b.resources.stream_bram);
      check("dla_fcache_bram", b.resources.filter_bram);
      check("br_qvec", e.tile.q);
      check("br_cvec", e.tile.c);
      check("br_kvec", e.tile.k);
      check("br_num_dsp", e.resources.dsp);
      check("br_streambuf_bram", e.resources.stream_bram);
      check("br_fcache_bram", e.resources.filter_bram);
      check("dla_total_cycles", b.cycles);
      check("bramac_total_cycles", e.cycles);
      check_ratio("speedup", e.speedup);
      check_ratio("area_ratio", e.area_ratio);
      check_ratio("speedup_per_area", e.speedup_per_area());
      return first;
    };
    const auto released = source == "own_network"
                              ? difference(key.explore<detail::OwnMapsReleased>(*workload, where))
                              : difference(key.explore<accel::ReleasedStudy>(*workload, where));
    bool same = released.empty();
    if (!same) {  // a file without the rounding errors of the released simulator
      using ExactAlexNet = accel::WithSource<accel::ExactStudy, accel::AlexNetMaps>;
      same = (source == "own_network" ? difference(key.explore<accel::ExactStudy>(*workload, where))
                                      : difference(key.explore<ExactAlexNet>(*workload, where)))
                 .empty();
    }
    counter.add(same, released);
  }
}

/// A published quantity of another part, e.g. a peak throughput: its value, or none.
using PublishedQuantity = std::function<std::optional<double>(
    const std::string& quantity, const std::string& variant, const std::string& what)>;

/// A published figure of the overlay study, e.g. dla_speedup, 2SA, `AlexNet 2-bit`; none if it is another one's.
inline std::optional<double> overlay_quantity(const std::string& quantity, const std::string& variant,
                                              const std::string& what) {
  if (variant != "2SA" && variant != "1DA") return std::nullopt;
  const auto network = [&]() -> std::string {
    if (what.starts_with("AlexNet")) return "alexnet";
    return what.starts_with("ResNet-34") ? "resnet34" : "";
  }();
  const auto explore = [&](int bits) {
    const auto workload = built_in_workload(network);
    return detail::visit_overlay_variant(variant, what, [&]<class V>(std::type_identity<V>) {
      return accel::explore<V, accel::ReleasedStudy>(*workload, bits).best();
    });
  };
  if (quantity == "bram_area_factor_in_overlay_model")
    return variant == "2SA" ? fabric::TwoSync::area_factor.value : fabric::OneDoublePumped::area_factor.value;
  if (network.empty()) return std::nullopt;
  if (quantity == "mean_dla_speedup_over_precisions")
    return (explore(2).speedup + explore(4).speedup + explore(8).speedup) / 3;
  const auto place = what.find("-bit");
  if (place == std::string::npos || place == 0) return std::nullopt;
  const int bits = what[place - 1] - '0';
  if (bits != 2 && bits != 4 && bits != 8) return std::nullopt;
  if (quantity == "dla_speedup") return explore(bits).speedup;
  if (quantity == "dla_area_ratio") return explore(bits).area_ratio;
  if (quantity == "dla_speedup_per_area") return explore(bits).speedup_per_area();
  return std::nullopt;
}

/// Whether `ours` rounds to the published text: half a unit of its last digit.
inline bool rounds_to(double ours, const std::string& published) {
  const auto value = detail::parse_double(published, "published value");
  const auto point = published.find('.');
  const auto digits = point == std::string::npos ? 0 : static_cast<int>(published.size() - point) - 1;
  return std::abs(ours - value) <= 0.5 * std::pow(10.0, -digits) * (1 + 1e-9);
}

/// published_results.csv: published figures that a model computes, rounded as published. Those of other studies are
/// not counted.
inline void check_published(const core::Csv& file, CaseCounter& counter,
                            const PublishedQuantity& other = {}) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto& quantity = file.text(i, "quantity");
    const auto& variant = file.text(i, "variant");
    const auto& what = file.text(i, "precision_or_network");
    const auto& value = file.text(i, "value");
    static_cast<void>(detail::parse_double(value, file.where(i) + ", value"));
    auto ours = overlay_quantity(quantity, variant, what);
    if (!ours && other) ours = other(quantity, variant, what);
    const auto name = fmt::format("{}: {} {} {}", file.where(i), quantity, variant, what);
    if (ours)
      counter.add(rounds_to(*ours, value), fmt::format("{} is {:.4f}, not {}", name, *ours, value));
    else if (quantity.find("dla_") != std::string::npos || quantity == "peak_mac_throughput_ratio" ||
             quantity == "fpga_core_area_increase" || quantity == "bram_area_factor_in_overlay_model")
      counter.add(false, name + " is unknown");
  }
}

/// Whether a text is a JSON object of objects, as a file of networks, and not lines of cases.
inline bool is_networks_text(std::string_view text) {
  const auto skip = [&](std::string_view characters) {
    text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
  };
  const auto take = [&](char c) {
    skip(" \t\r\n");
    const bool found = text.starts_with(c);
    if (found) text.remove_prefix(1);
    return found;
  };
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!take('{') || !take('"')) return false;
  text.remove_prefix(std::min(text.find('"'), text.size()));
  return take('"') && take(':') && take('{');
}

/// Checks a reference file of the overlay study, whose kind its content tells.
/// @return false if it is none of them
inline bool check_dla_file(const std::string& path, CaseCounter& counter,
                           const PublishedQuantity& other = {}) {
  const auto text = core::read_file(path);
  if (is_networks_text(text)) {
    check_networks(path, counter);
    return true;
  }
  const auto first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != std::string::npos && text[first] == '{') return false;
  const auto file = core::Csv::parse(text, path);
  if (file.has_column("fcache_bram"))
    check_unit_cases(file, counter);
  else if (file.has_column("dla_dims"))
    check_layer_cycles(file, counter);
  else if (file.has_column("bramac_streambuf_uses"))
    check_dse_summary(file, counter);
  else if (file.has_column("precision_or_network"))
    check_published(file, counter, other);
  else
    return false;
  return true;
}

}  // namespace bitloom::examples
