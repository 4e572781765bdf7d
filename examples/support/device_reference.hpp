// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/core.h>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/fabric/bit_serial.hpp>
#include <bitloom/fabric/device.hpp>
#include <bitloom/fabric/transistor_area.hpp>

#include "bramac_reproduction.hpp"
#include "check.hpp"
#include "dla_reference.hpp"

namespace bitloom::examples {

/// Whether a number is that of a table, to its last digit.
inline bool is_table_value(double ours, const core::Csv& file, std::size_t row, const char* column) {
  return rounds_to(ours, file.text(row, column));
}

/// dummy_array_area_analytic.csv: a dummy array, component by component, and their sum in a row that begins with
/// `total`.
inline void check_dummy_array_area(const core::Csv& file, CaseCounter& counter) {
  constexpr std::array<std::string_view, 7> names{
      "memory_cell", "precharge_equalise", "write_driver", "sense_amp", "cla_adder_4bit", "mux3", "mux2"};
  const auto components = fabric::dummy_array_area();
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto& name = file.text(i, "component");
    const auto found = std::ranges::find(names, name);
    double mwta = 0;
    bool ok = true;
    if (found != names.end()) {
      const auto& component = components[static_cast<std::size_t>(found - names.begin())];
      ok = is_table_value(component.mwta, file, i, "mwta_per_instance") &&
           file.integer(i, "instances_per_dummy_array") == component.instances;
      mwta = component.total_mwta();
    } else if (name.starts_with("total")) {
      mwta = fabric::total_mwta(components);
    }
    counter.add(ok && is_table_value(mwta, file, i, "mwta_total") &&
                    is_table_value(mwta * fabric::mwta_um2.value, file, i, "um2_total_22nm"),
                fmt::format("{}: {} is {:.2f} MWTA", file.where(i), name, mwta));
  }
}

/// adder_area_alternatives.csv: three adders.
inline void check_adder_areas(const core::Csv& file, CaseCounter& counter) {
  using Adders = core::TypeList<fabric::RippleCarry, fabric::ManchesterChain, fabric::CarryLookahead>;
  constexpr std::array<std::string_view, 3> names{"ripple_full_adder", "manchester_carry_chain",
                                                  "carry_lookahead"};
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto found = std::ranges::find(names, file.text(i, "adder"));
    if (found == names.end())
      throw ParseError(file.where(i) + ": adder '" + file.text(i, "adder") + "' is not known");
    core::visit_at(
        Adders{}, static_cast<std::size_t>(found - names.begin()), [&]<class A>(std::type_identity<A>) {
          counter.add(file.integer(i, "granularity_bits") == A::bits &&
                          is_table_value(A::mwta(), file, i, "mwta_per_instance") &&
                          is_table_value(A::mwta() * 160 / A::bits, file, i, "mwta_per_160_columns"),
                      file.where(i) + ": the area differs");
        });
  }
}

namespace detail {

inline fabric::Operands peak_operands(int bits) {
  return {.weight_bits = bits, .activation_bits = bits, .signed_activations = true};
}

/// The engines of the peak throughput model, by name: what they do side by side in how many cycles.
inline std::optional<fabric::Rate> engine_rate(const std::string& engine, int bits) {
  const auto o = peak_operands(bits);
  if (engine == "DSP_packed") return fabric::peak_rate<fabric::DspSlice>(o);
  if (engine == "BRAMAC-2SA") return fabric::peak_rate<fabric::Bramac2sa>(o);
  if (engine == "BRAMAC-1DA") return fabric::peak_rate<fabric::Bramac1da>(o);
  if (engine == "CoMeFa-D" || engine == "CoMeFa-A") return fabric::peak_rate<fabric::ComefaD>(o);
  if (engine == "CCB") return fabric::peak_rate<fabric::Ccb<2>>(o);
  return std::nullopt;
}

}  // namespace detail

