// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include <bitloom/core/bits.hpp>
#include <bitloom/core/checked.hpp>
#include <bitloom/core/constant.hpp>
#include <bitloom/fabric/comefa_multiply.hpp>
#include <bitloom/fabric/comefa_operations.hpp>
#include <bitloom/fabric/concepts.hpp>
#include <bitloom/fabric/m20k.hpp>

namespace bitloom::fabric {

namespace comefa {
class Machine;
}

/// CoMeFa optimized for delay.
struct ComefaDelay {
  static constexpr std::string_view name = "CoMeFa-D";
  static constexpr std::string_view area_name = "CoMeFa-D area";
  static constexpr int stored_inputs = 0;
  static constexpr core::Constant clock{"CoMeFa-D clock", 588, "MHz", "no citable source",
                                        core::Standing::Assumed};
  static constexpr core::Constant area_factor{"CoMeFa-D area factor", 1.254, "", "no citable source",
                                              core::Standing::Assumed};
  static constexpr core::Constant core_area_increase{"CoMeFa-D increase of the FPGA's core area", 3.8, "%",
                                                     "abstract of arXiv 2203.12521",
                                                     core::Standing::Published};
};

/// CoMeFa optimized for area.
struct ComefaArea {
  static constexpr std::string_view name = "CoMeFa-A";
  static constexpr std::string_view area_name = "CoMeFa-A area";
  static constexpr int stored_inputs = 0;
  static constexpr core::Constant clock{"CoMeFa-A clock", 294, "MHz", "no citable source",
                                        core::Standing::Assumed};
  static constexpr core::Constant area_factor{"CoMeFa-A area factor", 1.081, "", "no citable source",
                                              core::Standing::Assumed};
  static constexpr core::Constant core_area_increase{"CoMeFa-A increase of the FPGA's core area", 1.2, "%",
                                                     "abstract of arXiv 2203.12521",
                                                     core::Standing::Published};
};

/// CCB, compute-capable block RAM: it cannot broadcast, so activations are stored in the array, 2 or 4 at a time. All of
/// it is assumed; the arithmetic is that of CoMeFa.
template <int Inputs>
  requires(Inputs == 2 || Inputs == 4)
struct StoredInputs {
  static constexpr std::string_view name = Inputs == 2 ? "CCB-2" : "CCB-4";
  static constexpr std::string_view area_name = "CCB area";
  static constexpr int stored_inputs = Inputs;
  static constexpr core::Constant clock{"CCB clock", 469, "MHz", "no citable source",
                                        core::Standing::Assumed};
  static constexpr core::Constant area_factor{"CCB area factor", 1.168, "", "no citable source",
                                              core::Standing::Assumed};
};

/// A bit-serial block: how it differs from the others, and what it costs.
template <class V>
concept BitSerialVariant = requires {
  { V::name } -> std::convertible_to<std::string_view>;
  { V::area_name } -> std::convertible_to<std::string_view>;
  { V::stored_inputs } -> std::convertible_to<int>;     // activations kept in rows; 0: they are broadcast
  { V::clock } -> std::convertible_to<core::Constant>;  // MHz
  { V::area_factor } -> std::convertible_to<core::Constant>;  // area over that of an M20K
};

/// Accumulators of 8, 16 and 27 bits for products of 2-, 4- and 8-bit operands, as comparisons in the literature take
/// them (without a citable source), and in between on straight lines, rounded up.
struct UsualAccumulator {
  static constexpr int bits(const Operands& o) noexcept {
    const int product = o.weight_bits + o.activation_bits;
    return product + (product <= 8 ? product : 8 + core::ceil_div(3 * (product - 8), 8));
  }
};

/// Accumulators of one width.
template <int Bits>
  requires(4 <= Bits && Bits <= 48)
struct FixedAccumulator {
  static constexpr int bits(const Operands&) noexcept { return Bits; }
};

template <class A>
concept AccumulatorPolicy = requires(const Operands& o) {
  { A::bits(o) } -> std::same_as<int>;
};

/// A block RAM that computes bit by bit on transposed numbers: CoMeFa, or CCB under the same assumptions.
///
/// Each of 160 columns holds the weights of one output, and multiplies them one after another with activations that all
/// columns share. Operands of n and m bits take mn + 3m - 2 cycles a product (n² + 3n - 2) and one cycle for each bit
/// of the accumulator. Computing takes the whole array: weights are loaded, activations stored and sums read in cycles
/// of their own, two words of 40 bits each.
///
/// The array multiplies unsigned numbers. A signed operand is stored, or broadcast, with its highest bit inverted, which
/// adds 2^(n-1); what that adds to a sum is known outside (sums of activations, and of the weights of an output) and
/// is subtracted there. Sums are cut into readouts, so that no accumulator wraps.
///
/// This header has the facts and the costs; `multiply` is defined in bit_serial_value.hpp, the machine in
/// comefa_machine.hpp, `run` in bit_serial_product.hpp.
/// Source: "CoMeFa: Compute-in-Memory Blocks for FPGAs", arXiv 2203.12521, and an open RTL implementation of its block;
/// how products are laid out on the block is ours.
template <BitSerialVariant Variant, AccumulatorPolicy Accumulator = UsualAccumulator>
struct BitSerial {
  using variant = Variant;
  using Machine = comefa::Machine;

