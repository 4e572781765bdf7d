// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <bitloom/core/bits.hpp>
#include <bitloom/fabric/comefa_array.hpp>
#include <bitloom/fabric/comefa_operations.hpp>

namespace bitloom::fabric::comefa::test {

/// An array that starts with ones everywhere, and the numbers that its columns work on.
struct Columns {
  std::unique_ptr<Array> array = std::make_unique<Array>();
  std::vector<std::uint64_t> first, second;

  Columns() {
    for (int r = 0; r < Array::rows; ++r) array->set_row(r, ~Array::RowVector());
  }

  void put(const Field& field, std::span<const std::uint64_t> values) {
    for (int bit = 0; bit < field.bits; ++bit) {
      auto row = array->row(field.row(bit));
      for (std::size_t c = 0; c < values.size(); ++c)
        row.insert(static_cast<int>(c), 1, values[c] >> bit & 1);
      array->set_row(field.row(bit), row);
    }
  }

  [[nodiscard]] std::uint64_t value(const Field& field, std::size_t column) const {
    std::uint64_t result = 0;
    for (int bit = 0; bit < field.bits; ++bit)
      result |= std::uint64_t{array->row(field.row(bit)).test(static_cast<int>(column))} << bit;
    return result;
  }

  /// Runs an operation; afterwards carries have to be clear.
  /// @return cycles
  template <class Operation>
  int run(Operation&& operation) {
    int cycles = 0;
    auto emit = [&](const Instruction& instruction) {
      array->step(instruction);
      ++cycles;
    };
    operation(emit);
    REQUIRE(array->carry() == Array::RowVector());
    return cycles;
  }

  /// Every column holds expected(first, second) in that field.
  template <class Expected>
  void check(const Field& field, Expected&& expected) const {
    int mismatches = 0;
    for (std::size_t c = 0; c < first.size(); ++c)
      mismatches += value(field, c) == expected(first[c], second[c]) ? 0 : 1;
    REQUIRE(mismatches == 0);
  }
};

/// Calls f(Columns) until every pair of numbers of these widths was in a column.
template <class F>
void for_each_pair(int first_bits, int second_bits, F&& f) {
  const auto count = std::uint64_t{1} << (first_bits + second_bits);
  for (std::uint64_t begin = 0; begin < count; begin += Array::columns) {
    Columns columns;
    for (auto pair = begin; pair < std::min<std::uint64_t>(count, begin + Array::columns); ++pair) {
      columns.first.push_back(pair & core::low_mask(first_bits));
      columns.second.push_back(pair >> first_bits);
    }
    f(columns);
  }
}

}  // namespace bitloom::fabric::comefa::test
