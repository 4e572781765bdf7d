// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <bitloom/core/random.hpp>
#include <bitloom/fabric/concepts.hpp>

namespace bitloom::fabric {

/// Outcome of comparing the views of a block.
struct Agreement {
  std::int64_t operands{};        ///< (weight pair, activation pair) operands that went through both views
  std::int64_t mismatches{};      ///< sums in which value view and machine differ
  std::int64_t machine_cycles{};  ///< counted while stepping
  std::int64_t formula_cycles{};  ///< B::cycles

  [[nodiscard]] constexpr bool holds() const noexcept {
    return operands > 0 && mismatches == 0 && machine_cycles == formula_cycles;
  }
};

/// `value = machine on N operands, cycles = formula`, or with the signs that apply.
///
/// @param further  what stands behind `machine`, for a view that was compared with the machine: ` = RTL`
[[nodiscard]] inline std::string to_string(const Agreement& a, const std::string& further = {}) {
  const bool cycles = a.machine_cycles == a.formula_cycles;
  const auto wrong =
      a.mismatches == 0 ? std::string() : " (" + std::to_string(a.mismatches) + " sums differ)";
  return std::string("value ") + (a.mismatches == 0 ? "=" : "!=") + " machine" + further + " on " +
         std::to_string(a.operands) + " operands" + wrong + ", cycles " +
         (cycles ? "" : std::to_string(a.machine_cycles) + " ") + (cycles ? "=" : "!=") + " formula" +
         (cycles ? "" : " " + std::to_string(a.formula_cycles));
}

/// Runs one matrix product through the value view and a machine, and adds what it finds to `agreement`.
template <Block B>
void compare_views(typename B::Machine& machine, const MatrixShape& shape, const Operands& o,
                   std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                   Agreement& agreement) {
  std::vector<std::int32_t> value(static_cast<std::size_t>(shape.rows * shape.vectors)), cycle(value.size());
  B::multiply(shape, o, weights, activations, value);
  agreement.machine_cycles += B::run(machine, shape, o, weights, activations, cycle);
  agreement.formula_cycles += B::cycles(shape, o);
  for (std::size_t i = 0; i < value.size(); ++i) agreement.mismatches += value[i] == cycle[i] ? 0 : 1;
  agreement.operands += shape.rows * ((shape.columns + 1) / 2) * shape.vectors;
}

/// The same with a new machine.
template <Block B>
void compare_views(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                   std::span<const std::int16_t> activations, Agreement& agreement) {
  const auto machine = std::make_unique<typename B::Machine>();
  compare_views<B>(*machine, shape, o, weights, activations, agreement);
}

namespace detail {

/// The values of all codes of a width.
inline std::vector<std::int16_t> all_values(int bits, bool is_signed) {
  std::vector<std::int16_t> values;
  const auto range = operand_range(bits, is_signed);
  values.reserve(static_cast<std::size_t>(range.max - range.lowest + 1));
  for (auto i = range.lowest; i <= range.max; ++i) values.push_back(static_cast<std::int16_t>(i));
  return values;
}

}  // namespace detail

/// True if `verify` goes through every pair of weights with every pair of activations.
[[nodiscard]] constexpr bool verifies_all(const Operands& o) noexcept {
  return o.weight_bits + o.activation_bits <= 8;
}

/// Calls f(shape, weights, activations) with the matrix products of `verify`: one with every two-term product of
/// operands of up to 8 bits together, then random ones of random shapes.
template <class F>
void for_each_product(const Operands& o, std::uint64_t seed, int products, F&& f) {
  const auto weights = detail::all_values(o.weight_bits, o.signed_weights);
  const auto activations = detail::all_values(o.activation_bits, o.signed_activations);
  if (verifies_all(o)) {
    // every pair of weights is a row, every pair of activations a vector
    std::vector<std::int16_t> rows, first, second;
    for (const auto w1 : weights)
      for (const auto w2 : weights) rows.insert(rows.end(), {w1, w2});
    for (const auto a1 : activations)
      for (const auto a2 : activations) {
        first.push_back(a1);
        second.push_back(a2);
      }
    const MatrixShape shape{.rows = std::ssize(rows) / 2, .columns = 2, .vectors = std::ssize(first)};
    first.insert(first.end(), second.begin(), second.end());
    f(shape, rows, first);
  }
  core::Random random(seed);
  const auto draw = [&](const std::vector<std::int16_t>& from, std::int64_t count) {
    std::vector<std::int16_t> values;
    for (std::int64_t i = 0; i < count; ++i)
      values.push_back(from[static_cast<std::size_t>(random.integer(0, std::ssize(from) - 1))]);
    return values;
  };
  for (int i = 0; i < products; ++i) {
    MatrixShape shape;
    shape.rows = random.integer(1, 60);
    shape.columns = random.integer(1, 600);
    shape.vectors = random.integer(1, 5);
    const auto w = draw(weights, shape.rows * shape.columns);
    const auto a = draw(activations, shape.columns * shape.vectors);
    f(shape, w, a);
  }
}

/// Compares the views of a block: on every two-term product of operands of up to 8 bits together, and on random
/// matrix products of random shapes.
///
/// @param products  number of random matrix products
/// @throws RangeError  the block lacks these operands
template <Block B>
[[nodiscard]] Agreement verify(const Operands& o, std::uint64_t seed, int products = 20) {
  check_supported<B>(o);
  Agreement agreement;
  for_each_product(o, seed, products,
                   [&](const MatrixShape& shape, const auto& weights, const auto& activations) {
                     compare_views<B>(shape, o, weights, activations, agreement);
                   });
  return agreement;
}

}  // namespace bitloom::fabric
