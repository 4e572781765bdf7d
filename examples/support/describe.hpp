// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <bitloom/core/file.hpp>
#include <bitloom/core/table.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/core/version.hpp>
#include <bitloom/fabric/bramac.hpp>
#include <bitloom/fabric/bramac_instruction.hpp>
#include <bitloom/fabric/bramac_machine.hpp>
#include <bitloom/fabric/transistor_area.hpp>

#include "block_diagram.hpp"
#include "efsm_text.hpp"
#include "program.hpp"
#include "report.hpp"

namespace bitloom::examples {

/// Arguments of the subcommand `describe`.
struct DescribeOptions {
  std::string variant = "2sa";
  std::string svg{};
  std::string json{};
};

inline CLI::App& add_describe(CLI::App& app, DescribeOptions& options) {
  auto& command = *app.add_subcommand(
      "describe",
      "what is inside a BRAMAC block? Its inventory, and its diagram as SVG, from the design type");
  command.add_option("--variant", options.variant, "2sa or 1da")
      ->transform(CLI::IsMember({"2sa", "1da"}, CLI::ignore_case))
      ->capture_default_str();
  add_output(command, "--svg", options.svg, "also draw the block to this file");
  add_output(command, "--json", options.json, "also write the inventory to this file");
  return command;
}

namespace detail {

template <class B>
nlohmann::ordered_json memory_inventory() {
  constexpr auto geometry = fabric::M20k::geometry;
  const auto port = [&](const char* name, const char* carries) {
    return nlohmann::ordered_json{
        {"name", name}, {"words", geometry.words()}, {"bits", geometry.word_bits()}, {"carries", carries}};
  };
  return {{"ports",
           {port("A", "memory requests, instructions, accumulators at the readout"),
            port("B", "memory requests")}},
          {"main_array",
           {{"rows", geometry.rows},
            {"columns", geometry.columns},
            {"column_multiplexer", geometry.column_mux},
            {"words", geometry.words()},
            {"word_bits", geometry.word_bits()},
            {"bits", fabric::M20k::bits},
            {"words_read_at_once", fabric::InstructionLayout<typename B::variant>::row2.width > 0 ? 2 : 1},
            {"addressed",
             B::addressed_before ? "in the main cycle before the copy" : "in the cycle of the copy"}}},
          {"dummy_arrays",
           {{"count", B::arrays},
            {"rows", row_names},
            {"columns", B::row_bits},
            {"read_ports", 2},
            {"write_ports", 2}}}};
}

template <class B>
nlohmann::ordered_json precision_inventory(int bits) {
  using Variant = typename B::variant;
  const auto s = of_width(bits, true);
  nlohmann::ordered_json entry{{"bits", bits},
                               {"sign_extension", {{"from_bits", bits}, {"to_bits", B::lane_bits(s)}}},
                               {"adder_lanes", B::lanes(s)},
                               {"adder_lane_bits", B::lane_bits(s)},
                               {"macs_per_mac2", B::macs_per_mac2(s)}};
  for (const bool is_signed : {false, true}) {
    const auto o = of_width(bits, is_signed);
    entry[is_signed ? "signed_activations" : "unsigned_activations"] = {
        {"mac2_efsm_cycles", B::mac2_steps(o)},
        {"mac2_cycles", B::mac2_cycles(o)},
        {"main_array_busy_cycles", Variant::busy_cycles},
        {"main_array_free_cycles", B::mac2_cycles(o) - Variant::busy_cycles},
        {"both_ports_free_cycles", B::mac2_cycles(o) - B::instruction_cycles},
        {"safe_mac2", B::safe_mac2(o)}};
  }
  return entry;
}

template <class B>
nlohmann::ordered_json state_inventory() {
  using fabric::efsm::When;
  using Variant = typename B::variant;
  constexpr auto table = Variant::table();
  const auto condition = [](When when) {
    switch (when) {
      case When::Start: return "start";
      case When::Done: return "done";
      case When::SignedInput: return "signed activations";
      case When::CounterBelowPrecision: return "counter below precision";
      case When::OddPrecision: return "odd precision";
      case When::Always: break;
    }
    return "always";
  };
  auto states = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto& state = table[i];
    auto next = nlohmann::ordered_json::array();
    for (const auto& t : state.transitions) {
      next.push_back({{"if", condition(t.when)}, {"state", table[t.next].name}});
      if (t.when == When::Always) break;  // the first that holds is taken
    }
    auto loads = nlohmann::ordered_json::array();
    if (state.loads_precision) loads.push_back("precision and type");
    if (state.loads_inputs1) loads.push_back("activations of array 1");
    if (state.loads_inputs2) loads.push_back("activations of array 2");
    states.push_back({{"code", i},
                      {"name", state.name},
                      {"operation", operation_text(state, B::sign_policy::shift)},
                      {"loads", loads},
                      {"shifts_activations", state.shifts_inputs},
                      {"next", next}});
  }
  return states;
}

template <class B>
nlohmann::ordered_json register_inventory() {
  using Layout = fabric::InstructionLayout<typename B::variant>;
  const auto entry = [](const char* name, int bits, int count) {
    return nlohmann::ordered_json{{"name", name}, {"bits", bits}, {"count", count}};
  };
  nlohmann::ordered_json registers{
      entry("state", std::bit_width(static_cast<unsigned>(B::variant::states - 1)), 1),
      entry("counter", 4, 1),
      entry("precision", Layout::precision.width, 1),
      entry("activation type", Layout::signed_inputs.width, 1),
      entry("activation", Layout::input1.width, 2 * B::arrays),
      entry("output of a memory port", B::word_bits, 2)};
  if (B::addressed_before)
    registers.push_back(entry("weight word", B::word_bits, Layout::row2.width > 0 ? 2 : 1));
  return registers;
}

template <class B>
nlohmann::ordered_json instruction_inventory() {
  using L = fabric::InstructionLayout<typename B::variant>;
  const std::array<std::pair<const char*, fabric::InstructionField>, 11> fields{
      {{"precision", L::precision},
       {"signed_inputs", L::signed_inputs},
       {"reset", L::reset},
       {"start", L::start},
       {"copy", L::copy},
       {"done", L::done},
       {"row1", L::row1},
       {"row2", L::row2},
       {"column", L::column},
       {"input1", L::input1},
       {"input2", L::input2}}};
  auto list = nlohmann::ordered_json::array();
  for (const auto& [name, field] : fields)
    if (field.width > 0)
      list.push_back({{"field", name}, {"lowest_bit", field.offset}, {"bits", field.width}});
  return list;
}

inline nlohmann::ordered_json area_inventory(int arrays) {
  const auto components = fabric::dummy_array_area();
  auto list = nlohmann::ordered_json::array();
  for (const auto& c : components)
    list.push_back({{"component", c.name},
                    {"instances", c.instances},
                    {"area_mwta", c.total_mwta()},
                    {"area_um2", c.total_um2()}});
  const double total = fabric::total_mwta(components);
  return {{"assumption", "initial device sizes, without word-line drivers; carry-lookahead adder"},
          {"dummy_array", list},
          {"dummy_array_um2", total * fabric::mwta_um2.value},
          {"dummy_arrays_um2", arrays * total * fabric::mwta_um2.value}};
}

/// The numbers from outside that a description rests on.
template <class B>
std::vector<core::Constant> description_constants() {
  std::vector<core::Constant> list;
  for (const auto& c : B::constants()) list.push_back(c);
  for (const auto& c : {fabric::M20k::clock(), fabric::mwta_um2, fabric::sram_cell_mwta}) list.push_back(c);
  return list;
}

}  // namespace detail

