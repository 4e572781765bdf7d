// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <bitloom/core/csv.hpp>
#include <bitloom/core/file.hpp>
#include <bitloom/core/type_list.hpp>
#include <bitloom/fabric.hpp>

#include "check.hpp"
#include "comefa_reference.hpp"
#include "device_reference.hpp"
#include "dla_reference.hpp"
#include "json_fields.hpp"

namespace bitloom::examples {

/// Dot products as the lines of mac2_dot_vectors.jsonl and trace_operands.jsonl hold them.
struct DotCase {
  std::string where;    ///< file and line
  std::string variant;  ///< "2SA" or "1DA"
  fabric::Operands operands{};
  std::vector<std::array<std::uint64_t, 2>> words;                      ///< [MAC2][word]
  std::array<std::vector<std::vector<std::int64_t>>, 2> activations{};  ///< [word][array][MAC2]
  std::vector<std::vector<std::int64_t>> accumulators;                  ///< [array][lane]
  std::int64_t first_readout{};

  [[nodiscard]] std::int64_t count() const { return std::ssize(words); }
};

/// Calls f(std::type_identity<Block>{}) with the block of that name.
/// @throws ParseError  there is none
template <class F>
decltype(auto) visit_bramac(const std::string& variant, const std::string& where, F&& f) {
  if (variant != "2SA" && variant != "1DA")
    throw ParseError(where + ": variant '" + variant + "' is neither 2SA nor 1DA");
  return core::visit_at(core::TypeList<fabric::Bramac2sa, fabric::Bramac1da>{}, variant == "1DA" ? 1 : 0, f);
}

/// Operands of n-bit weights and activations.
/// @throws ParseError  BRAMAC lacks that width
inline fabric::Operands bramac_operands(std::int64_t bits, bool is_signed) {
  if (bits != 2 && bits != 4 && bits != 8)
    throw ParseError("precision " + std::to_string(bits) + " is not 2, 4 or 8");
  return {.weight_bits = static_cast<int>(bits),
          .activation_bits = static_cast<int>(bits),
          .signed_activations = is_signed};
}

/// A list of `arrays` lists.
inline std::vector<std::vector<std::int64_t>> whole_lists(const nlohmann::json& value, std::int64_t arrays,
                                                          std::int64_t count, const std::string& what) {
  if (!value.is_array()) throw ShapeError(what + ": it is not a list");
  core::check_equal(what.c_str(), std::ssize(value), "the arrays of the variant", arrays);
  std::vector<std::vector<std::int64_t>> lists;
  for (const auto& element : value) lists.push_back(whole_list(element, count, what));
  return lists;
}

/// @throws ParseError  the line is not such a case
inline DotCase parse_dot_case(const std::string& line, const std::string& where) {
  try {
    const auto json = nlohmann::json::parse(line);
    DotCase c;
    c.where = where;
    c.variant = json.at("variant").get<std::string>();
    const auto is_signed = whole(json.at("signed_inputs"), "signed_inputs");
    core::check_range("signed_inputs", is_signed, 0, 1);
    c.operands = bramac_operands(whole(json.at("n"), "n"), is_signed == 1);
    const auto count = whole(json.at("K"), "K");
    core::check_range("K", count, 1, std::int64_t{1} << 31);
    const std::int64_t arrays = c.variant == "2SA" ? 2 : 1;
    c.activations[0] = whole_lists(json.at("i1"), arrays, count, "i1");
    c.activations[1] = whole_lists(json.at("i2"), arrays, count, "i2");
    c.accumulators = whole_lists(json.at("acc"), arrays, 40 / c.operands.weight_bits, "acc");
    c.first_readout = whole(json.at("first_readout_cycle"), "first_readout_cycle");
    const auto words1 = json.at("w1").get<std::vector<std::string>>();
    const auto words2 = json.at("w2").get<std::vector<std::string>>();
    core::check_equal("w1", std::ssize(words1), "K", count);
    core::check_equal("w2", std::ssize(words2), "K", count);
    for (std::size_t k = 0; k < words1.size(); ++k)
      c.words.push_back({hex_word(words1[k], 40), hex_word(words2[k], 40)});
    for (const auto& inputs : c.activations)
      for (const auto& array : inputs)
        for (const auto value : array)
          fabric::check_value("activation", value, c.operands.activation_bits, c.operands.signed_activations);
    return c;
  } catch (const nlohmann::json::exception& error) {
    throw ParseError(where + ": " + error.what());
  } catch (const Error& error) {
    throw ParseError(where + ": " + error.what());
  }
}

/// All cases of a file with one JSON object a line.
inline std::vector<DotCase> read_dot_cases(const std::string& path) {
  const auto text = core::read_file(path);
  std::vector<DotCase> cases;
  std::size_t line = 1;
  for (std::size_t begin = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; begin < text.size(); ++line) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto content = text.substr(begin, end - begin);
    if (content.find_first_not_of(" \t\r") != std::string::npos)
      cases.push_back(parse_dot_case(content, path + ", line " + std::to_string(line)));
    begin = end + 1;
  }
  return cases;
}

