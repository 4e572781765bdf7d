// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include <bitloom/core/version.hpp>
#include <bitloom/rtl/block_text.hpp>
#include <bitloom/rtl/efsm.hpp>
#include <bitloom/rtl/hardware.hpp>
#include <bitloom/rtl/text.hpp>

namespace bitloom::rtl {

namespace detail {

inline std::string constant_line(int width, const std::string& name, int value) {
  return "localparam logic [" + std::to_string(width - 1) + ":0] " + name + " = " + literal(width, value) +
         ";\n";
}

/// Codes of what the write ports store, for the selects that a table uses.
template <class H>
std::string select_constants() {
  using fabric::Write1;
  using fabric::Write2;
  constexpr auto table = H::table();
  std::string text;
  for (const auto write : {Write1::Sum, Write1::ShiftedSum, Write1::Word1})
    if (write != Write1::Word1 || stores_word1(table))
      text += constant_line(2, select_name(write), H::select_code(write));
  for (const auto write : {Write2::Zero, Write2::Inverted, Write2::Word})
    text += constant_line(2, select_name(write), H::select_code(write));
  return text;
}

/// The choice of a signal by bits of `read_select`, of which `high` is the highest. The number of signals is a power of
/// two.
inline std::string selected(const std::vector<std::string>& signals, int high) {
  if (signals.size() == 1) return signals[0];
  const auto middle = signals.begin() + std::ssize(signals) / 2;
  return "read_select[" + std::to_string(high) + "] ? " + selected({middle, signals.end()}, high - 1) +
         " : " + selected({signals.begin(), middle}, high - 1);
}

/// The accumulator words in the order of `read_select`: the arrays one after the other, the lowest bits first.
template <EmittableBlock B>
std::vector<Place> accumulator_places() {
  using H = Hardware<B>;
  std::vector<std::string> rows, words;
  for (int k = 0; k < H::arrays; ++k) rows.push_back("read2_" + std::to_string(k));
  for (int i = 0; i < H::row_bits / H::word_bits; ++i)
    words.push_back("accumulator" + bit_range(i * H::word_bits, H::word_bits));
  const int high = select_high(readout_words<B>);
  return {{"accumulator", selected(rows, high)},
          {"accumulator_word", selected(words, high - 1 - select_high(H::arrays))}};
}

/// What the templates of all blocks ask for.
template <EmittableBlock B>
std::vector<Place> shared_places() {
  using H = Hardware<B>;
  constexpr auto table = H::table();
  const auto number = [](int value) { return std::to_string(value); };
  std::string rows, loads, no_loads;
  for (std::size_t i = 0; i < row_names.size(); ++i)
    rows += constant_line(3, row_names[i], static_cast<int>(i));
  for (const auto& name : load_signals(table)) {
    loads += (loads.empty() ? "" : ", ") + name;
    no_loads += name + " = 1'b0;\n";
  }
  return {{"name", std::string(H::name)},
          {"version", std::string(version)},
          {"module", module_name<B>()},
          {"select_high", number(select_high(readout_words<B>))},
          {"word_high", number(H::word_bits - 1)},
          {"row_bits", number(H::row_bits)},
          {"row_high", number(H::row_bits - 1)},
          {"part_high", number(H::row_bits / 4 - 1)},
          {"lanes8", number(H::row_bits / 32)},
          {"lanes4", number(H::row_bits / 16)},
          {"lanes2", number(H::row_bits / 8)},
          {"rows", rows},
          {"selects", select_constants<H>()},
          {"states", state_constants(table)},
          {"copy_flag", looks_at_copy(table) ? ", copy" : ""},
          {"loads", loads},
          {"no_loads", no_loads},
          {"branches", state_branches<typename H::Sign>(table)}};
}

}  // namespace detail

/// Writes a block as one synthesizable SystemVerilog module.
///
/// Control outputs, next states, instruction fields and codes come from the tables that the machine runs; the ports
/// are described at the head of the module. The memory is true dual port with the machine's default read-during-write
/// policies: new data on the same port, old data on the other.
template <EmittableBlock B>
void emit(std::ostream& out) {
  using H = Hardware<B>;
  auto places = detail::shared_places<B>();
  for (const auto& more : {detail::accumulator_places<B>(), H::places()})
    places.insert(places.end(), more.begin(), more.end());
  std::string arrays;
  for (int k = 0; k < H::arrays; ++k) {
    auto here = places;
    const auto special = H::array_places(k);
    here.insert(here.end(), special.begin(), special.end());
    here.emplace_back("k", std::to_string(k));
    arrays += fill(detail::block_array, here);
  }
  places.emplace_back("arrays", arrays);
  out << fill(H::header, places) << fill(detail::block_efsm, places) << fill(detail::block_datapath, places);
}

}  // namespace bitloom::rtl
