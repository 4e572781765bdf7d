// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/dummy_array.hpp>
#include <bitloom/fabric/efsm.hpp>
#include <bitloom/rtl/text.hpp>

namespace bitloom::rtl {

/// A signal of the emitted module that a trace holds, in so many hexadecimal digits.
struct Column {
  std::string signal;
  int digits = 1;
  std::string only_if{};  ///< the signal that tells whether this one means anything
};

/// An input of the emitted module that a trace drives, in as many digits as its bits need.
struct Input {
  std::string signal;
  int bits = 1;

  [[nodiscard]] int digits() const noexcept { return core::ceil_div(bits, 4); }
};

/// What is particular to the hardware description of a kind of block. The specialisations lie beside the text of their
/// module, in bramac.hpp and m4bram.hpp; `emit`, `emit_test` and the traces are made for all of them.
template <class B>
struct Hardware;

/// A block that has a hardware description.
template <class B>
concept EmittableBlock = requires(fabric::Write1 write1, fabric::Write2 write2) {
  typename Hardware<B>::Emitted;  // the block whose module is that of B
  { Hardware<B>::name } -> std::convertible_to<std::string_view>;
  { Hardware<B>::arrays } -> std::convertible_to<int>;        // dummy arrays
  { Hardware<B>::row_bits } -> std::convertible_to<int>;      // of each
  { Hardware<B>::word_bits } -> std::convertible_to<int>;     // of a word at the memory's ports
  { Hardware<B>::address_bits } -> std::convertible_to<int>;  // of port A
  { Hardware<B>::clock_ratio } -> std::convertible_to<int>;   // eFSM cycles in a main cycle
  { Hardware<B>::table()[0] } -> std::convertible_to<const fabric::efsm::State&>;
  { Hardware<B>::select_code(write1) } -> std::same_as<int>;  // codes in the emitted text
  { Hardware<B>::select_code(write2) } -> std::same_as<int>;
  // in the order of a trace: the registers, and the inputs beside the two ports of the memory
  { Hardware<B>::registers() } -> std::same_as<std::vector<Column>>;
  { Hardware<B>::bus() } -> std::same_as<std::vector<Input>>;
  // the head of the module, and texts for the templates of the module, of a dummy array, of the testbench
  { Hardware<B>::header } -> std::convertible_to<std::string_view>;
  { Hardware<B>::places() } -> std::same_as<std::vector<Place>>;
  { Hardware<B>::array_places(0) } -> std::same_as<std::vector<Place>>;
  { Hardware<B>::test_places() } -> std::same_as<std::vector<Place>>;
}
&&fabric::SignPolicy<typename Hardware<B>::Sign>;

/// The block whose module is that of B. Blocks that differ in their schedule alone share a module.
template <EmittableBlock B>
using EmittedBlock = typename Hardware<B>::Emitted;

/// Name of the emitted module, e.g. `bramac_2sa`.
template <EmittableBlock B>
[[nodiscard]] std::string module_name() {
  return identifier(Hardware<B>::name);
}

/// Words of a readout: the accumulators of all dummy arrays, through one port.
template <EmittableBlock B>
inline constexpr int readout_words{Hardware<B>::arrays * Hardware<B>::row_bits / Hardware<B>::word_bits};

/// Control outputs of the eFSM in a cycle, in the order of a trace.
[[nodiscard]] inline std::vector<Column> control_columns(int arrays) {
  std::vector<Column> columns{{"carry"}, {"reads1"}};
  for (int k = 0; k < arrays; ++k) columns.push_back({"row1_" + std::to_string(k), 1, "reads1"});
  for (const char* name : {"reads2", "writes1", "writes2"}) columns.push_back({name});
  columns.push_back({"row2", 1, "reads2"});
  for (const char* port : {"1", "2"})
    for (const char* name : {"select", "target"})
      columns.push_back({std::string(name) + port, 1, std::string("writes") + port});
  columns.push_back({"readout"});
  return columns;
}

namespace detail {

/// The text once for every dummy array, with its number at the places `k`, from 0, and `n`, from 1.
inline std::string for_each_array(int arrays, std::string_view text) {
  std::string result;
  for (int k = 0; k < arrays; ++k)
    result += fill(text, {{"k", std::to_string(k)}, {"n", std::to_string(k + 1)}});
  return result;
}

/// The highest bit of the input that selects one of `words` words.
constexpr int select_high(int words) noexcept {
  int bits = 0;
  while ((1 << bits) < words) ++bits;
  return bits - 1;
}

}  // namespace detail
}  // namespace bitloom::rtl