  static constexpr std::string_view name = Variant::name;
  static constexpr std::string_view supported =
      "signed weights and activations of 2 to 8 bits, if the accumulator holds a product and the rows a "
      "weight";
  static constexpr int terms = 1;  ///< terms of a sum that a block takes at a time
  static constexpr int rows = M20k::geometry.rows;
  static constexpr int columns = M20k::geometry.columns;
  static constexpr int prologue_cycles = 1;  ///< one instruction clears the latches
  static constexpr int row_words = M20k::geometry.column_mux;
  static constexpr int row_cycles = row_words / 2;  ///< to write or read a row through both ports

  /// The schedule holds for the open RTL, but the width of the accumulator is not published.
  static constexpr core::Standing cycles_standing = core::Standing::Assumed;

  static constexpr bool supports(const Operands& o) noexcept {
    return o.signed_weights && 2 <= o.weight_bits && o.weight_bits <= 8 && 2 <= o.activation_bits &&
           o.activation_bits <= 8 && accumulator_bits(o) >= product_bits(o) && resident_terms(o) >= 1;
  }

  /// Outputs computed side by side: one a column.
  static constexpr int lanes(const Operands&) noexcept { return columns; }

  static constexpr int accumulator_bits(const Operands& o) noexcept { return Accumulator::bits(o); }
  static constexpr int product_bits(const Operands& o) noexcept { return o.weight_bits + o.activation_bits; }

  static constexpr int multiply_cycles(const Operands& o) noexcept {
    return comefa::multiply_by_cycles(o.weight_bits, o.activation_bits);
  }

  /// Cycles of a multiply-accumulate in all columns: 16, 42, 113 for 2, 4, 8 bits.
  static constexpr int mac_cycles(const Operands& o) noexcept {
    return multiply_cycles(o) + comefa::accumulate_cycles(accumulator_bits(o));
  }

  /// Cycles to store one activation in all columns, for each multiply-accumulate; 0 if it is broadcast.
  static constexpr int input_cycles(const Operands& o) noexcept {
    return Variant::stored_inputs == 0 ? 0 : row_cycles * o.activation_bits;
  }

  /// Cycles to load the weights of one term, of all columns.
  static constexpr int load_cycles(const Operands& o) noexcept { return row_cycles * o.weight_bits; }

  /// Cycles to read the accumulators of all columns.
  static constexpr int readout_cycles(const Operands& o) noexcept { return row_cycles * accumulator_bits(o); }

  /// Number of products that can be accumulated without any possible wrap.
  static constexpr std::int64_t safe_terms(const Operands& o) noexcept {
    const auto largest = [](int bits) { return (std::int64_t{1} << bits) - 1; };
    return largest(accumulator_bits(o)) / (largest(o.weight_bits) * largest(o.activation_bits));
  }

  /// Rows that no weight can have: accumulator, product and stored activations.
  static constexpr int reserved_rows(const Operands& o) noexcept {
    return accumulator_bits(o) + product_bits(o) + Variant::stored_inputs * o.activation_bits;
  }

  /// Where the numbers of a column are.
  static constexpr comefa::Field accumulator_field(const Operands& o) noexcept {
    return {.first = 0, .bits = accumulator_bits(o)};
  }
  static constexpr comefa::Field product_field(const Operands& o) noexcept {
    return {.first = accumulator_bits(o), .bits = product_bits(o)};
  }
  static constexpr comefa::Field input_field(const Operands& o, int index) noexcept {
    return {.first = accumulator_bits(o) + product_bits(o) + index * o.activation_bits,
            .bits = o.activation_bits};
  }
  static constexpr comefa::Field weight_field(const Operands& o, int index) noexcept {
    return {.first = reserved_rows(o) + index * o.weight_bits, .bits = o.weight_bits};
  }

  /// Weights that a column holds.
  static constexpr int resident_terms(const Operands& o) noexcept {
    return (rows - reserved_rows(o)) / o.weight_bits;
  }

  /// How a matrix product is cut for one block.
  struct Cut {
    std::int64_t groups{};      ///< of 160 outputs
    bool resident{};            ///< all weights stay in the block
    std::int64_t tile_terms{};  ///< terms of a group that are in the block at a time
    std::int64_t readouts{};    ///< for one group, all vectors together
  };