/// peak_throughput_model.csv: multiply-accumulates of an engine, all blocks of the device together.
inline void check_peak_throughput(const core::Csv& file, CaseCounter& counter) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto& engine = file.text(i, "engine");
    const auto number = [&](const char* column) {
      return detail::parse_double(file.text(i, column), file.where(i) + ", " + column);
    };
    const int bits = file.integer(i, "precision", 2, 8);
    const auto rate = detail::engine_rate(engine, bits);
    if (!rate) throw ParseError(file.where(i) + ": engine '" + engine + "' is not known");
    counter.add(
        rate->macs == file.integer(i, "macs_in_parallel_per_block") &&
            rate->cycles == file.integer(i, "cycles_per_group") &&
            is_table_value(fabric::peak_throughput(number("blocks"), *rate, number("fmax_mhz")), file, i,
                           "tmac_per_s"),
        fmt::format("{}: {} has {} MACs in {} cycles", file.where(i), engine, rate->macs, rate->cycles));
  }
}

/// Published figures about a device: ratios of peak throughput, growth of the core.
inline std::optional<double> device_quantity(const std::string& quantity, const std::string& variant,
                                             const std::string& what) {
  using Device = fabric::Arria10Gx900;
  if (variant != "2SA" && variant != "1DA") return std::nullopt;
  // the overlay model rounds these factors to two digits
  if (quantity == "fpga_core_area_increase")
    return 100 * fabric::core_increase<Device>(variant == "2SA" ? 1.338 : 1.169);
  if (quantity != "peak_mac_throughput_ratio" || what.size() != 5 || !what.ends_with("-bit"))
    return std::nullopt;
  const int bits = what[0] - '0';
  if (bits != 2 && bits != 4 && bits != 8) return std::nullopt;
  const auto o = detail::peak_operands(bits);
  return variant == "2SA" ? fabric::peak_ratio<Device, fabric::Bramac2sa>(o)
                          : fabric::peak_ratio<Device, fabric::Bramac1da>(o);
}

/// Checks a reference file about areas and devices, whose kind its columns tell.
/// @return false if it is none of them
inline bool check_device_file(const core::Csv& file, CaseCounter& counter) {
  if (file.has_column("um2_total_22nm"))
    check_dummy_array_area(file, counter);
  else if (file.has_column("mwta_per_160_columns"))
    check_adder_areas(file, counter);
  else if (file.has_column("tmac_per_s"))
    check_peak_throughput(file, counter);
  else
    return false;
  return true;
}

/// Peak throughput and core area of the device, published figures beside ours.
inline ReproducedSection reproduce_device() {
  struct Figure {
    const char* quantity;
    const char* variant;
    const char* what;
    const char* published;
  };
  constexpr std::array<Figure, 8> figures{{{"peak_mac_throughput_ratio", "2SA", "2-bit", "2.6"},
                                           {"peak_mac_throughput_ratio", "2SA", "4-bit", "2.3"},
                                           {"peak_mac_throughput_ratio", "2SA", "8-bit", "1.9"},
                                           {"peak_mac_throughput_ratio", "1DA", "2-bit", "2.1"},
                                           {"peak_mac_throughput_ratio", "1DA", "4-bit", "2.0"},
                                           {"peak_mac_throughput_ratio", "1DA", "8-bit", "1.7"},
                                           {"fpga_core_area_increase", "2SA", "-", "6.8"},
                                           {"fpga_core_area_increase", "1DA", "-", "3.4"}}};
  ReproducedSection section;
  section.markdown =
      "## Peak throughput and area of an Arria 10 GX 900\n\n"
      "The ratio is (logic + DSP slices + blocks) over (logic + DSP slices), with signed activations. What "
      "the logic\n"
      "computes is not published; it is the middle of the interval that these very ratios allow, so this "
      "table shows\n"
      "that one such figure explains all of them, not that it was measured. Numbers of blocks and clocks are "
      "assumed.\n"
      "The growth of the core rests on the share of block RAM in it, itself the quotient of the published "
      "growths and of\n"
      "unverified growths of the block: that one share fits both variants is all that it shows.\n\n"
      "| quantity | variant | width | published | ours |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& f : figures) {
    const auto ours = device_quantity(f.quantity, f.variant, f.what);
    const bool same = ours && rounds_to(*ours, f.published);
    const bool is_ratio = std::string_view(f.quantity).starts_with("peak");
    section.reproduced = section.reproduced && same;
    section.markdown +=
        fmt::format("| {} | {} | {} | {} | {:.3f}{} |\n",
                    is_ratio ? "peak MAC/s with blocks over without" : "growth of the core, %", f.variant,
                    f.what, f.published, *ours, same ? "" : " *differs*");
  }
  return section;
}

}  // namespace bitloom::examples
