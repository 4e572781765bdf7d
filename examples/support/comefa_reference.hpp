// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/csv.hpp>
#include <bitloom/core/random.hpp>
#include <bitloom/fabric/comefa_machine.hpp>
#include <bitloom/fabric/comefa_multiply.hpp>

#include "check.hpp"

namespace bitloom::examples {

namespace detail {

/// Random numbers in all columns of a block, and what an operation makes of them.
class ComefaTrial {
 public:
  static constexpr int widest = 32;  ///< operands of a product: they and the product fill the 128 rows

  /// @param bits  width of both operands, 1..widest
  explicit ComefaTrial(int bits) : a_{0, bits}, b_{bits, bits}, result_first_(2 * bits) {
    core::Random random(1);
    for (int c = 0; c < fabric::comefa::Array::columns; ++c) {
      first_.push_back(random() & core::low_mask(bits));
      second_.push_back(random() & core::low_mask(bits));
    }
    put(a_, first_);
    put(b_, second_);
  }

  [[nodiscard]] const fabric::comefa::Field& a() const noexcept { return a_; }
  [[nodiscard]] const fabric::comefa::Field& b() const noexcept { return b_; }
  [[nodiscard]] fabric::comefa::Field result(int bits) const noexcept { return {result_first_, bits}; }

  /// Runs `operation(emit)`, whose result has that many bits.
  /// @return an empty string, or what is wrong: the cycles, or a number that is not expected(first, second)
  template <class Operation, class Expected>
  std::string run(int bits, std::int64_t cycles, Operation&& operation, Expected&& expected) {
    operation([&](const fabric::comefa::Instruction& instruction) { machine_->compute(instruction); });
    if (machine_->cycles() != cycles)
      return fmt::format("it takes {} cycles, not {}", machine_->cycles(), cycles);
    for (std::size_t c = 0; c < first_.size(); ++c)
      if (const auto ours = value(result(bits), c); ours != expected(first_[c], second_[c]))
        return fmt::format("{} and {} give {}", first_[c], second_[c], ours);
    return {};
  }

 private:
  void put(const fabric::comefa::Field& field, const std::vector<std::uint64_t>& values) {
    for (int bit = 0; bit < field.bits; ++bit) {
      fabric::comefa::Array::RowVector row;
      for (std::size_t c = 0; c < values.size(); ++c)
        row.insert(static_cast<int>(c), 1, values[c] >> bit & 1);
      machine_->array().set_row(field.row(bit), row);
    }
  }

  [[nodiscard]] std::uint64_t value(const fabric::comefa::Field& field, std::size_t column) const {
    std::uint64_t result = 0;
    for (int bit = 0; bit < field.bits; ++bit)
      result |= std::uint64_t{machine_->array().row(field.row(bit)).test(static_cast<int>(column))} << bit;
    return result;
  }

  std::unique_ptr<fabric::comefa::Machine> machine_ = std::make_unique<fabric::comefa::Machine>();
  fabric::comefa::Field a_, b_;
  int result_first_;
  std::vector<std::uint64_t> first_, second_;
};

/// An empty string, or what is wrong with a row.
/// @throws ParseError  it is of no known operation
inline std::string comefa_difference(const core::Csv& file, std::size_t row) {
  namespace comefa = fabric::comefa;
  const std::string_view op = file.text(row, "op");
  const int n = file.integer(row, "n", 1, ComefaTrial::widest);
  const auto cycles = file.integer(row, "execute_cycles");
  ComefaTrial trial(n);
  const auto a = trial.a();
  const auto b = trial.b();
  const auto add_constant = [&](std::uint64_t k) {
    return ComefaTrial(n).run(
        n + 1, cycles, [&](auto&& emit) { comefa::add_constant(emit, a, k, trial.result(n + 1)); },
        [&](auto x, auto) { return x + k; });
  };
  if (op == "ADD_CONST") return add_constant(1);
  if (op == "ADD" || op == "ADD (also ADD_CONST)") {
    auto difference = trial.run(
        n + 1, cycles, [&](auto&& emit) { comefa::add(emit, a, b, trial.result(n + 1)); },
        [](auto x, auto y) { return x + y; });
    return difference.empty() && op != "ADD" ? add_constant(1) : difference;
  }
  if (op == "MUL")
    return trial.run(
        2 * n, cycles, [&](auto&& emit) { comefa::multiply(emit, a, b, trial.result(2 * n)); },
        [](auto x, auto y) { return x * y; });
  if (op == "MUL_CONST") {
    const auto k = file.integer(row, "constant");
    const auto constant = static_cast<std::uint64_t>(k);
    if (constant > core::low_mask(n))
      throw ParseError(fmt::format("{}, constant: {} does not have {} bits", file.where(row), k, n));
    return trial.run(
        2 * n, cycles,
        [&](auto&& emit) { comefa::multiply_constant(emit, a, n, constant, trial.result(2 * n)); },
        [&](auto x, auto) { return x * constant; });
  }
  throw ParseError(
      fmt::format("{}: operation '{}' is none of ADD, ADD_CONST, MUL and MUL_CONST", file.where(row), op));
}

}  // namespace detail

/// comefa_op_cycles.csv: operations of CoMeFa on a block full of random numbers, their cycles and their results. The
/// column `execute_cycles` tells such a file.
inline void check_comefa_cycles(const core::Csv& file, CaseCounter& counter) {
  for (std::size_t i = 0; i < file.row_count(); ++i) {
    const auto difference = detail::comefa_difference(file, i);
    counter.add(difference.empty(), file.where(i) + ": " + difference);
  }
}

}  // namespace bitloom::examples