/// Runs the case on a machine whose dummy arrays start with the given pattern; see BramacRun::run for the callbacks.
template <class B, class OnReadout, class OnStep>
fabric::BramacUse run_dot_case(const DotCase& c, fabric::BramacMachine<B>& machine, OnReadout&& on_readout,
                               OnStep&& on_step) {
  const auto mac2 = [&](std::int64_t index) {
    const auto k = static_cast<std::size_t>(index);
    fabric::Mac2<B> m{.words = c.words[k], .last = index + 1 == c.count()};
    for (std::size_t a = 0; a < B::arrays; ++a)
      m.activations[a] = {static_cast<std::int16_t>(c.activations[0][a][k]),
                          static_cast<std::int16_t>(c.activations[1][a][k])};
    return m;
  };
  fabric::BramacRun<B> run(machine, c.operands);
  return run.run(c.count(), c.count(), mac2, on_readout, on_step);
}

/// Recomputes a dot product in the cycle view and in the value view; an empty string, or what differs.
template <class B>
std::string dot_case_difference(const DotCase& c) {
  const int lanes = B::lanes(c.operands);
  const auto machine = std::make_unique<fabric::BramacMachine<B>>();
  std::vector<std::vector<std::int64_t>> cycle_view;
  std::int64_t step = 0;
  std::int64_t first_readout = -1;
  run_dot_case<B>(
      c, *machine,
      [&](const auto& rows) {
        for (const auto& row : rows) {
          auto& values = cycle_view.emplace_back();
          for (int e = 0; e < lanes; ++e)
            values.push_back(fabric::lanes::value(row, e, B::lane_bits(c.operands)));
        }
      },
      [&](const fabric::BramacStep& s, const auto&) {
        if (s.control.readout && first_readout < 0) first_readout = step;
        ++step;
      });
  if (cycle_view != c.accumulators) return c.where + ": cycle view has other accumulators";
  if (first_readout != c.first_readout)
    return fmt::format("{}: first readout in cycle {}, not {}", c.where, first_readout, c.first_readout);
  if (B::first_readout_step(c.count(), c.operands) != c.first_readout)
    return c.where + ": the formula gives another first readout";

  const fabric::MatrixShape shape{.rows = lanes, .columns = 2 * c.count(), .vectors = B::arrays};
  std::vector<std::int16_t> weights, activations;
  for (int e = 0; e < lanes; ++e)
    for (const auto& pair : c.words)
      for (const auto word : pair)
        weights.push_back(static_cast<std::int16_t>(
            core::sign_extend(word >> (e * c.operands.weight_bits), c.operands.weight_bits)));
  for (std::size_t k = 0; k < c.words.size(); ++k)
    for (const auto& inputs : c.activations)
      for (const auto& array : inputs) activations.push_back(static_cast<std::int16_t>(array[k]));
  std::vector<std::int32_t> sums(static_cast<std::size_t>(shape.rows * shape.vectors));
  B::accumulate(shape, c.operands, weights, activations, sums);
  for (std::size_t e = 0; e < static_cast<std::size_t>(lanes); ++e)
    for (std::size_t a = 0; a < B::arrays; ++a)
      if (sums[e * B::arrays + a] != c.accumulators[a][e])
        return c.where + ": value view has other accumulators";
  return {};
}

