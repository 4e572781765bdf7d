// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <bitloom/core/constant.hpp>
#include <bitloom/core/error.hpp>
#include <bitloom/format/concepts.hpp>
#include <bitloom/op/shape.hpp>

namespace bitloom::fabric {

using op::MatrixShape;

/// Widths and signs of the two operands of an integer product, as hardware sees them.
struct Operands {
  int weight_bits{};
  bool signed_weights = true;
  int activation_bits{};
  bool signed_activations{};

  friend constexpr bool operator==(const Operands&, const Operands&) = default;
};

/// The operands that two integer formats make.
template <format::IntegerFormat Weight, format::IntegerFormat Activation>
[[nodiscard]] constexpr Operands operands() noexcept {
  return {.weight_bits = Weight::bits,
          .signed_weights = Weight::is_signed,
          .activation_bits = Activation::bits,
          .signed_activations = Activation::is_signed};
}

/// For messages, e.g. `int4 x uint4`.
[[nodiscard]] inline std::string to_string(const Operands& operands) {
  return (operands.signed_weights ? "int" : "uint") + std::to_string(operands.weight_bits) + " x " +
         (operands.signed_activations ? "int" : "uint") + std::to_string(operands.activation_bits);
}

/// An FPGA resource that computes integer matrix products. One type, several views that agree to the bit:
/// a fourth, the hardware description, is in rtl/.
template <class B>
concept Block = requires(const Operands& operands, const MatrixShape& shape,
                         std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                         std::span<std::int32_t> result, typename B::Machine machine) {
  { B::name } -> std::convertible_to<std::string_view>;       // for reports
  { B::supported } -> std::convertible_to<std::string_view>;  // what it computes, in words, for messages
  { B::supports(operands) } -> std::same_as<bool>;            // the block has these widths and signs
  { B::lanes(operands) } -> std::convertible_to<int>;         // outputs that it computes side by side
  { B::terms } -> std::convertible_to<int>;                   // terms of a sum that it takes at a time
  // value: the bits that the hardware delivers, [rows × vectors]
  { B::multiply(shape, operands, weights, activations, result) } -> std::same_as<void>;
  // cycle: the same product on the machine, clock by clock; returns the cycles of the block's main clock
  { B::run(machine, shape, operands, weights, activations, result) } -> std::same_as<std::int64_t>;
  { B::cycles(shape, operands) } -> std::same_as<std::int64_t>;  // cost: those cycles, by formula
  { B::clock() } -> std::same_as<core::Constant>;                // MHz, main clock
  { B::area() } -> std::same_as<core::Constant>;                 // relative area units, one block
};

/// The block computes products of these two formats.
template <class B, class Weight, class Activation>
concept Computes = B::supports(operands<Weight, Activation>());

/// @throws RangeError  the block lacks these operands
template <class B>
constexpr void check_supported(const Operands& operands) {
  if (!B::supports(operands))
    throw RangeError("operands: " + std::string(B::name) + " does not compute " + to_string(operands) +
                     "; it has " + std::string(B::supported));
}

/// Blocks add partial sums up to 32 bits outside.
///
/// @param factor       by which the block multiplies every product
/// @throws RangeError  a sum of `columns` products of these operands might not fit
constexpr void check_sum_width(const MatrixShape& shape, const Operands& o, std::int64_t factor = 1) {
  const auto weight = std::int64_t{1} << (o.weight_bits - (o.signed_weights ? 1 : 0));
  const auto activation = std::int64_t{1} << (o.activation_bits - (o.signed_activations ? 1 : 0));
  core::check_range("columns", shape.columns, 1, std::int64_t{0x7FFFFFFF} / (weight * activation * factor));
}

/// The integers of a width and sign. 1 <= bits <= 16.
[[nodiscard]] constexpr format::IntegerRange operand_range(int bits, bool is_signed) noexcept {
  const auto codes = std::int64_t{1} << bits;
  return is_signed ? format::IntegerRange{-codes / 2, codes / 2 - 1} : format::IntegerRange{0, codes - 1};
}

/// @throws RangeError  the value does not fit that width and sign
constexpr void check_value(const char* argument, std::int64_t value, int bits, bool is_signed) {
  const auto range = operand_range(bits, is_signed);
  core::check_range(argument, value, range.lowest, range.max);
}

/// @throws RangeError  some value does not fit that width and sign
constexpr void check_values(const char* argument, std::span<const std::int16_t> values, int bits,
                            bool is_signed) {
  std::int16_t lowest = 0;
  std::int16_t highest = 0;
  for (const auto value : values) {
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  check_value(argument, lowest, bits, is_signed);
  check_value(argument, highest, bits, is_signed);
}

/// Something asked a port or an array for two things in one clock cycle.
class ScheduleError : public Error {
 public:
  using Error::Error;
};

}  // namespace bitloom::fabric