  /// A tile of weights meets all vectors before the next is loaded. Each ends with a readout, unless there is a single
  /// vector: then its accumulator stays in the block from tile to tile.
  /// @throws RangeError  the block lacks these operands
  /// @throws ShapeError  an extent is not positive
  static constexpr Cut cut(const MatrixShape& shape, const Operands& o) {
    check_supported<BitSerial>(o);
    op::check_extents(shape);
    Cut c{.groups = core::ceil_div(shape.rows, std::int64_t{columns})};
    c.resident = c.groups <= resident_terms(o) / shape.columns;
    c.tile_terms = c.resident ? shape.columns : std::min<std::int64_t>(resident_terms(o), shape.columns);
    const auto safe = safe_terms(o);
    c.readouts = core::ceil_div(shape.columns, safe);
    if (shape.vectors > 1)
      c.readouts = core::checked_product(
          "readouts", {shape.vectors, shape.columns / c.tile_terms * core::ceil_div(c.tile_terms, safe) +
                                          core::ceil_div(shape.columns % c.tile_terms, safe)});
    return c;
  }

  /// Clock cycles of one block for a matrix product. Weights that all fit the block are there already; if not, loading
  /// them counts.
  /// @throws RangeError  the block lacks these operands
  /// @throws ShapeError  an extent is not positive, or there are more than 2^63 cycles
  static constexpr std::int64_t cycles(const MatrixShape& shape, const Operands& o) {
    return total_cycles(shape, o, !cut(shape, o).resident);
  }

  /// The same where no weight is in the block when the product begins.
  static constexpr std::int64_t tiled_cycles(const MatrixShape& shape, const Operands& o) {
    return total_cycles(shape, o, true);
  }

  /// 40-bit words of the weights, and those that the block has for them.
  static constexpr std::int64_t words(const MatrixShape& shape, const Operands& o) {
    const auto c = cut(shape, o);
    return core::checked_product("weight words", {c.groups, shape.columns, o.weight_bits, row_words});
  }
  static constexpr std::int64_t weight_words(const Operands& o) {
    check_supported<BitSerial>(o);
    return std::int64_t{resident_terms(o)} * o.weight_bits * row_words;
  }

  /// Share of the rows that weights can have.
  /// @throws RangeError  the block lacks these operands
  static constexpr double storage_efficiency(const Operands& o) {
    check_supported<BitSerial>(o);
    return static_cast<double>(rows - reserved_rows(o)) / rows;
  }

  static constexpr core::Constant clock() noexcept { return Variant::clock; }

  static constexpr core::Constant area() noexcept {
    return {Variant::area_name, Variant::area_factor.value * M20k::area().value, "area units",
            "M20K area times the area factor", core::weakest(Variant::area_factor, M20k::area())};
  }

  /// The width of the accumulators.
  static constexpr core::Constant accumulator(const Operands& o) noexcept {
    return {"accumulator of bit-serial blocks", static_cast<double>(accumulator_bits(o)), "bits",
            "no citable source", core::Standing::Assumed};
  }

  /// The constants of cost: of the clock and of the area, with what the latter is derived from.
  static constexpr std::array<core::Constant, 4> constants() noexcept {
    return {clock(), area(), Variant::area_factor, M20k::area()};
  }

  /// The product as the hardware delivers it, corrected and added up outside.
  /// @throws RangeError  operands that the block lacks, a value outside its width, or a sum beyond 32 bits
  /// @throws ShapeError  a span does not fit the shape
  static void multiply(const MatrixShape& shape, const Operands& o, std::span<const std::int16_t> weights,
                       std::span<const std::int16_t> activations, std::span<std::int32_t> result);

  /// The same product on the machine.
  /// @return clock cycles from the first instruction to the last readout
  static std::int64_t run(Machine& machine, const MatrixShape& shape, const Operands& o,
                          std::span<const std::int16_t> weights, std::span<const std::int16_t> activations,
                          std::span<std::int32_t> result);

 private:
  static constexpr std::int64_t total_cycles(const MatrixShape& shape, const Operands& o, bool loads) {
    const auto c = cut(shape, o);
    const auto macs = core::checked_product(
        "cycles", {c.groups, shape.columns, shape.vectors, mac_cycles(o) + input_cycles(o)});
    const auto readouts = core::checked_product("cycles", {c.groups, c.readouts, readout_cycles(o)});
    const auto load = loads ? core::checked_product("cycles", {c.groups, shape.columns, load_cycles(o)}) : 0;
    return core::checked_sum("cycles", core::checked_sum("cycles", macs, readouts), prologue_cycles + load);
  }
};

using ComefaD = BitSerial<ComefaDelay>;
using ComefaA = BitSerial<ComefaArea>;
template <int Inputs>
using Ccb = BitSerial<StoredInputs<Inputs>>;

}  // namespace bitloom::fabric