inline void check_dot_vectors(const std::string& path, CaseCounter& counter) {
  for (const auto& c : read_dot_cases(path)) {
    const auto difference = visit_bramac(
        c.variant, c.where, [&]<class B>(std::type_identity<B>) { return dot_case_difference<B>(c); });
    counter.add(difference.empty(), difference);
  }
}

/// The fields of one line of a trace, by column.
using TraceLine = std::map<std::string, std::string>;

/// Recomputes a trace: every eFSM cycle up to the first readout. Columns as in trace_*.csv.
template <class B>
std::vector<TraceLine> compute_trace(const DotCase& c) {
  using Variant = typename B::variant;
  constexpr auto table = Variant::table();
  const auto machine = std::make_unique<fabric::BramacMachine<B>>();
  typename fabric::BramacMachine<B>::RowVector pattern;
  for (int i = 0; i < B::row_bits; i += 8) pattern.insert(i, 8, 0xAA);
  for (int a = 0; a < B::arrays; ++a) machine->array(a).fill(pattern);

  std::vector<TraceLine> lines;
  std::int64_t mac2 = 0;
  bool ended = false;
  const auto on_step = [&](const fabric::BramacStep& step, const fabric::BramacMachine<B>& after) {
    if (ended) return;
    const auto& control = step.control;
    const auto& cycle = control.arrays[0];
    const auto& state = table[static_cast<std::size_t>(step.state)];
    const bool write1 = cycle.write1 != fabric::Write1::None;
    const bool write2 = cycle.write2 != fabric::Write2::None;
    const auto number = [](auto value) { return std::to_string(static_cast<std::int64_t>(value)); };
    const auto row = [&](bool enabled, fabric::Row value) {
      return enabled ? number(value) : std::string("-");
    };
    const auto lane0 = [&](fabric::Row r) {
      return number(fabric::lanes::value(after.array(0).row(r), 0, B::lane_bits(c.operands)));
    };
    lines.push_back({{"cycle", number(lines.size())},
                     {"state", std::string(state.name)},
                     {"counter", number(step.counter)},
                     {"carry_in", number(cycle.carry)},
                     {"ren1", number(control.reads1)},
                     {"ren2", number(control.reads2)},
                     {"wen1", number(write1)},
                     {"wen2", number(write2)},
                     {"raddr1_a1", row(control.reads1, cycle.read1)},
                     {"raddr1_a2", row(control.reads1 && B::arrays == 2, control.arrays[1].read1)},
                     {"raddr2", row(control.reads2, cycle.read2)},
                     {"waddr1", row(write1, cycle.target1)},
                     {"waddr2", row(write2, cycle.target2)},
                     {"wsel1", write1 ? number(Variant::select_code(cycle.write1)) : "-"},
                     {"wsel2", write2 ? number(Variant::select_code(cycle.write2)) : "-"},
                     {"readout", number(control.readout)},
                     {"mac2_index", number(mac2)},
                     {"psum_a1_lane0", lane0(fabric::Row::Partial)},
                     {"acc_a1_lane0", lane0(fabric::Row::Accumulator)},
                     {"inv_a1_lane0", lane0(fabric::Row::Inverted)},
                     {"w12_a1_lane0", lane0(fabric::Row::W12)}});
    if (step.state == Variant::Acc) ++mac2;
    ended = control.readout;
  };
  run_dot_case<B>(
      c, *machine, [](const auto&) {}, on_step);
  return lines;
}