/// What the block is made of, from its type.
template <class B>
[[nodiscard]] nlohmann::ordered_json inventory() {
  nlohmann::ordered_json report{{"version", version}, {"block", B::name}, {"computes", B::supported}};
  report.update(detail::memory_inventory<B>());
  for (const int bits : detail::bramac_widths)
    report["precisions"].push_back(detail::precision_inventory<B>(bits));
  report["readout_cycles"] = B::readout_cycles();
  report["prologue_cycles"] = B::variant::prologue_cycles;
  report["efsm"] = {{"clock_ratio", B::variant::clock_ratio}, {"states", detail::state_inventory<B>()}};
  report["registers"] = detail::register_inventory<B>();
  report["instruction"] = {{"address", fabric::cim_address}, {"fields", detail::instruction_inventory<B>()}};
  report["area"] = detail::area_inventory(B::arrays);
  for (const auto& c : detail::description_constants<B>())
    report["constants"].push_back(nlohmann::ordered_json(to_json(c)));
  return report;
}

namespace detail {

/// An inventory for readers.
template <class B>
void print_inventory(const nlohmann::ordered_json& report) {
  const auto text = [](const nlohmann::ordered_json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  fmt::print("{}: {}\n\n", B::name, B::supported);
  for (const auto& port : report["ports"])
    fmt::print("port {}        {} words of {} bits: {}\n", text(port["name"]), text(port["words"]),
               text(port["bits"]), text(port["carries"]));
  const auto& main = report["main_array"];
  fmt::print(
      "main array    {} rows x {} columns, {} words of {} bits, {} : 1; {} read at once, addressed {}\n",
      text(main["rows"]), text(main["columns"]), text(main["words"]), text(main["word_bits"]),
      text(main["column_multiplexer"]), text(main["words_read_at_once"]), text(main["addressed"]));
  std::string rows;
  for (const auto& row : report["dummy_arrays"]["rows"]) rows += " " + text(row);
  fmt::print("dummy arrays  {} x rows{} of {} bits, 2 read and 2 write ports\n", B::arrays, rows,
             B::row_bits);
  fmt::print("registers    ");
  for (const auto& r : report["registers"])
    fmt::print(" {}{} {} bit;", r["count"] == 1 ? "" : text(r["count"]) + " x ", text(r["name"]),
               text(r["bits"]));
  fmt::print("\ninstruction   at address 0x{:X}:", fabric::cim_address);
  for (const auto& f : report["instruction"]["fields"])
    fmt::print(" {}[{}]", text(f["field"]), text(f["bits"]));
  fmt::print("\n\n");

  core::Table precisions({"MAC2 of", "sign extension", "adder lanes", "efsm cycles", "main cycles",
                          "array busy", "array free", "ports free", "MAC", "safe MAC2"});
  for (const auto& p : report["precisions"])
    for (const char* type : {"unsigned_activations", "signed_activations"}) {
      const auto& c = p[type];
      precisions.add_row({fmt::format("{}int{}", type[0] == 'u' ? "u" : "", text(p["bits"])),
                          fmt::format("{} to {}", text(p["bits"]), text(p["adder_lane_bits"])),
                          fmt::format("{} x {}", text(p["adder_lanes"]), text(p["adder_lane_bits"])),
                          text(c["mac2_efsm_cycles"]), text(c["mac2_cycles"]),
                          text(c["main_array_busy_cycles"]), text(c["main_array_free_cycles"]),
                          text(c["both_ports_free_cycles"]), text(p["macs_per_mac2"]), text(c["safe_mac2"])});
    }
  fmt::print("{}start to first MAC2 {} cycles, readout {} cycles\n\neFSM, {} times the main clock\n",
             precisions.text(), B::variant::prologue_cycles, B::readout_cycles(), B::variant::clock_ratio);
  for (const auto& s : report["efsm"]["states"]) {
    std::string next;
    for (const auto& t : s["next"])
      next += fmt::format("{}{}{}", next.empty() ? "" : ", else ",
                          t["if"] == "always" ? "" : text(t["if"]) + ": ", text(t["state"]));
    fmt::print("{:>3} {:<9} {:<47} then {}\n", text(s["code"]), text(s["name"]), text(s["operation"]), next);
  }

  core::Table area({"area of a dummy array", "instances", "MWTA", "um2"});
  for (const auto& c : report["area"]["dummy_array"])
    area.add_row({text(c["component"]), text(c["instances"]),
                  fmt::format("{:.1f}", c["area_mwta"].template get<double>()),
                  fmt::format("{:.1f}", c["area_um2"].template get<double>())});
  fmt::print("\n{}{}: {:.1f} um2, all {}: {:.1f} um2\n\n", area.text(), text(report["area"]["assumption"]),
             report["area"]["dummy_array_um2"].template get<double>(), B::arrays,
             report["area"]["dummy_arrays_um2"].template get<double>());
  for (const auto& c : description_constants<B>()) fmt::print("{}\n", constant_text(c));
}

}  // namespace detail

/// Prints the inventory of a variant, and writes it and the diagram where the options say so.
/// @throws Error  a file cannot be written
inline int run_describe(const DescribeOptions& options) {
  for (const auto& path : {options.svg, options.json})
    if (!path.empty()) core::check_writable(path);
  const auto describe = [&]<class B>(std::type_identity<B>) {
    const auto report = inventory<B>();
    detail::print_inventory<B>(report);
    if (!options.svg.empty()) core::write_file(options.svg, block_diagram<B>());
    if (!options.json.empty()) core::write_file(options.json, report.dump(2) + "\n");
    return success;
  };
  return core::visit_at(core::TypeList<fabric::Bramac2sa, fabric::Bramac1da>{},
                        options.variant == "1da" ? 1 : 0, describe);
}

}  // namespace bitloom::examples