/// An empty string, or the first place where a trace file differs from the recomputed trace.
/// @throws ParseError  the file has another set of columns
inline std::string trace_difference(const core::Csv& file, const std::vector<TraceLine>& lines) {
  core::check_equal((file.name() + " columns").c_str(), std::ssize(file.header()), "those of a trace",
                    std::ssize(lines.front()));
  for (std::size_t i = 0; i < std::min(file.row_count(), lines.size()); ++i)
    for (const auto& [column, ours] : lines[i])
      if (const auto& theirs = file.text(i, column); theirs != ours)
        return fmt::format("{}: {} is {}, not {}", file.where(i), column, ours, theirs);
  if (file.row_count() != lines.size())
    return fmt::format("{}: {} cycles, not {}", file.name(), lines.size(), file.row_count());
  return {};
}

/// A trace names neither its variant nor its operands: the states tell the first, and the operands are in
/// trace_operands.jsonl of the same folder. Any case of that file that gives the trace will do.
inline void check_trace(const core::Csv& file, CaseCounter& counter) {
  bool double_pumped = false;
  bool is_signed = false;
  std::int64_t shifts = 0;
  std::int64_t mac2 = 0;
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto& state = file.text(i, "state");
    double_pumped = double_pumped || state == "INIT_ACC";
    is_signed = is_signed || state == "INV";
    shifts += state == "ASL" || state == "SUB" ? 1 : 0;
    mac2 += state == "ACC" ? 1 : 0;
  }
  if (mac2 == 0) throw ParseError(file.name() + ": the trace ends before the first accumulation");
  const auto bits = shifts / mac2 + 1;  // all bits but the last shift
  const auto operands_file =
      (std::filesystem::path(file.name()).parent_path() / "trace_operands.jsonl").string();
  std::string difference =
      fmt::format("{}: {} has no case of this variant, width and sign", file.name(), operands_file);
  for (const auto& c : read_dot_cases(operands_file)) {
    if ((c.variant == "1DA") != double_pumped || c.operands.activation_bits != bits ||
        c.operands.signed_activations != is_signed)
      continue;
    difference = visit_bramac(c.variant, c.where, [&]<class B>(std::type_identity<B>) {
      return trace_difference(file, compute_trace<B>(c));
    });
    if (difference.empty()) break;
  }
  counter.add(difference.empty(), difference);
}

/// mac2_cycles.csv: the closed forms of timing and parallelism.
inline void check_mac2_cycles(const core::Csv& file, CaseCounter& counter) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto o = bramac_operands(file.integer(i, "precision"), file.flag(i, "signed_inputs"));
    visit_bramac(file.text(i, "variant"), file.where(i), [&]<class B>(std::type_identity<B>) {
      constexpr int ratio = B::variant::clock_ratio;
      const auto same = [&](const char* column, std::int64_t ours) {
        return file.integer(i, column) == ours;
      };
      const bool ok =
          file.text(i, "clock_of_efsm") == (ratio == 2 ? "2x main" : "main") &&
          same("efsm_cycles_per_mac2", B::mac2_steps(o)) &&
          same("main_clock_cycles_per_mac2", B::mac2_cycles(o)) &&
          same("prologue_efsm_cycles_before_first_PREADD_or_COPY", B::variant::prologue_cycles * ratio) &&
          file.text(i, "efsm_cycle_index_of_first_readout_for_K_mac2") ==
              fmt::format("{}+K*{}", B::first_readout_step(0, o), B::mac2_steps(o)) &&
          same("main_cycles_main_array_used_per_mac2", B::variant::busy_cycles) &&
          same("lanes_per_array", B::lanes(o)) && same("lane_bits", B::lane_bits(o)) &&
          same("arrays", B::arrays) && same("macs_per_mac2_slot", B::macs_per_mac2(o)) &&
          same("readout_words_40b", B::readout_cycles());
      counter.add(ok, file.where(i) + ": a closed form differs");
    });
  }
}

/// accumulator_limits.csv: how many MAC2 fit an accumulator.
inline void check_accumulator_limits(const core::Csv& file, CaseCounter& counter) {
  using B = fabric::Bramac2sa;
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto o = bramac_operands(file.integer(i, "precision"), file.flag(i, "signed_inputs"));
    counter.add(file.integer(i, "lane_bits") == B::lane_bits(o) &&
                    file.integer(i, "worst_case_mac2_positive") == B::mac2_range(o).max &&
                    file.integer(i, "worst_case_mac2_negative") == B::mac2_range(o).lowest &&
                    file.integer(i, "max_mac2_without_any_possible_wrap") == B::safe_mac2(o) &&
                    file.integer(i, "max_products") == 2 * B::safe_mac2(o),
                file.where(i) + ": a limit differs");
  }
}

/// cim_instruction_vectors.csv: instruction words, encoded and decoded.
inline void check_instructions(const core::Csv& file, CaseCounter& counter) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto where = file.where(i);
    const auto o = bramac_operands(file.integer(i, "precision"), file.flag(i, "signed_inputs"));
    const auto flag = [&](const char* column) { return file.flag(i, column); };
    const auto input = [&](const char* column) {
      const auto range = fabric::operand_range(o.activation_bits, o.signed_activations);
      const int value = file.integer(i, column, static_cast<int>(range.lowest), static_cast<int>(range.max));
      return fabric::justify(value, o.activation_bits, o.signed_activations);
    };
    const auto& row2 = file.text(i, "row2");
    const fabric::Instruction instruction{.precision = o.activation_bits,
                                          .signed_inputs = o.signed_activations,
                                          .reset = flag("reset"),
                                          .start = flag("start"),
                                          .copy = flag("copy"),
                                          .done = flag("done"),
                                          .row1 = file.integer(i, "row1", 0, 127),
                                          .row2 = row2.empty() ? 0 : file.integer(i, "row2", 0, 127),
                                          .column = file.integer(i, "col", 0, 3),
                                          .input1 = input("input1_raw"),
                                          .input2 = input("input2_raw")};
    const auto word = core::BitVector<40>(hex_word(file.text(i, "word_hex"), 40));
    const auto field = [&](const char* column) {
      return core::BitVector<8>::from_hex(file.text(i, column)).words()[0];
    };
    visit_bramac(file.text(i, "variant"), where, [&]<class B>(std::type_identity<B>) {
      using Variant = typename B::variant;
      const bool ok = core::BitVector<40>(fabric::encode<Variant>(instruction)) == word &&
                      fabric::decode<Variant>(word.words()[0]) == instruction &&
                      field("input1_field") == instruction.input1 &&
                      field("input2_field") == instruction.input2;
      counter.add(ok, where + ": the instruction word differs");
    });
  }
}

/// Checks one reference file, whose kind its content tells.
/// @throws ParseError  it is none of the known kinds
inline void check_bramac_file(const std::string& path, CaseCounter& counter) {
  if (check_dla_file(path, counter, device_quantity)) return;
  const auto text = core::read_file(path);
  const auto first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != std::string::npos && text[first] == '{') return check_dot_vectors(path, counter);
  const auto file = core::Csv::parse(text, path);
  if (check_device_file(file, counter)) return;
  if (file.has_column("execute_cycles")) return check_comefa_cycles(file, counter);
  if (file.has_column("waddr1")) return check_trace(file, counter);
  if (file.has_column("efsm_cycles_per_mac2")) return check_mac2_cycles(file, counter);
  if (file.has_column("max_mac2_without_any_possible_wrap")) return check_accumulator_limits(file, counter);
  if (file.has_column("word_hex")) return check_instructions(file, counter);
  throw ParseError(path + ": this is not a kind of file that can be checked");
}

}  // namespace bitloom::examples
